//! What the engine counts of itself.

use std::sync::atomic::AtomicU64;

use crate::striped::Striped;

/// What the engine counts of itself, beside the bytes that the file system counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Bytes of keys and values that were committed.
    pub(crate) user_bytes: Striped,
    pub(crate) stalls: AtomicU64,
    pub(crate) stall_nanos: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) compactions: AtomicU64,
    /// Bytes of table that compactions read.
    pub(crate) compaction_read: AtomicU64,
}
