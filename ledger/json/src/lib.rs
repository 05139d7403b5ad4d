#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod entry;
mod error;
mod feed;
mod key;
mod numbers;
mod transaction;
mod transfer;

use ledger::{model, query::Change};
use serde::Serialize;

pub use error::Error;
pub use feed::{Feed, MAX_LINE};
pub use key::{BadKey, Key};

/// A change as text: one line, without its end.
///
/// ```
/// use ledger::{model::{Code, Entry}, query::Change};
///
/// let entry = Entry::Refusal { timestamp: 5, id: 7, code: Code::ExceedsCredits, digest: [0; 16] };
/// let change = Change { op: 3, index: 0, entry };
/// let text = ledger_json::write(&change);
/// assert!(text.starts_with(r#"{"op":"3","index":0,"kind":"refusal","id":"7""#));
/// assert_eq!(ledger_json::read(&text)?, change);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn write(change: &Change) -> String {
    // Maps have text keys, numbers are numbers, a String takes all: there is nothing that could fail.
    serde_json::to_string(&entry::Line::from(change)).unwrap_or_default()
}

/// The change of a text that [`write()`] made, or another program.
///
/// # Errors
///
/// It is no such change: what is wrong, and in which column.
pub fn read(text: &str) -> Result<Change, serde_json::Error> {
    let line: entry::Line = serde_json::from_str(text)?;
    line.try_into().map_err(serde::de::Error::custom)
}

/// An entry as it stands in a change, without its key.
pub fn entry(entry: &model::Entry) -> impl Serialize + use<> {
    entry::Form::from(entry)
}

/// Legs as they stand in a transaction.
pub fn legs(legs: &[model::PostedLeg]) -> impl Serialize + use<> {
    legs.iter().map(transaction::PostedLegForm::from).collect::<Vec<_>>()
}

/// Balances as they stand in an entry.
pub fn balances(balances: &model::Balances) -> impl Serialize + use<> {
    entry::Sums::from(balances)
}

/// What kind of entry it is, as its field `kind` says.
#[must_use]
pub fn kind(entry: &model::Entry) -> &'static str {
    match entry {
        model::Entry::Transfer(_) => "transfer",
        model::Entry::Transaction(_) => "transaction",
        model::Entry::Expiry { .. } => "expiry",
        model::Entry::Refusal { .. } => "refusal",
    }
}
