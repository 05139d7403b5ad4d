//! Random numbers from a seed, and ids.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::arguments::Ids;

/// SplitMix64: small, fast, good enough for load.
pub struct Random(u64);

impl Random {
    /// Numbers that follow from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is below end / 2^64: nobody could measure it.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A fraction of one.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Ids that nobody else has.
pub struct IdSource {
    ids: Ids,
    random: Random,
    milliseconds: u64,
    left: u32,
}

impl IdSource {
    /// Ids of a worker: different in every run, since a ledger remembers them for ever.
    pub fn new(ids: Ids, worker: u64) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or_default();
        let seed = nanoseconds ^ (u64::from(std::process::id()) << 40) ^ worker.rotate_right(8);
        Self { ids, random: Random::new(seed), milliseconds: 0, left: 0 }
    }

    /// The next one.
    pub fn next(&mut self) -> u128 {
        let random = u128::from(self.random.next()) << 64 | u128::from(self.random.next());
        let id = match self.ids {
            Ids::Random => random,
            Ids::Time => {
                if self.left == 0 {
                    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    self.milliseconds = u64::try_from(since.as_millis()).unwrap_or_default();
                    self.left = 256;
                }
                self.left -= 1;
                u128::from(self.milliseconds) << 80 | random >> 48
            }
        };
        // Neither 0 nor the largest.
        id.clamp(1, u128::MAX - 1)
    }
}
