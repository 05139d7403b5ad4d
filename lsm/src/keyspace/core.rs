//! The inside of a keyspace: what readers see at any moment, and how it changes.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Mutex, MutexGuard};

use super::{
    LiveMemtable,
    brake::Brake,
    reads::Reads,
    super_version::{Current, Loaded, SuperVersion},
};
use crate::{
    KeyspaceId, KeyspaceOptions, Layout, SequenceNumber,
    attempts::Attempts,
    log::{Codec, compress_value},
    version::Version,
};

/// A keyspace of an open database.
pub(crate) struct KeyspaceCore {
    pub(crate) id: KeyspaceId,
    pub(crate) name: String,
    pub(crate) options: KeyspaceOptions,
    value_codec: Codec,
    current: Current,
    /// Where the next compaction of each level continues, as the largest key of the last one.
    pub(crate) compaction_cursor: Mutex<Vec<Vec<u8>>>,
    /// When level 0 was last merged.
    merged: Mutex<Option<Instant>>,
    compacting: Mutex<()>,
    /// How its flushes in the background fare.
    pub(crate) flushes: Attempts,
    /// How its compactions in the background fare.
    pub(crate) compactions: Attempts,
    /// What its writers are slowed by.
    pub(crate) brake: Brake,
    /// Who has answered point reads.
    pub(crate) reads: Reads,
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
            current: Current::new(first),
            compaction_cursor: Mutex::new(Vec::new()),
            merged: Mutex::new(None),
            compacting: Mutex::new(()),
            flushes: Attempts::default(),
            compactions: Attempts::default(),
            brake: Brake::default(),
            reads: Reads::default(),
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
    pub(crate) fn current(&self) -> Loaded {
        self.current.load()
    }

    /// The same, to keep.
    pub(crate) fn current_full(&self) -> Arc<SuperVersion> {
        self.current.load_full()
    }

    /// The tables, to keep: for long work, which must not keep memtables besides.
    pub(crate) fn current_version(&self) -> Arc<Version> {
        Arc::clone(&self.current.load().version)
    }

    /// A super version and a sequence number that fit together; see [`Current::load_at`].
    pub(crate) fn current_at(
        &self,
        visible: impl Fn() -> SequenceNumber,
    ) -> (Arc<SuperVersion>, SequenceNumber) {
        self.current.load_at(visible)
    }

    /// Notes that level 0 was merged.
    pub(crate) fn note_merge(&self) {
        *self.merged.lock() = Some(Instant::now());
    }

    /// Whether level 0 was merged so lately that, as writers go on, it will be again before what waits for that has waited long.
    pub(crate) fn is_merged_often(&self) -> bool {
        const OFTEN: Duration = Duration::from_secs(5);
        self.merged.lock().is_some_and(|merged| merged.elapsed() < OFTEN)
    }

    /// Puts a new active memtable in front; the old one waits for its flush.
    pub(crate) fn rotate(&self, active: Arc<LiveMemtable>) {
        self.current.rotate(active);
    }

    /// Replaces the tables, and takes out a memtable that was flushed into them.
    pub(crate) fn install(
        &self,
        flushed: Option<&Arc<LiveMemtable>>,
        change: impl FnOnce(&Version) -> Version,
    ) {
        self.current.install(flushed, change);
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
