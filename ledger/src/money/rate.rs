//! Rates between currencies.

/// A rational number: what one major unit of a currency costs in another. Neither part is 0 in a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// Of so many major units of the second currency ...
    pub numerator: u64,
    /// ... for so many of the first.
    pub denominator: u64,
}

/// How a fraction of a minor unit becomes whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rounding {
    /// Down: the customer never gets more than the exact result.
    Down = 0,
    /// Up.
    Up = 1,
    /// To the nearest; a half to the even neighbour.
    HalfEven = 2,
}
