//! Transfers that post or void a pending one.

use ledger::model::{Code, Resolution, Transfer, TransferFlags, TransferOutcome};

use super::{
    Books, Fact,
    transfers::{Asks as _, checked},
};

impl Books {
    /// A posting or voiding transfer of an id that is new.
    pub(super) fn resolve(&mut self, asked: &Transfer, now: u64) -> Result<TransferOutcome, Code> {
        if asked.pending_id == 0 {
            return Err(Code::PendingIdMustNotBeZero);
        }
        if asked.pending_id == u128::MAX {
            return Err(Code::PendingIdMustNotBeIntMax);
        }
        if asked.pending_id == asked.id {
            return Err(Code::PendingIdMustBeDifferent);
        }
        if asked.timeout != 0 {
            return Err(Code::TimeoutReservedForPending);
        }
        let pending = match self.by_id.get(&asked.pending_id).map(AsRef::as_ref) {
            None | Some(Fact::Refusal { .. } | Fact::Expiry { .. }) => {
                return Err(Code::PendingTransferNotFound);
            }
            Some(Fact::Transaction { .. }) => return Err(Code::PendingTransferNotPending),
            Some(Fact::Transfer { happened, .. }) => {
                if !happened.flags.contains(TransferFlags::PENDING) {
                    return Err(Code::PendingTransferNotPending);
                }
                *happened
            }
        };
        let other = |asked: u128, pending: u128| asked != 0 && asked != pending;
        if other(asked.debit_account_id, pending.debit_account_id) {
            return Err(Code::PendingTransferHasDifferentDebitAccountId);
        }
        if other(asked.credit_account_id, pending.credit_account_id) {
            return Err(Code::PendingTransferHasDifferentCreditAccountId);
        }
        if other(asked.ledger.into(), pending.ledger.into()) {
            return Err(Code::PendingTransferHasDifferentLedger);
        }
        if other(asked.code.into(), pending.code.into()) {
            return Err(Code::PendingTransferHasDifferentCode);
        }
        if asked.amount > pending.amount {
            return Err(Code::ExceedsPendingTransferAmount);
        }
        if asked.voids() && other(asked.amount.get(), pending.amount.get()) {
            return Err(Code::PendingTransferHasDifferentAmount);
        }
        let state = self.pendings.get(&pending.id).copied();
        match state.and_then(|pending| pending.end) {
            Some((Resolution::Posted, _)) => return Err(Code::PendingTransferAlreadyPosted),
            Some((Resolution::Voided, _)) => return Err(Code::PendingTransferAlreadyVoided),
            Some((Resolution::Expired, _)) => return Err(Code::PendingTransferExpired),
            None => {}
        }
        if state.and_then(|pending| pending.deadline).is_some_and(|deadline| deadline <= now) {
            return Err(Code::PendingTransferExpired);
        }

        let how = if asked.posts() { Resolution::Posted } else { Resolution::Voided };
        self.end(pending.id, how, now);
        let whole = asked.voids() || asked.amount.is_zero();
        let amount = if whole { pending.amount } else { asked.amount };
        if asked.posts() {
            self.change(pending.debit_account_id, |account| {
                let sum = &mut account.balances.debits_posted;
                *sum = checked(sum.get() + amount.get());
            });
            self.change(pending.credit_account_id, |account| {
                let sum = &mut account.balances.credits_posted;
                *sum = checked(sum.get() + amount.get());
            });
        }
        fn or<T: Default + PartialEq>(asked: T, pending: T) -> T {
            if asked == T::default() { pending } else { asked }
        }
        let happened = Transfer {
            debit_account_id: pending.debit_account_id,
            credit_account_id: pending.credit_account_id,
            amount,
            user_data_128: or(asked.user_data_128, pending.user_data_128),
            user_data_64: or(asked.user_data_64, pending.user_data_64),
            user_data_32: or(asked.user_data_32, pending.user_data_32),
            ledger: pending.ledger,
            code: pending.code,
            timestamp: now,
            ..*asked
        };
        Ok(self.record(asked, happened))
    }
}
