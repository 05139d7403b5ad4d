//! Snapshots: the sequence numbers whose view must be kept.

use std::{collections::BTreeMap, fmt, sync::Arc};

use parking_lot::Mutex;

use crate::{Error, Result, SequenceNumber, db::DbHandle};

/// The database as it was at one moment: what was committed later is not in it, however long it lives.
///
/// Taking one is cheap. Keeping one keeps every version that it sees from being dropped by compactions. Only keyspaces of the
/// [`Db`](crate::Db) that it was taken of can be read at it: others answer with an error.
pub struct Snapshot {
    guard: SnapshotGuard,
    /// Of the open database.
    identity: u64,
    _handle: Arc<DbHandle>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) fn new(handle: Arc<DbHandle>, identity: u64, guard: SnapshotGuard) -> Self {
        Self { guard, identity, _handle: handle }
    }

    /// The sequence number at which the database with this identity is to be read.
    ///
    /// # Errors
    /// [`Error::InvalidOption`]: the snapshot is of another one, where the number stands for something else.
    #[inline]
    pub(crate) fn sequence_in(&self, identity: u64) -> Result<SequenceNumber> {
        if self.identity == identity { Ok(self.sequence()) } else { Err(foreign()) }
    }

    /// The last commit that is in it.
    #[must_use]
    pub fn sequence(&self) -> SequenceNumber {
        self.guard.sequence()
    }
}

#[cold]
fn foreign() -> Error {
    Error::InvalidOption {
        option: "snapshot",
        found: "it is of another database, or of this one as it was open before; take one of the `Db` that is read"
            .to_owned(),
    }
}

/// The live snapshots of a database, counted by sequence number.
#[derive(Debug, Default)]
pub(crate) struct SnapshotList {
    live: Mutex<BTreeMap<SequenceNumber, usize>>,
}

impl SnapshotList {
    /// Registers a snapshot at the sequence number that `visible` returns, which is read under the list's lock: a
    /// flush or compaction that looks at the list afterwards sees the snapshot, and one that looked before saw no
    /// sequence number above it.
    pub(crate) fn register(
        self: &Arc<Self>,
        visible: impl FnOnce() -> SequenceNumber,
    ) -> SnapshotGuard {
        let mut live = self.live.lock();
        let sequence = visible();
        *live.entry(sequence).or_default() += 1;
        SnapshotGuard { list: Arc::clone(self), sequence }
    }

    /// The live sequence numbers, ascending.
    pub(crate) fn live(&self) -> Vec<SequenceNumber> {
        self.live.lock().keys().copied().collect()
    }

    /// How many snapshots are live.
    pub(crate) fn count(&self) -> usize {
        self.live.lock().values().sum()
    }
}

/// Keeps one registration until it is dropped.
pub(crate) struct SnapshotGuard {
    list: Arc<SnapshotList>,
    sequence: SequenceNumber,
}

impl SnapshotGuard {
    /// The sequence number that is kept.
    pub(crate) fn sequence(&self) -> SequenceNumber {
        self.sequence
    }
}

impl fmt::Debug for SnapshotGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SnapshotGuard").field(&self.sequence).finish()
    }
}

impl Drop for SnapshotGuard {
    fn drop(&mut self) {
        let mut live = self.list.live.lock();
        if let Some(count) = live.get_mut(&self.sequence) {
            *count -= 1;
            if *count == 0 {
                live.remove(&self.sequence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_lives_as_long_as_its_last_snapshot() {
        let list = Arc::new(SnapshotList::default());
        let first = list.register(|| 7);
        let second = list.register(|| 7);
        let third = list.register(|| 9);
        assert_eq!(list.live(), [7, 9]);
        assert_eq!(list.count(), 3);
        drop(first);
        assert_eq!(list.live(), [7, 9]);
        drop(second);
        assert_eq!(list.live(), [9]);
        assert_eq!(third.sequence(), 9);
    }
}
