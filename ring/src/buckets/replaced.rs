//! Buckets of which any may go, each replaced by all that were left.
//!
//! When a bucket is removed, those who fall on it draw again: one of the N that are left, all equally likely, so that nobody else
//! moves and the load stays even. That needs the N that were left at that time, in some order. AnchorHash (Mendelson et al. 2020)
//! keeps such an order as a list of N *places*: at first bucket i is at place i; when a bucket is removed, the one at the last place
//! moves to its place. What bucket was at a place at some time in the past is found without keeping the lists: bucket i at first;
//! where that had been removed already by then, its substitute, the bucket that moved to its place; and so on. The substitute is
//! found in the same way at the time of the removal, so that the list and its inverse, two of the paper's four arrays, need not be
//! kept either.
//!
//! Removals are undone in reverse order only: a bucket that comes back is the one that was removed last.
//!
//! Expected draws of a lookup: 1 + ln(buckets / working); and as many substitutes again for each (MementoHash, Coluzzi et al.
//! 2024, proves the bounds).

use alloc::vec::Vec;

use super::fold;
use crate::NodeId;
use crate::hash::mix::scale;

/// Marks a slot whose bucket was removed.
const REMOVED: u32 = 1 << 31;

/// The next of a hash's draws. The numbers are digits of pi.
#[inline]
const fn redraw(bits: u64) -> u64 {
    fold(bits ^ 0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7345)
}

#[derive(Clone, Debug)]
struct Removal {
    bucket: u32,
    /// The bucket that moved to its place; itself, if its place was the last.
    substitute: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Replaced {
    /// By bucket: the node; or [`REMOVED`] and how many buckets were left, which is the less the later it was.
    slots: Vec<u32>,
    /// In the order of time.
    removals: Vec<Removal>,
}

impl Replaced {
    /// Node ids are below: more would be taken for removed buckets.
    pub(super) const ID_BOUND: usize = REMOVED as usize;

    /// `buckets` of them, all removed, from the last to bucket 0. At most 2^31 - 1.
    pub(super) fn all_removed(buckets: u32) -> Self {
        Self {
            slots: (0..buckets).map(|left| REMOVED | left).collect(),
            removals: (0..buckets)
                .rev()
                .map(|bucket| Removal { bucket, substitute: bucket })
                .collect(),
        }
    }

    /// With these owners of buckets, and `removed` the others, in the order of time: each once. At most 2^31 - 1.
    pub(super) fn of(
        owners: impl Iterator<Item = Option<NodeId>>,
        removed: impl Iterator<Item = u32>,
    ) -> Self {
        // Whose bucket is still to be removed does not matter.
        let slots = owners.map(|owner| owner.map_or(0, |node| node.0)).collect();
        let mut buckets = Self { slots, removals: Vec::new() };
        removed.for_each(|bucket| buckets.remove(bucket));
        buckets
    }

    /// Who owns each bucket.
    pub(super) fn owners(&self) -> impl Iterator<Item = Option<NodeId>> {
        self.slots.iter().map(|slot| (slot & REMOVED == 0).then_some(NodeId(*slot)))
    }

    /// The buckets that are removed, in the order of time.
    pub(super) fn history(&self) -> impl Iterator<Item = u32> {
        self.removals.iter().map(|removal| removal.bucket)
    }

    /// How many buckets there are, removed ones included.
    #[inline]
    pub(super) fn buckets(&self) -> u32 {
        self.slots.len() as u32
    }

    /// How many are removed.
    pub(super) fn removed(&self) -> usize {
        self.removals.len()
    }

    pub(super) fn bucket_of(&self, node: NodeId) -> Option<u32> {
        self.slots.iter().position(|slot| *slot == node.0).map(|bucket| bucket as u32)
    }

    /// Adds a bucket. None may be removed.
    pub(super) fn push(&mut self, node: NodeId) {
        debug_assert!(self.removals.is_empty());
        self.slots.push(node.0);
    }

    /// Brings the bucket back that was removed last; `false` if none is removed.
    pub(super) fn restore(&mut self, node: NodeId) -> bool {
        let Some(removal) = self.removals.pop() else { return false };
        self.slots[removal.bucket as usize] = node.0;
        true
    }

    /// Removes the last bucket for good. None may be removed.
    pub(super) fn pop(&mut self) {
        debug_assert!(self.removals.is_empty());
        self.slots.pop();
    }

    /// Removes a bucket that is not removed yet.
    pub(super) fn remove(&mut self, bucket: u32) {
        let left = self.buckets() - self.removals.len() as u32 - 1;
        let mut substitute = left;
        while let Some(removal) = self.removal(self.slots[substitute as usize]) {
            substitute = removal.substitute;
        }
        self.removals.push(Removal { bucket, substitute });
        self.slots[bucket as usize] = REMOVED | left;
    }

    /// The removal behind a slot's mark.
    #[inline]
    fn removal(&self, slot: u32) -> Option<&Removal> {
        if slot & REMOVED == 0 {
            return None;
        }
        // The first removal left one less than there are, and each one less than the one before.
        self.removals.get((self.slots.len() - 1).wrapping_sub((slot ^ REMOVED) as usize))
    }

    /// The node of a hash that falls on `bucket`. At least one must not be removed.
    #[inline]
    pub(super) fn resolve(&self, bucket: u32, hash: u64) -> NodeId {
        if self.removals.len() > self.slots.len() / 4 {
            return self.resolve_ahead(bucket, hash);
        }
        let slot = self.slots[bucket as usize];
        if slot & REMOVED == 0 { NodeId(slot) } else { self.draw_again(slot, hash) }
    }

    /// The node of a hash that fell on a removed bucket.
    #[inline(never)]
    fn draw_again(&self, mut slot: u32, mut bits: u64) -> NodeId {
        while slot & REMOVED != 0 {
            bits = redraw(bits);
            let at = scale(bits, u64::from(slot ^ REMOVED)) as u32;
            slot = self.substitute(at, slot);
        }
        NodeId(slot)
    }

    /// The same as `resolve`. Where many are removed, asking whether a bucket was is a branch that is often mispredicted; to draw in
    /// any case costs less.
    #[inline(never)]
    fn resolve_ahead(&self, bucket: u32, hash: u64) -> NodeId {
        let slot = self.slots[bucket as usize];
        let bits = redraw(hash);
        // All ones if it was removed. Masks, since of choices the compiler would make the branch again.
        let removed = (slot.cast_signed() >> 31).cast_unsigned();
        let left = slot & removed & !REMOVED;
        let drawn = self.substitute(scale(bits, u64::from(left)) as u32, slot | !removed);
        let slot = slot ^ ((slot ^ drawn) & removed);
        if slot & REMOVED == 0 { NodeId(slot) } else { self.draw_again(slot, bits) }
    }

    /// The slot of the bucket that was at a place when the bucket with this mark was removed.
    #[inline]
    fn substitute(&self, place: u32, mark: u32) -> u32 {
        let mut slot = self.slots[place as usize];
        // A mark that is not below was made before: marks fall with what is left, and nodes have none.
        while slot >= mark {
            let Some(removal) = self.removal(slot) else { break };
            slot = self.slots[removal.substitute as usize];
        }
        slot
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>() + self.removals.capacity() * size_of::<Removal>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// AnchorHash with the paper's four arrays and its stack, over the same draws.
    struct Paper {
        /// By bucket: 0, or how many worked just after it was removed.
        a: Vec<usize>,
        /// By bucket: its successor.
        k: Vec<usize>,
        /// By place: the bucket there.
        w: Vec<usize>,
        /// By bucket: its place.
        l: Vec<usize>,
        removed: Vec<usize>,
        working: usize,
    }

    impl Paper {
        fn all_working(buckets: usize) -> Self {
            let numbers: Vec<usize> = (0..buckets).collect();
            Self {
                a: vec![0; buckets],
                k: numbers.clone(),
                w: numbers.clone(),
                l: numbers,
                removed: Vec::new(),
                working: buckets,
            }
        }

        fn remove(&mut self, bucket: usize) {
            self.removed.push(bucket);
            self.working -= 1;
            self.a[bucket] = self.working;
            let last = self.w[self.working];
            self.w[self.l[bucket]] = last;
            self.k[bucket] = last;
            self.l[last] = self.l[bucket];
        }

        fn add(&mut self) {
            let bucket = self.removed.pop().unwrap();
            self.a[bucket] = 0;
            self.l[self.w[self.working]] = self.working;
            self.w[self.l[bucket]] = bucket;
            self.k[bucket] = bucket;
            self.working += 1;
        }

        fn resolve(&self, mut bucket: usize, mut bits: u64) -> usize {
            while self.a[bucket] > 0 {
                bits = redraw(bits);
                let mut at = scale(bits, self.a[bucket] as u64) as usize;
                while self.a[at] >= self.a[bucket] {
                    at = self.k[at];
                }
                bucket = at;
            }
            bucket
        }
    }

    proptest! {
        /// Few and many removed, so that both ways of resolving are taken; nodes are numbered as their buckets.
        #[test]
        fn same_as_the_paper(
            buckets in 1..40u32,
            operations in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..80),
        ) {
            let mut paper = Paper::all_working(buckets as usize);
            let mut ours = Replaced::default();
            for bucket in 0..buckets {
                ours.push(NodeId(bucket));
            }
            for (add, index) in operations {
                if add && ours.removed() > 0 {
                    let back = *paper.removed.last().unwrap() as u32;
                    paper.add();
                    prop_assert!(ours.restore(NodeId(back)));
                } else if paper.working > 1 {
                    let bucket = paper.w[index.index(paper.working)];
                    paper.remove(bucket);
                    ours.remove(bucket as u32);
                }
                prop_assert_eq!(ours.removed(), paper.removed.len());
                for hash in (0..200).map(redraw) {
                    let bucket = scale(hash, u64::from(buckets)) as u32;
                    let expected = paper.resolve(bucket as usize, hash);
                    prop_assert_eq!(ours.resolve(bucket, hash).index(), expected);
                }
            }
        }
    }
}
