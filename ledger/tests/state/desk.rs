//! A state with a clock and a past, which holds all invariants after every operation.

use ledger::{
    Past,
    model::*,
    money::{Amount, Currency},
    state::{Generation, State},
};
use std::collections::BTreeMap;

pub const SECOND: u64 = 1_000_000_000;

/// A past in memory.
#[derive(Debug, Default, Clone)]
pub struct Shelf {
    pub entries: BTreeMap<u128, Entry>,
    pub resolutions: BTreeMap<u128, (Resolution, u64)>,
}

impl Shelf {
    pub fn store(&mut self, generation: &Generation) {
        for entry in generation.entries() {
            let pending = match entry {
                Entry::Transfer(posted) => posted.transfer.pending_id,
                Entry::Expiry { pending_id, .. } => *pending_id,
                _ => 0,
            };
            if let Some(resolution) = generation.resolution(pending) {
                self.resolutions.insert(pending, resolution);
            }
            if let Some(id) = entry.id() {
                assert!(self.entries.insert(id, entry.clone()).is_none(), "{id} was there already");
            }
        }
    }
}

impl Past for Shelf {
    fn entry(&self, id: u128) -> ledger::Result<Option<Entry>> {
        Ok(self.entries.get(&id).cloned())
    }

    fn resolution(&self, pending_id: u128) -> ledger::Result<Option<(Resolution, u64)>> {
        Ok(self.resolutions.get(&pending_id).copied())
    }
}

pub struct Desk {
    pub state: State,
    pub past: Shelf,
    pub clock: u64,
}

impl Desk {
    /// Without anything.
    pub fn empty() -> Self {
        Self { state: State::new(), past: Shelf::default(), clock: SECOND }
    }

    /// Ledgers 1 (EUR, 2 places) and 2 (JPY, none); in the first the accounts 1 to 6, of which 3 and 4 must not be overdrawn, 5 is the mirror
    /// of that and 6 is closed; in the second 11 to 16.
    pub fn new() -> Self {
        let mut desk = Self::empty();
        let ledger =
            |id, code, exponent| Ledger { id, currency: Currency::new(code, exponent).unwrap() };
        desk.ledgers(vec![ledger(1, "EUR", 2), ledger(2, "JPY", 0)]);
        let flags = |id| match id {
            3 | 4 => AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
            5 => AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
            6 => AccountFlags::CLOSED,
            _ => AccountFlags::NONE,
        };
        let accounts = (1..=6).chain(11..=16).map(|id| Account {
            id,
            ledger: 1 + u32::from(id > 10),
            code: 1,
            flags: flags(id),
            ..Account::default()
        });
        let outcomes = desk.accounts(accounts.collect());
        assert!(outcomes.iter().all(|outcome| outcome.code == Code::Ok));
        desk
    }

    pub fn apply(&mut self, batch: &Batch) -> Reply {
        let timestamp = self.state.next_timestamp(self.clock, batch);
        let reply = self.state.apply(&self.past, self.state.op() + 1, timestamp, batch).unwrap();
        assert_eq!(self.state.timestamp(), timestamp);
        self.state.check().unwrap();
        reply
    }

    pub fn ledgers(&mut self, events: Vec<Ledger>) -> Vec<Outcome> {
        let Reply::Ledgers(outcomes) = self.apply(&Batch::Ledgers(events)) else {
            panic!("another reply")
        };
        outcomes
    }

    pub fn accounts(&mut self, events: Vec<Account>) -> Vec<Outcome> {
        let Reply::Accounts(outcomes) = self.apply(&Batch::Accounts(events)) else {
            panic!("another reply")
        };
        outcomes
    }

    pub fn transfers(&mut self, events: Vec<Transfer>) -> Vec<TransferOutcome> {
        let Reply::Transfers(outcomes) = self.apply(&Batch::Transfers(events)) else {
            panic!("another reply")
        };
        outcomes
    }

    pub fn codes(&mut self, events: Vec<Transfer>) -> Vec<Code> {
        self.transfers(events).iter().map(|outcome| outcome.code).collect()
    }

    pub fn transfer(&mut self, event: Transfer) -> TransferOutcome {
        self.transfers(vec![event])[0]
    }

    pub fn code(&mut self, event: Transfer) -> Code {
        self.transfer(event).code
    }

    pub fn transactions(&mut self, events: Vec<Transaction>) -> Vec<TransactionOutcome> {
        let Reply::Transactions(outcomes) = self.apply(&Batch::Transactions(events)) else {
            panic!("another reply")
        };
        outcomes
    }

    pub fn transaction(&mut self, event: Transaction) -> TransactionOutcome {
        self.transactions(vec![event]).remove(0)
    }

    pub fn tick(&mut self) {
        self.apply(&Batch::Tick);
    }

    /// Transfers that are expected to happen.
    pub fn ok(&mut self, events: Vec<Transfer>) {
        for (event, code) in events.iter().zip(self.codes(events.clone())) {
            assert_eq!(code, Code::Ok, "{event:?}");
        }
    }

    /// Everything that happened so far is only in the past from here on.
    pub fn archive(&mut self) {
        let generation = self.state.freeze();
        self.past.store(&generation);
        self.state.forget(self.state.timestamp());
        assert!(self.state.frozen().is_empty() && self.state.active().is_empty());
    }

    /// Debits pending and posted, credits pending and posted.
    pub fn balances(&self, account: u128) -> [u128; 4] {
        numbers(&self.state.account(account).unwrap().balances)
    }

    pub fn entry(&self, id: u128) -> Option<Entry> {
        self.state.entry(&self.past, id).unwrap()
    }

    pub fn is_closed(&self, account: u128) -> bool {
        self.state.account(account).unwrap().flags.contains(AccountFlags::CLOSED)
    }
}

pub fn numbers(balances: &Balances) -> [u128; 4] {
    [
        balances.debits_pending,
        balances.debits_posted,
        balances.credits_pending,
        balances.credits_posted,
    ]
    .map(Amount::get)
}

pub fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

/// A transfer in the first ledger.
pub fn move_(id: u128, debit: u128, credit: u128, units: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: debit,
        credit_account_id: credit,
        amount: amount(units),
        ledger: 1,
        code: 1,
        ..Transfer::default()
    }
}

pub fn with(transfer: Transfer, flags: TransferFlags) -> Transfer {
    Transfer { flags: transfer.flags | flags, ..transfer }
}

pub fn linked(transfer: Transfer) -> Transfer {
    with(transfer, TransferFlags::LINKED)
}

/// A pending transfer with a timeout in seconds; 0 none.
pub fn reserve(id: u128, debit: u128, credit: u128, units: u128, timeout: u32) -> Transfer {
    Transfer { timeout, ..with(move_(id, debit, credit, units), TransferFlags::PENDING) }
}

pub fn post(id: u128, pending_id: u128, units: u128) -> Transfer {
    Transfer {
        id,
        pending_id,
        amount: amount(units),
        flags: TransferFlags::POST_PENDING,
        ..Transfer::default()
    }
}

pub fn void(id: u128, pending_id: u128) -> Transfer {
    Transfer { id, pending_id, flags: TransferFlags::VOID_PENDING, ..Transfer::default() }
}

pub fn debit(account_id: u128, units: u128) -> Leg {
    Leg { account_id, side: Side::Debit, amount: amount(units) }
}

pub fn credit(account_id: u128, units: u128) -> Leg {
    Leg { account_id, side: Side::Credit, amount: amount(units) }
}

pub fn transaction(id: u128, posting: Posting) -> Transaction {
    Transaction {
        id,
        posting,
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 1,
        linked: false,
        metadata: Metadata::default(),
        timestamp: 0,
    }
}

pub fn legs(id: u128, legs: &[Leg]) -> Transaction {
    transaction(id, Posting::Legs(legs.to_vec()))
}
