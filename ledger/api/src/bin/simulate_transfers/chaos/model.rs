//! Balances, by simple sums: another way to them than the ledger's.

use std::collections::{BTreeMap, HashMap};

use ledger::model::{Balances, PostedTransfer, TransferFlags};

/// The four sums of an account.
#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sums {
    debits_pending: u128,
    debits_posted: u128,
    credits_pending: u128,
    credits_posted: u128,
}

impl Sums {
    /// Whether a ledger's balances are these.
    pub fn are(&self, balances: &Balances) -> bool {
        self.debits_pending == balances.debits_pending.get()
            && self.debits_posted == balances.debits_posted.get()
            && self.credits_pending == balances.credits_pending.get()
            && self.credits_posted == balances.credits_posted.get()
    }
}

/// All accounts.
#[derive(Default)]
pub struct Model {
    accounts: HashMap<u128, Sums>,
    pending: BTreeMap<u128, (u128, u128, u128)>,
}

impl Model {
    /// Lets a transfer happen; the sums of its debit and its credit account after it.
    ///
    /// # Errors
    ///
    /// What is impossible about it.
    pub fn apply(&mut self, posted: &PostedTransfer) -> Result<(Sums, Sums), String> {
        let it = &posted.transfer;
        let units = it.amount.get();
        let resolves = TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING;
        if it.flags.intersects(resolves) {
            let reserved = self.pending.remove(&it.pending_id);
            let (debit, credit, amount) = reserved.ok_or_else(|| {
                format!("{} resolves {}, which is not pending", it.id, it.pending_id)
            })?;
            if (debit, credit) != (it.debit_account_id, it.credit_account_id) || units > amount {
                return Err(format!(
                    "{} resolves {} with other accounts or more",
                    it.id, it.pending_id
                ));
            }
            self.of(debit).debits_pending -= amount;
            self.of(credit).credits_pending -= amount;
        }
        if it.flags.contains(TransferFlags::PENDING) {
            self.pending.insert(it.id, (it.debit_account_id, it.credit_account_id, units));
            self.of(it.debit_account_id).debits_pending += units;
            self.of(it.credit_account_id).credits_pending += units;
        } else if !it.flags.contains(TransferFlags::VOID_PENDING) {
            self.of(it.debit_account_id).debits_posted += units;
            self.of(it.credit_account_id).credits_posted += units;
        }
        Ok((*self.of(it.debit_account_id), *self.of(it.credit_account_id)))
    }

    /// An account's sums.
    pub fn of(&mut self, account: u128) -> &mut Sums {
        self.accounts.entry(account).or_default()
    }

    /// The four sums over all accounts: debits pending and posted, credits pending and posted.
    pub fn totals(&self) -> [u128; 4] {
        self.accounts.values().fold([0; 4], |[a, b, c, d], it| {
            [
                a + it.debits_pending,
                b + it.debits_posted,
                c + it.credits_pending,
                d + it.credits_posted,
            ]
        })
    }

    /// What each account has posted, in its order, as `ledger reconcile --statement` reads it.
    pub fn statement(&self) -> String {
        let mut all: Vec<_> = self.accounts.iter().collect();
        all.sort_unstable_by_key(|(id, _)| **id);
        let mut text = "account_id,debits_posted,credits_posted\n".to_owned();
        for (id, sums) in all {
            text.push_str(&format!("{id},{},{}\n", sums.debits_posted, sums.credits_posted));
        }
        text
    }

    /// How many transfers are pending.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }
}
