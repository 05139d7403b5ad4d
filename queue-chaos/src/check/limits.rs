//! What numbers a history may have. Beyond these it is none of a run that was recorded, and a check of it could be made to take all memory.

/// Producers and consumers: ids below 2^20.
pub(super) const ACTORS: u32 = 1 << 20;
/// Partitions of a run.
pub(super) const PARTITIONS: usize = 1 << 16;
/// Messages of one producer: 2^36.
pub(super) const SEQUENCES: u64 = 1 << 36;
/// Offsets: below 2^40 - 1.
pub(super) const OFFSETS: u64 = (1 << 40) - 1;
/// Offsets of a page of a partition.
pub(super) const PAGE: usize = 256;
/// Pages that a history may have whatever is in it (128 MiB).
pub(super) const PAGES: u64 = 1 << 16;
/// How many records and acknowledgements allow one page more: offsets that hold a message of ours in one of 64 places or more always pass.
pub(super) const PER_PAGE: u64 = PAGE as u64 / 64;

pub(super) fn offset(offset: u64) -> Result<u64, String> {
    if offset < OFFSETS {
        return Ok(offset);
    }
    Err(format!("offset {offset}: those of a run are below 2^40"))
}

/// An actor's id as an index.
pub(super) fn actor(kind: &str, id: u32) -> Result<usize, String> {
    if id < ACTORS {
        return Ok(id as usize);
    }
    Err(format!("{kind} {id}: those of a run are below 2^20"))
}
