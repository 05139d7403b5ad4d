//! By how much a node may exceed its share.

use alloc::format;
use core::fmt;

use crate::{Error, Result, Weight};

/// The c of bounded loads: a node's capacity is c times its share of all requests. Above 1, at most 65,535.
///
/// A fixed-point number of 16 bits after the point, as [`Weight`] is. The nearer to 1 the better the balance, and the more
/// requests that are not served by the owner of their key; 1.25, the default, is what is most used.
///
/// **Rounding.** A value becomes the nearest multiple of 1/65,536, the upper one if it lies between two: it is off by at most 2^-17, so
/// that a capacity for which a million requests are open is off by less than 8, and in proportion. A value above 1 that would become 1 is
/// refused rather than raised: 1 + 2^-17 is the least that passes, and counts as 1 + 2^-16. [`get`](Self::get) tells what a value
/// became. From there on nothing is rounded: capacities are compared as integers of 128 bits, and only the capacity itself is
/// rounded, up, to whole requests.
///
/// ```
/// # use hash_ring::CapacityFactor;
/// assert_eq!(CapacityFactor::new(1.25)?.get(), 1.25);
/// assert_eq!(CapacityFactor::new(1.1)?.get(), 72_090.0 / 65_536.0); // 1.10001
/// assert!(CapacityFactor::new(1.000_001).is_err());
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapacityFactor(u32);

impl CapacityFactor {
    pub(super) const FRACTION_BITS: u32 = 16;

    /// The factor nearest to `value`: see [above](Self).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if that is not above 1, or `value` is above 65,535 or no number.
    pub fn new(value: f64) -> Result<Self> {
        // Out of range it is 0, or saturates: refused below, too.
        match (value * 65_536.0 + 0.5) as u32 {
            raw if raw > 1 << Self::FRACTION_BITS && value <= 65_535.0 => Ok(Self(raw)),
            _ => Err(Error::InvalidParameter {
                parameter: "capacity factor",
                found: format!("{value}"),
                allowed: "above 1 and at most 65535",
            }),
        }
    }

    /// As a number; exact.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from(self.0) / 65_536.0
    }

    /// Times a weight, with 32 bits after the point.
    pub(super) fn times(self, weight: Weight) -> u64 {
        u64::from(self.0) * u64::from(weight.raw())
    }
}

impl Default for CapacityFactor {
    fn default() -> Self {
        Self(5 << (Self::FRACTION_BITS - 2))
    }
}

impl fmt::Display for CapacityFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for bad in [1.0, 1.000_001, 0.5, 0.0, -2.0, 65_536.0, f64::NAN, f64::INFINITY] {
            let error = CapacityFactor::new(bad);
            assert!(matches!(error, Err(Error::InvalidParameter { .. })), "{bad}");
        }
        assert_eq!(CapacityFactor::new(1.25), Ok(CapacityFactor::default()));
        assert_eq!(CapacityFactor::new(65_535.0).map(CapacityFactor::get), Ok(65_535.0));
        assert_eq!(CapacityFactor::new(1.000_02).map(|it| it.0), Ok(65_537));
    }

    #[test]
    fn the_nearest_and_of_two_the_upper() {
        let step = 1.0 / 65_536.0;
        let raw = |value: f64| CapacityFactor::new(value).map(|it| it.0).ok();
        // What would become 1 is refused up to the last value below the middle.
        let least = 1.0 + step / 2.0;
        assert_eq!(raw(least), Some(65_537));
        assert_eq!(raw(least.next_down()), None);
        for steps in [65_537, 65_538, 72_090, 81_920, 1 << 31, 65_535 << 16] {
            let exact = f64::from(steps) * step;
            assert_eq!(raw(exact), Some(steps));
            assert_eq!(raw(exact - step / 2.0), (steps > 65_536).then_some(steps));
            assert_eq!(raw(exact + step / 4.0), (exact < 65_535.0).then_some(steps));
            assert_eq!(raw(exact + step / 2.0), (exact < 65_535.0).then_some(steps + 1));
        }
        assert_eq!(raw(65_535.0_f64.next_up()), None);
    }

    #[test]
    fn off_by_half_a_step_at_most() {
        for number in 1..=10_000 {
            let value = 1.0 + f64::from(number) * 0.000_37;
            let factor = CapacityFactor::new(value).unwrap();
            assert!((factor.get() - value).abs() <= 1.0 / 131_072.0, "{value}");
        }
    }
}
