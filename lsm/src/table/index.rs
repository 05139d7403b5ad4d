//! The two levels of index: partitions, which are read in place, and the one above them, which is held in memory.

use std::cmp::Ordering;

use super::block::{Damage, Handle};
use crate::{
    MAX_KEY_LEN,
    key::{common_prefix, key_prefix},
    varint,
};

/// Most data blocks that a partition covers.
pub(crate) const PARTITION_BLOCKS: usize = 128;
/// Bytes of a partition for each data block, its separator not included.
const PER_BLOCK: usize = 24;

/// A short key `s` with `last <= s < next`. `last < next` must hold.
pub(crate) fn separator(last: &[u8], next: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let shared = common_prefix(last, next);
    if last.len() > shared && next.len() > shared + 1 {
        // One byte more of `next` than is shared: above `last`, and a proper prefix of `next`.
        out.extend_from_slice(&next[..=shared]);
    } else if last.len() > shared && last[shared] + 1 < next[shared] {
        // `last < next` differ at `shared`, so that byte of `last` is below one of `next`: no overflow.
        out.extend_from_slice(&last[..shared]);
        out.push(last[shared] + 1);
    } else {
        out.extend_from_slice(last);
    }
}

/// Builds the contents of a partition.
#[derive(Debug, Default)]
pub(crate) struct PartitionBuilder {
    handles: Vec<Handle>,
    ends: Vec<u32>,
    keys: Vec<u8>,
}

impl PartitionBuilder {
    pub(crate) fn len(&self) -> usize {
        self.handles.len()
    }

    pub(crate) fn contents_len(&self) -> usize {
        4 + self.len() * PER_BLOCK + self.keys.len()
    }

    /// Adds a data block. 128 separators of at most 64 KiB fit 32-bit ends.
    pub(crate) fn add(&mut self, separator: &[u8], handle: Handle) {
        self.handles.push(handle);
        self.keys.extend_from_slice(separator);
        self.ends.push(self.keys.len() as u32);
    }

    fn separator(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.keys[start..self.ends[i] as usize]
    }

    /// Writes the contents to `out` (cleared first), the last separator to `last`, and starts over.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>, last: &mut Vec<u8>) {
        out.clear();
        last.clear();
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        for i in 0..self.len() {
            out.extend_from_slice(&key_prefix(self.separator(i)).to_le_bytes());
        }
        for handle in &self.handles {
            out.extend_from_slice(&handle.offset.to_le_bytes());
        }
        for handle in &self.handles {
            out.extend_from_slice(&handle.len.to_le_bytes());
        }
        for end in &self.ends {
            out.extend_from_slice(&end.to_le_bytes());
        }
        out.extend_from_slice(&self.keys);
        if let Some(i) = self.len().checked_sub(1) {
            last.extend_from_slice(self.separator(i));
        }
        self.handles.clear();
        self.ends.clear();
        self.keys.clear();
    }
}

/// A partition, read in place.
#[derive(Clone, Copy)]
pub(crate) struct IndexPartition<'b> {
    prefixes: &'b [[u8; 8]],
    offsets: &'b [[u8; 8]],
    lens: &'b [[u8; 4]],
    ends: &'b [[u8; 4]],
    keys: &'b [u8],
}

impl<'b> IndexPartition<'b> {
    /// Takes the contents apart: a handful of comparisons. Look-ups in a partition that never went through
    /// [`check`](Self::check) do not panic, but may be wrong.
    #[inline]
    pub(crate) fn parse(contents: &'b [u8]) -> Result<Self, Damage> {
        const FRAME: Damage =
            Damage::Borrowed("an index partition whose count does not fit its length");
        let (count, rest) = contents.split_first_chunk::<4>().ok_or(FRAME)?;
        let n = u32::from_le_bytes(*count) as usize;
        if n == 0 || n > PARTITION_BLOCKS || rest.len() < n * PER_BLOCK {
            return Err(FRAME);
        }
        let (prefixes, rest) = rest.split_at(n * 8);
        let (offsets, rest) = rest.split_at(n * 8);
        let (lens, rest) = rest.split_at(n * 4);
        let (ends, keys) = rest.split_at(n * 4);
        Ok(Self {
            prefixes: prefixes.as_chunks().0,
            offsets: offsets.as_chunks().0,
            lens: lens.as_chunks().0,
            ends: ends.as_chunks().0,
            keys,
        })
    }

    /// Checks all that look-ups rely on: separators do not descend, prefixes are theirs, data blocks lie one behind the other before `limit`,
    /// and the last separator is the one in the top index.
    pub(crate) fn check(&self, limit: u64, last: &[u8]) -> Result<(), Damage> {
        let mut end_before = 0;
        let mut block_end = 0;
        for i in 0..self.len() {
            let end = u32::from_le_bytes(self.ends[i]);
            if end < end_before
                || end as usize > self.keys.len()
                || (end - end_before) as usize > MAX_KEY_LEN
            {
                return Err(format!("separator {i} of an index partition ends at {end}").into());
            }
            end_before = end;
            let key = self.separator(i);
            if u64::from_le_bytes(self.prefixes[i]) != key_prefix(key) {
                return Err(
                    format!("separator {i} of an index partition has another prefix").into()
                );
            }
            // They are equal where a key's entries fill a block.
            if i > 0 && key < self.separator(i - 1) {
                return Err(
                    format!("separator {i} of an index partition is below the one before").into()
                );
            }
            let handle = self.handle(i);
            match handle.end_within(limit) {
                Some(end) if handle.offset >= block_end => block_end = end,
                _ => {
                    return Err(format!(
                        "data block {i} of an index partition ({} bytes at {}) is out of place",
                        handle.len, handle.offset
                    )
                    .into());
                }
            }
        }
        if end_before as usize != self.keys.len() || self.separator(self.len() - 1) != last {
            return Err(
                "an index partition that does not end with the top index's separator".into()
            );
        }
        Ok(())
    }

    /// Data blocks covered: 1 to 128.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// The handle of a data block, which must be one of `len`.
    #[inline]
    pub(crate) fn handle(&self, i: usize) -> Handle {
        Handle {
            offset: u64::from_le_bytes(self.offsets[i]),
            len: u32::from_le_bytes(self.lens[i]),
        }
    }

    /// The separator of a data block, which must be one of `len`.
    pub(crate) fn separator(&self, i: usize) -> &'b [u8] {
        let end = |i: usize| u32::from_le_bytes(self.ends[i]) as usize;
        let start = if i == 0 { 0 } else { end(i - 1) };
        self.keys.get(start..end(i)).unwrap_or_default()
    }

    /// The first data block whose separator is at or above `key`; `len` if none is.
    #[inline]
    pub(crate) fn find(&self, key: &[u8], prefix: u64) -> usize {
        let first = self.prefixes.partition_point(|p| u64::from_le_bytes(*p) < prefix);
        if first == self.len() || u64::from_le_bytes(self.prefixes[first]) != prefix {
            return first;
        }
        let ties = self.prefixes[first..].partition_point(|p| u64::from_le_bytes(*p) == prefix);
        find_among(first, first + ties, |i| self.separator(i).cmp(key))
    }

    /// The first data block whose separator is above `key`; `len` if none is.
    pub(crate) fn find_above(&self, key: &[u8], prefix: u64) -> usize {
        let first = self.find(key, prefix);
        find_above(first, self.len(), key, |i| self.separator(i))
    }
}

/// The first separator above `key`, where `first` is the first at or above it.
fn find_above<'k>(first: usize, len: usize, key: &[u8], at: impl Fn(usize) -> &'k [u8]) -> usize {
    if first == len || at(first) != key {
        return first;
    }
    find_among(first + 1, len, |i| if at(i) == key { Ordering::Less } else { Ordering::Greater })
}

/// The first `i` in `low..high` that does not compare `Less`; `high` if all do.
fn find_among(mut low: usize, mut high: usize, compare: impl Fn(usize) -> Ordering) -> usize {
    while low < high {
        let middle = low.midpoint(high);
        if compare(middle) == Ordering::Less {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// What the top index says of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionEntry {
    pub(crate) index: Handle,
    /// Of length 0 if the table has no filter.
    pub(crate) filter: Handle,
    pub(crate) entries: u64,
}

/// The level above the partitions, held in memory.
#[derive(Debug, Default)]
pub(crate) struct TopIndex {
    prefixes: Vec<u64>,
    ends: Vec<usize>,
    keys: Vec<u8>,
    entries: Vec<PartitionEntry>,
}

impl TopIndex {
    pub(crate) fn push(&mut self, separator: &[u8], entry: PartitionEntry) {
        self.prefixes.push(key_prefix(separator));
        self.keys.extend_from_slice(separator);
        self.ends.push(self.keys.len());
        self.entries.push(entry);
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put(&mut out, self.entries.len() as u64);
        for (i, entry) in self.entries.iter().enumerate() {
            varint::put_bytes(&mut out, self.separator(i));
            entry.index.write(&mut out);
            entry.filter.write(&mut out);
            varint::put(&mut out, entry.entries);
        }
        out
    }

    /// Reads and checks the contents of the top index block; every block that it names ends at or before `limit`.
    pub(crate) fn decode(contents: &[u8], limit: u64) -> Result<Self, Damage> {
        let mut top = Self::default();
        let mut at = 0;
        let short = || Damage::Borrowed("a top index that ends in the middle of an entry");
        let n = varint::read(contents, &mut at).ok_or_else(short)?;
        for i in 0..n {
            // Each turn takes bytes or fails: a made-up count cannot make this long.
            let separator = varint::read_bytes(contents, &mut at).ok_or_else(short)?;
            let index = Handle::read(contents, &mut at).ok_or_else(short)?;
            let filter = Handle::read(contents, &mut at).ok_or_else(short)?;
            let entries = varint::read(contents, &mut at).ok_or_else(short)?;
            if separator.len() > MAX_KEY_LEN || (i > 0 && separator < top.separator(top.len() - 1))
            {
                return Err(
                    format!("separator {i} of the top index is below the one before").into()
                );
            }
            for handle in [index, filter] {
                if handle.end_within(limit).is_none() {
                    return Err(format!(
                        "partition {i} of the top index names a block of {} bytes at {}",
                        handle.len, handle.offset
                    )
                    .into());
                }
            }
            top.push(separator, PartitionEntry { index, filter, entries });
        }
        if at != contents.len() || n == 0 {
            return Err(format!(
                "a top index of {n} partitions in {} of {} bytes",
                at,
                contents.len()
            )
            .into());
        }
        Ok(top)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entries(&self) -> &[PartitionEntry] {
        &self.entries
    }

    /// The separator of a partition, which must be one of `len`.
    pub(crate) fn separator(&self, i: usize) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.keys[start..self.ends[i]]
    }

    /// Bytes of the separators.
    pub(crate) fn key_bytes(&self) -> usize {
        self.keys.len()
    }

    /// The first partition whose separator is at or above `key`; `len` if none is.
    #[inline]
    pub(crate) fn find(&self, key: &[u8], prefix: u64) -> usize {
        let first = self.prefixes.partition_point(|&p| p < prefix);
        if first == self.len() || self.prefixes[first] != prefix {
            return first;
        }
        let ties = self.prefixes[first..].partition_point(|&p| p == prefix);
        find_among(first, first + ties, |i| self.separator(i).cmp(key))
    }

    /// The first partition whose separator is above `key`; `len` if none is.
    pub(crate) fn find_above(&self, key: &[u8], prefix: u64) -> usize {
        let first = self.find(key, prefix);
        find_above(first, self.len(), key, |i| self.separator(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_separator_separates(a in "[a-c\u{0}\u{7f}]{0,10}", b in "[a-c\u{0}\u{7f}]{0,10}") {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            prop_assume!(a != b);
            let (last, next) = (a.min(b), a.max(b));
            let mut found = Vec::new();
            separator(last, next, &mut found);
            prop_assert!(last <= &found[..] && &found[..] < next);
            prop_assert!(found.len() <= last.len());
        }

        #[test]
        fn partitions_find_what_a_sorted_list_finds(
            keys in proptest::collection::btree_set("[ab]{0,12}", 1..=PARTITION_BLOCKS),
            probes in proptest::collection::vec("[abc]{0,13}", 20),
        ) {
            let keys: Vec<Vec<u8>> = keys.into_iter().map(String::into_bytes).collect();
            let (mut builder, mut top) = (PartitionBuilder::default(), TopIndex::default());
            for (i, key) in keys.iter().enumerate() {
                let handle = Handle { offset: i as u64 * 100, len: 95 };
                builder.add(key, handle);
                top.push(key, PartitionEntry { index: handle, filter: handle, entries: i as u64 });
            }
            let (mut contents, mut last) = (Vec::new(), Vec::new());
            builder.finish(&mut contents, &mut last);
            let partition = IndexPartition::parse(&contents).unwrap();
            let limit = keys.len() as u64 * 100;
            partition.check(limit, &last).unwrap();
            prop_assert!(partition.check(limit - 1, &last).is_err());
            let top = TopIndex::decode(&top.encode(), limit).unwrap();
            for probe in keys.iter().cloned().chain(probes.into_iter().map(String::into_bytes)) {
                let expected = keys.partition_point(|key| *key < probe);
                prop_assert_eq!(partition.find(&probe, key_prefix(&probe)), expected);
                prop_assert_eq!(top.find(&probe, key_prefix(&probe)), expected);
            }
            for cut in 0..contents.len() {
                prop_assert!(IndexPartition::parse(&contents[..cut]).and_then(|p| p.check(limit, &last)).is_err());
            }
        }
    }
}
