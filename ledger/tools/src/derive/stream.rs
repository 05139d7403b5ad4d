//! Balances as a consumer of the feed keeps them.

use std::collections::BTreeMap;

use ledger::{
    model::{Entry, Leg, Side, Transfer, TransferFlags},
    money::Amount,
    query::Change,
};
use ledger_json::Key;

use super::{Books, Sums};
use crate::{Error, Result};

/// What a consumer of the feed keeps: balances, what is reserved, and the last change that it applied. Being told something again changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Consumer {
    books: Books,
    reserved: BTreeMap<u128, i128>,
    /// The last change applied.
    last: Option<Key>,
    /// Changes that had been heard before.
    repeated: u64,
}

impl Consumer {
    /// Applies a change, unless it was applied before.
    ///
    /// # Errors
    ///
    /// A change that cannot follow those before: a release of what was not reserved.
    pub fn apply(&mut self, change: &Change) -> Result<()> {
        let key = Key::of(change);
        if self.last.is_some_and(|last| key <= last) {
            self.repeated += 1;
            return Ok(());
        }
        match &change.entry {
            Entry::Transfer(posted) => self.transfer(key, &posted.transfer)?,
            Entry::Expiry { pending_id, debit_account_id, credit_account_id, .. } => {
                self.release(key, *pending_id, (*debit_account_id, *credit_account_id))?;
            }
            Entry::Transaction(posted) => {
                for posted in &posted.legs {
                    self.leg(&posted.leg);
                }
            }
            Entry::Refusal { .. } => {}
        }
        self.last = Some(key);
        Ok(())
    }

    /// Accounts that have something.
    #[must_use]
    pub fn into_books(mut self) -> Books {
        self.books.retain(|_, sums| *sums != Sums::default());
        self.books
    }

    /// The last change that was applied.
    #[must_use]
    pub fn last(&self) -> Option<Key> {
        self.last
    }

    /// How many changes had been heard before.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    fn account(&mut self, id: u128) -> &mut Sums {
        self.books.entry(id).or_default()
    }

    fn transfer(&mut self, key: Key, transfer: &Transfer) -> Result<()> {
        let accounts = (transfer.debit_account_id, transfer.credit_account_id);
        let amount = signed(transfer.amount);
        let ends = TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING;
        if transfer.flags.intersects(ends) {
            self.release(key, transfer.pending_id, accounts)?;
        }
        if transfer.flags.contains(TransferFlags::PENDING) {
            self.reserve(accounts, amount);
            self.reserved.insert(transfer.id, amount);
        } else if !transfer.flags.contains(TransferFlags::VOID_PENDING) {
            self.account(accounts.0).debits_posted += amount;
            self.account(accounts.1).credits_posted += amount;
        }
        Ok(())
    }

    fn reserve(&mut self, (debit, credit): (u128, u128), amount: i128) {
        self.account(debit).debits_pending += amount;
        self.account(credit).credits_pending += amount;
    }

    fn release(&mut self, key: Key, pending: u128, accounts: (u128, u128)) -> Result<()> {
        let reserved = self.reserved.remove(&pending).ok_or_else(|| {
            Error::Feed(format!(
                "change {key} gives back what {pending} reserved, and it reserved nothing"
            ))
        })?;
        self.reserve(accounts, -reserved);
        Ok(())
    }

    fn leg(&mut self, leg: &Leg) {
        let sums = self.account(leg.account_id);
        match leg.side {
            Side::Debit => sums.debits_posted += signed(leg.amount),
            Side::Credit => sums.credits_posted += signed(leg.amount),
        }
    }
}

/// An amount that a sum of some still fits beside: it is below 10^38 < 2^127.
fn signed(amount: Amount) -> i128 {
    amount.get() as i128
}

/// Applies the changes of a feed through operation `cut`.
///
/// # Errors
///
/// What the feed says; a change that cannot follow those before.
pub fn consume<E>(feed: impl Iterator<Item = Result<Change, E>>, cut: u64) -> Result<Consumer>
where
    Error: From<E>,
{
    let mut consumer = Consumer::default();
    for change in feed {
        let change = change?;
        if change.op <= cut {
            consumer.apply(&change)?;
        }
    }
    Ok(consumer)
}
