//! What the commit lock protects: the end of the log, and the keyspaces that commits go to.

use std::sync::Arc;

use super::active::{ActiveSet, Run};
use crate::{
    SegmentId, SequenceNumber,
    log::{ClosedSegment, LogWriter, Segment},
    version::ReplayPosition,
};

/// What the commit lock protects.
///
/// In the order of the fields: what every commit changes fits on the cache line of the lock, with the beginning of the log writer. To have
/// a line from another processor takes 30 ns where they share a cache and 170 ns where they do not, and the lock is held meanwhile.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct CommitState {
    /// Bytes of records that were ever written, since before the first that was replayed.
    pub(super) logged: u64,
    pub(super) run: Run,
    /// `None` in a database that was opened read-only.
    pub(super) log: Option<LogWriter>,
    pub(super) active: ActiveSet,
    /// The last sequence number of which is known that its commit may start.
    pub(super) may_start: SequenceNumber,
    /// At how many is looked next at how much of the log is in no table.
    pub(super) next_log_look: u64,
    /// Segments that take no more records and that were not sealed yet, oldest first.
    pub(super) closed: Vec<Arc<ClosedSegment>>,
}

/// The word of the lock, and what lies behind it.
const _: () = assert!(
    size_of::<u64>() + std::mem::offset_of!(CommitState, log) + LogWriter::HOT_BYTES <= 64,
    "commits change more than one cache line under their lock"
);

impl CommitState {
    /// `replayed`: bytes of records.
    pub(crate) fn new(log: Option<LogWriter>, replayed: u64) -> Self {
        let (logged, next_log_look) = (replayed, 0);
        Self {
            logged,
            run: Run::default(),
            log,
            active: ActiveSet::default(),
            may_start: 0,
            next_log_look,
            closed: Vec::new(),
        }
    }

    /// The end of the log.
    ///
    /// # Panics
    /// In a database that was opened read-only: callers have checked that it is writable.
    #[inline]
    pub(crate) fn log(&self) -> &LogWriter {
        self.log.as_ref().unwrap_or_else(|| unreachable!("the log of a read-only database"))
    }

    /// As [`log`](Self::log), to append.
    #[inline]
    pub(crate) fn log_mut(&mut self) -> &mut LogWriter {
        self.log.as_mut().unwrap_or_else(|| unreachable!("the log of a read-only database"))
    }

    /// Has the current segment say where its records end, and not where what was taken ahead of them does.
    pub(crate) fn settle(&mut self) {
        if let Some(log) = &mut self.log {
            log.settle();
        }
    }

    /// Where the next record will lie.
    pub(crate) fn position(&self) -> ReplayPosition {
        let position = self.log().replay_position();
        ReplayPosition {
            segment: position.segment.0,
            offset: position.offset,
            sequence: position.next_sequence,
        }
    }

    /// Every segment that a sync of the whole log has to cover.
    pub(crate) fn unsynced(&self) -> Vec<Arc<Segment>> {
        let closed = self.closed.iter().map(|closed| Arc::clone(&closed.segment));
        closed.chain([Arc::clone(self.log().current())]).collect()
    }

    /// The oldest segment that is to be sealed.
    pub(crate) fn next_to_seal(&self) -> Option<Arc<ClosedSegment>> {
        self.closed.first().cloned()
    }

    /// Takes the segment in reserve back; at close.
    pub(crate) fn take_reserve(&mut self) -> Option<Arc<Segment>> {
        self.log.as_mut().and_then(LogWriter::take_next)
    }

    /// Notes that a segment was sealed.
    pub(crate) fn sealed(&mut self, id: SegmentId) {
        self.closed.retain(|closed| closed.segment.id() != id);
    }
}
