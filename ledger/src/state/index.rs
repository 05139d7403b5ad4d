//! From ids to places in a list.
//!
//! A table of 8 bytes a slot: 32 bits of the id's hash, and the place. An insertion that meets no other touches one line of the cache, and the
//! table grows in one pass from front to back, without a look at the list: the hash's bits say where each slot goes.

/// From ids to places. The ids are in the list: a caller says whether a place is the one meant.
#[derive(Debug)]
pub(super) struct Index {
    /// 0, or a tag above a place plus one.
    slots: Vec<u64>,
    /// The logarithm of how many slots there are.
    bits: u32,
    filled: usize,
}

impl Index {
    /// Room for so many without growing.
    pub(super) fn with_capacity(places: usize) -> Self {
        let slots = places.saturating_mul(8).div_euclid(5).max(16).next_power_of_two();
        Self { slots: vec![0; slots], bits: slots.trailing_zeros(), filled: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.filled
    }

    /// Takes all places out, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0);
        self.filled = 0;
    }

    /// Where a tag's search begins.
    #[inline(always)]
    fn home(&self, tag: u32) -> usize {
        // From 4 to 32 bits.
        (u64::from(tag) >> (32 - self.bits)) as usize
    }

    #[inline(always)]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    /// The place of this tag that is the one meant.
    #[inline(always)]
    pub(super) fn find(&self, tag: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(tag);
        loop {
            // In range: a home is below 2^bits, and `next` wraps. It ends: a table is never full.
            let slot = self.slots[at];
            if slot == 0 {
                return None;
            }
            let place = (slot as u32).wrapping_sub(1);
            if (slot >> 32) as u32 == tag && is_it(place) {
                return Some(place);
            }
            at = self.next(at);
        }
    }

    /// Adds a place, below `u32::MAX`, of an id that is not there.
    #[inline(always)]
    pub(super) fn insert(&mut self, tag: u32, place: u32) {
        if self.filled * 8 >= self.slots.len() * 5 {
            self.grow();
        }
        self.filled += 1;
        self.put(u64::from(tag) << 32 | (u64::from(place) + 1));
    }

    #[inline(always)]
    fn put(&mut self, slot: u64) {
        let mut at = self.home((slot >> 32) as u32);
        while self.slots[at] != 0 {
            at = self.next(at);
        }
        self.slots[at] = slot;
    }

    #[cold]
    fn grow(&mut self) {
        let doubled = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![0; doubled]);
        self.bits += 1;
        for slot in old {
            if slot != 0 {
                self.put(slot);
            }
        }
    }

    /// Takes a place out again.
    pub(super) fn remove(&mut self, tag: u32, place: u32) {
        let wanted = u64::from(tag) << 32 | (u64::from(place) + 1);
        let mut hole = self.home(tag);
        while self.slots[hole] != wanted {
            if self.slots[hole] == 0 {
                return;
            }
            hole = self.next(hole);
        }
        self.filled -= 1;
        // What follows and could stand in the hole moves there: every search still meets no gap before what it looks for.
        let mask = self.slots.len() - 1;
        let mut at = hole;
        loop {
            at = self.next(at);
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            let home = self.home((slot >> 32) as u32);
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = slot;
                hole = at;
            }
        }
        self.slots[hole] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0u32..200), 0..600), spread in prop::sample::select(vec![1u32, 7 << 20, 0x9e37_79b9])) {
            let mut index = Index::with_capacity(0);
            let mut model = BTreeMap::new();
            for (add, id) in steps {
                // Few tags: many places have the same.
                let tag = (id % 50).wrapping_mul(spread);
                match (add, model.contains_key(&id)) {
                    (true, false) => {
                        index.insert(tag, id);
                        model.insert(id, tag);
                    }
                    (false, true) => {
                        index.remove(tag, id);
                        model.remove(&id);
                    }
                    (false, false) => index.remove(tag, id),
                    (true, true) => {}
                }
                prop_assert_eq!(index.len(), model.len());
            }
            for id in 0u32..200 {
                let tag = (id % 50).wrapping_mul(spread);
                prop_assert_eq!(index.find(tag, |place| place == id).is_some(), model.contains_key(&id));
            }
        }
    }
}
