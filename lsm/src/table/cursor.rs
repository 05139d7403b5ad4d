//! Walking a table's entries in both directions.

use std::sync::Arc;

use super::{
    Table,
    block::Handle,
    data_block::{DataBlock, Interval, Payload, RawValue},
    look_ahead::{Direction, LookAhead, Pointer, PointerHook},
    reader::BlockAt,
    value::{InlineValue, OwnerRef, TableEntry, TableValue},
};
use crate::{
    EntryKind, Result,
    fs::{Advice, ReadAhead},
    key::key_prefix,
};

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

/// Intervals passed in a row after which a cursor takes itself for a scan and decodes an interval ahead.
const INTERVALS_BEFORE_DECODING_AHEAD: u32 = 2;

/// Blocks in sequence after which a cursor takes itself for a scan and starts to read ahead.
const BLOCKS_BEFORE_READ_AHEAD: u32 = 4;

/// Where an interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    partition: usize,
    block: usize,
    interval: usize,
}

/// A decoded interval and the block that its inline values are in.
#[derive(Debug)]
struct Decoded {
    place: Place,
    block: BlockAt,
    handle: Handle,
    intervals: usize,
    interval: Interval,
}

impl Default for Decoded {
    fn default() -> Self {
        Self {
            place: Place::default(),
            block: BlockAt::Mapped { start: 0, len: 0 },
            handle: Handle::default(),
            intervals: 0,
            interval: Interval::default(),
        }
    }
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

    /// Moves to the first entry.
    ///
    /// # Errors
    /// As [`Table::get`]; the cursor then has no position. So for all moves.
    pub fn seek_to_first(&mut self) -> Result<()> {
        self.start_over(Direction::Forward);
        self.load_current(Place::default())?;
        self.arrive(0);
        Ok(())
    }

    /// Moves to the last entry.
    ///
    /// # Errors
    /// As for [`seek_to_first`](Self::seek_to_first).
    pub fn seek_to_last(&mut self) -> Result<()> {
        self.start_over(Direction::Backward);
        let partition = self.table.top().len() - 1;
        let block = self.blocks(partition)? - 1;
        self.load_current(Place { partition, block, interval: usize::MAX })?;
        self.arrive(self.current.interval.len() - 1);
        Ok(())
    }

    /// Moves to the first entry, the newest of its key, with a key at or above `key`; to no position if there is none.
    ///
    /// # Errors
    /// As for [`seek_to_first`](Self::seek_to_first).
    pub fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.start_over(Direction::Forward);
        let Some((partition, block)) = self.locate(key)? else {
            return Ok(());
        };
        let (handle, at) = self.open_block(partition, block)?;
        // The last interval that starts below the key: entries of the key itself may begin within it.
        let interval = DataBlock::parse(self.table.bytes(&at))
            .and_then(|found| found.intervals_below(key, false))
            .map_err(|found| self.table.damage(handle.offset, found))?
            .saturating_sub(1);
        self.load_current(Place { partition, block, interval })?;
        let below = self.current.interval.below(key, false);
        if below < self.current.interval.len() {
            self.arrive(below);
            return Ok(());
        }
        // Every entry of the interval is below: the first of the next one is not.
        self.stand(below - 1);
        self.next()
    }

    /// Moves to the last entry, the oldest of its key, with a key at or below `key`; to no position if there is none.
    ///
    /// # Errors
    /// As for [`seek_to_first`](Self::seek_to_first).
    pub fn seek_for_prev(&mut self, key: &[u8]) -> Result<()> {
        self.start_over(Direction::Backward);
        let Some((partition, block)) = self.locate(key)? else {
            return self.seek_to_last();
        };
        let (handle, at) = self.open_block(partition, block)?;
        let interval = DataBlock::parse(self.table.bytes(&at))
            .and_then(|found| found.intervals_below(key, true))
            .map_err(|found| self.table.damage(handle.offset, found))?
            .saturating_sub(1);
        self.load_current(Place { partition, block, interval })?;
        let upto = self.current.interval.below(key, true);
        if upto > 0 {
            self.arrive(upto - 1);
            return Ok(());
        }
        self.stand(0);
        self.prev()
    }

    /// Moves to the next entry in table order; from the last, to no position. Does nothing without a position.
    ///
    /// # Errors
    /// As for [`seek_to_first`](Self::seek_to_first).
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<()> {
        if self.valid && self.at + 1 < self.current.interval.len() {
            self.at += 1;
            self.look_ahead(Direction::Forward);
            return Ok(());
        }
        self.leave_interval(Direction::Forward)
    }

    /// Moves to the entry before in table order; from the first, to no position. Does nothing without a position.
    ///
    /// # Errors
    /// As for [`seek_to_first`](Self::seek_to_first).
    #[inline]
    pub fn prev(&mut self) -> Result<()> {
        if self.valid && self.at > 0 {
            self.at -= 1;
            self.look_ahead(Direction::Backward);
            return Ok(());
        }
        self.leave_interval(Direction::Backward)
    }

    fn stand(&mut self, at: usize) {
        self.at = at;
        self.valid = true;
    }

    /// As [`stand`](Self::stand), in an interval whose pointers nobody has heard of.
    fn arrive(&mut self, at: usize) {
        self.stand(at);
        let interval = &self.current.interval;
        let nth = self.direction.index(at, interval.len());
        self.look_ahead.start(nth);
        self.look_ahead.interval(nth, self.direction, interval, &mut self.hook);
        self.look_ahead(self.direction);
    }

    /// Tells the hook what has come near; nothing on the way back through an interval.
    #[inline]
    fn look_ahead(&mut self, direction: Direction) {
        if direction != self.direction {
            return;
        }
        let current = &self.current.interval;
        let nth = direction.index(self.at, current.len());
        let ahead = self.is_ahead.then_some(&self.ahead.interval);
        self.look_ahead.step(nth, direction, current, ahead, &mut self.hook);
    }

    fn start_over(&mut self, direction: Direction) {
        self.valid = false;
        self.is_ahead = false;
        self.direction = direction;
        self.run = 0;
        self.look_ahead.start(0);
        self.read_ahead = ReadAhead::default();
    }

    fn leave_interval(&mut self, direction: Direction) -> Result<()> {
        if !self.valid {
            return Ok(());
        }
        if self.direction != direction {
            self.start_over(direction);
        }
        self.valid = false;
        if !self.is_ahead {
            self.load_ahead()?;
        }
        self.is_ahead = false;
        if self.ahead.interval.len() == 0 {
            return Ok(());
        }
        std::mem::swap(&mut self.current, &mut self.ahead);
        self.look_ahead.enter();
        self.run = self.run.saturating_add(1);
        if self.run >= INTERVALS_BEFORE_DECODING_AHEAD {
            self.load_ahead()?;
            self.is_ahead = true;
        }
        self.stand(direction.index(0, self.current.interval.len()));
        self.look_ahead(direction);
        Ok(())
    }

    /// The block that `key` belongs to: the first whose separator is at or above it.
    fn locate(&mut self, key: &[u8]) -> Result<Option<(usize, usize)>> {
        let prefix = key_prefix(key);
        let partition = self.table.top().find(key, prefix);
        if partition == self.table.top().len() {
            return Ok(None);
        }
        self.enter_partition(partition)?;
        match &self.index {
            Some((_, at)) => {
                let index = self.table.parse_index(partition, at)?;
                // The partition's last separator is the one found above: there is such a block.
                Ok(Some((partition, index.find(key, prefix).min(index.len() - 1))))
            }
            None => Ok(None),
        }
    }

    fn enter_partition(&mut self, partition: usize) -> Result<()> {
        if self.index.as_ref().is_none_or(|(entered, _)| *entered != partition) {
            self.index = None;
            self.index = Some((partition, self.table.index_block(partition)?));
        }
        Ok(())
    }

    /// Data blocks of a partition.
    fn blocks(&mut self, partition: usize) -> Result<usize> {
        self.enter_partition(partition)?;
        match &self.index {
            Some((_, at)) => Ok(self.table.parse_index(partition, at)?.len()),
            None => Ok(0),
        }
    }

    fn open_block(&mut self, partition: usize, block: usize) -> Result<(Handle, BlockAt)> {
        self.enter_partition(partition)?;
        let handle = match &self.index {
            Some((_, at)) => self.table.parse_index(partition, at)?.handle(block),
            None => Handle::default(),
        };
        // A scan has asked for it long ago.
        if self.run == 0 {
            self.table.bring(handle);
        }
        Ok((handle, self.table.data_block(partition, block, handle)?))
    }

    /// Decodes an interval into `current`; one beyond the last is the last.
    fn load_current(&mut self, place: Place) -> Result<()> {
        let mut current = std::mem::take(&mut self.current);
        let result = self.load(place, &mut current);
        self.current = current;
        result
    }

    /// Decodes the interval next to `current` into `ahead`; none if there is none.
    fn load_ahead(&mut self) -> Result<()> {
        let direction = self.direction;
        let mut ahead = std::mem::take(&mut self.ahead);
        let result = self.neighbour(direction).and_then(|place| match place {
            Some(place) => self.load(place, &mut ahead),
            None => {
                ahead.interval.clear();
                Ok(())
            }
        });
        self.ahead = ahead;
        result?;
        let interval = &self.ahead.interval;
        if interval.len() > 0 {
            self.look_ahead.interval(0, direction, interval, &mut self.hook);
            if self.ahead.handle != self.current.handle {
                self.read_ahead(direction);
            }
        }
        Ok(())
    }

    fn neighbour(&mut self, direction: Direction) -> Result<Option<Place>> {
        let Place { partition, block, interval } = self.current.place;
        Ok(match direction {
            Direction::Forward => {
                if interval + 1 < self.current.intervals {
                    Some(Place { partition, block, interval: interval + 1 })
                } else if block + 1 < self.blocks(partition)? {
                    Some(Place { partition, block: block + 1, interval: 0 })
                } else if partition + 1 < self.table.top().len() {
                    Some(Place { partition: partition + 1, block: 0, interval: 0 })
                } else {
                    None
                }
            }
            Direction::Backward => {
                if interval > 0 {
                    Some(Place { partition, block, interval: interval - 1 })
                } else if block > 0 {
                    Some(Place { partition, block: block - 1, interval: usize::MAX })
                } else if partition > 0 {
                    let block = self.blocks(partition - 1)? - 1;
                    Some(Place { partition: partition - 1, block, interval: usize::MAX })
                } else {
                    None
                }
            }
        })
    }

    fn load(&mut self, place: Place, into: &mut Decoded) -> Result<()> {
        into.interval.clear();
        let Place { partition, block, .. } = place;
        // Mostly the block is the one that the cursor stands in.
        let current = &self.current;
        if current.intervals > 0
            && (current.place.partition, current.place.block) == (partition, block)
        {
            into.handle = current.handle;
            into.block = current.block.clone();
        } else {
            (into.handle, into.block) = self.open_block(partition, block)?;
        }
        let table = &*self.table;
        let slots = table.segments().len();
        let found = DataBlock::parse(table.bytes(&into.block)).and_then(|found| {
            into.intervals = found.intervals();
            into.place = Place { interval: place.interval.min(into.intervals - 1), ..place };
            found.decode(into.place.interval, &mut into.interval)
        });
        let result = match found {
            Err(found) => Err(table.damage(into.handle.offset, found)),
            Ok(()) => into.interval.values().try_for_each(|value| match value {
                RawValue::Pointer { slot, .. } if slot >= slots => {
                    Err(table.bad_slot(into.handle.offset, slot))
                }
                _ => Ok(()),
            }),
        };
        if result.is_err() {
            into.intervals = 0;
            into.interval.clear();
        }
        result
    }

    /// Asks the mapping for what comes next, once enough blocks have been passed in a row.
    fn read_ahead(&mut self, direction: Direction) {
        let Some(file) = self.table.mapped() else {
            return;
        };
        let (here, len) = (self.ahead.handle.offset, self.table.file_len());
        let forward = direction == Direction::Forward;
        let range = self.read_ahead.step(here, forward, len, BLOCKS_BEFORE_READ_AHEAD);
        if let Some(range) = range {
            // Within the mapped file, whose length is a `usize`.
            let len = (range.end - range.start) as usize;
            file.mapping().advise(range.start as usize, len, Advice::WillNeed);
        }
    }
}
