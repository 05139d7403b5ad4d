//! One draw of straws: each member of a set draws for a key, and the longest straw in relation to its weight wins.
//!
//! **The score** of a member is one 32 by 32 bit multiplication: the halves of `key ^ seed` multiplied, of which the middle bits
//! count. That is what four lanes of SSE2 or NEON do at once without help, at a third of a nanosecond a member. Both factors are
//! as good as random, since the key is mixed and the seed is a hash; that owners, pairs of owners and weighted owners come
//! out as often as they should is tested here.
//!
//! **The weighted draw** is the logarithm method (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005): the
//! least `-log2(score) / weight` wins, compared exactly, by cross multiplication. As `-ln(u) >= 1 - u`, most members are out of the
//! race before a logarithm is taken: some `ln n` logarithms a lookup remain.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::ControlFlow;

use crate::hash::log2::{FRACTION_BITS, negative_log2};
use crate::hash::mix::mix;

use super::podium::{Draw, Podium};

/// Members looked at together.
const BLOCK: usize = 16;

/// What scores are drawn from, once a lookup: hashes of keys may have nothing but zeros in half of their bits.
#[inline]
pub(crate) const fn key_of(hash: u64) -> u64 {
    mix(hash)
}

#[inline]
const fn product(key: u64, seed: u64) -> u64 {
    let x = key ^ seed;
    (x & 0xFFFF_FFFF) * (x >> 32)
}

/// Bits 16 to 47 of the product, as a signed number: what SSE2 can compare.
#[inline]
const fn short_score(key: u64, seed: u64) -> i32 {
    (product(key, seed) >> 16) as i32
}

/// The score: 48 bits and 16 zeros. Its highest half is [`short_score`], for comparisons without a sign.
#[inline]
const fn score(key: u64, seed: u64) -> u64 {
    (product(key, seed) << 16) ^ (1 << 63)
}

/// The score with a sign, and in place of its zeros the product's highest bits: so that who came first does not decide between equal scores.
#[inline]
const fn ranked(key: u64, seed: u64) -> i64 {
    product(key, seed).rotate_left(16).cast_signed()
}

fn inverse(weight: u64) -> f32 {
    1.0 / weight as f32
}

/// The set. Its order matters only where products are equal: then who comes first wins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Straws {
    seeds: Vec<u64>,
    /// What each weighs, as long as that is not written down.
    common: u64,
    /// Empty until weights differ for the first time.
    weights: Vec<u64>,
    /// What is 1 for a weight of 1 and less for more, for the sieve; empty until weights differ for the first time.
    inverse: Vec<f32>,
    /// How many weights differ from the one before.
    steps: usize,
    total_weight: u64,
}

impl Straws {
    pub(crate) fn len(&self) -> usize {
        self.seeds.len()
    }

    pub(crate) fn weight(&self, index: usize) -> u64 {
        self.weights.get(index).copied().unwrap_or(self.common)
    }

    pub(crate) fn total_weight(&self) -> u64 {
        self.total_weight
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.seeds.capacity() * 8 + self.weights.capacity() * 8 + self.inverse.capacity() * 4
    }

    /// Makes room for so many more, all of equal weight.
    pub(crate) fn reserve(&mut self, members: usize) {
        self.seeds.reserve_exact(members);
    }

    /// Behind the others. `weight` is above 0.
    #[inline]
    pub(crate) fn push(&mut self, seed: u64, weight: u64) {
        if self.weights.is_empty() && weight == self.common {
            self.seeds.push(seed);
            self.total_weight += weight;
        } else {
            self.insert(self.len(), seed, weight);
        }
    }

    /// `weight` is above 0. O(members behind it).
    pub(crate) fn insert(&mut self, index: usize, seed: u64, weight: u64) {
        if self.seeds.is_empty() {
            self.common = weight;
        }
        self.expect(weight);
        self.steps -= self.step(index);
        self.seeds.insert(index, seed);
        if !self.weights.is_empty() {
            self.weights.insert(index, weight);
            self.inverse.insert(index, inverse(weight));
        }
        self.total_weight += weight;
        self.steps += self.step(index) + self.step(index + 1);
    }

    /// O(members behind it).
    pub(crate) fn remove(&mut self, index: usize) {
        self.steps -= self.step(index) + self.step(index + 1);
        self.total_weight -= self.weight(index);
        self.seeds.remove(index);
        if !self.weights.is_empty() {
            self.weights.remove(index);
            self.inverse.remove(index);
        }
        self.steps += self.step(index);
    }

    /// `weight` is above 0. O(1), but for the first time that weights differ.
    pub(crate) fn set_weight(&mut self, index: usize, weight: u64) {
        self.expect(weight);
        self.steps -= self.step(index) + self.step(index + 1);
        self.total_weight -= self.weight(index);
        self.total_weight += weight;
        if let Some(weights) = self.weights.get_mut(index) {
            *weights = weight;
            self.inverse[index] = inverse(weight);
        }
        self.steps += self.step(index) + self.step(index + 1);
    }

    /// Writes weights down if one is to come that differs from the others.
    fn expect(&mut self, weight: u64) {
        if self.weights.is_empty() && weight != self.common {
            self.weights.resize(self.len(), self.common);
            self.inverse.resize(self.len(), inverse(self.common));
        }
    }

    /// Whether the member before has another weight: 1 or 0.
    fn step(&self, index: usize) -> usize {
        let pair = index.checked_sub(1).and_then(|before| self.weights.get(before..=index));
        pair.map_or(0, |pair| usize::from(pair[0] != pair[1]))
    }

    /// Whether all weights are equal, so that none matters.
    #[inline]
    fn is_even(&self) -> bool {
        self.steps == 0
    }

    /// Who wins; `None` if nobody is there. `key` is of [`key_of`].
    #[inline]
    pub(crate) fn first(&self, key: u64) -> Option<usize> {
        if self.seeds.len() < 2 {
            return (self.seeds.len() == 1).then_some(0);
        }
        if self.is_even() {
            return Some(self.highest(key));
        }
        self.race::<1>(key).draws().first().map(|draw| draw.index as usize)
    }

    /// The index of the highest score.
    fn highest(&self, key: u64) -> usize {
        let (blocks, rest) = self.seeds.as_chunks::<BLOCK>();
        let (mut high, mut at, mut tied) = (i32::MIN, 0, false);
        for (number, block) in blocks.iter().enumerate() {
            let most = block.iter().fold(i32::MIN, |most, seed| most.max(short_score(key, *seed)));
            if most >= high {
                tied = most == high && number > 0;
                (high, at) = (most, number);
            }
        }
        // Two blocks have the same 32 bits for their best: all 48 decide.
        let among = if tied { 0..blocks.len() } else { at..(at + 1).min(blocks.len()) };
        let mut best = (i64::MIN, among.start * BLOCK);
        for (i, seed) in blocks[among.clone()].as_flattened().iter().enumerate() {
            let score = ranked(key, *seed);
            if score > best.0 {
                best = (score, among.start * BLOCK + i);
            }
        }
        for (i, seed) in rest.iter().enumerate() {
            let score = ranked(key, *seed);
            if score > best.0 {
                best = (score, blocks.len() * BLOCK + i);
            }
        }
        best.1
    }

    fn draw(&self, key: u64, index: usize) -> Draw {
        let seed = self.seeds[index];
        let score = score(key, seed);
        let (cost, weight) = if self.is_even() {
            (!score, 1)
        } else {
            // In the middle of what 48 bits stand for. Where scores differ, logarithms do too: a step of 2^-48 is many of
            // 2^-57, so that members of equal weight are in the same order whether others' weights are equal to theirs or not.
            (negative_log2(score | 1 << 15), self.weight(index))
        };
        Draw { cost, weight, rank: (product(key, seed) >> 48) as u16, index: index as u32 }
    }

    /// The best `K`.
    fn race<const K: usize>(&self, key: u64) -> Podium<K> {
        let mut podium = Podium::new();
        if self.is_even() {
            self.sieve::<Score, K>(key, &mut podium);
        } else {
            self.sieve::<Lack, K>(key, &mut podium);
        }
        podium
    }

    fn sieve<S: Sieve, const K: usize>(&self, key: u64, podium: &mut Podium<K>) {
        let mut limit = S::OPEN;
        let (blocks, rest) = self.seeds.as_chunks::<BLOCK>();
        let (inverse, inverse_rest) = self.inverse.as_chunks::<BLOCK>();
        for (number, seeds) in blocks.iter().enumerate() {
            let inverse = inverse.get(number).unwrap_or(&[1.0; BLOCK]);
            let mut promises = [S::OPEN; BLOCK];
            for i in 0..BLOCK {
                promises[i] = S::promise(key, seeds[i], inverse[i]);
            }
            limit = self.admit::<S, K>(key, number * BLOCK, &promises, limit, podium);
        }
        let mut promises = [S::OPEN; BLOCK];
        for (i, seed) in rest.iter().enumerate() {
            promises[i] = S::promise(key, *seed, inverse_rest.get(i).copied().unwrap_or(1.0));
        }
        let promises = &promises[..rest.len()];
        self.admit::<S, K>(key, blocks.len() * BLOCK, promises, limit, podium);
    }

    /// Offers places on the podium to those who promise enough. Returns what whoever comes later must promise.
    #[inline]
    fn admit<S: Sieve, const K: usize>(
        &self,
        key: u64,
        from: usize,
        promises: &[S],
        mut limit: S,
        podium: &mut Podium<K>,
    ) -> S {
        let least =
            promises.iter().fold(S::OPEN, |least, this| if *this < least { *this } else { least });
        if promises.is_empty() || least > limit {
            return limit;
        }
        // The most promising first: it leaves few others.
        let first = promises.iter().position(|promise| *promise == least).unwrap_or(0);
        let others = (0..promises.len()).filter(|i| *i != first);
        for i in core::iter::once(first).chain(others) {
            if promises[i] <= limit {
                podium.offer(self.draw(key, from + i));
                if let Some(last) = podium.last() {
                    limit = S::limit(last);
                }
            }
        }
        limit
    }

    /// Visits all, the best first, until `visit` breaks. Allocates if more than four are visited.
    pub(crate) fn in_order(
        &self,
        key: u64,
        mut visit: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        const FEW: usize = 4;
        let podium = self.race::<FEW>(key);
        for draw in podium.draws() {
            visit(draw.index as usize)?;
        }
        let Some(last) = podium.last() else { return ControlFlow::Continue(()) };
        let rest: Vec<Reverse<Draw>> = (0..self.len())
            .map(|index| self.draw(key, index))
            .filter(|draw| draw > last)
            .map(Reverse)
            .collect();
        let mut rest = BinaryHeap::from(rest);
        while let Some(Reverse(draw)) = rest.pop() {
            visit(draw.index as usize)?;
        }
        ControlFlow::Continue(())
    }
}

/// What a member's seed promises, at little cost: the less the better. Whoever promises more than the limit cannot win a place;
/// who promises less is then compared exactly.
trait Sieve: Copy + PartialOrd {
    /// Promised by nobody, or by the worst.
    const OPEN: Self;

    fn promise(key: u64, seed: u64, inverse_weight: f32) -> Self;

    /// What at most must be promised by whoever can beat `last`.
    fn limit(last: &Draw) -> Self;
}

/// Of equal weights: the highest 32 bits of the score, upside down.
type Score = i32;

impl Sieve for Score {
    const OPEN: Self = i32::MAX;

    #[inline]
    fn promise(key: u64, seed: u64, _: f32) -> Self {
        !short_score(key, seed)
    }

    fn limit(last: &Draw) -> Self {
        !((!last.cost >> 32) as u32 ^ 1 << 31) as i32
    }
}

/// Of weights that differ: what the score lacks of the highest, in 2^-31, over the weight. That is less than the
/// logarithm, as `-log2(u) >= (1 - u) log2(e)`.
type Lack = f32;

impl Sieve for Lack {
    const OPEN: Self = f32::INFINITY;

    #[inline]
    fn promise(key: u64, seed: u64, inverse_weight: f32) -> Self {
        let lack = !(short_score(key, seed) as u32 ^ 1 << 31);
        // Rounded down to 31 bits, since SSE2 converts signed numbers alone; less one for errors that do not shrink with it.
        ((lack >> 1) as i32 - 1) as f32 * inverse_weight
    }

    fn limit(last: &Draw) -> Self {
        // Rounding errors, here, in `promise` and in the logarithm, are far below the slack.
        const SLACK: f64 = 1.000_01 / core::f64::consts::LOG2_E;
        let cost = last.cost as f64 / (1u64 << (FRACTION_BITS - 31)) as f64;
        (cost / last.weight as f64 * SLACK) as f32
    }
}

#[cfg(test)]
#[path = "straws_tests.rs"]
mod tests;
