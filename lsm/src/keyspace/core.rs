//! The inside of a keyspace: what readers see at any moment, and how it changes.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwap;
use parking_lot::{Mutex, MutexGuard};

use super::LiveMemtable;
use crate::{
    KeyspaceId, KeyspaceOptions, Layout, SequenceNumber,
    log::{Codec, compress_value},
    version::Version,
};

/// Everything a read of a keyspace looks at, newest first: the active memtable, those that wait for their flush, the
/// tables. Immutable; replaced as a whole.
#[derive(Debug, Clone)]
pub(crate) struct SuperVersion {
    pub(crate) active: Arc<LiveMemtable>,
    /// Newest first.
    pub(crate) immutables: Vec<Arc<LiveMemtable>>,
    pub(crate) version: Arc<Version>,
}

impl SuperVersion {
    /// The active memtable and those that wait, newest first.
    pub(crate) fn memtables(&self) -> impl DoubleEndedIterator<Item = &Arc<LiveMemtable>> {
        std::iter::once(&self.active).chain(&self.immutables)
    }
}

/// A keyspace of an open database.
pub(crate) struct KeyspaceCore {
    pub(crate) id: KeyspaceId,
    pub(crate) name: String,
    pub(crate) options: KeyspaceOptions,
    value_codec: Codec,
    current: ArcSwap<SuperVersion>,
    /// Serialises replacements of `current`: each is made from the one before.
    replace: Mutex<()>,
    /// Where the next compaction of each level continues, as the largest key of the last one.
    pub(crate) compaction_cursor: Mutex<Vec<Vec<u8>>>,
    compacting: Mutex<()>,
    dropped: AtomicBool,
}

impl fmt::Debug for KeyspaceCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyspace")
            .field("id", &self.id.0)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl KeyspaceCore {
    /// `memtables` are those that replay filled, oldest first.
    pub(crate) fn new(
        id: KeyspaceId,
        name: String,
        options: KeyspaceOptions,
        version: Version,
        mut memtables: Vec<Arc<LiveMemtable>>,
    ) -> Self {
        let active = memtables.pop().unwrap_or_else(|| Arc::new(LiveMemtable::new(0)));
        memtables.reverse();
        let first = SuperVersion { active, immutables: memtables, version: Arc::new(version) };
        Self {
            id,
            name,
            value_codec: Codec::of(options.value_compression),
            options,
            current: ArcSwap::from_pointee(first),
            replace: Mutex::new(()),
            compaction_cursor: Mutex::new(Vec::new()),
            compacting: Mutex::new(()),
            dropped: AtomicBool::new(false),
        }
    }

    /// What goes into the log for a value in place of its bytes; `None` for the bytes themselves.
    #[inline]
    pub(crate) fn compress(&self, value: &[u8]) -> Option<Vec<u8>> {
        match self.options.layout {
            // What would not stay in the log is not worth the work: it is decompressed at the flush.
            Layout::Separated { from } if value.len() >= from => {
                compress_value(self.value_codec, value)
            }
            _ => None,
        }
    }

    /// What a read looks at, for as long as the guard lives. Wait-free.
    #[inline]
    pub(crate) fn current(&self) -> arc_swap::Guard<Arc<SuperVersion>> {
        self.current.load()
    }

    /// The same, to keep.
    pub(crate) fn current_full(&self) -> Arc<SuperVersion> {
        self.current.load_full()
    }

    /// A super version and a sequence number that fit together: the super version holds everything up to the number,
    /// and the number is visible to everything in its tables.
    ///
    /// Tables hold entries without a sequence number, which every reader sees: so the number must be read after the
    /// super version. And a memtable that was rotated in between would hold commits at or below the number which this
    /// super version lacks: so it must still be current afterwards.
    pub(crate) fn current_at(
        &self,
        visible: impl Fn() -> SequenceNumber,
    ) -> (Arc<SuperVersion>, SequenceNumber) {
        let mut version = self.current_full();
        loop {
            let sequence = visible();
            let again = self.current_full();
            if Arc::ptr_eq(&version, &again) {
                return (version, sequence);
            }
            version = again;
        }
    }

    /// Replaces the super version by one made from it.
    fn replace(&self, make: impl FnOnce(&SuperVersion) -> SuperVersion) {
        let _guard = self.replace.lock();
        let next = make(&self.current.load());
        self.current.store(Arc::new(next));
    }

    /// Puts a new active memtable in front; the old one waits for its flush.
    pub(crate) fn rotate(&self, active: Arc<LiveMemtable>) {
        self.replace(|old| {
            let mut immutables = Vec::with_capacity(old.immutables.len() + 1);
            immutables.push(Arc::clone(&old.active));
            immutables.extend(old.immutables.iter().cloned());
            SuperVersion { active, immutables, version: Arc::clone(&old.version) }
        });
    }

    /// Replaces the tables, and takes out a memtable that was flushed into them.
    pub(crate) fn install(
        &self,
        flushed: Option<&Arc<LiveMemtable>>,
        change: impl FnOnce(&Version) -> Version,
    ) {
        self.replace(|old| {
            let keep = |memtable: &&Arc<LiveMemtable>| {
                !flushed.is_some_and(|flushed| Arc::ptr_eq(flushed, memtable))
            };
            SuperVersion {
                active: Arc::clone(&old.active),
                immutables: old.immutables.iter().filter(keep).cloned().collect(),
                version: Arc::new(change(&old.version)),
            }
        });
    }

    /// The memtable that is to be flushed next: the oldest that waits.
    pub(crate) fn next_to_flush(&self) -> Option<Arc<LiveMemtable>> {
        self.current().immutables.last().cloned()
    }

    /// The right to run this keyspace's one compaction, for as long as the guard lives.
    pub(crate) fn try_begin_compaction(&self) -> Option<MutexGuard<'_, ()>> {
        self.compacting.try_lock()
    }

    pub(crate) fn mark_dropped(&self) {
        self.dropped.store(true, Ordering::Release);
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Acquire)
    }
}
