//! The state machine: what every event does, as a pure function of the state, the operation's number, its time and its events.
//!
//! There is no clock here, no file and no chance: the same operations give the same answers and the same [`digest`](State::digest), on any
//! machine, and wherever older entries are kept. That is what the log is replayed on, and what a simulator compares with a simpler model.
//!
//! ```
//! use ledger::{
//!     NoPast,
//!     model::{Account, Batch, Code, Ledger, Reply, Transfer},
//!     money::{Amount, Currency},
//!     state::State,
//! };
//!
//! let mut state = State::new();
//! let mut apply = |batch: Batch| {
//!     let timestamp = state.next_timestamp(0, &batch);
//!     state.apply(&NoPast, state.op() + 1, timestamp, &batch).unwrap()
//! };
//! apply(Batch::Ledgers(vec![Ledger { id: 1, currency: Currency::new("EUR", 2).unwrap() }]));
//! let account = |id| Account { id, ledger: 1, code: 1, ..Account::default() };
//! apply(Batch::Accounts(vec![account(1), account(2)]));
//! let transfer = Transfer {
//!     id: 1,
//!     debit_account_id: 1,
//!     credit_account_id: 2,
//!     amount: Amount::new(100).unwrap(),
//!     ledger: 1,
//!     code: 1,
//!     ..Transfer::default()
//! };
//! for expected in [Code::Ok, Code::Exists] {
//!     let Reply::Transfers(outcomes) = apply(Batch::Transfers(vec![transfer])) else { unreachable!() };
//!     assert_eq!(outcomes[0].code, expected);
//!     assert_eq!(outcomes[0].credit.net_posted(), 100);
//! }
//! state.check().unwrap();
//! ```

mod accounts;
mod before;
mod chain;
mod creation;
mod exchange;
mod exists;
mod generation;
mod image;
mod index;
mod invariants;
mod journal;
mod ledgers;
mod limits;
mod memory;
mod pendings;
mod post_void;
pub(crate) mod seed;
mod totals;
mod transactions;
mod transfers;

pub use generation::Generation;
pub use image::Image;
pub use totals::Totals;

use crate::{
    Error, Result,
    model::{Account, Batch, Entry, Ledger, MAX_EVENTS, Reply},
    past::Past,
};
use accounts::Accounts;
use journal::Journal;
use ledgers::Ledgers;
use memory::Memory;
use pendings::Pendings;
use seed::Seed;
use std::sync::Arc;

/// All accounts, and what happened since it was given to the archive.
#[derive(Debug)]
pub struct State {
    op: u64,
    timestamp: u64,
    ledgers: Ledgers,
    accounts: Accounts,
    pendings: Pendings,
    memory: Memory,
    journal: Journal,
    seed: Seed,
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// The state before the first operation.
    #[must_use]
    pub fn new() -> Self {
        let seed = Seed::new();
        Self {
            op: 0,
            timestamp: 0,
            ledgers: Ledgers::default(),
            accounts: Accounts::new(seed),
            pendings: Pendings::new(seed),
            memory: Memory::new(0, seed),
            journal: Journal::default(),
            seed,
        }
    }

    /// The number of the last operation; 0 if there was none.
    #[must_use]
    pub fn op(&self) -> u64 {
        self.op
    }

    /// The largest timestamp that was given so far.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// The timestamp for a batch that comes now, by a clock that may stand still or go back: one for each event, and at least one.
    #[must_use]
    pub fn next_timestamp(&self, clock: u64, batch: &Batch) -> u64 {
        let room = match batch {
            Batch::Tick => {
                self.pendings.count_due(clock.max(self.timestamp.saturating_add(1)), MAX_EVENTS)
            }
            _ => batch.len(),
        };
        clock.max(self.timestamp.saturating_add(room.max(1) as u64))
    }

    /// Does an operation. Event `i` of `n` gets the timestamp `timestamp - n + 1 + i`.
    ///
    /// # Errors
    ///
    /// What `past` says, and then nothing is changed. [`Error::Invariant`] if `op` is not the next one, or `timestamp` leaves not enough room
    /// behind the last; [`Error::Batch`] if the batch has more than [`MAX_EVENTS`]. Nothing is changed then, too.
    pub fn apply(
        &mut self,
        past: &dyn Past,
        op: u64,
        timestamp: u64,
        batch: &Batch,
    ) -> Result<Reply> {
        self.admit(op, timestamp, batch)?;
        let reply = match batch {
            Batch::Ledgers(events) => Reply::Ledgers(self.create_ledgers(timestamp, events)),
            Batch::Accounts(events) => Reply::Accounts(self.create_accounts(timestamp, events)),
            Batch::Transfers(events) => Reply::Transfers(self.transfers(past, timestamp, events)?),
            Batch::Transactions(events) => {
                Reply::Transactions(self.transactions(past, timestamp, events)?)
            }
            Batch::Tick => {
                self.expire(timestamp);
                Reply::Tick
            }
        };
        self.op = op;
        self.timestamp = timestamp;
        Ok(reply)
    }

    fn admit(&self, op: u64, timestamp: u64, batch: &Batch) -> Result<()> {
        let events = batch.len();
        if events > MAX_EVENTS {
            return Err(Error::Batch(format!(
                "{events} events, at most {MAX_EVENTS} are possible"
            )));
        }
        if self.op.checked_add(1) != Some(op) {
            return Err(Error::Invariant(format!("operation {op} cannot follow {}", self.op)));
        }
        match self.timestamp.checked_add(events.max(1) as u64) {
            Some(least) if timestamp >= least => {}
            _ => {
                let last = self.timestamp;
                return Err(Error::Invariant(format!(
                    "{events} events until {timestamp} do not fit behind {last}"
                )));
            }
        }
        if !self.accounts.have_room(events) || !self.memory.active.has_room(events.max(MAX_EVENTS))
        {
            return Err(Error::Invariant(
                "the lists in memory are full; freeze generations earlier".to_owned(),
            ));
        }
        Ok(())
    }

    /// A ledger.
    #[must_use]
    pub fn ledger(&self, id: u32) -> Option<&Ledger> {
        self.ledgers.find(id).map(|defined| &defined.ledger)
    }

    /// All ledgers in the order of their creation, and when that was.
    pub fn ledgers(&self) -> impl Iterator<Item = (&Ledger, u64)> {
        self.ledgers.list().iter().map(|defined| (&defined.ledger, defined.timestamp))
    }

    /// An account as it is now.
    #[must_use]
    pub fn account(&self, id: u128) -> Option<&Account> {
        self.accounts.find(id).map(|place| self.accounts.at(place))
    }

    /// All accounts in the order of their creation.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = &Account> {
        self.accounts.list().iter()
    }

    /// The sums over all accounts of each ledger, in the order of the ledgers' creation. They are kept as money moves.
    pub fn totals(&self) -> impl Iterator<Item = Totals> {
        self.ledgers.list().iter().map(|defined| defined.totals)
    }

    /// What became of the event of an id, if it left anything.
    ///
    /// # Errors
    ///
    /// What `past` says, if it is asked: memory comes first.
    pub fn entry(&self, past: &dyn Past, id: u128) -> Result<Option<Entry>> {
        match self.memory.find(self.seed.tag(id), id) {
            Some(entry) => Ok(Some(entry.clone())),
            None => self.memory.find_past(past, id),
        }
    }

    /// Whether a transfer is pending, and neither posted nor voided nor expired.
    #[must_use]
    pub fn is_pending(&self, id: u128) -> bool {
        self.pendings.get(id).is_some()
    }

    /// How many are.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.pendings.len()
    }

    /// When the next of them runs out of time.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.pendings.next_due()
    }

    /// What happened since the last [`freeze`](Self::freeze).
    #[must_use]
    pub fn active(&self) -> &Generation {
        &self.memory.active
    }

    /// The generations that are frozen and not yet forgotten, oldest first.
    #[must_use]
    pub fn frozen(&self) -> &[Arc<Generation>] {
        self.memory.frozen()
    }

    /// Makes the active generation a frozen one, which never changes, and begins a new one. An empty one is returned, but not kept.
    pub fn freeze(&mut self) -> Arc<Generation> {
        self.memory.freeze()
    }

    /// Drops the frozen generations of which the last entry is as old as `timestamp` or older: the past has them.
    pub fn forget(&mut self, timestamp: u64) {
        self.memory.forget(timestamp);
    }

    /// A copy of all but the generations.
    #[must_use]
    pub fn image(&self) -> Image {
        Image {
            op: self.op,
            timestamp: self.timestamp,
            ledgers: self.ledgers.list().to_vec(),
            accounts: self.accounts.list().to_vec(),
            born_closed: self.accounts.born_closed().clone(),
            pendings: self.pendings.sorted(),
        }
    }

    /// The state of an image. What happened until then is looked up in the past.
    ///
    /// # Errors
    ///
    /// [`Error::Invariant`] if the image contradicts itself: see [`check`](Self::check).
    pub fn from_image(image: Image) -> Result<Self> {
        let seed = Seed::new();
        let mut pendings = Pendings::new(seed);
        for transfer in image.pendings {
            if !pendings.open(transfer) {
                return Err(Error::Invariant(format!(
                    "the pending transfer {} is there twice",
                    transfer.id
                )));
            }
        }
        let state = Self {
            op: image.op,
            timestamp: image.timestamp,
            ledgers: Ledgers::from_list(image.ledgers)?,
            accounts: Accounts::from_list(image.accounts, image.born_closed, seed)?,
            pendings,
            memory: Memory::new(image.timestamp, seed),
            journal: Journal::default(),
            seed,
        };
        state.check()?;
        Ok(state)
    }

    /// The digest of [`image`](Self::image), without the copy. It costs a hash of 128 bytes for each account.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let parts = image::Parts {
            op: self.op,
            timestamp: self.timestamp,
            ledgers: self.ledgers.list(),
            accounts: self.accounts.list(),
            born_closed: self.accounts.born_closed(),
            pendings: &self.pendings.sorted(),
        };
        parts.digest()
    }
}
