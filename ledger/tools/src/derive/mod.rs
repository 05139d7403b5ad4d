//! Balances, made three times in three ways.
//!
//! | module | from what | how |
//! |---|---|---|
//! | [`state`] | the ledger itself | what the state machine says an account had after the last operation of the cut |
//! | [`stream`] | a file of changes, in any pieces, repeated or not | one change after another; the last one applied is remembered |
//! | `batch` | a table of all postings (with the feature `parquet`) | sums by account |
//! | [`statement`] | somebody else's CSV | read |
//!
//! None of them uses another's code or numbers: the stream and the batch take amounts from changes, never the balances that stand beside them.

#[cfg(feature = "parquet")]
pub mod batch;
pub mod state;
pub mod statement;
pub mod stream;

use std::collections::BTreeMap;

/// Signed sums of an account, in minor units: what lies between an error and its discovery may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Reserved on the debit side.
    pub debits_pending: i128,
    /// Debited.
    pub debits_posted: i128,
    /// Reserved on the credit side.
    pub credits_pending: i128,
    /// Credited.
    pub credits_posted: i128,
}

/// All accounts that have any.
pub type Books = BTreeMap<u128, Sums>;
