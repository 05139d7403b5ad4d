//! What is asked of a ledger in one piece, and what is answered.

use super::{Account, Balances, Code, Ledger, Transaction, Transfer};

/// The most events of one batch: 8190 records of 128 bytes and a header are one mebibyte.
pub const MAX_EVENTS: usize = 8190;

/// Events of one kind, in the order in which they happen. One batch is one operation: it has a number, a time, and a place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// Defines ledgers, with their currencies.
    Ledgers(Vec<Ledger>),
    /// Creates accounts.
    Accounts(Vec<Account>),
    /// Moves money, one debit and one credit each.
    Transfers(Vec<Transfer>),
    /// Moves money, any number of legs each.
    Transactions(Vec<Transaction>),
    /// Nothing but time passes: what is due expires.
    Tick,
}

impl Batch {
    /// How many events.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Ledgers(events) => events.len(),
            Self::Accounts(events) => events.len(),
            Self::Transfers(events) => events.len(),
            Self::Transactions(events) => events.len(),
            Self::Tick => 0,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of an event that moves nothing: a ledger, an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub code: Code,
    /// When it happened, if it did ([`Code::Ok`], [`Code::Exists`]: the first time); otherwise when it was refused (remembered failures: the first time).
    pub timestamp: u64,
}

/// What became of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferOutcome {
    /// What became of it.
    pub code: Code,
    /// As in [`Outcome`].
    pub timestamp: u64,
    /// What was moved: the amount of the request, but where that leaves it to the ledger. 0 if it was refused.
    pub amount: crate::money::Amount,
    /// The debit account right after it; zeros if it was refused.
    pub debit: Balances,
    /// The credit account right after it; zeros if it was refused.
    pub credit: Balances,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionOutcome {
    /// What became of it.
    pub code: Code,
    /// As in [`Outcome`].
    pub timestamp: u64,
    /// Its legs as they were posted, each with its account's balances right after the whole; empty if it was refused.
    pub legs: Vec<PostedLeg>,
}

/// A leg, and its account after the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostedLeg {
    /// The leg.
    pub leg: super::Leg,
    /// The account right after the whole transaction.
    pub balances: Balances,
}

/// The answers to a batch, one for each event, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To [`Batch::Ledgers`].
    Ledgers(Vec<Outcome>),
    /// To [`Batch::Accounts`].
    Accounts(Vec<Outcome>),
    /// To [`Batch::Transfers`].
    Transfers(Vec<TransferOutcome>),
    /// To [`Batch::Transactions`].
    Transactions(Vec<TransactionOutcome>),
    /// To [`Batch::Tick`].
    Tick,
}
