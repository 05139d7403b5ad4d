//! DxHash.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::{all_unweighted, stay_unweighted, unweighted};
use crate::canonical::{Describer, Opened, invalid, room_for};
use crate::hash::mix::{derive, mix, scale};
use crate::hash::node_hash;
use crate::preference::by_derived_hashes;
use crate::{Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// In place of a node.
const VACANT: u32 = u32::MAX;

/// What a bucket takes: a number and a bit.
const BYTES_A_BUCKET: u64 = 5;

/// Words of two or four draws before the search gives up, for each bucket: all fail with probability e^-8 if there is one node, and
/// e^-8n with n. Then the next node after the last draw has it, so that also then only hashes of a node that leaves move.
const MAX_WORDS_PER_BUCKET: u64 = 4;

/// DxHash: a hash draws buckets until one has a node.
///
/// Lookup `capacity / nodes` draws, expected: 6 ns with most of the buckets in use, 7 to 10 with half, and in proportion to
/// `capacity / nodes` with fewer. Four bytes and a bit for each of `capacity`, a power of two. **Removing any node** moves its 1/n,
/// evenly to all others, and nothing else; adding one moves 1/(n+1), all to it: both the least possible. But adding one when all
/// buckets are in use **doubles the capacity, and that moves half of all hashes**: the half whose first draw falls on the new buckets,
/// none of which has a node yet.
///
/// A node gets the first free bucket from where its name points to. So nodes come back to their own buckets in any order, unless
/// others took them; and processes agree, but for nodes that got in each other's way. Weights are not supported.
///
/// **Do not choose it** where the number of nodes has no bound or varies much: it is slower the fewer they are, and never shrinks.
/// [`Anchor`](crate::Anchor) has the faster lookup at every load, and [`Memento`](crate::Memento) needs no bound. What speaks for it
/// is that nodes come back to what they had in any order; [`Rendezvous`](crate::Rendezvous) has that, too, with weights.
///
/// ```
/// use hash_ring::{Dx, KeyHash, Placement, Weight};
///
/// let mut backends = Dx::with_capacity(16, KeyHash::default())?;
/// for name in ["a", "b", "c"] {
///     backends.add(name, Weight::ONE)?;
/// }
/// let owner = backends.name_of(b"some key").map(str::to_owned);
/// let b = backends.roster().find("b").unwrap();
/// let c = backends.roster().find("c").unwrap();
/// for id in [b, c] {
///     backends.remove(id)?;
/// }
/// for name in ["b", "c"] {
///     backends.add(name, Weight::ONE)?;
/// }
/// assert_eq!(backends.name_of(b"some key"), owner.as_deref());
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// C. Dong, F. Wang, "DxHash: A Scalable Consistent Hashing Based on the Pseudo-Random Sequence", 2021.
#[derive(Clone, Debug)]
pub struct Dx {
    roster: Roster,
    /// By bucket.
    nodes: Vec<u32>,
    /// A bit for each bucket that has a node.
    used: Vec<u64>,
    key_hash: KeyHash,
}

impl Dx {
    /// One without nodes and with one bucket: it doubles often until it has its size. [`with_capacity`](Self::with_capacity) avoids that.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self::of_power(1, key_hash)
    }

    /// One without nodes, with buckets for at least `capacity`: the next power of two.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) if that is 0 or above [`Roster::MAX_NODES`].
    pub fn with_capacity(capacity: usize, key_hash: KeyHash) -> Result<Self> {
        Ok(Self::of_power(super::capacity(capacity)?.next_power_of_two() as usize, key_hash))
    }

    fn of_power(buckets: usize, key_hash: KeyHash) -> Self {
        Self {
            roster: Roster::default(),
            nodes: vec![VACANT; buckets],
            used: vec![0; buckets.div_ceil(64)],
            key_hash,
        }
    }

    /// How many nodes it can hold before it doubles.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Dx)?;
        let capacity = opened.number("capacity", 1..=Roster::MAX_NODES as u64)?;
        let owners = opened.buckets()?;
        opened.finish()?;
        opened.one_bucket_each(owners)?;
        room_for(capacity, BYTES_A_BUCKET, memory)?;
        if !capacity.is_power_of_two() || owners.len() as u64 > capacity {
            let found = format!("{capacity}, for {} buckets", owners.len());
            return Err(invalid(
                "capacity",
                found,
                "a power of two, and not less than the buckets",
            ));
        }
        let mut dx = Self::of_power(capacity as usize, description.key_hash());
        dx.roster = all_unweighted(Algorithm::Dx, opened.roster())?;
        for (bucket, node) in owners.iter().enumerate() {
            if let Some(node) = node {
                dx.give(bucket, NodeId(*node));
            }
        }
        Ok(dx)
    }

    fn give(&mut self, bucket: usize, node: NodeId) {
        self.nodes[bucket] = node.0;
        self.used[bucket / 64] |= 1 << (bucket % 64);
    }

    #[inline]
    fn is_used(&self, bucket: usize) -> bool {
        self.used[bucket / 64] >> (bucket % 64) & 1 != 0
    }

    /// The first bucket at or after `from`, going round, that is used or not.
    fn first(&self, from: usize, used: bool) -> Option<usize> {
        let words = self.used.len();
        let bits = |word: usize| if used { self.used[word] } else { !self.used[word] };
        for step in 0..=words {
            let word = (from / 64 + step) % words;
            let mut bits = bits(word);
            if words == 1 && self.nodes.len() < 64 {
                bits &= (1 << self.nodes.len()) - 1;
            }
            if step == 0 {
                bits &= u64::MAX << (from % 64);
            }
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
        }
        None
    }

    /// The bucket of a hash; one must be used.
    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        let mask = self.nodes.len() - 1;
        let mut numbers = mix(hash);
        for more in 0.. {
            // All numbers of a word at once, for one branch. The first that is used counts.
            let draw = |shift: u32| (numbers >> shift) as usize & mask;
            let (mut bucket, mut found) = (0, false);
            if mask < 1 << 16 {
                for shift in [48, 32, 16, 0] {
                    let used = self.is_used(draw(shift));
                    bucket = if used { draw(shift) } else { bucket };
                    found |= used;
                }
            } else {
                for shift in [32, 0] {
                    let used = self.is_used(draw(shift));
                    bucket = if used { draw(shift) } else { bucket };
                    found |= used;
                }
            }
            if found {
                return bucket;
            }
            if more > MAX_WORDS_PER_BUCKET * self.nodes.len() as u64 {
                break;
            }
            numbers = derive(hash, more);
        }
        self.first(numbers as usize & mask, true).unwrap_or(0)
    }
}

impl Default for Dx {
    fn default() -> Self {
        Self::new(KeyHash::default())
    }
}

impl Placement for Dx {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Dx
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        if self.roster.is_empty() {
            return None;
        }
        Some(NodeId(self.nodes[self.bucket(hash)]))
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        by_derived_hashes(&self.roster, hash, |hash| self.locate(hash), visit);
    }

    /// Doubles the capacity if all of it is used, which moves half of the hashes.
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        unweighted(Algorithm::Dx, weight)?;
        let node = self.roster.add(name, weight)?;
        if self.roster.len() > self.nodes.len() {
            let buckets = 2 * self.nodes.len();
            self.nodes.resize(buckets, VACANT);
            self.used.resize(buckets.div_ceil(64), 0);
        }
        let from = scale(node_hash(name), self.nodes.len() as u64) as usize;
        if let Some(bucket) = self.first(from, false) {
            self.give(bucket, node);
        }
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let bucket = self.nodes.iter().position(|other| *other == node.0);
        let bucket = bucket.filter(|_| node.0 != VACANT).ok_or(Error::UnknownNode { node })?;
        self.roster.remove(node)?;
        self.nodes[bucket] = VACANT;
        self.used[bucket / 64] &= !(1 << (bucket % 64));
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        stay_unweighted(Algorithm::Dx, &self.roster, node, weight)
    }

    fn describe(&self) -> Description {
        let owners = self.nodes.iter().map(|node| (*node != VACANT).then_some(NodeId(*node)));
        Describer::new(self).number("capacity", self.nodes.len() as u64).buckets(owners).finish()
    }

    fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<u32>() + self.used.capacity() * size_of::<u64>()
    }
}
