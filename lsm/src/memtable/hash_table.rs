//! The hash table of a shard, with a filter in front of it. Published once and read without a lock; filled under the shard's.

use super::{
    entry::EntryRef,
    sync::{AtomicU64, Ordering, prefetch, zeroed},
};

/// Slots of the smallest table. Loom's is smaller, so that its models see a table grow.
const MIN_SLOTS: usize = if cfg!(loom) { 2 } else { 8 };

/// Slots of a table to a word of its filter.
const SLOTS_A_WORD: usize = 8;

/// An open-addressing hash table with linear probing. A slot is the upper half of the key's hash, then the reference of
/// the key's newest version; 0 is empty. The upper half alone gives the place, so growing reads no entries.
///
/// In front of the slots is a Bloom filter with a 64-bit word for every eight slots: a miss, which is what most
/// look-ups in a memtable are, touches an eighth of the memory.
pub(super) struct Table {
    /// A tag's home is `tag >> shift`.
    shift: u32,
    pub(super) slots: Box<[AtomicU64]>,
    /// Word `home / SLOTS_A_WORD` has the bits of all tags whose home is one of the word's slots. Bits are set before
    /// the slot is published, and never cleared.
    filter: Box<[AtomicU64]>,
    /// The table that this one replaced, or null: readers may still be in it.
    pub(super) previous: *mut Table,
}

impl Table {
    pub(super) fn new(slots: usize, previous: *mut Self) -> Self {
        let slots = slots.max(MIN_SLOTS).next_power_of_two();
        let filter = zeroed(slots.div_ceil(SLOTS_A_WORD));
        Self { shift: 32 - slots.trailing_zeros(), slots: zeroed(slots), filter, previous }
    }

    /// Slots for so many keys, at least.
    pub(super) fn slots_for(keys: usize) -> usize {
        keys.saturating_mul(8) / 5 + 1
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + (self.slots.len() + self.filter.len()) * size_of::<u64>()
    }

    /// Asks for the cache lines of the tag's filter word and home slot.
    #[inline]
    pub(super) fn prefetch(&self, tag: u32) {
        let home = (tag >> self.shift) as usize;
        prefetch(&self.filter[home / SLOTS_A_WORD]);
        prefetch(&self.slots[home]);
    }

    /// The filter's word for a tag, and the bits that the tag has in it. The bits are from the tag's low end, the home
    /// from its high end.
    #[inline]
    fn filter(&self, tag: u32) -> (&AtomicU64, u64) {
        let word = &self.filter[(tag >> self.shift) as usize / SLOTS_A_WORD];
        (word, 1 << (tag & 63) | 1 << (tag >> 6 & 63) | 1 << (tag >> 12 & 63))
    }

    /// Sets the tag's bits in the filter. Only under the shard's lock, before a slot with the tag is published.
    #[inline]
    pub(super) fn announce(&self, tag: u32) {
        let (word, bits) = self.filter(tag);
        word.store(word.load(Ordering::Relaxed) | bits, Ordering::Relaxed);
    }

    /// Whether a slot may have this tag.
    #[inline]
    pub(super) fn may_have(&self, tag: u32) -> bool {
        let (word, bits) = self.filter(tag);
        // Relaxed: the insert that set the bits happened before, or its entry is not visible: `shard.rs` has the
        // argument. Nothing is read through the word.
        word.load(Ordering::Relaxed) & bits == bits
    }

    /// The slots from the tag's home on, round and round.
    #[inline]
    pub(super) fn probe(&self, tag: u32) -> impl Iterator<Item = &AtomicU64> {
        let mut at = (tag >> self.shift) as usize;
        std::iter::from_fn(move || {
            let slot = &self.slots[at];
            at = (at + 1) & (self.slots.len() - 1);
            Some(slot)
        })
    }

    /// Publishes a key that the table does not have. Only under the shard's lock.
    pub(super) fn fill(&self, tag: u32, word: u64) {
        self.announce(tag);
        // Tables are never full, so there is a slot.
        if let Some(slot) = self.probe(tag).find(|slot| slot.load(Ordering::Relaxed) == 0) {
            slot.store(word, Ordering::Release);
        }
    }

    /// Whether one more than `keys` makes the table too full: linear probing is short up to about 5/8. A slot stays
    /// empty in a table of any size, so every probe ends.
    pub(super) fn is_full(&self, keys: usize) -> bool {
        (keys + 1) * 8 > self.slots.len() * 5
    }
}

#[inline]
pub(super) const fn tag_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

#[inline]
pub(super) const fn entry_of(slot: u64) -> EntryRef {
    EntryRef(slot as u32)
}
