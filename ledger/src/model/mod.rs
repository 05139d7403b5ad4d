//! What a ledger is asked, what it answers, and what it remembers.
//!
//! The model is TigerBeetle's (accounts with two balances of each side, transfers, two phases, linked chains; see its reference), with
//! transactions of many legs, exchanges and metadata beside it. Requests and answers are plain values: nothing here does anything.

mod account;
mod batch;
mod code;
mod entry;
mod flags;
mod metadata;
mod transaction;
mod transfer;

pub use account::{Account, AccountFlags, Balances, Ledger};
pub use batch::{
    Batch, MAX_EVENTS, Outcome, PostedLeg, Reply, TransactionOutcome, TransferOutcome,
};
pub use code::Code;
pub use entry::{Asked, Entry, PostedTransaction, PostedTransfer, Resolution};
pub use metadata::{MAX_ENTRIES, MAX_KEY, MAX_TEXT, Metadata, MetadataError, Value};
pub use transaction::{Exchange, Leg, MAX_LEGS, Posting, Side, Transaction};
pub use transfer::{Transfer, TransferFlags};
