//! One sorted source of a merge: a memtable, a table, or a level of tables that do not overlap.

use std::sync::Arc;

use crate::{
    EntryKind, Result, SequenceNumber,
    fs::{Advice, ReadAhead},
    keyspace::LiveMemtable,
    log::{Segment, SegmentKind},
    memtable::{MemCursor, Payload},
    table::{InlineValue, Pointer, PointerHook, Sight, TableCursor, TableValue},
    version::LiveTable,
};

/// Where the value of a source's entry is.
#[derive(Debug, Clone)]
pub(crate) enum SourceValue<'a> {
    /// A delete has none.
    None,
    /// In a memtable.
    Inline(&'a [u8]),
    /// In a table.
    InTable(InlineValue<'a>),
    /// In a segment.
    Pointer(SourcePointer),
}

/// What a source says of a key.
#[derive(Debug, Clone)]
pub(crate) struct SourceEntry<'a> {
    /// `None` if every reader sees the entry.
    pub(crate) sequence: Option<SequenceNumber>,
    pub(crate) kind: EntryKind,
    pub(crate) value: SourceValue<'a>,
}

/// A value in a segment, as the source can find it again after it has moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourcePointer {
    /// Which table of a level; 0 in a source of one part.
    part: u32,
    slot: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

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

type Cursor = TableCursor<Prefetch>;

fn open(table: &Arc<LiveTable>) -> Cursor {
    let mut segments = table.segments().iter();
    let has_value_segments = segments.any(|segment| segment.kind() == SegmentKind::Values);
    TableCursor::with_hook(
        Arc::clone(table.table()),
        Prefetch {
            table: Arc::clone(table),
            has_value_segments,
            cold_intervals: 0,
            sequential: None,
            read_ahead: ReadAhead::default(),
            scattered: 0,
        },
    )
}

/// A level's tables as one sorted source.
pub(crate) struct LevelCursor {
    tables: Vec<Arc<LiveTable>>,
    at: usize,
    cursor: Option<Cursor>,
}

/// A sorted source of entries: keys ascending, of a key the newest first.
#[allow(
    clippy::large_enum_variant,
    reason = "a handful live at a time, and a box is a miss at every step"
)]
pub(crate) enum Source {
    Memtable { cursor: MemCursor, memtable: Arc<LiveMemtable> },
    Level(LevelCursor),
}

impl Source {
    pub(crate) fn memtable(memtable: &Arc<LiveMemtable>) -> Self {
        let cursor = MemCursor::new(memtable.memtable().sorted());
        Self::Memtable { cursor, memtable: Arc::clone(memtable) }
    }

    pub(crate) fn table(table: &Arc<LiveTable>) -> Self {
        Self::tables(vec![Arc::clone(table)])
    }

    /// Tables that do not overlap, in key order.
    pub(crate) fn tables(tables: Vec<Arc<LiveTable>>) -> Self {
        Self::Level(LevelCursor { tables, at: 0, cursor: None })
    }

    #[inline]
    pub(crate) fn valid(&self) -> bool {
        match self {
            Self::Memtable { cursor, .. } => cursor.valid(),
            Self::Level(level) => level.cursor.as_ref().is_some_and(TableCursor::valid),
        }
    }

    /// The current key; empty if the source is not valid.
    #[inline]
    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::Memtable { cursor, .. } => cursor.key(),
            Self::Level(level) => level.cursor.as_ref().map_or(&[], TableCursor::key),
        }
    }

    /// What the source says of the current key; `None` if it is not valid.
    #[inline]
    pub(crate) fn entry(&self) -> Option<SourceEntry<'_>> {
        match self {
            Self::Memtable { cursor, .. } => cursor.valid().then(|| SourceEntry {
                sequence: Some(cursor.seq()),
                kind: cursor.kind(),
                value: match cursor.payload() {
                    Payload::None => SourceValue::None,
                    Payload::Inline(bytes) => SourceValue::Inline(bytes),
                    Payload::Log { slot, offset, len } => SourceValue::Pointer(SourcePointer {
                        part: 0,
                        slot: u32::from(slot),
                        offset,
                        len,
                    }),
                },
            }),
            Self::Level(level) => level.cursor.as_ref()?.entry().map(|entry| SourceEntry {
                sequence: entry.seq,
                kind: entry.kind,
                value: match entry.value {
                    TableValue::None => SourceValue::None,
                    TableValue::Inline(value) => SourceValue::InTable(value),
                    #[allow(clippy::cast_possible_truncation)] // far below 2^32 tables and slots
                    TableValue::Pointer { slot, offset, len } => {
                        SourceValue::Pointer(SourcePointer {
                            part: level.at as u32,
                            slot: slot as u32,
                            offset,
                            len,
                        })
                    }
                },
            }),
        }
    }

    /// As [`TableCursor::see`], for any source. `part` becomes the pointer's.
    #[inline]
    pub(crate) fn see(
        &self,
        read: SequenceNumber,
        part: &mut u32,
        pointer: &mut Pointer,
        inline: &mut Vec<u8>,
    ) -> Sight {
        match self {
            Self::Level(level) => {
                let Some(cursor) = &level.cursor else { return Sight::Nothing };
                // Far below 2^32 tables.
                #[allow(clippy::cast_possible_truncation)]
                (*part = level.at as u32);
                cursor.see(read, pointer, inline)
            }
            Self::Memtable { cursor, .. } => {
                if !cursor.valid() || cursor.seq() > read {
                    return Sight::Nothing;
                }
                if cursor.kind() == EntryKind::Delete {
                    return Sight::Delete;
                }
                match cursor.payload() {
                    Payload::None => inline.clear(),
                    Payload::Inline(bytes) => {
                        inline.clear();
                        inline.extend_from_slice(bytes);
                    }
                    Payload::Log { slot, offset, len } => {
                        *part = 0;
                        (pointer.slot, pointer.offset, pointer.len) =
                            (usize::from(slot), offset, len);
                        return Sight::Pointer;
                    }
                }
                Sight::Inline
            }
        }
    }

    /// The segment that a pointer of this source is to, as [`see`](Self::see) gave it.
    #[inline]
    pub(crate) fn segment_of(&self, part: u32, slot: usize) -> Result<&Arc<Segment>> {
        match self {
            // Memtable slots fit in 16 bits, and came from there.
            #[allow(clippy::cast_possible_truncation)]
            Self::Memtable { memtable, .. } => memtable.segment(slot as u16),
            Self::Level(level) => level.tables[part as usize].segment(slot),
        }
    }

    /// The segment that a pointer of this source is to.
    pub(crate) fn segment(&self, pointer: SourcePointer) -> Result<&Arc<Segment>> {
        match self {
            // Memtable slots fit in 16 bits, and came from there.
            #[allow(clippy::cast_possible_truncation)]
            Self::Memtable { memtable, .. } => memtable.segment(pointer.slot as u16),
            Self::Level(level) => {
                level.tables[pointer.part as usize].segment(pointer.slot as usize)
            }
        }
    }

    /// To the first entry with a key at or after `key`.
    pub(crate) fn seek(&mut self, key: &[u8]) -> Result<()> {
        match self {
            Self::Memtable { cursor, .. } => {
                cursor.seek(key);
                Ok(())
            }
            Self::Level(level) => {
                let at = level.tables.partition_point(|table| &*table.meta().largest_key < key);
                level.enter(at, |cursor| cursor.seek(key))
            }
        }
    }

    /// To the last entry with a key at or before `key`.
    pub(crate) fn seek_for_prev(&mut self, key: &[u8]) -> Result<()> {
        match self {
            Self::Memtable { cursor, .. } => {
                cursor.seek_for_prev(key);
                Ok(())
            }
            Self::Level(level) => {
                let after =
                    level.tables.partition_point(|table| &*table.meta().smallest_key <= key);
                level.enter(after.wrapping_sub(1), |cursor| cursor.seek_for_prev(key))
            }
        }
    }

    pub(crate) fn seek_to_first(&mut self) -> Result<()> {
        match self {
            Self::Memtable { cursor, .. } => {
                cursor.seek_to_first();
                Ok(())
            }
            Self::Level(level) => level.enter(0, Cursor::seek_to_first),
        }
    }

    pub(crate) fn seek_to_last(&mut self) -> Result<()> {
        match self {
            Self::Memtable { cursor, .. } => {
                cursor.seek_to_last();
                Ok(())
            }
            Self::Level(level) => {
                level.enter(level.tables.len().wrapping_sub(1), Cursor::seek_to_last)
            }
        }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Result<()> {
        match self {
            Self::Memtable { cursor, .. } => {
                cursor.next();
                Ok(())
            }
            Self::Level(level) => level.next(),
        }
    }

    #[inline]
    pub(crate) fn prev(&mut self) -> Result<()> {
        match self {
            Self::Memtable { cursor, .. } => {
                cursor.prev();
                Ok(())
            }
            Self::Level(level) => level.prev(),
        }
    }
}

impl LevelCursor {
    /// Makes table `at` the current one, if there is one, and moves within it.
    fn enter(&mut self, at: usize, position: impl FnOnce(&mut Cursor) -> Result<()>) -> Result<()> {
        let Some(table) = self.tables.get(at) else {
            self.cursor = None;
            return Ok(());
        };
        let cursor = match &mut self.cursor {
            Some(cursor) if self.at == at => cursor,
            cursor => {
                self.at = at;
                cursor.insert(open(table))
            }
        };
        position(cursor)
    }

    #[inline]
    fn next(&mut self) -> Result<()> {
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        cursor.next()?;
        if !cursor.valid() {
            return self.enter(self.at + 1, Cursor::seek_to_first);
        }
        Ok(())
    }

    #[inline]
    fn prev(&mut self) -> Result<()> {
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        cursor.prev()?;
        if !cursor.valid() {
            return self.enter(self.at.wrapping_sub(1), Cursor::seek_to_last);
        }
        Ok(())
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
