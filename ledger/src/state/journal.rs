//! How a chain's effects are taken back.

use super::{State, totals::Totals};
use crate::model::{AccountFlags, Balances, Transfer};

/// What was changed, and how it was before.
#[derive(Debug)]
pub(super) enum Change {
    /// An account at a place.
    Account { place: u32, balances: Balances, flags: AccountFlags },
    /// A ledger's totals.
    Totals(Totals),
    /// A pending transfer was opened.
    Opened(u128),
    /// A pending transfer was closed.
    Closed(Transfer),
}

/// The changes of the chain that is open, in their order, and how many entries and accounts there were before it. Empty outside of chains.
#[derive(Debug, Default)]
pub(super) struct Journal {
    changes: Vec<Change>,
    recording: bool,
    entries: usize,
    accounts: usize,
}

impl Journal {
    #[inline(always)]
    pub(super) fn record(&mut self, change: impl FnOnce() -> Change) {
        if self.recording {
            self.changes.push(change());
        }
    }
}

impl State {
    /// A chain begins: from here on changes are recorded.
    pub(super) fn begin_chain(&mut self) {
        self.journal.changes.clear();
        self.journal.recording = true;
        self.journal.entries = self.memory.active.len();
        self.journal.accounts = self.accounts.list().len();
    }

    /// It ends, and what it did stays; nothing, if it was undone.
    pub(super) fn end_chain(&mut self) {
        self.journal.recording = false;
    }

    /// It broke: everything is again as it was when it began.
    pub(super) fn undo_chain(&mut self) {
        self.journal.recording = false;
        let mut changes = std::mem::take(&mut self.journal.changes);
        for change in changes.drain(..).rev() {
            match change {
                Change::Account { place, balances, flags } => {
                    let account = self.accounts.at_mut(place);
                    account.balances = balances;
                    account.flags = flags;
                }
                Change::Totals(before) => {
                    self.ledgers.totals(before.ledger, |totals| *totals = before)
                }
                Change::Opened(id) => {
                    self.pendings.close(id);
                }
                Change::Closed(transfer) => {
                    self.pendings.open(transfer);
                }
            }
        }
        self.journal.changes = changes;
        self.memory.active.truncate(self.journal.entries);
        self.accounts.truncate(self.journal.accounts);
    }
}
