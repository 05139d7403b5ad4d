//! Balances as a consumer of the feed keeps them.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read as _},
};

use super::{Books, Sums};
use crate::{
    Error, Result,
    line::{Line, Moved, MovedLeg, SideName, What},
};

/// The longest line that is read: a transaction of 128 legs takes some 40 kB.
const MAX_LINE: u64 = 1 << 20;

/// What a consumer of the feed keeps: balances, what is reserved, and the last change that it applied. Being told something again changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Consumer {
    books: Books,
    reserved: BTreeMap<u128, i128>,
    /// The key of the last change applied.
    last: Option<(u64, u32)>,
    /// Changes that had been heard before.
    repeated: u64,
}

impl Consumer {
    /// Applies a change, unless it was applied before.
    ///
    /// # Errors
    ///
    /// A change that cannot follow those before: an amount that is none, a release of what was not reserved.
    pub fn apply(&mut self, line: &Line) -> Result<()> {
        let key = (line.op, line.index);
        if self.last.is_some_and(|last| key <= last) {
            self.repeated += 1;
            return Ok(());
        }
        match &line.what {
            What::Transfer(moved) => self.post(moved, amount(moved.amount.0)?),
            What::Pending(moved) => {
                let amount = amount(moved.amount.0)?;
                self.reserve(moved, amount);
                self.reserved.insert(moved.id.0, amount);
            }
            What::Post(moved) => {
                self.release(line, moved)?;
                self.post(moved, amount(moved.amount.0)?);
            }
            What::Void(moved) | What::Expiry(moved) => self.release(line, moved)?,
            What::Transaction { legs, .. } => {
                for leg in legs {
                    self.leg(leg)?;
                }
            }
            What::Refusal { .. } => {}
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
    pub fn last(&self) -> Option<(u64, u32)> {
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

    fn post(&mut self, moved: &Moved, amount: i128) {
        self.account(moved.debit_account_id.0).debits_posted += amount;
        self.account(moved.credit_account_id.0).credits_posted += amount;
    }

    fn reserve(&mut self, moved: &Moved, amount: i128) {
        self.account(moved.debit_account_id.0).debits_pending += amount;
        self.account(moved.credit_account_id.0).credits_pending += amount;
    }

    fn release(&mut self, line: &Line, moved: &Moved) -> Result<()> {
        let pending = moved.pending_id.map_or(0, |id| id.0);
        let reserved = self.reserved.remove(&pending).ok_or_else(|| {
            Error::Feed(format!(
                "change {}.{} gives back what {pending} reserved, and it reserved nothing",
                line.op, line.index
            ))
        })?;
        self.reserve(moved, -reserved);
        Ok(())
    }

    fn leg(&mut self, leg: &MovedLeg) -> Result<()> {
        let amount = amount(leg.amount.0)?;
        let sums = self.account(leg.account_id.0);
        match leg.side {
            SideName::Debit => sums.debits_posted += amount,
            SideName::Credit => sums.credits_posted += amount,
        }
        Ok(())
    }
}

/// An amount that a sum of many still fits beside.
fn amount(number: u128) -> Result<i128> {
    ledger::money::Amount::new(number)
        .map(|amount| amount.get() as i128)
        .ok_or_else(|| Error::Feed(format!("{number} is above the limit of amounts")))
}

/// Reads a feed through operation `cut`.
///
/// # Errors
///
/// A line that is none, with its number; a change that cannot follow those before.
pub fn consume(mut input: impl BufRead, cut: u64) -> Result<Consumer> {
    let mut consumer = Consumer::default();
    let mut text = String::new();
    for number in 1_u64.. {
        text.clear();
        if input.by_ref().take(MAX_LINE).read_line(&mut text)? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&text)
            .map_err(|e| Error::Feed(format!("line {number} is no change: {e}")))?;
        if line.op <= cut {
            consumer.apply(&line)?;
        }
    }
    Ok(consumer)
}
