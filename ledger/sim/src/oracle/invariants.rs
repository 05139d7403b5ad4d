//! What holds after every operation, computed from nothing.

use std::collections::BTreeMap;

use ledger::{
    model::{AccountFlags, Side, TransferFlags},
    money::Amount,
};
use num_bigint::BigUint;

use super::{Books, Fact, Oracle, transfers::sums};

impl Oracle {
    /// Conservation, limits, and that the history explains the balances to the last unit.
    ///
    /// # Errors
    ///
    /// Which of them is broken, and where.
    pub fn check(&self) -> Result<(), String> {
        self.books.check_conservation()?;
        self.books.check_pendings()?;
        self.books.check_limits()?;
        self.books.check_history()?;
        let last = self.books.history.last().map_or(0, |fact| fact.timestamp());
        if last > self.timestamp {
            return Err(format!("an entry at {last}, after the last op's {}", self.timestamp));
        }
        Ok(())
    }
}

impl Books {
    /// The four sums over the accounts of each ledger: pending and posted debits, pending and posted credits.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<u32, [BigUint; 4]> {
        let mut totals: BTreeMap<u32, [BigUint; 4]> = BTreeMap::new();
        for ledger in self.ledgers.keys() {
            totals.insert(*ledger, Default::default());
        }
        for known in self.accounts.values() {
            let totals = totals.entry(known.now.ledger).or_default();
            for (total, sum) in totals.iter_mut().zip(sums(&known.now.balances)) {
                *total += sum;
            }
        }
        totals
    }

    fn check_conservation(&self) -> Result<(), String> {
        for (ledger, [dp, d, cp, c]) in self.totals() {
            if d != c {
                return Err(format!("ledger {ledger}: {d} debited, {c} credited"));
            }
            if dp != cp {
                return Err(format!("ledger {ledger}: pending {dp} debits, {cp} credits"));
            }
        }
        Ok(())
    }

    fn check_pendings(&self) -> Result<(), String> {
        let mut reserved: BTreeMap<u128, [u128; 2]> = BTreeMap::new();
        for pending in self.pendings.values().filter(|pending| pending.end.is_none()) {
            let transfer = &pending.transfer;
            reserved.entry(transfer.debit_account_id).or_default()[0] += transfer.amount.get();
            reserved.entry(transfer.credit_account_id).or_default()[1] += transfer.amount.get();
        }
        for (id, known) in &self.accounts {
            let [dp, _, cp, _] = sums(&known.now.balances);
            let expected = reserved.get(id).copied().unwrap_or_default();
            if [dp, cp] != expected {
                return Err(format!("account {id}: pending {dp}/{cp}, reserved {expected:?}"));
            }
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), String> {
        for (id, known) in &self.accounts {
            let [dp, d, cp, c] = sums(&known.now.balances);
            let has = |flag| known.now.flags.contains(flag);
            if (has(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS) && dp + d > c)
                || (has(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS) && cp + c > d)
                || dp + d > Amount::MAX.get()
                || cp + c > Amount::MAX.get()
            {
                return Err(format!("account {id} is beyond its limit: {dp} {d} {cp} {c}"));
            }
        }
        Ok(())
    }

    /// Adds up what the entries say that they moved, each from the balances that the one before left.
    fn check_history(&self) -> Result<(), String> {
        let mut at = 0;
        let mut now: BTreeMap<u128, [u128; 4]> = BTreeMap::new();
        for fact in &self.history {
            if fact.timestamp() <= at {
                return Err(format!("entry at {} after one at {at}", fact.timestamp()));
            }
            at = fact.timestamp();
            let mut add = |account: u128, sum: usize, amount: u128| {
                now.entry(account).or_default()[sum] += amount;
            };
            let mut release: Option<ledger::model::Transfer> = None;
            match &**fact {
                Fact::Transfer { happened, .. } => {
                    let flags = happened.flags;
                    if flags.intersects(TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING) {
                        release = self.pendings.get(&happened.pending_id).map(|p| p.transfer);
                    }
                    let pending = flags.contains(TransferFlags::PENDING);
                    if !flags.contains(TransferFlags::VOID_PENDING) {
                        let amount = happened.amount.get();
                        add(happened.debit_account_id, usize::from(!pending), amount);
                        add(happened.credit_account_id, 2 + usize::from(!pending), amount);
                    }
                }
                Fact::Transaction { legs, .. } => {
                    for posted in legs {
                        let sum = if posted.leg.side == Side::Debit { 1 } else { 3 };
                        add(posted.leg.account_id, sum, posted.leg.amount.get());
                    }
                }
                Fact::Expiry { pending, .. } => release = Some(*pending),
                Fact::Refusal { .. } => {}
            }
            if let Some(pending) = release {
                let debit = now.entry(pending.debit_account_id).or_default();
                debit[0] = debit[0].wrapping_sub(pending.amount.get());
                let credit = now.entry(pending.credit_account_id).or_default();
                credit[2] = credit[2].wrapping_sub(pending.amount.get());
            }
        }
        for (id, known) in &self.accounts {
            let explained = now.get(id).copied().unwrap_or_default();
            if sums(&known.now.balances) != explained {
                return Err(format!(
                    "account {id} has {:?}, its entries explain {explained:?}",
                    sums(&known.now.balances)
                ));
            }
        }
        Ok(())
    }
}
