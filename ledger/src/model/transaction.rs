//! Transactions: any number of legs, in any number of currencies, all or nothing.

use super::metadata::Metadata;
use crate::money::{Amount, Rate, Rounding};

/// The most legs of one transaction.
pub const MAX_LEGS: usize = 128;

/// Which side of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Side {
    /// The left one.
    Debit = 0,
    /// The right one.
    Credit = 1,
}

/// One account's part in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leg {
    /// The account.
    pub account_id: u128,
    /// Which side of it.
    pub side: Side,
    /// How much, in minor units of the account's currency. Not 0.
    pub amount: Amount,
}

/// Money of one currency for money of another.
///
/// `source` pays `amount` to `source_liquidity` in the one currency; in the other `target_liquidity` pays the exact result, rounded up
/// to a minor unit, and `target` gets it rounded as `rounding` says. What lies between the two, no or one minor unit, goes to the account `residue`:
/// no fraction is ever lost, and none is invented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exchange {
    /// Debited in the first currency.
    pub source: u128,
    /// Credited in the first currency: the dealer's position.
    pub source_liquidity: u128,
    /// Debited in the second currency: the dealer's position.
    pub target_liquidity: u128,
    /// Credited in the second currency.
    pub target: u128,
    /// Credited with the rounding residue, in the second currency.
    pub residue: u128,
    /// What is sold, in minor units of the first currency. Not 0.
    pub amount: Amount,
    /// Major units of the second currency for one major unit of the first.
    pub rate: Rate,
    /// How `target`'s share becomes whole.
    pub rounding: Rounding,
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Posting {
    /// These legs: for each currency the debits are the credits. From 2 to [`MAX_LEGS`].
    Legs(Vec<Leg>),
    /// An exchange, whose legs follow from it.
    Exchange(Exchange),
}

/// Several legs as one event. Limits hold after all of them; in between they need not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// Chosen by the client, unique among transfers and transactions; neither 0 nor `u128::MAX`.
    pub id: u128,
    /// What it does.
    pub posting: Posting,
    /// For the client.
    pub user_data_128: u128,
    /// For the client.
    pub user_data_64: u64,
    /// For the client.
    pub user_data_32: u32,
    /// For the client: why money moved. Not 0.
    pub code: u16,
    /// Together with the next event of its batch: both happen, or neither does.
    pub linked: bool,
    /// Small facts that travel with it.
    pub metadata: Metadata,
    /// When it happened, in nanoseconds since 1970 by the log; 0 in a request.
    pub timestamp: u64,
}
