//! Finding restart intervals and decoding them: the one that the cursor stands in, and the next in its way.

use super::TableCursor;
use crate::{
    Result,
    fs::Advice,
    key::key_prefix,
    table::{
        block::Handle,
        data_block::{DataBlock, Interval, RawValue},
        index::IndexPartition,
        look_ahead::{Direction, PointerHook},
        reader::BlockAt,
    },
};

/// Blocks in sequence after which a cursor takes itself for a scan and starts to read ahead.
const BLOCKS_BEFORE_READ_AHEAD: u32 = 4;

/// Where an interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) partition: usize,
    pub(super) block: usize,
    pub(super) interval: usize,
}

/// A decoded interval and the block that its inline values are in.
#[derive(Debug)]
pub(super) struct Decoded {
    place: Place,
    pub(super) block: BlockAt,
    handle: Handle,
    intervals: usize,
    pub(super) interval: Interval,
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

impl<H: PointerHook> TableCursor<H> {
    /// The block that `key` belongs to: the first whose separator is at or above it. If its entries are in several, the newest
    /// ones are in this.
    pub(super) fn locate(&mut self, key: &[u8]) -> Result<Option<(usize, usize)>> {
        let prefix = key_prefix(key);
        let partition = self.table.top().find(key, prefix);
        self.block_in(partition, |index| index.find(key, prefix))
    }

    /// The first block whose separator is above `key`: it, or the one before, has the key's oldest entries.
    pub(super) fn locate_above(&mut self, key: &[u8]) -> Result<Option<(usize, usize)>> {
        let prefix = key_prefix(key);
        let partition = self.table.top().find_above(key, prefix);
        self.block_in(partition, |index| index.find_above(key, prefix))
    }

    fn block_in(
        &mut self,
        partition: usize,
        find: impl FnOnce(IndexPartition<'_>) -> usize,
    ) -> Result<Option<(usize, usize)>> {
        if partition == self.table.top().len() {
            return Ok(None);
        }
        self.enter_partition(partition)?;
        match &self.index {
            Some((_, at)) => {
                let index = self.table.parse_index(partition, at)?;
                // The partition's last separator is the one that was found: there is such a block.
                Ok(Some((partition, find(index).min(index.len() - 1))))
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
    pub(super) fn blocks(&mut self, partition: usize) -> Result<usize> {
        self.enter_partition(partition)?;
        match &self.index {
            Some((_, at)) => Ok(self.table.parse_index(partition, at)?.len()),
            None => Ok(0),
        }
    }

    pub(super) fn open_block(
        &mut self,
        partition: usize,
        block: usize,
    ) -> Result<(Handle, BlockAt)> {
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
    pub(super) fn load_current(&mut self, place: Place) -> Result<()> {
        let mut current = std::mem::take(&mut self.current);
        let result = self.load(place, &mut current);
        self.current = current;
        result
    }

    /// Decodes the interval next to `current` into `ahead`; none if there is none.
    pub(super) fn load_ahead(&mut self) -> Result<()> {
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
