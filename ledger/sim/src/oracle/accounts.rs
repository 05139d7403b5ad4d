//! Ledgers and accounts: what exists.

use ledger::model::{Account, AccountFlags, Balances, Code, Ledger, Outcome};

use super::{
    Books, Known, Request,
    chain::{Event, No},
};

impl Books {
    /// Defines ledgers; they know no chains.
    pub(super) fn define(&mut self, timestamp: u64, events: &[Ledger]) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for (at, asked) in events.iter().enumerate() {
            let now = timestamp - (events.len() - 1 - at) as u64;
            let outcome = if asked.id == 0 {
                Outcome { code: Code::LedgerMustNotBeZero, timestamp: now }
            } else if let Some((known, created)) = self.ledgers.get(&asked.id) {
                if known.currency == asked.currency {
                    Outcome { code: Code::Exists, timestamp: *created }
                } else {
                    Outcome { code: Code::ExistsWithDifferentCurrency, timestamp: now }
                }
            } else {
                self.ledgers.insert(asked.id, (*asked, now));
                Outcome { code: Code::Ok, timestamp: now }
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    /// Changes an account that is there.
    pub(super) fn change(&mut self, id: u128, what: impl FnOnce(&mut Account)) {
        if let Some(known) = self.accounts.get_mut(&id) {
            what(&mut known.now);
        }
    }

    /// The balances of an account; zeros if there is none.
    pub(super) fn balances(&self, id: u128) -> Balances {
        self.accounts.get(&id).map(|known| known.now.balances).unwrap_or_default()
    }
}

impl Event for Account {
    type Outcome = Outcome;

    fn is_linked(&self) -> bool {
        self.flags.contains(AccountFlags::LINKED)
    }

    fn request(&self) -> Option<(u128, Request)> {
        // Refusals of accounts are not remembered.
        None
    }

    fn refused(code: Code, timestamp: u64) -> Outcome {
        Outcome { code, timestamp }
    }

    fn happen(&self, books: &mut Books, now: u64) -> Result<Outcome, No> {
        let limits = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS
            | AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS;
        let no = |code| Err(No::Now(code));
        if self.flags.unknown() != 0 {
            return no(Code::UnknownFlags);
        }
        if self.timestamp != 0 {
            return no(Code::TimestampMustBeZero);
        }
        if self.id == 0 {
            return no(Code::IdMustNotBeZero);
        }
        if self.id == u128::MAX {
            return no(Code::IdMustNotBeIntMax);
        }
        if self.flags.contains(limits) {
            return no(Code::FlagsAreMutuallyExclusive);
        }
        if self.balances != Balances::default() {
            return no(Code::BalancesMustBeZero);
        }
        if self.ledger == 0 {
            return no(Code::LedgerMustNotBeZero);
        }
        if self.code == 0 {
            return no(Code::CodeMustNotBeZero);
        }
        if let Some(Known { asked, now: known }) = books.accounts.get(&self.id) {
            return if asked.flags != self.flags {
                no(Code::ExistsWithDifferentFlags)
            } else if asked.user_data_128 != self.user_data_128 {
                no(Code::ExistsWithDifferentUserData128)
            } else if asked.user_data_64 != self.user_data_64 {
                no(Code::ExistsWithDifferentUserData64)
            } else if asked.user_data_32 != self.user_data_32 {
                no(Code::ExistsWithDifferentUserData32)
            } else if asked.ledger != self.ledger {
                no(Code::ExistsWithDifferentLedger)
            } else if asked.code != self.code {
                no(Code::ExistsWithDifferentCode)
            } else {
                Ok(Outcome { code: Code::Exists, timestamp: known.timestamp })
            };
        }
        if !books.ledgers.contains_key(&self.ledger) {
            return no(Code::LedgerNotFound);
        }
        let created = Self { timestamp: now, ..*self };
        books.accounts.insert(self.id, Known { asked: *self, now: created });
        Ok(Outcome { code: Code::Ok, timestamp: now })
    }
}
