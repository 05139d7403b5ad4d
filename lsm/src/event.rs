//! What the engine tells a listener about its background work.

use std::{path::PathBuf, time::Duration};

use crate::{Error, SegmentId};

/// Something that happened. New kinds may be added.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The database was opened, after replaying what the log held.
    Opened {
        /// Batches replayed.
        batches: u64,
        /// Time from the call until ready.
        took: Duration,
    },
    /// Bytes at the end of a segment were dropped at open: writes that were under way, or not synced, at the crash.
    TailDropped {
        /// The segment.
        segment: SegmentId,
        /// Where its log ends now.
        offset: u64,
        /// Bytes behind that place that were not zero.
        bytes: u64,
    },
    /// A file at open that no one refers to any more was removed.
    OrphanRemoved {
        /// The file.
        path: PathBuf,
    },
    /// A memtable was written to level 0.
    Flushed {
        /// The keyspace.
        keyspace: String,
        /// Entries written.
        entries: u64,
        /// Bytes of table written.
        bytes: u64,
        /// Time it took.
        took: Duration,
    },
    /// Tables were merged, moved or rewritten.
    Compacted {
        /// The keyspace.
        keyspace: String,
        /// Level of the inputs' upper part.
        from: usize,
        /// Level of the outputs.
        to: usize,
        /// Bytes of tables read.
        read: u64,
        /// Bytes of tables written; 0 for a move.
        written: u64,
        /// Bytes of values that were collected into new segments.
        collected: u64,
        /// Time it took.
        took: Duration,
    },
    /// A segment was deleted: nothing refers to it any more.
    SegmentDropped {
        /// The segment.
        segment: SegmentId,
    },
    /// The file of a segment that was deleted became a new one.
    SegmentRecycled {
        /// The new segment.
        segment: SegmentId,
    },
    /// A writer was made to wait.
    Stalled {
        /// For how long.
        took: Duration,
        /// Why.
        reason: &'static str,
    },
    /// Background work failed; it will be tried again unless the database is poisoned.
    BackgroundError {
        /// What failed.
        error: Error,
    },
}

/// Hears of [`Event`]s, on the thread where they happen: return quickly, and do not call the database.
pub trait EventListener: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> EventListener for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}
