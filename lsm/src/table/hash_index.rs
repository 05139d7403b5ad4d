//! A hash index over one table, in memory: from a key's hash to the place of its value in one cache line.
//!
//! A point read that goes through the blocks of a mapped table waits for memory four times, one after the other: filter,
//! end of the data block, restart interval, record. With the index it waits twice: for a bucket and for the record, which
//! has the key and so proves the match. Keys that the table lacks seldom get so far: a filter in front, an eighth of the size,
//! mostly answers from the processor's cache. The index costs 12 bytes a key; it is made in the background for tables that are
//! read (see `version::HashIndexes`), and never written to disk.
//!
//! A bucket is a cache line of eight words; a word is 16 bits of the key's hash and 48 bits that say where the value is. What does
//! not fit that (deletes, values in the table, entries that only some readers see, records beyond the fields' ranges) is
//! [`Place::InTable`]: the blocks know. A bucket with a free word ends the search; a full one goes on into the next.

use std::sync::Arc;

use memmap2::MmapMut;

use super::{Table, TableCursor, TableValue, block::prefetch};
use crate::{Result, hash_key};

/// Bytes of a bucket: a cache line.
const BUCKET: usize = 64;
/// Words of a bucket that are taken on average.
const FILL: usize = 6;

/// Bits of the filter a key: one absent key in forty passes.
const FILTER_BITS: usize = 10;

const OFFSET_BITS: u32 = 29;
const LEN_BITS: u32 = 13;
const SLOT_BITS: u32 = 6;
const PLACE_BITS: u32 = OFFSET_BITS + LEN_BITS + SLOT_BITS;
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;
/// All bits set: no slot has this number.
const IN_TABLE: u64 = PLACE_MASK;

/// What the index says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The table has no entry of the key.
    Absent,
    /// The blocks have to be asked.
    InTable,
    /// A put that every reader of the table sees, with its value in this record: or another key with the same 16 bits, which
    /// the record tells.
    Record {
        /// Slot of the segment.
        slot: usize,
        /// Offset of the record.
        offset: u32,
        /// Its length.
        len: u32,
    },
}

/// The index of one table.
#[derive(Debug)]
pub struct HashIndex {
    /// Buckets; huge pages where the kernel has some.
    memory: Memory,
    /// A Bloom filter in words: all bits of a key are in one.
    filter: Box<[u64]>,
}

#[derive(Debug)]
enum Memory {
    Small(Box<[u8]>),
    Mapped(MmapMut),
}

impl Memory {
    fn new(len: usize) -> Self {
        // Below two huge pages there is nothing to gain.
        if len >= 4 << 20
            && !cfg!(miri)
            && let Ok(map) = MmapMut::map_anon(len)
        {
            #[cfg(target_os = "linux")]
            let _hint = map.advise(memmap2::Advice::HugePage);
            return Self::Mapped(map);
        }
        Self::Small(vec![0; len].into())
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

/// The word for a hash and a place. Never 0: no record begins at offset 0.
#[inline]
const fn word(hash: u64, place: u64) -> u64 {
    (hash >> PLACE_BITS) << PLACE_BITS | place
}

#[inline]
fn place_of(hash: u64, places: usize) -> usize {
    // The low half of the hash; the word of a bucket has its upper 16 bits, the filter those between.
    (((hash & 0xffff_ffff) * places as u64) >> 32) as usize
}

/// Four bits of a filter word.
#[inline]
const fn filter_bits(hash: u64) -> u64 {
    let mixed = hash >> 32;
    1 << (mixed & 63) | 1 << (mixed >> 6 & 63) | 1 << (mixed >> 12 & 63) | 1 << (mixed >> 18 & 63)
}

const fn buckets_for(entries: usize) -> usize {
    entries / FILL + 1
}

const fn filter_words(entries: usize) -> usize {
    entries * FILTER_BITS / 64 + 1
}

fn encode(slot: usize, offset: u32, len: u32) -> u64 {
    if slot as u64 >= (1 << SLOT_BITS) - 1 || offset >> OFFSET_BITS != 0 || len >> LEN_BITS != 0 {
        return IN_TABLE;
    }
    (slot as u64) << (OFFSET_BITS + LEN_BITS) | u64::from(len) << OFFSET_BITS | u64::from(offset)
}

impl HashIndex {
    /// Bytes that the index of a table with this many entries takes.
    #[must_use]
    pub fn bytes_for(entries: u64) -> usize {
        let entries = usize::try_from(entries).unwrap_or(usize::MAX / BUCKET);
        buckets_for(entries) * BUCKET + filter_words(entries) * size_of::<u64>()
    }

    /// Reads the whole table and indexes it. Costs some 50 ns an entry.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub fn build(table: &Arc<Table>) -> Result<Self> {
        let entries = usize::try_from(table.properties().entries).unwrap_or(usize::MAX / BUCKET);
        let mut index = Self::with_room(entries);
        let mut cursor = TableCursor::new(Arc::clone(table));
        cursor.seek_to_first()?;
        let mut before: Option<Vec<u8>> = None;
        while cursor.valid() {
            // Of a key with several versions the newest comes first. It says of itself that not everybody sees it.
            if before.as_deref() != Some(cursor.key()) {
                let hash = hash_key(cursor.key());
                let place = match (cursor.seq(), cursor.value()) {
                    (None, TableValue::Pointer { slot, offset, len }) => encode(slot, offset, len),
                    _ => IN_TABLE,
                };
                index.insert(hash, place);
                let key = before.get_or_insert_default();
                key.clear();
                key.extend_from_slice(cursor.key());
            }
            cursor.next()?;
        }
        Ok(index)
    }

    fn with_room(entries: usize) -> Self {
        Self {
            memory: Memory::new(buckets_for(entries) * BUCKET),
            filter: vec![0; filter_words(entries)].into(),
        }
    }

    /// Bytes of memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.memory.bytes().len() + self.filter.len() * size_of::<u64>()
    }

    /// Where the entry of the key with this hash is.
    #[inline]
    #[must_use]
    pub fn find(&self, hash: u64) -> Place {
        let bits = filter_bits(hash);
        if self.filter[place_of(hash, self.filter.len())] & bits != bits {
            return Place::Absent;
        }
        let (buckets, _) = self.memory.bytes().as_chunks::<BUCKET>();
        let mut number = place_of(hash, buckets.len());
        loop {
            let (words, _) = buckets[number].as_chunks::<8>();
            let mut full = true;
            for bytes in words {
                let found = u64::from_le_bytes(*bytes);
                if (found ^ hash) >> PLACE_BITS == 0 && found != 0 {
                    return decode(found & PLACE_MASK);
                }
                full &= found != 0;
            }
            if !full {
                return Place::Absent;
            }
            // There are free words: a bucket is full at 8 of an average of 6.
            number = if number + 1 == buckets.len() { 0 } else { number + 1 };
        }
    }

    /// Asks for the cache lines that [`find`](Self::find) will look at.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        let bytes = self.memory.bytes();
        prefetch(bytes, place_of(hash, bytes.len() / BUCKET) * BUCKET);
    }

    fn insert(&mut self, hash: u64, place: u64) {
        self.filter[place_of(hash, self.filter.len())] |= filter_bits(hash);
        let (buckets, _) = self.memory.bytes_mut().as_chunks_mut::<BUCKET>();
        let mut number = place_of(hash, buckets.len());
        // One word in four stays free, so there is one.
        loop {
            let (words, _) = buckets[number].as_chunks_mut::<8>();
            if let Some(free) = words.iter_mut().find(|bytes| **bytes == [0; 8]) {
                *free = word(hash, place).to_le_bytes();
                return;
            }
            number = if number + 1 == buckets.len() { 0 } else { number + 1 };
        }
    }
}

#[inline]
fn decode(place: u64) -> Place {
    if place == IN_TABLE {
        return Place::InTable;
    }
    Place::Record {
        slot: (place >> (OFFSET_BITS + LEN_BITS)) as usize,
        len: (place >> OFFSET_BITS) as u32 & ((1 << LEN_BITS) - 1),
        offset: place as u32 & ((1 << OFFSET_BITS) - 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    fn index(entries: &BTreeMap<u64, u64>) -> HashIndex {
        let mut index = HashIndex::with_room(entries.len());
        for (hash, place) in entries {
            index.insert(*hash, *place);
        }
        assert_eq!(index.bytes(), HashIndex::bytes_for(entries.len() as u64));
        index
    }

    proptest! {
        #[test]
        fn every_place_is_found_unless_its_sixteen_bits_are_not_unique(
            entries in btree_map(any::<u64>(), (0_usize..70, 64_u32..u32::MAX, 8_u32..20_000), 0..400),
            others in proptest::collection::vec(any::<u64>(), 50),
        ) {
            let places: BTreeMap<u64, u64> =
                entries.iter().map(|(hash, (slot, offset, len))| (*hash, encode(*slot, *offset, *len))).collect();
            let index = index(&places);
            let alike = |hash: u64| places.keys().filter(|other| *other >> PLACE_BITS == hash >> PLACE_BITS).count();
            for (hash, (slot, offset, len)) in &entries {
                if alike(*hash) > 1 {
                    prop_assert_ne!(index.find(*hash), Place::Absent);
                    continue;
                }
                let fits = *slot < 63 && *offset < 1 << 29 && *len < 1 << 13;
                let expected = if fits {
                    Place::Record { slot: *slot, offset: *offset, len: *len }
                } else {
                    Place::InTable
                };
                prop_assert_eq!(index.find(*hash), expected);
            }
            for hash in others {
                if alike(hash) == 0 {
                    prop_assert_eq!(index.find(hash), Place::Absent);
                }
            }
        }
    }

    #[test]
    fn hashes_of_one_bucket_run_over_into_the_next() {
        let entries: BTreeMap<u64, u64> =
            (0..100_u64).map(|i| (i << PLACE_BITS, encode(1, 64 + i as u32, 9))).collect();
        let index = index(&entries);
        for i in 0..100_u32 {
            let expected = Place::Record { slot: 1, offset: 64 + i, len: 9 };
            assert_eq!(index.find(u64::from(i) << PLACE_BITS), expected);
        }
        assert_eq!(index.find(100 << PLACE_BITS), Place::Absent);
    }
}
