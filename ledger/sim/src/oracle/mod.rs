//! An executable model of the ledger: what every operation does, said once more and as plainly as possible.
//!
//! It is written from the semantics in words, not from `ledger`'s state machine, and shares nothing with that but the types of requests and
//! answers. Everything is an ordered map; a chain is undone by going back to a copy; a refused request is remembered whole. It is slow, and it
//! is meant to be read beside the specification.

mod accounts;
mod chain;
mod exchange;
mod fact;
mod invariants;
mod resolving;
mod tick;
mod transactions;
mod transfers;

use std::{collections::BTreeMap, sync::Arc};

use ledger::model::{Account, Batch, Ledger, MAX_EVENTS, Reply, Resolution, Transfer};

pub use fact::{Fact, Request};

/// The whole model: where the log is, and the books.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    op: u64,
    timestamp: u64,
    books: Books,
}

/// Everything that an event can change. A copy of it is how a chain is undone.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// The ledgers, with the times of their creation.
    pub ledgers: BTreeMap<u32, (Ledger, u64)>,
    /// The accounts by their ids.
    pub accounts: BTreeMap<u128, Known>,
    /// What became of the events of an id: transfers, transactions, refusals.
    pub by_id: BTreeMap<u128, Arc<Fact>>,
    /// Everything that is remembered, in the order of time.
    pub history: Vec<Arc<Fact>>,
    /// Every pending transfer that ever was.
    pub pendings: BTreeMap<u128, Pending>,
}

/// An account, and the request that made it.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// As it was asked for.
    pub asked: Account,
    /// As it is now.
    pub now: Account,
}

/// A transfer that reserved something.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    /// As it is recorded.
    pub transfer: Transfer,
    /// When its time runs out, if ever.
    pub deadline: Option<u64>,
    /// How it ended, and when.
    pub end: Option<(Resolution, u64)>,
}

impl Oracle {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The last operation that was applied; 0 before the first.
    #[must_use]
    pub fn op(&self) -> u64 {
        self.op
    }

    /// The largest timestamp so far.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// The books.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The timestamp that a batch gets when the clock shows `clock`; `None` where time ends.
    #[must_use]
    pub fn next_timestamp(&self, clock: u64, batch: &Batch) -> Option<u64> {
        let room = match batch {
            Batch::Tick => {
                let at = clock.max(self.timestamp.checked_add(1)?);
                self.books.due(at).len().min(MAX_EVENTS)
            }
            _ => batch.len(),
        };
        Some(clock.max(self.timestamp.checked_add((room as u64).max(1))?))
    }

    /// Whether something is due when the clock shows `clock`.
    #[must_use]
    pub fn is_due(&self, clock: u64) -> bool {
        !self.books.due(clock).is_empty()
    }

    /// Does what a batch says, and answers it. Timestamps are those of the log: each leaves room for its events behind the one before.
    pub fn apply(&mut self, timestamp: u64, batch: &Batch) -> Reply {
        let books = &mut self.books;
        let reply = match batch {
            Batch::Ledgers(events) => Reply::Ledgers(books.define(timestamp, events)),
            Batch::Accounts(events) => Reply::Accounts(chain::run(books, timestamp, events)),
            Batch::Transfers(events) => Reply::Transfers(chain::run(books, timestamp, events)),
            Batch::Transactions(events) => {
                Reply::Transactions(chain::run(books, timestamp, events))
            }
            Batch::Tick => {
                books.expire(self.timestamp, timestamp);
                Reply::Tick
            }
        };
        self.op += 1;
        self.timestamp = timestamp;
        reply
    }
}
