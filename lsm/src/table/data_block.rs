//! A data block: entries in restart intervals, a tag for each, and the frame around them.

mod builder;
mod entry;
mod interval;
mod point_search;

pub(crate) use self::{
    builder::{BlockValue, DataBlockBuilder},
    entry::{Payload, RawValue},
    interval::Interval,
    point_search::tag_of,
};
use super::block::Damage;

/// Entries from one restart to the next.
pub(crate) const RESTART_INTERVAL: usize = 16;

/// The contents of a data block, taken apart but not checked beyond their frame: every later access is.
#[derive(Clone, Copy)]
pub(crate) struct DataBlock<'b> {
    contents: &'b [u8],
    entries: &'b [u8],
    restarts: &'b [[u8; 4]],
    tags: &'b [u8],
}

impl<'b> DataBlock<'b> {
    /// Takes the contents of a block apart.
    #[inline]
    pub(crate) fn parse(contents: &'b [u8]) -> Result<Self, Damage> {
        const FRAME: Damage = Damage::Borrowed("a data block whose counts do not fit its length");
        let (rest, counts) = contents.split_last_chunk::<4>().ok_or(FRAME)?;
        let entries = usize::from(u16::from_le_bytes([counts[0], counts[1]]));
        let restarts = usize::from(u16::from_le_bytes([counts[2], counts[3]]));
        if entries == 0 || restarts != entries.div_ceil(RESTART_INTERVAL) {
            return Err(format!("a data block of {entries} entries and {restarts} restarts").into());
        }
        let (rest, tags) = rest.split_at_checked(rest.len().wrapping_sub(entries)).ok_or(FRAME)?;
        let (entries, restarts) =
            rest.split_at_checked(rest.len().wrapping_sub(restarts * 4)).ok_or(FRAME)?;
        let (restarts, _) = restarts.as_chunks::<4>();
        Ok(Self { contents, entries, restarts, tags })
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.tags.len()
    }

    /// Number of restart intervals: at least one.
    pub(crate) fn intervals(&self) -> usize {
        self.restarts.len()
    }

    /// The tag of each entry.
    pub(crate) fn tags(&self) -> &'b [u8] {
        self.tags
    }

    #[inline]
    fn restart(&self, interval: usize) -> Result<usize, Damage> {
        match self.restarts.get(interval) {
            Some(bytes) => Ok(u32::from_le_bytes(*bytes) as usize),
            None => Err("a restart beyond the last of a data block".into()),
        }
    }
}
