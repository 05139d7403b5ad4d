//! One sorted source of a merge: a memtable, a table, or a level of tables that do not overlap.

use std::sync::Arc;

use super::level::{Cursor, LevelCursor};
use crate::{
    EntryKind, Result, SequenceNumber,
    keyspace::LiveMemtable,
    log::Segment,
    memtable::{MemCursor, Payload},
    table::{InlineValue, Pointer, Sight, TableCursor, TableValue},
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
