//! Walking a table's entries in both directions: the cursor, and what it says of the entry that it stands at.

mod intervals;
mod moves;

use std::sync::Arc;

use self::intervals::Decoded;
use super::{
    Table,
    data_block::{Payload, RawValue},
    look_ahead::{Direction, LookAhead, Pointer, PointerHook},
    reader::BlockAt,
    value::{InlineValue, OwnerRef, TableEntry, TableValue},
};
use crate::{EntryKind, fs::ReadAhead};

/// What a reader sees of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It is too new.
    Nothing,
    /// The key has no value.
    Delete,
    /// A value that was copied.
    Inline,
    /// A value in a segment.
    Pointer,
}

/// A position in a table, or none. Owns its table; moves in both directions at any time.
///
/// A restart interval of 16 entries is decoded at once, and `H` hears of the pointers that lie in the cursor's way. Once it has
/// passed a few intervals in a row, a further one is decoded ahead: whoever wants ten entries pays for no more. After an error the cursor has no position and may be sought anew.
#[derive(Debug)]
pub struct TableCursor<H: PointerHook = ()> {
    table: Arc<Table>,
    hook: H,
    current: Decoded,
    /// The next interval in `direction`, if `is_ahead`; with nothing in it, there is none.
    ahead: Decoded,
    is_ahead: bool,
    direction: Direction,
    /// Intervals passed in `direction` since the last change of it.
    run: u32,
    look_ahead: LookAhead,
    /// The index partition of the last interval loaded.
    index: Option<(usize, BlockAt)>,
    at: usize,
    valid: bool,
    read_ahead: ReadAhead,
}

impl TableCursor {
    /// A cursor without a position.
    #[must_use]
    pub fn new(table: Arc<Table>) -> Self {
        Self::with_hook(table, ())
    }
}

impl<H: PointerHook> TableCursor<H> {
    /// A cursor without a position, whose hook hears of pointers ahead of it.
    #[must_use]
    pub fn with_hook(table: Arc<Table>, hook: H) -> Self {
        Self {
            table,
            hook,
            current: Decoded::default(),
            ahead: Decoded::default(),
            is_ahead: false,
            direction: Direction::Forward,
            run: 0,
            look_ahead: LookAhead::default(),
            index: None,
            at: 0,
            valid: false,
            read_ahead: ReadAhead::default(),
        }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Whether the cursor has a position.
    #[inline]
    #[must_use]
    pub fn valid(&self) -> bool {
        self.valid
    }

    /// The key; empty without a position.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        if self.valid { self.current.interval.get(self.at).0 } else { &[] }
    }

    /// The sequence number; `None` if the entry is visible to every reader of the table, or without a position.
    #[inline]
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.payload().and_then(|payload| self.table.sequence(payload))
    }

    /// All there is to say of the current entry but its key; `None` without a position.
    #[inline]
    #[must_use]
    pub fn entry(&self) -> Option<TableEntry<'_>> {
        self.payload().map(|payload| TableEntry {
            kind: payload.value.kind(),
            seq: self.table.sequence(payload),
            value: self.value(),
        })
    }

    /// Whether the key has a value; `Delete` without a position.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.payload().map_or(EntryKind::Delete, |payload| payload.value.kind())
    }

    /// The value; `None` without a position. Inline bytes are not copied, and may be kept with
    /// [`InlineValue::share`].
    #[inline]
    #[must_use]
    pub fn value(&self) -> TableValue<'_> {
        match self.payload().map(|payload| payload.value) {
            None | Some(RawValue::Delete) => TableValue::None,
            Some(RawValue::Pointer { slot, offset, len }) => {
                TableValue::Pointer { slot, offset, len }
            }
            Some(RawValue::Inline { start, len }) => {
                match (&self.current.block, self.table.mapped()) {
                    (BlockAt::Owned(block), _) => {
                        TableValue::Inline(InlineValue::new(OwnerRef::BlockRef(block), start, len))
                    }
                    (BlockAt::Mapped { start: block, .. }, Some(file)) => TableValue::Inline(
                        InlineValue::new(OwnerRef::Mapped(file), block + start, len),
                    ),
                    // A mapped block of a table that is not mapped does not exist.
                    (BlockAt::Mapped { .. }, None) => TableValue::None,
                }
            }
        }
    }

    /// Whether a reader at `read` sees the current entry, and what: the pointer goes to `pointer`, bytes in the table to
    /// `inline`. For merges: the parts of an entry never travel together through memory, which would cost more than all else.
    #[inline]
    pub(crate) fn see(&self, read: u64, pointer: &mut Pointer, inline: &mut Vec<u8>) -> Sight {
        let Some(payload) = self.current.interval.payload(self.at).filter(|_| self.valid) else {
            return Sight::Nothing;
        };
        if payload.sequence.is_some() && self.table.sequence(*payload).is_some_and(|own| own > read)
        {
            return Sight::Nothing;
        }
        match payload.value {
            RawValue::Delete => Sight::Delete,
            RawValue::Pointer { slot, offset, len } => {
                (pointer.slot, pointer.offset, pointer.len) = (slot, offset, len);
                Sight::Pointer
            }
            RawValue::Inline { .. } => {
                inline.clear();
                if let TableValue::Inline(value) = self.value() {
                    inline.extend_from_slice(value.as_slice());
                }
                Sight::Inline
            }
        }
    }

    #[inline]
    fn payload(&self) -> Option<Payload> {
        self.valid.then(|| self.current.interval.get(self.at).1)
    }
}
