//! Exact money: whole numbers of minor units. There is no floating point in this crate.

mod amount;
mod currency;
mod decimal;
mod rate;
mod ratio;
mod sum;

pub use amount::Amount;
pub use currency::{Currency, CurrencyError};
pub use decimal::{AmountError, Decimal};
pub use rate::{Rate, Rounding};
pub use ratio::mul_div;
pub(crate) use ratio::{Quotient, divide};
pub use sum::Sum;
