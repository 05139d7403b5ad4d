//! The records, and the choices of keys.
//!
//! A record is a function of its index: key and value can be recomputed at any time, so no run keeps a list of keys in
//! memory (it would show in the peak), every hit is a certain hit, every miss a certain miss, and every value read can be
//! recognised as its key's.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::random::{Random, mix};

/// Bytes of every key.
pub const KEY_BYTES: usize = 16;

/// A set of records: keys of 16 random-looking bytes, values of which half is a repetition of the other half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// Different seeds give different key sets.
    pub seed: u64,
    /// How many records the database holds: indices `0..count` are hits, all above are misses.
    pub count: u64,
    /// Bytes of each value, at least 16.
    pub value_bytes: usize,
}

impl Records {
    /// The key of record `index`.
    #[must_use]
    pub fn key(&self, index: u64) -> [u8; KEY_BYTES] {
        let high = mix(index ^ mix(self.seed));
        let low = mix(high ^ 0x2545_f491_4f6c_dd1d);
        let mut key = [0; KEY_BYTES];
        key[..8].copy_from_slice(&high.to_be_bytes());
        key[8..].copy_from_slice(&low.to_be_bytes());
        key
    }

    /// Writes the value of a key into `value` (which is resized): `version` tells one overwrite from the next.
    ///
    /// The first eight bytes are a function of the key alone, which is how [`Records::recognise`] knows a value; the rest
    /// of the first half is random, the second half repeats the first.
    pub fn value(&self, key: &[u8; KEY_BYTES], version: u64, value: &mut Vec<u8>) {
        value.resize(self.value_bytes, 0);
        let (first, second) = value.split_at_mut(self.value_bytes.div_ceil(2));
        let tag = tag(key);
        let mut random = Random::new(tag ^ version);
        let (head, rest) = first.split_at_mut(8);
        head.copy_from_slice(&tag.to_le_bytes());
        for piece in rest.chunks_mut(8) {
            let word = random.word().to_le_bytes();
            piece.copy_from_slice(&word[..piece.len()]);
        }
        let length = second.len();
        second.copy_from_slice(&first[..length]);
    }

    /// Reads every byte of `value` and says whether it belongs to `key`.
    #[must_use]
    pub fn recognise(&self, key: &[u8], value: &[u8]) -> bool {
        let mut fold = 0_u64;
        let mut words = value.chunks_exact(8);
        for word in &mut words {
            fold ^= u64::from_le_bytes(word.try_into().unwrap_or_default());
        }
        for &byte in words.remainder() {
            fold ^= u64::from(byte);
        }
        black_box(fold);
        value.len() == self.value_bytes
            && key.len() == KEY_BYTES
            && value.starts_with(&tag(key).to_le_bytes())
    }

    /// Bytes of one record as the user counts them.
    #[must_use]
    pub const fn record_bytes(&self) -> u64 {
        (KEY_BYTES + self.value_bytes) as u64
    }

    /// Bytes of all live records.
    #[must_use]
    pub const fn live_bytes(&self) -> u64 {
        self.count * self.record_bytes()
    }
}

fn tag(key: &[u8]) -> u64 {
    let (head, _) = key.split_at(8.min(key.len()));
    mix(u64::from_be_bytes(head.try_into().unwrap_or_default()) ^ 0xd1b5_4a32_d192_ed03)
}

/// Indices drawn with a Zipf distribution and scattered over the whole range, as YCSB does.
///
/// Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD 1994, with YCSB's constant 0.99. Set-up
/// is linear in the range (the zeta sum), a draw is constant.
#[derive(Clone, Debug)]
pub struct Zipf {
    range: u64,
    theta: f64,
    alpha: f64,
    zeta: f64,
    eta: f64,
}

impl Zipf {
    /// YCSB's skew.
    pub const YCSB_THETA: f64 = 0.99;

    /// A distribution over `0..range`; `theta` in `(0, 1)`, larger is more skewed.
    #[must_use]
    pub fn new(range: u64, theta: f64) -> Self {
        let zeta_of = |n: u64| (1..=n).map(|i| (i as f64).powf(-theta)).sum::<f64>();
        let range = range.max(2);
        let zeta = zeta_of(range);
        let eta = (1.0 - (2.0 / range as f64).powf(1.0 - theta)) / (1.0 - zeta_of(2) / zeta);
        Self { range, theta, alpha: 1.0 / (1.0 - theta), zeta, eta }
    }

    /// A rank: 0 is the most frequent.
    pub fn rank(&self, random: &mut Random) -> u64 {
        let unit = random.unit();
        let scaled = unit * self.zeta;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < 1.0 + 0.5_f64.powf(self.theta) {
            return 1;
        }
        let rank = self.range as f64 * (self.eta * unit - self.eta + 1.0).powf(self.alpha);
        (rank as u64).min(self.range - 1)
    }

    /// An index: ranks scattered, so that frequent records are not neighbours.
    pub fn index(&self, random: &mut Random) -> u64 {
        mix(self.rank(random)) % self.range
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const RECORDS: Records = Records { seed: 7, count: 1000, value_bytes: 100 };

    #[test]
    fn keys_are_distinct_and_values_are_recognised() {
        let mut keys = HashSet::new();
        let mut value = Vec::new();
        for index in 0..2000 {
            let key = RECORDS.key(index);
            assert!(keys.insert(key));
            for version in [0, 1, u64::MAX] {
                RECORDS.value(&key, version, &mut value);
                assert_eq!(value.len(), 100);
                assert_eq!(value[..50], value[50..]);
                assert!(RECORDS.recognise(&key, &value));
                assert!(!RECORDS.recognise(&RECORDS.key(index + 1), &value));
                assert!(!RECORDS.recognise(&key, &value[..99]));
            }
        }
    }

    #[test]
    fn versions_differ_and_odd_lengths_work() {
        for value_bytes in [16, 17, 99, 1024] {
            let records = Records { value_bytes, ..RECORDS };
            let key = records.key(3);
            let (mut one, mut two) = (Vec::new(), Vec::new());
            records.value(&key, 1, &mut one);
            records.value(&key, 2, &mut two);
            assert_eq!(one.len(), value_bytes);
            assert_eq!(one[..8], two[..8]);
            assert!(value_bytes <= 17 || one != two);
            assert!(records.recognise(&key, &one) && records.recognise(&key, &two));
        }
    }

    #[test]
    fn zipf_prefers_low_ranks_and_stays_in_range() {
        let zipf = Zipf::new(1000, Zipf::YCSB_THETA);
        let mut random = Random::new(1);
        let mut counts = vec![0_u32; 1000];
        for _ in 0..200_000 {
            counts[zipf.rank(&mut random) as usize] += 1;
        }
        // The expected shares of ranks 0 and 1 are 1/zeta and 0.5^theta/zeta; zeta(1000, 0.99) is 7.728.
        assert!((f64::from(counts[0]) / 200_000.0 - 0.1294).abs() < 0.01, "{}", counts[0]);
        assert!((f64::from(counts[1]) / 200_000.0 - 0.0651).abs() < 0.01, "{}", counts[1]);
        assert!(counts[0] > counts[10] && counts[10] > counts[500]);
        assert!((0..1000).all(|_| zipf.index(&mut random) < 1000));
    }
}
