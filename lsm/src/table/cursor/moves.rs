//! Seeking, and stepping from entry to entry.

use super::{TableCursor, intervals::Place};
use crate::{
    Result,
    fs::ReadAhead,
    table::{
        data_block::DataBlock,
        look_ahead::{Direction, PointerHook},
    },
};

/// Intervals passed in a row after which a cursor takes itself for a scan and decodes an interval ahead.
const INTERVALS_BEFORE_DECODING_AHEAD: u32 = 2;

impl<H: PointerHook> TableCursor<H> {
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
        let Some((partition, block)) = self.locate_above(key)? else {
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
}
