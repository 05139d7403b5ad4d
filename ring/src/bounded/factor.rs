//! By how much a node may exceed its share.

use alloc::format;
use core::fmt;

use crate::{Error, Result, Weight};

/// The c of bounded loads: a node's capacity is c times its share of all requests. Above 1, at most 65,535.
///
/// A fixed-point number of 16 bits after the point, as [`Weight`] is. The nearer to 1 the better the balance, and the more
/// requests that are not served by the owner of their key; 1.25, the default, is what is most used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapacityFactor(u32);

impl CapacityFactor {
    pub(super) const FRACTION_BITS: u32 = 16;

    /// The factor nearest to `value`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if that is not above 1, or above 65,535, or `value` is no number.
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
}
