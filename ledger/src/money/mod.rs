//! Exact money: whole numbers of minor units. There is no floating point in this crate.

mod amount;
mod currency;
mod rate;

pub use amount::Amount;
pub use currency::{Currency, CurrencyError};
pub use rate::{Rate, Rounding};
