//! A memtable that takes part in a database: with the log segments that hold its values.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use crate::{
    EntryKind, Error, Result, SequenceNumber, ValuePointer,
    log::{LogPosition, Segment},
    memtable::{Memtable, Payload},
    version::ReplayPosition,
};

/// Segments that one memtable may point into; one that needs more is rotated first.
pub(crate) const MAX_SEGMENTS: usize = 64;

/// A memtable, the segments behind its slots, and what its flush needs to know.
#[derive(Debug)]
pub(crate) struct LiveMemtable {
    memtable: Arc<Memtable>,
    segments: [OnceLock<Arc<Segment>>; MAX_SEGMENTS],
    /// Where its first logged record lies: replay must not start behind it while this memtable is not flushed. And how many
    /// bytes of log there are before that.
    start: OnceLock<(ReplayPosition, u64)>,
    /// The last sequence number that can be in it; set when it is rotated out.
    last_sequence: AtomicU64,
    /// Where the log stood when it was rotated out, as segment and offset.
    end: OnceLock<LogPosition>,
    /// Whether some entry is not in the log.
    unlogged: AtomicBool,
}

impl LiveMemtable {
    pub(crate) fn new(expected_entries: usize) -> Self {
        Self {
            memtable: Arc::new(Memtable::new(expected_entries)),
            segments: [const { OnceLock::new() }; MAX_SEGMENTS],
            start: OnceLock::new(),
            last_sequence: AtomicU64::new(SequenceNumber::MAX),
            end: OnceLock::new(),
            unlogged: AtomicBool::new(false),
        }
    }

    pub(crate) fn memtable(&self) -> &Arc<Memtable> {
        &self.memtable
    }

    /// Puts a segment behind the next free slot. `None` if all are taken. Called under the commit lock, or at open.
    pub(crate) fn add_segment(&self, segment: &Arc<Segment>) -> Option<u16> {
        let slot = self.segments.iter().position(|slot| slot.get().is_none())?;
        let fresh = self.segments[slot].set(Arc::clone(segment)).is_ok();
        debug_assert!(fresh, "slots are filled by one thread at a time");
        u16::try_from(slot).ok()
    }

    /// How many slots are taken: always the first ones.
    pub(crate) fn slots_used(&self) -> usize {
        self.segments.iter().take_while(|slot| slot.get().is_some()).count()
    }

    /// The segment behind a slot.
    #[inline]
    pub(crate) fn segment(&self, slot: u16) -> Result<&Arc<Segment>> {
        self.segments.get(usize::from(slot)).and_then(OnceLock::get).ok_or_else(|| {
            Error::InvalidOption {
                option: "memtable",
                found: format!(
                    "an entry points to slot {slot}, which has no segment: a bug in this crate"
                ),
            }
        })
    }

    /// The pointer that a table stores for a value in the log.
    pub(crate) fn pointer(&self, slot: u16, offset: u32, len: u32) -> Result<ValuePointer> {
        Ok(ValuePointer { segment: self.segment(slot)?.id(), offset, len })
    }

    pub(crate) fn insert_logged(
        &self,
        hash: u64,
        key: &[u8],
        sequence: SequenceNumber,
        kind: EntryKind,
        slot: u16,
        pointer: ValuePointer,
    ) {
        let ValuePointer { offset, len, .. } = pointer;
        self.memtable.insert(hash, key, sequence, kind, Payload::Log { slot, offset, len });
    }

    pub(crate) fn insert_unlogged(
        &self,
        hash: u64,
        key: &[u8],
        sequence: SequenceNumber,
        kind: EntryKind,
        value: &[u8],
    ) {
        self.unlogged.store(true, Ordering::Relaxed);
        let payload =
            if kind == EntryKind::Delete { Payload::None } else { Payload::Inline(value) };
        self.memtable.insert(hash, key, sequence, kind, payload);
    }

    /// Whether a crash would lose some of its entries.
    pub(crate) fn has_unlogged(&self) -> bool {
        self.unlogged.load(Ordering::Relaxed)
    }

    /// Notes where its first logged record lies, and how many bytes of log before that; later calls change nothing.
    #[inline]
    pub(crate) fn note_start(&self, position: ReplayPosition, log_start: u64) {
        if self.start.get().is_none() {
            let _ = self.start.set((position, log_start));
        }
    }

    pub(crate) fn start(&self) -> Option<ReplayPosition> {
        self.start.get().map(|(position, _)| *position)
    }

    /// Bytes of log before its first logged record.
    pub(crate) fn log_start(&self) -> Option<u64> {
        self.start.get().map(|(_, log_start)| *log_start)
    }

    /// Closes the memtable to further commits. Called once, under the commit lock.
    pub(crate) fn close(&self, last_sequence: SequenceNumber, end: LogPosition) {
        self.last_sequence.store(last_sequence, Ordering::Release);
        let _ = self.end.set(end);
    }

    /// The last sequence number that can be in it; `SequenceNumber::MAX` while it takes commits.
    pub(crate) fn last_sequence(&self) -> SequenceNumber {
        self.last_sequence.load(Ordering::Acquire)
    }

    /// Where the log stood when it was closed.
    pub(crate) fn end(&self) -> Option<LogPosition> {
        self.end.get().copied()
    }
}
