//! The archive: entries that are too old to be in memory, by id, by account and by time.
//!
//! The state gives its entries away in generations, the node stores them here, and asks for single ones ([`Past`]) and for an account's history ([`Archive::scan`]). An archive
//! holds nothing that the log does not: it can be made again from it.
//!
//! [`LsmArchive`] keeps them in `lsm`, with memory that is bounded; [`MemoryArchive`] is for tests and for the simulator.
//!
//! ```
//! use ledger::{Past, archive::{Archive, LsmArchive}, log::Mark, model::{Code, Entry}};
//!
//! # let dir = tempfile::tempdir().unwrap();
//! let archive = LsmArchive::open(dir.path(), LsmArchive::options())?;
//! let entry = Entry::Refusal { timestamp: 5, id: 7, code: Code::ExceedsCredits, digest: [1; 16] };
//! let mark = Mark { op: 1, timestamp: 5, hash: [2; 32] };
//! archive.store(std::slice::from_ref(&entry), mark)?;
//! assert_eq!(archive.entry(7)?, Some(entry));
//! assert_eq!(archive.entry(8)?, None);
//! archive.close()?;
//! # Ok::<(), ledger::Error>(())
//! ```

mod block;
mod bytes;
mod entry_codec;
mod lsm_archive;
mod memory_archive;
mod pieces;

use std::ops::{ControlFlow, RangeInclusive};

pub use self::{
    entry_codec::{BadEntry, decode_entry, encode_entry},
    lsm_archive::{ArchiveOptions, LsmArchive},
    memory_archive::MemoryArchive,
};
use crate::{
    Result,
    log::Mark,
    model::{Entry, Resolution, TransferFlags},
    past::Past,
};

/// Entries for ever.
///
/// All reads are of what was stored before they began, and see each [`store`](Self::store) whole or in parts that end at some entry, in every
/// index at the same one.
pub trait Archive: Past + Send + Sync {
    /// The mark of the newest [`store`](Self::store) that is complete: every entry up to its time is here. After a crash within a `store` there may be more.
    ///
    /// # Errors
    ///
    /// What the disk says.
    fn through(&self) -> Result<Option<Mark>>;

    /// Stores entries, in the order of their timestamps, which were all that there are after the newest stored one and up to `mark`. Durable when it
    /// returns. Entries that are here already are skipped, by their timestamp, so that the same may be stored again, in other portions: a crash within it leaves
    /// some of the first ones here, or none.
    ///
    /// # Errors
    ///
    /// [`Error::Invariant`](crate::Error::Invariant) for timestamps that do not ascend or are after the mark's; [`Error::Mismatch`](crate::Error::Mismatch) if
    /// this is the archive of another log, as far as that can be seen; what the disk says. What was stored before is still there.
    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()>;

    /// Shows entries with timestamps in a range to `visit`, until it breaks: all of them, or those that touch an account. In the order of their timestamps, the newest first or last.
    ///
    /// # Errors
    ///
    /// Damage; what the disk says.
    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()>;
}

/// What fuzzing does with parts that have no name outside.
#[doc(hidden)]
pub mod fuzz {
    use super::{block::Block, pieces};

    /// Bytes as a block.
    pub fn block(first: u64, bytes: &[u8]) {
        let Ok(block) = Block::decode(first, bytes) else { return };
        assert!(block.timestamps().is_sorted() && block.len() > 0);
        for (at, timestamp) in block.timestamps().enumerate() {
            assert_eq!(block.position(timestamp), Some(at));
            if let Ok(entry) = block.entry(at) {
                assert_eq!(entry.timestamp(), timestamp);
            }
        }
    }

    /// Bytes as a piece of an account's timestamps.
    pub fn piece(first: u64, bytes: &[u8]) {
        let mut timestamps = Vec::new();
        if pieces::decode(first, bytes, &mut timestamps).is_ok() {
            assert!(timestamps.is_sorted_by(|one, other| one < other));
        }
    }
}

/// Which pending transfer an entry is the end of, and how it ends.
fn resolution_of(entry: &Entry) -> Option<(u128, Resolution)> {
    match entry {
        Entry::Transfer(posted) => {
            let transfer = &posted.transfer;
            if transfer.flags.contains(TransferFlags::POST_PENDING) {
                Some((transfer.pending_id, Resolution::Posted))
            } else if transfer.flags.contains(TransferFlags::VOID_PENDING) {
                Some((transfer.pending_id, Resolution::Voided))
            } else {
                None
            }
        }
        Entry::Expiry { pending_id, .. } => Some((*pending_id, Resolution::Expired)),
        Entry::Transaction(_) | Entry::Refusal { .. } => None,
    }
}

/// What every archive asks of what it is to store: the entries that are new to it.
fn new_entries(
    entries: &[Entry],
    have: u64,
    through: Option<Mark>,
    mark: Mark,
) -> Result<&[Entry]> {
    use crate::Error;

    if entries.windows(2).any(|pair| pair[0].timestamp() >= pair[1].timestamp()) {
        return Err(Error::Invariant("entries to store whose timestamps do not ascend".to_owned()));
    }
    if let Some(last) = entries.last()
        && last.timestamp() > mark.timestamp
    {
        return Err(Error::Invariant(format!(
            "an entry of time {} is to be stored with the entries up to {}",
            last.timestamp(),
            mark.timestamp
        )));
    }
    if let Some(through) = through
        && through.op == mark.op
        && through != mark
    {
        return Err(Error::Mismatch(format!("the archive has another op {}", mark.op)));
    }
    let have = have.max(through.map_or(0, |through| through.timestamp));
    let known = entries.partition_point(|entry| entry.timestamp() <= have);
    Ok(&entries[known..])
}
