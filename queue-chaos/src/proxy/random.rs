//! Random numbers that are the same for the same connection of the same seed.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Of what these words name together.
    pub(super) fn new<const N: usize>(words: [u64; N]) -> Self {
        let mut random = Self(0);
        for word in words {
            random.0 ^= word;
            random.0 = random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not, 1.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 to `most`. The bias is less than one in 2^53.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        let wide = u128::from(self.next()) * (u128::from(most) + 1);
        (wide >> 64) as u64
    }
}
