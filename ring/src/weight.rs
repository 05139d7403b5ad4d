//! How much of the keys a node should get.

use alloc::format;
use core::fmt;
use core::num::NonZeroU32;

use crate::{Error, Result};

/// A node's share in relation to the others': twice the weight, twice the keys.
///
/// A fixed-point number of 16 bits before and 16 after the point, as CRUSH has it, so that no placement depends on how a machine
/// rounds. From 1/65,536 to 65,535 and 65,535/65,536.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(NonZeroU32);

impl Weight {
    /// The weight of a node that nobody weighted: 1.
    pub const ONE: Self = Self(NonZeroU32::new(1 << 16).unwrap());

    /// The weight nearest to `value`.
    ///
    /// # Errors
    /// [`Error::InvalidWeight`] if that is 0, or above 65,535, or `value` is no number.
    pub fn new(value: f64) -> Result<Self> {
        let invalid = || Error::InvalidWeight { found: format!("{value}") };
        // Exact in every rounding mode: a multiplication by a power of two, and a conversion that truncates.
        let scaled = value * 65_536.0 + 0.5;
        if !(value > 0.0 && value <= 65_535.0) {
            return Err(invalid());
        }
        NonZeroU32::new(scaled as u32).map(Self).ok_or_else(invalid)
    }

    /// The weight of which 65,536 make [`ONE`](Self::ONE).
    #[must_use]
    pub const fn from_raw(raw: NonZeroU32) -> Self {
        Self(raw)
    }

    /// In 65,536ths.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0.get()
    }

    /// As a number; exact.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from(self.0.get()) / 65_536.0
    }

    /// `count` for each unit of weight, rounded to the nearest, and at least 1.
    ///
    /// ```
    /// # use hash_ring::Weight;
    /// assert_eq!(Weight::new(1.5)?.times(100), 150);
    /// assert_eq!(Weight::new(0.001)?.times(100), 1);
    /// # Ok::<(), hash_ring::Error>(())
    /// ```
    #[must_use]
    pub fn times(self, count: u32) -> u64 {
        ((u64::from(count) * u64::from(self.raw()) + (1 << 15)) >> 16).max(1)
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn bounds() {
        for bad in [0.0, -1.0, 65_535.5, f64::NAN, f64::INFINITY, 1e-9] {
            assert!(matches!(Weight::new(bad), Err(Error::InvalidWeight { .. })), "{bad}");
        }
        assert_eq!(Weight::new(1.0).unwrap(), Weight::ONE);
        assert_eq!(Weight::new(65_535.0).unwrap().get(), 65_535.0);
        assert_eq!(Weight::new(1.0 / 65_536.0).unwrap().raw(), 1);
        assert_eq!(Weight::new(2.5).unwrap().to_string(), "2.5");
    }

    #[test]
    fn times_cannot_overflow() {
        let most = Weight::from_raw(NonZeroU32::MAX);
        assert_eq!(
            most.times(u32::MAX),
            (u64::from(u32::MAX) * u64::from(u32::MAX) + (1 << 15)) >> 16
        );
    }
}
