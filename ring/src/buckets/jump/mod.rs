//! Jump consistent hash.

mod ahead;
mod batch;
mod float;
mod published;

use alloc::vec::Vec;

use super::dense::{Dense, dense_placement};
use crate::{Algorithm, KeyHash, NodeId};

pub use batch::jump_hash_batch;

/// Jump consistent hash, bit for bit as published: the bucket of `key` among `buckets`.
///
/// What other implementations of the paper's function return for the same key. (Guava's `Hashing.consistentHash` draws from another
/// generator and is another function.) Some 8 ns for 10 buckets, 14 for 100 and 21 for 1000; beyond 1024 as slow as the paper's loop,
/// some 50 ns and 7 more for each factor of e. [`jump_hash_batch`] does many at less, and
/// [`jump_back_hash`](crate::jump_back_hash) keeps the same promises in constant time.
///
/// # Panics
/// If there are no buckets.
///
/// ```
/// use hash_ring::jump_hash;
///
/// assert_eq!(jump_hash(256, 1024), 520);
/// // Among one bucket more, a key stays or goes to the new one.
/// assert!((0..1000).all(|key| [10, jump_hash(key, 10)].contains(&jump_hash(key, 11))));
/// ```
///
/// J. Lamping, E. Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014.
#[inline]
#[must_use]
pub fn jump_hash(key: u64, buckets: u32) -> u32 {
    assert!(buckets > 0, "jump hash among no buckets");
    // The more buckets, the more jumps are computed before anyone asks how many it takes: few enough not to waste them, enough that
    // one key in some ten to thirty needs more.
    match buckets {
        1 => 0,
        2..=7 => ahead::bucket::<4, false>(key, buckets),
        8..=12 => ahead::bucket::<5, false>(key, buckets),
        13..=30 => ahead::bucket::<6, false>(key, buckets),
        31..=ahead::MAX_UNCHECKED => ahead::bucket::<7, false>(key, buckets),
        64..=150 => ahead::bucket::<8, true>(key, buckets),
        151..=ahead::MAX_BUCKETS => ahead::bucket::<10, true>(key, buckets),
        _ => published::bucket(key, buckets),
    }
}

/// Jump consistent hash: no memory but the table of nodes, and perfect balance.
///
/// Lookup O(log n); four bytes a node. Adding a node moves 1/(n+1) of the hashes, all to it, which is the least possible. Removing
/// the node that was added last moves its 1/n and nothing else. **Removing any other** moves almost twice the least: the node of the
/// last bucket takes the hole, so that the leaver's hashes go to it, and its own are spread over all: 2/n - 1/(n(n-1)) of the hashes
/// change their owner.
///
/// Who owns what depends on the order of additions and removals: processes agree only if they did the same in the same order.
/// Weights are not supported.
///
/// **Choose it** where other systems already shard by jump hash, and nodes come and go at the end (numbered shards).
/// [`JumpBack`](crate::JumpBack) promises the same and is faster; [`Memento`](crate::Memento) moves the least for every removal.
///
/// [`jump_hash`] has the source.
///
/// ```
/// use hash_ring::{Jump, Placement, Weight};
///
/// let mut shards = Jump::default();
/// for name in ["a", "b", "c"] {
///     shards.add(name, Weight::ONE)?;
/// }
/// assert_eq!(shards.name_of(b"some key"), Some("b"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Jump {
    nodes: Dense,
    key_hash: KeyHash,
}

impl Jump {
    /// One without nodes.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self { nodes: Dense::default(), key_hash }
    }

    /// The nodes in the order of their buckets.
    #[must_use]
    pub fn buckets(&self) -> &[NodeId] {
        &self.nodes.nodes
    }

    /// The owners of many hashes, in `owners`, at less than one by one: some 9 ns each for 100 nodes. Without nodes, `owners` is empty.
    pub fn locate_batch(&self, hashes: &[u64], owners: &mut Vec<NodeId>) {
        owners.clear();
        if self.nodes.nodes.is_empty() {
            return;
        }
        owners.reserve(hashes.len());
        let mut buckets = [0; batch::BLOCK];
        for block in hashes.chunks(batch::BLOCK) {
            let buckets = &mut buckets[..block.len()];
            jump_hash_batch(block, self.nodes.buckets(), buckets);
            owners.extend(buckets.iter().map(|bucket| self.nodes.nodes[*bucket as usize]));
        }
    }
}

dense_placement!(Jump, Algorithm::Jump, jump_hash);
