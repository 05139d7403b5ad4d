//! JumpBackHash: what jump hash promises, in constant time and in integers.
//!
//! **Records.** Let each key draw a random number for each bucket 0, 1, 2, ... A bucket is a record if its number is above all
//! before: bucket i with probability 1/(i+1), independently of the others. The key goes to the last record among the n buckets. So it
//! is each with probability 1/n, and bucket n changes that only if it is a record itself: balance and least movement. Jump hash finds
//! the records from the first on, log n of them; they can as well be found from the last on:
//!
//! - Among the buckets of *level* k, from 2^k to 2^(k+1) - 1, there is a record with probability 1/2, independently of the other
//!   levels: the product of 1 - 1/(i+1) over the level is 2^k/2^(k+1). One random bit a level.
//! - If there is one, the last is any bucket of the level, all equally likely: k random bits.
//! - The last record before a record i is any bucket below i, all equally likely. One below the level is what the lower levels say.
//!
//! So: the highest level that has a record, and its last. Only in the level that n cuts can that be a bucket of n and more; then the
//! one before, found by drawing from 0..2^(k+1) until the number is below n (all that are drawn before are passed over anyway:
//! they are not below n either). Not more than two of these draws, expected.

use super::dense::{Dense, dense_placement};
use super::fold;
use crate::hash::mix::{derive, mix};
use crate::{Algorithm, KeyHash, NodeId};

/// An odd number for each level, at index level + 1.
static MULTIPLIERS: [u64; 64] = {
    let mut multipliers = [0; 64];
    let mut level = 0;
    while level < multipliers.len() {
        multipliers[level] = mix(level as u64 + 1) | 1;
        level += 1;
    }
    multipliers
};

/// What a key draws for the buckets of a level.
#[inline]
fn draw(bits: u64, level: u32) -> u64 {
    fold(bits, MULTIPLIERS[(level + 1) as usize % 64])
}

/// The last record among the buckets 0..=`mask`, one less than a power of two.
#[inline]
fn last_record(bits: u64, mask: u32) -> u32 {
    // Bit k + 1: whether there is a record in level k. Bit 0: in bucket 0 there always is one.
    let records = u64::from(bits as u32 & mask) << 1 | 1;
    let highest = records.ilog2();
    let span = 1u64 << highest;
    let number = fold(bits, MULTIPLIERS[highest as usize % 64]) & (span - 1);
    ((span | number) >> 1) as u32
}

/// How many numbers a draw has behind the first: a number has up to 16 bits, or up to 32.
#[inline]
const fn spare_numbers(level: u32) -> u32 {
    if level < 16 { 3 } else { 1 }
}

/// The last record among `buckets`, where the last of the highest level, which starts at `base`, is not among them.
#[cold]
#[inline(never)]
fn go_back(key: u64, bits: u64, base: u32, buckets: u32) -> u32 {
    let level = base.ilog2();
    let mask = base | (base - 1);
    let mut numbers = draw(bits, level);
    let mut spare = spare_numbers(level);
    let mut words = 0;
    loop {
        if spare > 0 {
            numbers >>= 64 / (spare_numbers(level) + 1);
            spare -= 1;
        } else {
            // One lookup in some 30 to 4000.
            words += 1;
            numbers = derive(key, words << 6 | u64::from(level));
            spare = spare_numbers(level);
        }
        let number = numbers as u32 & mask;
        if number < buckets {
            return if number < base { last_record(bits, base - 1) } else { number };
        }
    }
}

/// JumpBackHash: the bucket of `key` among `buckets`.
///
/// As [`jump_hash`](crate::jump_hash): each bucket has its equal part of the keys, and among one bucket more, a key stays or goes to
/// the new one. But in some 3 to 7 ns whatever `buckets` is, and with other results. The random numbers are this crate's: it is no
/// other implementation's function. A key may be any number; it is mixed first.
///
/// # Panics
/// If there are no buckets.
///
/// ```
/// use hash_ring::jump_back_hash;
///
/// assert_eq!(jump_back_hash(256, 1024), 597);
/// assert!((0..1000).all(|key| [10, jump_back_hash(key, 10)].contains(&jump_back_hash(key, 11))));
/// ```
///
/// O. Ertl, "JumpBackHash: Say Goodbye to the Modulo Operation to Distribute Keys Uniformly to Buckets", 2024.
#[inline(always)]
#[must_use]
pub fn jump_back_hash(key: u64, buckets: u32) -> u32 {
    assert!(buckets > 0, "jump hash among no buckets");
    let level = ((buckets - 1) | 1).ilog2();
    let base = 1 << level;
    let mask = base | (base - 1);
    let bits = mix(key);
    if mask - (buckets - 1) < base / 4 {
        // The level is cut near its end: a branch that is seldom taken.
        let bucket = last_record(bits, mask);
        if bucket >= buckets {
            return go_back(key, bits, base, buckets);
        }
        return bucket;
    }
    select(key, bits, base, buckets)
}

/// The same where the highest level is cut early: a branch would be mispredicted by up to one key in four, so all that it can come
/// down to is computed, and one selected.
#[inline(always)]
fn select(key: u64, bits: u64, base: u32, buckets: u32) -> u32 {
    let level = base.ilog2();
    let mask = base | (base - 1);
    let lower = last_record(bits, base - 1);
    let numbers = draw(bits, level);
    let number = |shift: u32| (numbers >> shift) as u32 & mask;
    let mut bucket = number(32);
    if spare_numbers(level) == 3 {
        bucket = if bucket < buckets { bucket } else { number(48) };
        bucket = if number(16) < buckets { number(16) } else { bucket };
    }
    let first = base | (numbers as u32 >> 1 & (base - 1));
    bucket = if first < buckets { first } else { bucket };
    bucket = if bits as u32 & base == 0 { 0 } else { bucket };
    if bucket >= buckets {
        return go_back(key, bits, base, buckets);
    }
    if bucket < base { lower } else { bucket }
}

/// JumpBackHash: jump hash in constant time. No memory but the table of nodes, and perfect balance.
///
/// Lookup O(1), expected: some 3 to 8 ns however many nodes there are; four bytes a node. Adding a node moves 1/(n+1) of the hashes,
/// all to it, which is the least possible. Removing the node that was added last moves its 1/n and nothing else. **Removing any
/// other** moves almost twice the least: the node of the last bucket takes the hole, so that the leaver's hashes go to it, and its own
/// are spread over all: 2/n - 1/(n(n-1)) of the hashes change their owner.
///
/// Who owns what depends on the order of additions and removals: processes agree only if they did the same in the same order.
/// Weights are not supported.
///
/// **Choose it** for numbered shards of equal size that come and go at the end. [`Memento`](crate::Memento) moves the least for every
/// removal and is as fast while nothing is removed.
///
/// [`jump_back_hash`] has the source.
///
/// ```
/// use hash_ring::{JumpBack, Placement, Weight};
///
/// let mut shards = JumpBack::default();
/// for name in ["a", "b", "c"] {
///     shards.add(name, Weight::ONE)?;
/// }
/// assert_eq!(shards.name_of(b"some key"), Some("c"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JumpBack {
    nodes: Dense,
    key_hash: KeyHash,
}

impl JumpBack {
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
}

dense_placement!(JumpBack, Algorithm::JumpBack, jump_back_hash);

#[cfg(test)]
mod tests {
    use super::*;

    /// The records themselves, level by level, and one after the other from the last on.
    fn by_definition(key: u64, buckets: u32) -> u32 {
        let bits = mix(key);
        let mut records = vec![0];
        for level in 0..32u32 {
            let base = 1u64 << level;
            if base >= u64::from(buckets) {
                break;
            }
            if bits >> level & 1 == 0 {
                continue;
            }
            let numbers = draw(bits, level);
            let width = if level < 16 { 16 } else { 32 };
            let per_draw = 64 / width;
            let mut of_level = vec![base + numbers / 2 % base];
            for i in 1.. {
                let numbers = match i / per_draw {
                    0 => numbers,
                    more => derive(key, more << 6 | u64::from(level)),
                };
                let number = (numbers >> (i % per_draw * width)) % (2 * base);
                if number < base {
                    break;
                }
                if number < of_level[of_level.len() - 1] {
                    of_level.push(number);
                }
            }
            records.extend(of_level.into_iter().rev());
        }
        assert!(records.is_sorted(), "{records:?}");
        records.retain(|record| *record < u64::from(buckets));
        records[records.len() - 1] as u32
    }

    #[test]
    fn is_the_last_record() {
        let sizes = (1..=200).chain([255, 256, 257, 1000, 65_535, 65_536, 65_537, 100_000]);
        for buckets in sizes.chain([1 << 20, 1 << 31, (1 << 31) + 1, 3_000_000_000, u32::MAX]) {
            for key in 0..1000 {
                let expected = by_definition(key, buckets);
                assert_eq!(jump_back_hash(key, buckets), expected, "{key} {buckets}");
            }
        }
    }
}
