//! The sums over all accounts of a ledger.

use crate::{model::Balances, money::Sum};

/// The four sums over all accounts of one ledger: its trial balance. Debits are credits, posted and pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Totals {
    /// The ledger.
    pub ledger: u32,
    /// Of all accounts' pending debits.
    pub debits_pending: Sum,
    /// Of all accounts' posted debits.
    pub debits_posted: Sum,
    /// Of all accounts' pending credits.
    pub credits_pending: Sum,
    /// Of all accounts' posted credits.
    pub credits_posted: Sum,
}

impl Totals {
    /// Of a ledger without accounts.
    pub(super) const fn new(ledger: u32) -> Self {
        Self {
            ledger,
            debits_pending: Sum::ZERO,
            debits_posted: Sum::ZERO,
            credits_pending: Sum::ZERO,
            credits_posted: Sum::ZERO,
        }
    }

    /// Whether debits are credits, posted and pending.
    #[must_use]
    pub fn are_balanced(&self) -> bool {
        self.debits_pending == self.credits_pending && self.debits_posted == self.credits_posted
    }

    /// With another account.
    pub(super) fn add(&mut self, balances: &Balances) {
        self.debits_pending.add(balances.debits_pending);
        self.debits_posted.add(balances.debits_posted);
        self.credits_pending.add(balances.credits_pending);
        self.credits_posted.add(balances.credits_posted);
    }
}
