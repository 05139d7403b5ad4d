//! Which tables get a hash index, and when: those that are read, as far as the memory set aside reaches.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

use super::LiveTable;
use crate::{Result, table::HashIndex};

/// One look-up in so many is counted.
const SAMPLE: u64 = 64;
/// Look-ups, as a part of a table's entries, that make its index worth its while. In memory, reading a table through costs as
/// much as a tenth of its entries cost in look-ups; from a disk that is slow to answer, a thousandth. There are never many
/// to build: memory ends first.
const WORTHWHILE: u64 = 1024;

/// The hash indexes of a database: the memory they may take, and the tables that wait for theirs.
#[derive(Debug)]
pub(crate) struct HashIndexes {
    limit: u64,
    used: Arc<AtomicU64>,
    wanted: Mutex<Vec<Weak<LiveTable>>>,
    changed: Condvar,
}

/// A table's own part.
#[derive(Debug, Default)]
pub(crate) struct Demand(AtomicU64);

/// A built index; gives its memory back.
#[derive(Debug)]
pub(crate) struct Built {
    index: HashIndex,
    bytes: u64,
    used: Arc<AtomicU64>,
}

impl std::ops::Deref for Built {
    type Target = HashIndex;

    #[inline]
    fn deref(&self) -> &HashIndex {
        &self.index
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Demand {
    /// Counts a look-up of a table without an index; whether it should have one now. Says so once.
    #[inline]
    pub(crate) fn note(&self, hash: u64, entries: u64) -> bool {
        // Hashes are as good as random: no counter to decide whether to count.
        if hash >> 8 & (SAMPLE - 1) != 0 {
            return false;
        }
        let before = self.0.fetch_add(1, Ordering::Relaxed) * SAMPLE;
        let enough = entries / WORTHWHILE;
        before <= enough && before + SAMPLE > enough
    }
}

impl HashIndexes {
    /// Indexes of at most `limit` bytes together.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: Arc::new(AtomicU64::new(0)),
            wanted: Mutex::new(Vec::new()),
            changed: Condvar::new(),
        }
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Puts a table in the queue.
    #[cold]
    pub(crate) fn request(&self, table: &Arc<LiveTable>) {
        self.wanted.lock().push(Arc::downgrade(table));
        self.changed.notify_one();
    }

    /// Wakes whoever waits in [`build_next`](Self::build_next).
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits for a table that wants an index, at most `timeout`, and builds it if there is memory for it.
    ///
    /// # Errors
    /// Damage and I/O errors of the table. Its blocks are still asked, and report the same.
    pub(crate) fn build_next(&self, timeout: Duration) -> Result<()> {
        let table = {
            let mut wanted = self.wanted.lock();
            if wanted.is_empty() {
                self.changed.wait_for(&mut wanted, timeout);
            }
            wanted.pop()
        };
        let Some(table) = table.and_then(|table| table.upgrade()) else { return Ok(()) };
        let bytes = HashIndex::bytes_for(table.table().properties().entries) as u64;
        let take = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        if self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return Ok(());
        }
        match HashIndex::build(table.table()) {
            Ok(index) => {
                table.set_index(Built { index, bytes, used: Arc::clone(&self.used) });
                Ok(())
            }
            Err(error) => {
                self.used.fetch_sub(bytes, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_asks_once_and_only_when_it_is_read() {
        let demand = Demand::default();
        let asked =
            (0..100_000_u64).filter(|i| demand.note(i.wrapping_mul(1 << 8), 1 << 20)).count();
        assert_eq!(asked, 1);
        let idle = Demand::default();
        assert!(!(0..900_u64).any(|i| idle.note(i << 8, 1 << 20)));
    }
}
