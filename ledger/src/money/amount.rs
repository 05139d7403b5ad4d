//! Amounts.

use core::fmt;

/// A number of minor units, from 0 to 10^38 - 1 (what a decimal of 38 digits holds, so that every amount fits the columns of other systems).
///
/// ```
/// use ledger::money::Amount;
///
/// let price = Amount::new(1099).unwrap();
/// assert_eq!(price.checked_add(Amount::ONE), Amount::new(1100));
/// assert_eq!(Amount::MAX.checked_add(Amount::ONE), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Amount(u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One minor unit.
    pub const ONE: Self = Self(1);
    /// The largest amount: 10^38 - 1.
    pub const MAX: Self = Self(10u128.pow(38) - 1);

    /// An amount, if it is within the limit.
    #[must_use]
    pub const fn new(minor_units: u128) -> Option<Self> {
        if minor_units <= Self::MAX.0 { Some(Self(minor_units)) } else { None }
    }

    /// The minor units.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Whether it is 0.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it is within the limit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        // Two amounts are below 2 * 10^38 < 2^128: the sum cannot wrap.
        Self::new(self.0 + other.0)
    }

    /// The difference, if there is so much.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The difference, or 0 if there is not so much.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
