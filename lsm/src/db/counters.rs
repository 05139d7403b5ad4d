//! What the engine counts of itself.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::striped::Striped;

/// What the engine counts of itself, beside the bytes that the file system counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Bytes of keys and values that were committed.
    pub(crate) user_bytes: Striped,
    /// Writers that had to wait.
    pub(crate) stalled: Waits,
    /// Pauses of writers by the brake.
    pub(crate) slowed: Waits,
    pub(crate) flushes: AtomicU64,
    pub(crate) compactions: AtomicU64,
    /// Bytes of table that compactions read.
    pub(crate) compaction_read: AtomicU64,
}

/// How often somebody waited, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    count: AtomicU64,
    nanos: AtomicU64,
}

impl Waits {
    /// Counts one.
    pub(crate) fn note(&self, took: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn nanos(&self) -> u64 {
        self.nanos.load(Ordering::Relaxed)
    }
}
