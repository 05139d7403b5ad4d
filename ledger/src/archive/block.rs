//! Blocks of entries: what is read at once.

use super::{
    BadEntry,
    bytes::{Input, put_varint},
    entry_codec::{decode_entry, encode_entry},
};
use crate::model::Entry;

/// How many entries a block has, at most.
pub(super) const MOST: usize = 32;
/// A block is full before that if it comes to so many bytes: a transaction may have 20 KB.
const FULL: usize = 16 << 10;
const VERSION: u8 = 1;

/// A block in the making.
#[derive(Debug, Default)]
pub(super) struct Builder {
    first: u64,
    last: u64,
    count: usize,
    /// Of each entry the time since the one before, and the length.
    table: Vec<u8>,
    bodies: Vec<u8>,
}

impl Builder {
    /// Adds an entry, which is newer than the ones before; which one of the block it is.
    pub(super) fn push(&mut self, entry: &Entry) -> u8 {
        let timestamp = entry.timestamp();
        if self.count == 0 {
            self.first = timestamp;
            self.last = timestamp;
        }
        let before = self.bodies.len();
        encode_entry(entry, &mut self.bodies);
        put_varint(timestamp - self.last, &mut self.table);
        put_varint((self.bodies.len() - before) as u64, &mut self.table);
        self.last = timestamp;
        self.count += 1;
        // Below MOST.
        (self.count - 1) as u8
    }

    pub(super) fn is_full(&self) -> bool {
        self.count == MOST || self.bodies.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first entry's timestamp.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The block's bytes; begins anew.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        out.clear();
        // At most MOST.
        out.extend_from_slice(&[VERSION, self.count as u8]);
        out.append(&mut self.table);
        out.append(&mut self.bodies);
        self.count = 0;
    }
}

/// A block's bytes, and what its table says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    count: usize,
    /// Of each entry its time and where it ends.
    table: [(u64, usize); MOST],
    bodies: &'a [u8],
}

impl<'a> Block<'a> {
    /// Reads the table of a block that begins with an entry of time `first`.
    pub(super) fn decode(first: u64, bytes: &'a [u8]) -> Result<Self, BadEntry> {
        let mut input = Input(bytes);
        let [version, count] = input.array()?;
        let count = usize::from(count);
        if version != VERSION {
            return Err(BadEntry("a block of a version that is not known"));
        }
        if count == 0 || count > MOST {
            return Err(BadEntry("a block with more entries than it can have, or none"));
        }
        let mut table = [(0, 0); MOST];
        let mut timestamp = first;
        let mut end = 0;
        for (number, place) in table.iter_mut().take(count).enumerate() {
            let step = input.varint()?;
            timestamp = timestamp
                .checked_add(step)
                .filter(|_| (step == 0) == (number == 0))
                .ok_or(BadEntry("a block whose timestamps do not ascend"))?;
            end = usize::try_from(input.varint()?)
                .ok()
                .and_then(|length| length.checked_add(end))
                .ok_or(BadEntry("a block that is shorter than it says"))?;
            *place = (timestamp, end);
        }
        if end != input.0.len() {
            return Err(BadEntry("a block that is not as long as it says"));
        }
        Ok(Self { count, table, bodies: input.0 })
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The timestamps of its entries.
    pub(super) fn timestamps(&self) -> impl DoubleEndedIterator<Item = u64> + ExactSizeIterator {
        self.table[..self.count].iter().map(|(timestamp, _)| *timestamp)
    }

    /// Which entry has a timestamp.
    pub(super) fn position(&self, timestamp: u64) -> Option<usize> {
        self.table[..self.count].binary_search_by_key(&timestamp, |(at, _)| *at).ok()
    }

    /// One of its entries.
    pub(super) fn entry(&self, at: usize) -> Result<Entry, BadEntry> {
        let missing = BadEntry("a block has no such entry");
        let (timestamp, end) = *self.table[..self.count].get(at).ok_or(missing)?;
        let begin = at.checked_sub(1).map_or(0, |before| self.table[before].1);
        decode_entry(timestamp, self.bodies.get(begin..end).ok_or(missing)?)
    }
}
