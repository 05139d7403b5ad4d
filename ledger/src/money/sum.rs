//! Sums of more amounts than an amount can hold.

use super::Amount;
use core::fmt;

/// A sum of up to 2^64 amounts, exact.
///
/// ```
/// use ledger::money::{Amount, Sum};
///
/// let mut sum = Sum::ZERO;
/// sum.add(Amount::MAX);
/// sum.add(Amount::MAX);
/// assert_eq!(sum.to_string(), format!("1{}8", "9".repeat(37)));
/// ```
// In the base 10^38, so that it is printed without a division.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Sum {
    high: u64,
    low: Amount,
}

impl Sum {
    /// Nothing.
    pub const ZERO: Self = Self { high: 0, low: Amount::ZERO };
    const BASE: u128 = Amount::MAX.get() + 1;

    /// The sum of which the digits to the base 10^38 are these.
    #[must_use]
    pub const fn from_parts(high: u64, low: Amount) -> Self {
        Self { high, low }
    }

    /// Its two digits to the base 10^38.
    #[must_use]
    pub const fn parts(self) -> (u64, Amount) {
        (self.high, self.low)
    }

    /// The sum as an amount, if it is within the limit of one.
    #[must_use]
    pub const fn amount(self) -> Option<Amount> {
        if self.high == 0 { Some(self.low) } else { None }
    }

    /// Adds an amount.
    pub fn add(&mut self, amount: Amount) {
        match self.low.checked_add(amount) {
            Some(low) => self.low = low,
            None => {
                // 2^64 additions are not lived through.
                self.high = self.high.saturating_add(1);
                self.low = below_base(self.low.get() + amount.get() - Self::BASE);
            }
        }
    }

    /// Takes an amount away. What is below 0 is kept at 0, and says that it was.
    #[must_use]
    pub fn subtract(&mut self, amount: Amount) -> bool {
        match (self.low.checked_sub(amount), self.high.checked_sub(1)) {
            (Some(low), _) => self.low = low,
            (None, Some(high)) => {
                self.high = high;
                self.low = below_base(self.low.get() + Self::BASE - amount.get());
            }
            (None, None) => {
                *self = Self::ZERO;
                return false;
            }
        }
        true
    }
}

/// What the arithmetic above keeps below the base.
fn below_base(units: u128) -> Amount {
    debug_assert!(units < Sum::BASE, "a digit above the base");
    Amount::new(units).unwrap_or(Amount::MAX)
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.high == 0 {
            write!(f, "{}", self.low)
        } else {
            write!(f, "{}{:038}", self.high, self.low.get())
        }
    }
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_carries_and_borrows() {
        let mut sum = Sum::ZERO;
        for _ in 0..3 {
            sum.add(Amount::MAX);
        }
        assert_eq!(sum.parts(), (2, Amount::new(Amount::MAX.get() - 2).unwrap()));
        for _ in 0..2 {
            assert!(sum.subtract(Amount::MAX));
        }
        assert_eq!(sum.amount(), Some(Amount::MAX));
        assert!(sum.subtract(Amount::MAX));
        assert_eq!(sum, Sum::ZERO);
        assert!(!sum.subtract(Amount::ONE));
        assert_eq!(sum, Sum::ZERO);
    }
}
