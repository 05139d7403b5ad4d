//! Prefetching of values: what a scan does so that records are there when it gets to them.

use std::sync::Arc;

use crate::{
    fs::{Advice, ReadAhead},
    log::{Segment, SegmentKind},
    table::{Pointer, PointerHook},
    version::LiveTable,
};

/// Intervals of a table after which a scan is taken for one that goes on: values in key order are then read ahead.
const INTERVALS_BEFORE_READ_AHEAD: u32 = 8;

/// Asks for records a little before a scan gets to them: the processor for those in memory, and the kernel for value segments, where
/// records lie in key order.
#[derive(Debug)]
pub(crate) struct Prefetch {
    table: Arc<LiveTable>,
    has_value_segments: bool,
    /// Intervals passed while the table was cold.
    cold_intervals: u32,
    /// The value segment that the scan goes through, and where.
    sequential: Option<(usize, u32)>,
    read_ahead: ReadAhead,
    /// Records asked for from log segments, where neighbours in key order are scattered.
    scattered: u64,
}

impl PointerHook for Prefetch {
    #[inline]
    fn near(&mut self, pointer: Pointer) {
        if let Some(segment) = self.table.segments().get(pointer.slot) {
            self.scattered += u64::from(segment.kind() == SegmentKind::Log);
            segment.prefetch(pointer.offset, pointer.len);
        }
    }

    #[inline]
    fn hears_of_intervals(&self) -> bool {
        self.has_value_segments || self.table.table().is_cold()
    }

    fn upcoming(&mut self, pointers: &[Pointer]) {
        if self.table.table().is_cold() {
            self.probe(pointers);
            will_need(self.table.segments(), pointers);
        }
        self.read_ahead(pointers);
    }
}

/// Asks the kernel for records that are likely on the disk: neighbours in one request, all of them at once instead of one
/// fault after the other.
fn will_need(segments: &[Arc<Segment>], pointers: &[Pointer]) {
    /// What lies between two records that are asked for together.
    const GAP: u32 = 4096;
    /// What is asked for besides where records lie in key order: the disk takes no longer for it.
    const MORE: u32 = 8192;
    let mut wanted: Option<(usize, u32, u32)> = None;
    let ask = |(slot, from, to): (usize, u32, u32)| {
        if let Some(segment) = segments.get(slot) {
            let more = if segment.kind() == SegmentKind::Values { MORE } else { 0 };
            segment.advise(from, (to - from).saturating_add(more), Advice::WillNeed);
        }
    };
    for pointer in pointers {
        let (from, to) = (pointer.offset, pointer.offset.saturating_add(pointer.len));
        wanted = match wanted {
            Some((slot, first, last))
                if slot == pointer.slot
                    && from <= last.saturating_add(GAP)
                    && to.saturating_add(GAP) >= first =>
            {
                Some((slot, first.min(from), last.max(to)))
            }
            before => {
                before.map(ask);
                Some((pointer.slot, from, to))
            }
        };
    }
    wanted.map(ask);
}

impl Prefetch {
    /// For a scan of `table` that is about to begin.
    pub(super) fn new(table: &Arc<LiveTable>) -> Self {
        let mut segments = table.segments().iter();
        Self {
            table: Arc::clone(table),
            has_value_segments: segments.any(|segment| segment.kind() == SegmentKind::Values),
            cold_intervals: 0,
            sequential: None,
            read_ahead: ReadAhead::default(),
            scattered: 0,
        }
    }

    /// A scan that goes on brings no blocks, from which the table would learn that it is warm again: a single page fault that
    /// took long, of whatever reason, would have it ask the kernel for every record to the end. So it touches one now and then
    /// without asking.
    fn probe(&mut self, pointers: &[Pointer]) {
        const INTERVALS_PER_PROBE: u32 = 8;
        self.cold_intervals = self.cold_intervals.wrapping_add(1);
        if !self.cold_intervals.is_multiple_of(INTERVALS_PER_PROBE) {
            return;
        }
        let Some(Pointer { slot, offset, len }) = pointers.first().copied() else { return };
        let Some(segment) = self.table.segments().get(slot) else { return };
        // SAFETY: a pointer from a table is of a published entry.
        if let Some(took) = unsafe { segment.touch(offset, len) } {
            self.table.table().note_touch(took);
        }
    }

    fn read_ahead(&mut self, pointers: &[Pointer]) {
        let in_order = |pointer: &&Pointer| {
            let segment = self.table.segments().get(pointer.slot);
            segment.is_some_and(|segment| segment.kind() == SegmentKind::Values)
        };
        let Some(last) = pointers.iter().rfind(in_order) else { return };
        let before = self.sequential.replace((last.slot, last.offset));
        let forward = match before {
            Some((slot, offset)) if slot == last.slot => offset < last.offset,
            _ => {
                self.read_ahead = ReadAhead::default();
                return;
            }
        };
        let Ok(segment) = self.table.segment(last.slot) else { return };
        let (here, len) = (u64::from(last.offset), u64::from(segment.len()));
        let range = self.read_ahead.step(here, forward, len, INTERVALS_BEFORE_READ_AHEAD);
        if let Some(range) = range {
            // Offsets in a segment are 32 bits long.
            #[allow(clippy::cast_possible_truncation)]
            let (offset, len) = (range.start as u32, (range.end - range.start) as u32);
            segment.advise(offset, len, Advice::WillNeed);
        }
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.table.note_scattered_reads(self.scattered);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Db, Options};

    /// One fault that took long once had a scan ask the kernel for each of its records, to the end.
    #[test]
    fn a_scan_finds_out_that_its_table_is_warm() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path(), Options::default()).unwrap();
        let keyspace = db.default_keyspace();
        for key in 0..10_000_u32 {
            // Does not compress, so that it stays in the log.
            let word = |part: u64| (u64::from(key) << 8 | part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let value: Vec<u8> = (0..8).flat_map(|part| word(part).to_le_bytes()).collect();
            keyspace.put(&key.to_be_bytes(), &value).unwrap();
        }
        db.flush().unwrap();
        db.wait_idle().unwrap();
        let version = keyspace.core().current_version();
        let (_, table) = version.tables().next().unwrap();
        let table = table.table();
        assert!(!table.segments().is_empty());
        let mut cursor = keyspace.cursor();
        let mut finds_out = || {
            // Behind the seek, from which the table would learn as well.
            cursor.seek_to_first().unwrap();
            table.note_touch(Duration::from_secs(1));
            assert!(table.is_cold());
            while table.is_cold() && cursor.valid() {
                cursor.next().unwrap();
            }
            !table.is_cold()
        };
        // A busy machine may make a page look cold.
        assert!((0..100).any(|_| finds_out()), "a hundred scans of records in memory");
    }
}
