//! What must hold after every operation.

use super::{
    State,
    limits::{exceeds_credits, exceeds_debits},
    pendings::deadline,
    totals::Totals,
};
use crate::{
    Error, Result,
    model::{Account, AccountFlags, Balances, Entry, Transfer, TransferFlags},
    money::Amount,
};

impl State {
    /// Holds everything against everything else: each ledger's debits are its credits, posted and pending; the totals are the accounts'
    /// sums; the accounts' pending sums are those of the open pending transfers; every limit holds; every open pending transfer has an entry;
    /// every account is found, and so is every entry of the active generation.
    ///
    /// # Errors
    ///
    /// [`Error::Invariant`] with the first thing that is not so.
    pub fn check(&self) -> Result<()> {
        self.accounts.check()?;
        let mut totals: Vec<Totals> =
            self.ledgers.list().iter().map(|defined| Totals::new(defined.ledger.id)).collect();
        let mut by_ledger: Vec<(u32, usize)> =
            totals.iter().enumerate().map(|(place, totals)| (totals.ledger, place)).collect();
        by_ledger.sort_unstable();
        let mut before = 0;
        for (place, account) in self.accounts.list().iter().enumerate() {
            self.check_account(account)?;
            if account.timestamp <= before {
                return Err(broken(format!(
                    "account {} is as old as the one before it",
                    account.id
                )));
            }
            before = account.timestamp;
            if self.accounts.born_closed().contains(&(place as u32))
                && (!account.flags.contains(AccountFlags::CLOSED)
                    || account.balances != Balances::default())
            {
                return Err(broken(format!(
                    "account {} was created closed, and was opened or used",
                    account.id
                )));
            }
            let of_ledger = by_ledger.binary_search_by_key(&account.ledger, |(id, _)| *id).ok();
            let Some(totals) = of_ledger.and_then(|at| totals.get_mut(by_ledger[at].1)) else {
                return Err(broken(format!(
                    "account {} is in the ledger {}, which is not defined",
                    account.id, account.ledger
                )));
            };
            totals.add(&account.balances);
        }
        for (defined, found) in self.ledgers.list().iter().zip(&totals) {
            if defined.totals != *found {
                return Err(broken(format!(
                    "the totals of a ledger are {:?}, its accounts' sums are {found:?}",
                    defined.totals
                )));
            }
            if !found.are_balanced() {
                return Err(broken(format!("debits of a ledger are not its credits: {found:?}")));
            }
        }
        self.check_pendings()?;
        self.check_memory()
    }

    fn check_account(&self, account: &Account) -> Result<()> {
        let Account { id, balances, flags, timestamp, .. } = account;
        if exceeds_credits(*flags, balances) || exceeds_debits(*flags, balances) {
            return Err(broken(format!(
                "account {id} is beyond its limit: {flags:?}, {balances:?}"
            )));
        }
        let fits = |one: Amount, other: Amount| one.checked_add(other).is_some();
        if !fits(balances.debits_pending, balances.debits_posted)
            || !fits(balances.credits_pending, balances.credits_posted)
        {
            return Err(broken(format!(
                "account {id} has more than an amount can say: {balances:?}"
            )));
        }
        if *timestamp > self.timestamp {
            return Err(broken(format!(
                "account {id} is of {timestamp}, the ledger of {}",
                self.timestamp
            )));
        }
        Ok(())
    }

    fn check_pendings(&self) -> Result<()> {
        let mut reserved = vec![Reserved::default(); self.accounts.list().len()];
        let mut with_deadline = 0;
        let mut before = 0;
        for pending in self.pendings.sorted() {
            if pending.timestamp <= before || pending.timestamp > self.timestamp {
                return Err(broken(format!(
                    "the pending transfer {} is of {}, the one before of {before}",
                    pending.id, pending.timestamp
                )));
            }
            before = pending.timestamp;
            with_deadline += usize::from(deadline(&pending).is_some());
            self.check_pending(&pending, &mut reserved)?;
        }
        if with_deadline != self.pendings.deadlines() {
            let deadlines = self.pendings.deadlines();
            return Err(broken(format!(
                "{with_deadline} pending transfers have a deadline, {deadlines} are waited for"
            )));
        }
        for (account, Reserved { debits, credits, .. }) in self.accounts.list().iter().zip(reserved)
        {
            if (account.balances.debits_pending, account.balances.credits_pending)
                != (debits, credits)
            {
                let Account { id, balances, .. } = account;
                return Err(broken(format!(
                    "account {id} has {balances:?}; its open pending transfers are {debits} and {credits}"
                )));
            }
        }
        Ok(())
    }

    fn check_pending(&self, pending: &Transfer, reserved: &mut [Reserved]) -> Result<()> {
        let Transfer {
            id,
            flags,
            ledger,
            debit_account_id,
            credit_account_id,
            timestamp,
            amount,
            ..
        } = pending;
        if !flags.contains(TransferFlags::PENDING) {
            return Err(broken(format!("the transfer {id} is open, but not pending")));
        }
        let place = |id: u128| {
            self.accounts.find(id).filter(|place| self.accounts.at(*place).ledger == *ledger)
        };
        let (Some(debit), Some(credit)) = (place(*debit_account_id), place(*credit_account_id))
        else {
            return Err(broken(format!(
                "the pending transfer {id} is of accounts that its ledger {ledger} has not got"
            )));
        };
        for (place, closing) in
            [(debit, TransferFlags::CLOSING_DEBIT), (credit, TransferFlags::CLOSING_CREDIT)]
        {
            // What is closed can be neither used nor closed again: whoever opens it is one.
            let closes = flags.contains(closing);
            let is_open = !self.accounts.at(place).flags.contains(AccountFlags::CLOSED);
            if self.accounts.born_closed().contains(&place)
                || closes && (is_open || reserved[place as usize].closing)
            {
                return Err(broken(format!(
                    "the pending transfer {id} is of an account that was created closed, or closed one that is open, or one that another closed"
                )));
            }
            reserved[place as usize].closing |= closes;
        }
        let add = |sum: &mut Amount| sum.checked_add(*amount).map(|more| *sum = more);
        if add(&mut reserved[debit as usize].debits)
            .and(add(&mut reserved[credit as usize].credits))
            .is_none()
        {
            return Err(broken(format!(
                "the pending transfers up to {id} are more than an amount can say"
            )));
        }
        if *timestamp > self.memory.forgotten() {
            match self.memory.find(self.seed.tag(*id), *id) {
                Some(Entry::Transfer(posted)) if posted.transfer == *pending => {}
                _ => return Err(broken(format!("the pending transfer {id} has no entry"))),
            }
        }
        Ok(())
    }

    fn check_memory(&self) -> Result<()> {
        let mut before = self.memory.forgotten();
        for generation in
            self.memory.frozen().iter().map(AsRef::as_ref).chain([&self.memory.active])
        {
            if let (Some(first), Some(last)) =
                (generation.first_timestamp(), generation.last_timestamp())
            {
                if first <= before || last < first || last > self.timestamp {
                    return Err(broken(format!(
                        "a generation is of {first} to {last}, the one before ends at {before}"
                    )));
                }
                before = last;
            }
        }
        Ok(())
    }
}

/// What the open pending transfers do to an account.
#[derive(Debug, Clone, Copy, Default)]
struct Reserved {
    debits: Amount,
    credits: Amount,
    /// Whether one of them closed it.
    closing: bool,
}

#[cold]
fn broken(what: String) -> Error {
    Error::Invariant(what)
}
