//! Time that passes: pending transfers that run out.

use ledger::model::{AccountFlags, MAX_EVENTS, Resolution, TransferFlags};

use super::{Books, Fact};

impl Books {
    /// The open pending transfers whose time has run out at `at`, in the order in which they expire.
    pub(super) fn due(&self, at: u64) -> Vec<u128> {
        let mut due: Vec<(u64, u64, u128)> = Vec::new();
        for (id, pending) in &self.pendings {
            if let Some(deadline) = pending.deadline
                && pending.end.is_none()
                && deadline <= at
            {
                due.push((deadline, pending.transfer.timestamp, *id));
            }
        }
        due.sort_unstable();
        due.into_iter().map(|(_, _, id)| id).collect()
    }

    /// Expires what is due at `timestamp`, as far as the time since `previous` has room.
    pub(super) fn expire(&mut self, previous: u64, timestamp: u64) {
        let room = (timestamp - previous).min(MAX_EVENTS as u64);
        let mut due = self.due(timestamp);
        due.truncate(usize::try_from(room).unwrap_or(MAX_EVENTS));
        let count = due.len() as u64;
        for (at, id) in due.into_iter().enumerate() {
            let now = timestamp - count + 1 + at as u64;
            self.end(id, Resolution::Expired, now);
            let Some(pending) = self.pendings.get(&id).copied() else { continue };
            let transfer = pending.transfer;
            let fact = Fact::Expiry {
                timestamp: now,
                pending: transfer,
                debit: self.balances(transfer.debit_account_id),
                credit: self.balances(transfer.credit_account_id),
            };
            self.remember(None, fact);
        }
    }

    /// Ends a pending transfer: what it reserved is released, and if it does not come to be, neither does its closing of accounts.
    pub(super) fn end(&mut self, id: u128, how: Resolution, now: u64) {
        let Some(pending) = self.pendings.get_mut(&id) else { return };
        pending.end = Some((how, now));
        let transfer = pending.transfer;
        let reopens = how != Resolution::Posted;
        self.change(transfer.debit_account_id, |account| {
            let balances = &mut account.balances;
            balances.debits_pending = balances.debits_pending.saturating_sub(transfer.amount);
            if reopens && transfer.flags.contains(TransferFlags::CLOSING_DEBIT) {
                account.flags = account.flags.without(AccountFlags::CLOSED);
            }
        });
        self.change(transfer.credit_account_id, |account| {
            let balances = &mut account.balances;
            balances.credits_pending = balances.credits_pending.saturating_sub(transfer.amount);
            if reopens && transfer.flags.contains(TransferFlags::CLOSING_CREDIT) {
                account.flags = account.flags.without(AccountFlags::CLOSED);
            }
        });
    }
}
