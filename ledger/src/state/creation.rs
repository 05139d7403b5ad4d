//! Batches that create ledgers and accounts.

use super::{
    State,
    chain::{self, Events, Refused},
};
use crate::model::{Account, AccountFlags, Code, Ledger, Outcome};

/// A batch of accounts.
struct Creation<'a> {
    state: &'a mut State,
    events: &'a [Account],
}

impl State {
    /// Defines ledgers, the last of them at `last`.
    pub(super) fn create_ledgers(&mut self, last: u64, events: &[Ledger]) -> Vec<Outcome> {
        let before = last.saturating_sub(events.len() as u64);
        (before + 1..)
            .zip(events)
            .map(|(timestamp, event)| self.ledgers.create(event, timestamp))
            .collect()
    }

    /// Creates accounts, the last of them at `last`.
    pub(super) fn create_accounts(&mut self, last: u64, events: &[Account]) -> Vec<Outcome> {
        chain::run(&mut Creation { state: self, events }, last)
    }
}

impl Events for Creation<'_> {
    type Outcome = Outcome;

    fn state(&mut self) -> &mut State {
        self.state
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn is_linked(&self, at: usize) -> bool {
        self.events[at].flags.contains(AccountFlags::LINKED)
    }

    fn evaluate(&mut self, at: usize, timestamp: u64) -> Result<Outcome, Refused> {
        let event = &self.events[at];
        let created = self.state.accounts.create(
            event,
            timestamp,
            self.state.ledgers.find(event.ledger).is_some(),
        )?;
        Ok(Outcome {
            code: if created == timestamp { Code::Ok } else { Code::Exists },
            timestamp: created,
        })
    }

    /// An account that was refused can be asked for again.
    fn remember(&mut self, _: usize, _: u64, _: Code) {}

    fn refused(code: Code, timestamp: u64) -> Outcome {
        Outcome { code, timestamp }
    }
}
