//! Point reads: from a key to its newest visible entry.

use super::{BlockAt, Table};
use crate::{
    Error, Result,
    key::key_prefix,
    table::{
        block::Handle,
        counters::Outcome,
        data_block::{DataBlock, Payload, RawValue, tag_of},
        value::{InlineValue, OwnerRef, TableEntry, TableValue},
    },
};

impl Table {
    /// Whether the table may hold entries of `key`, whose [`hash_key`](crate::hash_key) is `hash`: `false` is certain.
    ///
    /// Cost: a search in the top index, which is in memory, and one 32-byte read of the filter. Not counted in
    /// [`filter_counts`](Self::filter_counts).
    ///
    /// # Errors
    /// [`Error::Corruption`], [`Error::Io`] if the filter cannot be read.
    #[inline]
    pub fn may_contain(&self, hash: u64, key: &[u8]) -> Result<bool> {
        let partition = self.top.find(key, key_prefix(key));
        Ok(partition < self.top.len() && self.filter_passes(partition, hash)? != Some(false))
    }

    /// The newest entry of `key`, whose [`hash_key`](crate::hash_key) is `hash`, that is visible at `read_seq`: entries
    /// without a sequence number always are.
    ///
    /// Cost: for a mapped, uncompressed table no allocation, no reference count and no shared counter; about 15 cache lines.
    ///
    /// # Errors
    /// [`Error::Corruption`], [`Error::Io`]; [`Error::InvalidOption`] for a block of a codec that this build lacks.
    #[inline]
    pub fn get(&self, hash: u64, key: &[u8], read_seq: u64) -> Result<Option<TableEntry<'_>>> {
        let prefix = key_prefix(key);
        let partition = self.top.find(key, prefix);
        if partition >= self.top.len() {
            return Ok(None);
        }
        let passed = self.filter_passes(partition, hash)?;
        if passed == Some(false) {
            self.counters.count(Outcome::Negative);
            return Ok(None);
        }
        let (found, found_key) = self.get_unfiltered(partition, hash, key, prefix, read_seq)?;
        if passed.is_some() {
            self.counters.count(if found_key {
                Outcome::TruePositive
            } else {
                Outcome::FalsePositive
            });
        }
        Ok(found)
    }

    #[inline]
    fn get_unfiltered(
        &self,
        partition: usize,
        hash: u64,
        key: &[u8],
        prefix: u64,
        read_seq: u64,
    ) -> Result<(Option<TableEntry<'_>>, bool)> {
        let at = self.index_block(partition)?;
        let index = self.parse_index(partition, &at)?;
        let number = index.find(key, prefix);
        if number == index.len() {
            return Ok((None, false));
        }
        let found = self.search(partition, number, index.handle(number), hash, key, read_seq)?;
        if found.0.is_none() && found.1 && index.separator(number) == key {
            return Ok((self.get_older((partition, number), hash, key, read_seq)?, true));
        }
        Ok(found)
    }

    /// As [`get`](Self::get), of the blocks behind one in which the key's entries are all too new, and end the block: older
    /// ones may be in the next. Rare: all that are in one block have to be newer than the reader.
    #[cold]
    fn get_older(
        &self,
        (mut partition, number): (usize, usize),
        hash: u64,
        key: &[u8],
        read_seq: u64,
    ) -> Result<Option<TableEntry<'_>>> {
        let mut number = number + 1;
        while partition < self.top.len() {
            let at = self.index_block(partition)?;
            let index = self.parse_index(partition, &at)?;
            while number < index.len() {
                let handle = index.handle(number);
                let (found, found_key) =
                    self.search(partition, number, handle, hash, key, read_seq)?;
                if found.is_some() || !found_key || index.separator(number) != key {
                    return Ok(found);
                }
                number += 1;
            }
            (partition, number) = (partition + 1, 0);
        }
        Ok(None)
    }

    /// The newest visible entry in one block, and whether there is any of the key.
    #[inline]
    fn search(
        &self,
        partition: usize,
        number: usize,
        handle: Handle,
        hash: u64,
        key: &[u8],
        read_seq: u64,
    ) -> Result<(Option<TableEntry<'_>>, bool)> {
        let at = self.data_block(partition, number, handle)?;
        let (found, found_key) = DataBlock::parse(self.bytes(&at))
            .and_then(|block| {
                block.find(tag_of(hash), key, read_seq.checked_sub(self.properties.min_sequence))
            })
            .map_err(|found| self.damage(handle.offset, found))?;
        let Some(payload) = found else {
            return Ok((None, found_key));
        };
        let owner = |start| match at {
            BlockAt::Mapped { start: block, .. } => {
                self.mapped.as_ref().map(|mapped| (OwnerRef::Mapped(mapped), block + start))
            }
            BlockAt::Owned(block) => Some((OwnerRef::Block(block), start)),
        };
        Ok((Some(self.entry(payload, handle.offset, owner)?), true))
    }

    /// Makes an answer of what a block says. `owner` gives what holds the block, and where a place in the block is in that.
    pub(crate) fn entry<'t>(
        &self,
        payload: Payload,
        block_offset: u64,
        owner: impl FnOnce(usize) -> Option<(OwnerRef<'t>, usize)>,
    ) -> Result<TableEntry<'t>> {
        let value = match payload.value {
            RawValue::Delete => TableValue::None,
            RawValue::Inline { start, len } => match owner(start) {
                Some((owner, start)) => TableValue::Inline(InlineValue::new(owner, start, len)),
                None => TableValue::None,
            },
            RawValue::Pointer { slot, offset, len } => {
                if slot >= self.properties.segments.len() {
                    return Err(self.bad_slot(block_offset, slot));
                }
                TableValue::Pointer { slot, offset, len }
            }
        };
        Ok(TableEntry { kind: payload.value.kind(), seq: self.sequence(payload), value })
    }

    /// An entry's sequence number. One that overflows is above the table's largest, which `verify` reports.
    #[inline]
    pub(crate) fn sequence(&self, payload: Payload) -> Option<u64> {
        payload.sequence.map(|relative| self.properties.min_sequence.saturating_add(relative))
    }

    #[cold]
    pub(crate) fn bad_slot(&self, block_offset: u64, slot: usize) -> Error {
        let slots = self.properties.segments.len();
        self.damage(
            block_offset,
            format!("an entry points into segment slot {slot}; the table has {slots}").into(),
        )
    }

    /// Bytes of the file that lie before `key`'s block, to within a block; keys beyond the last have all of them. Reads at most an index partition;
    /// where that is damaged, the answer is as coarse as a partition.
    #[must_use]
    pub fn approximate_offset(&self, key: &[u8]) -> u64 {
        let prefix = key_prefix(key);
        let partition = self.top.find(key, prefix);
        let Some(entry) = self.top.entries().get(partition) else {
            return self.file_len;
        };
        self.index_block(partition)
            .and_then(|at| {
                let index = self.parse_index(partition, &at)?;
                Ok(index.handle(index.find(key, prefix).min(index.len() - 1)).offset)
            })
            .unwrap_or(entry.index.offset)
    }
}
