//! Random numbers that a seed repeats.

use crate::record::mix;

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for each combination of numbers.
    #[must_use]
    pub fn new(parts: &[u64]) -> Self {
        Self(parts.iter().fold(0x1234_5678, |state, part| mix(state ^ mix(*part))))
    }

    /// The next number, uniform over all of `u64`.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `limit`; 0 if the limit is 0. The bias is below `limit / 2^64` (Lemire 2019, without rejection).
    pub const fn below(&mut self, limit: u64) -> u64 {
        ((self.bits() as u128 * limit as u128) >> 64) as u64
    }

    /// Whether an event of probability 1 in `n` happens.
    pub const fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A number in 0 to 1, 1 excluded, with 53 random bits.
    #[allow(clippy::cast_precision_loss)] // 53 bits fit
    pub const fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of the items.
    ///
    /// # Panics
    /// If there are none.
    pub fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_their_limit_and_reach_all_of_it() {
        let mut random = Random::new(&[1]);
        let mut seen = [0_u32; 10];
        for _ in 0..10_000 {
            seen[usize::try_from(random.below(10)).unwrap()] += 1;
            assert!((0.0..1.0).contains(&random.unit()));
        }
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
        assert_ne!(Random::new(&[1, 2]).bits(), Random::new(&[2, 1]).bits());
        assert_eq!(Random::new(&[7]).bits(), Random::new(&[7]).bits());
    }
}
