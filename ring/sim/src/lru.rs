//! A cache that forgets what was not asked for the longest.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// No entry.
const NONE: u32 = u32::MAX;

/// Exactly least recently used: entries in a doubly linked list in the order of their last use, a hash table from keys to entries. Each
/// request costs O(1).
#[derive(Clone, Debug)]
pub struct Lru {
    entry_of: HashMap<u32, u32, BuildHasherDefault<Spread>>,
    entries: Vec<Entry>,
    capacity: u32,
    newest: u32,
    oldest: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u32,
    newer: u32,
    older: u32,
}

impl Lru {
    /// An empty cache that holds up to `capacity` keys, at least one.
    pub fn new(capacity: u32) -> Self {
        let capacity = capacity.clamp(1, NONE - 1);
        Self {
            entry_of: HashMap::with_capacity_and_hasher(
                capacity as usize,
                BuildHasherDefault::default(),
            ),
            entries: Vec::with_capacity(capacity as usize),
            capacity,
            newest: NONE,
            oldest: NONE,
        }
    }

    /// Asks for a key; whether it was there. If not, it is fetched and kept, and the cache forgets the oldest if it is full.
    pub fn request(&mut self, key: u32) -> bool {
        if let Some(&entry) = self.entry_of.get(&key) {
            if self.newest != entry {
                self.unlink(entry);
                self.link(entry);
            }
            return true;
        }
        let entry = if self.entries.len() < self.capacity as usize {
            self.entries.push(Entry { key, newer: NONE, older: NONE });
            self.entries.len() as u32 - 1
        } else {
            let entry = self.oldest;
            self.unlink(entry);
            let forgotten = std::mem::replace(&mut self.entries[entry as usize].key, key);
            self.entry_of.remove(&forgotten);
            entry
        };
        self.entry_of.insert(key, entry);
        self.link(entry);
        false
    }

    /// Whether a key is there. That is no use of it.
    pub fn contains(&self, key: u32) -> bool {
        self.entry_of.contains_key(&key)
    }

    fn unlink(&mut self, entry: u32) {
        let Entry { newer, older, .. } = self.entries[entry as usize];
        match self.entries.get_mut(newer as usize) {
            Some(neighbour) => neighbour.older = older,
            None => self.newest = older,
        }
        match self.entries.get_mut(older as usize) {
            Some(neighbour) => neighbour.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Makes an entry that is in no list the newest.
    fn link(&mut self, entry: u32) {
        let older = std::mem::replace(&mut self.newest, entry);
        let linked = &mut self.entries[entry as usize];
        (linked.newer, linked.older) = (NONE, older);
        match self.entries.get_mut(older as usize) {
            Some(neighbour) => neighbour.newer = entry,
            None => self.oldest = entry,
        }
    }

    /// Bytes on the heap of a cache of that capacity: 12 for each entry, and the table: 8 and a control byte for each bucket, the
    /// number of which is the power of two of which the capacity is at most 7/8.
    pub fn heap_bytes(capacity: u64) -> u64 {
        let buckets = (capacity.saturating_mul(8) / 7 + 1).max(4).checked_next_power_of_two();
        capacity.saturating_mul(12).saturating_add(buckets.unwrap_or(u64::MAX).saturating_mul(9))
    }
}

/// Spreads keys over a table: they are numbers already, and nobody chooses them to collide.
#[derive(Clone, Copy, Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, key: u32) {
        // Multiplying spreads upwards, the table uses both ends.
        let x = (self.0 ^ u64::from(key)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = x ^ x >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a list that is searched from end to end.
        #[test]
        fn forgets_what_a_list_forgets(
            capacity in 1..12_u32,
            keys in proptest::collection::vec(0..24_u32, 0..400),
        ) {
            let mut lru = Lru::new(capacity);
            let mut list: Vec<u32> = Vec::new();
            for key in keys {
                let found = list.iter().position(|&other| other == key);
                if let Some(at) = found {
                    list.remove(at);
                } else if list.len() == capacity as usize {
                    list.remove(0);
                }
                list.push(key);
                prop_assert_eq!(lru.request(key), found.is_some());
                for key in 0..24 {
                    prop_assert_eq!(lru.contains(key), list.contains(&key));
                }
            }
        }
    }

    #[test]
    fn memory_is_as_estimated() {
        for capacity in [1, 7, 100, 20_000, 29_000] {
            let lru = Lru::new(capacity);
            let estimate = Lru::heap_bytes(u64::from(capacity));
            let least = lru.entries.capacity() * 12 + lru.entry_of.capacity() * 9;
            assert!(
                estimate >= least as u64 && estimate <= 3 * least as u64 + 200,
                "{estimate} {least}"
            );
        }
        assert_eq!(Lru::heap_bytes(u64::MAX), u64::MAX);
    }
}
