//! Transfers, but those that post or void another.

use ledger::{
    model::{AccountFlags, Balances, Code, Transfer, TransferFlags, TransferOutcome},
    money::Amount,
};

use super::{
    Books, Fact, Pending, Request,
    chain::{Event, No},
};

const NANOSECONDS: u64 = 1_000_000_000;

impl Event for Transfer {
    type Outcome = TransferOutcome;

    fn is_linked(&self) -> bool {
        self.flags.contains(TransferFlags::LINKED)
    }

    fn request(&self) -> Option<(u128, Request)> {
        Some((self.id, Request::Transfer(*self)))
    }

    fn refused(code: Code, timestamp: u64) -> TransferOutcome {
        TransferOutcome {
            code,
            timestamp,
            amount: Amount::ZERO,
            debit: Balances::default(),
            credit: Balances::default(),
        }
    }

    fn happen(&self, books: &mut Books, now: u64) -> Result<TransferOutcome, No> {
        self.check_itself().map_err(No::Now)?;
        let resolves = self.posts() || self.voids();
        if !resolves {
            if self.ledger == 0 {
                return Err(No::Now(Code::LedgerMustNotBeZero));
            }
            if self.code == 0 {
                return Err(No::Now(Code::CodeMustNotBeZero));
            }
        }
        if let Some(known) = books.by_id.get(&self.id) {
            return known.answer_transfer(self);
        }
        let moved = if resolves { books.resolve(self, now) } else { books.transfer(self, now) };
        moved.map_err(No::Now)
    }
}

/// What the event says for itself alone.
pub(super) trait Asks {
    fn posts(&self) -> bool;
    fn voids(&self) -> bool;
    fn check_itself(&self) -> Result<(), Code>;
}

impl Asks for Transfer {
    fn posts(&self) -> bool {
        self.flags.contains(TransferFlags::POST_PENDING)
    }

    fn voids(&self) -> bool {
        self.flags.contains(TransferFlags::VOID_PENDING)
    }

    fn check_itself(&self) -> Result<(), Code> {
        let never_with_resolving = TransferFlags::PENDING
            | TransferFlags::BALANCING_DEBIT
            | TransferFlags::BALANCING_CREDIT
            | TransferFlags::CLOSING_DEBIT
            | TransferFlags::CLOSING_CREDIT;
        if self.flags.unknown() != 0 {
            return Err(Code::UnknownFlags);
        }
        if self.timestamp != 0 {
            return Err(Code::TimestampMustBeZero);
        }
        if self.id == 0 {
            return Err(Code::IdMustNotBeZero);
        }
        if self.id == u128::MAX {
            return Err(Code::IdMustNotBeIntMax);
        }
        if self.posts() && self.voids() {
            return Err(Code::FlagsAreMutuallyExclusive);
        }
        if (self.posts() || self.voids()) && self.flags.intersects(never_with_resolving) {
            return Err(Code::FlagsAreMutuallyExclusive);
        }
        Ok(())
    }
}

impl Books {
    /// A transfer of an id that is new.
    fn transfer(&mut self, asked: &Transfer, now: u64) -> Result<TransferOutcome, Code> {
        let has = |flag| asked.flags.contains(flag);
        let pending = has(TransferFlags::PENDING);
        let balancing = has(TransferFlags::BALANCING_DEBIT) || has(TransferFlags::BALANCING_CREDIT);
        let closing = has(TransferFlags::CLOSING_DEBIT) || has(TransferFlags::CLOSING_CREDIT);

        if asked.debit_account_id == 0 {
            return Err(Code::DebitAccountIdMustNotBeZero);
        }
        if asked.debit_account_id == u128::MAX {
            return Err(Code::DebitAccountIdMustNotBeIntMax);
        }
        if asked.credit_account_id == 0 {
            return Err(Code::CreditAccountIdMustNotBeZero);
        }
        if asked.credit_account_id == u128::MAX {
            return Err(Code::CreditAccountIdMustNotBeIntMax);
        }
        if asked.debit_account_id == asked.credit_account_id {
            return Err(Code::AccountsMustBeDifferent);
        }
        if asked.pending_id != 0 {
            return Err(Code::PendingIdMustBeZero);
        }
        if asked.timeout != 0 && !pending {
            return Err(Code::TimeoutReservedForPending);
        }
        if closing && !pending {
            return Err(Code::ClosingMustBePending);
        }
        if asked.amount.is_zero() && !balancing && !closing {
            return Err(Code::AmountMustNotBeZero);
        }

        let debit = self.accounts.get(&asked.debit_account_id).map(|known| known.now);
        let debit = debit.ok_or(Code::DebitAccountNotFound)?;
        let credit = self.accounts.get(&asked.credit_account_id).map(|known| known.now);
        let credit = credit.ok_or(Code::CreditAccountNotFound)?;
        if debit.ledger != credit.ledger {
            return Err(Code::AccountsMustHaveTheSameLedger);
        }
        if asked.ledger != debit.ledger {
            return Err(Code::TransferMustHaveTheSameLedgerAsAccounts);
        }
        if debit.flags.contains(AccountFlags::CLOSED) {
            return Err(Code::DebitAccountAlreadyClosed);
        }
        if credit.flags.contains(AccountFlags::CLOSED) {
            return Err(Code::CreditAccountAlreadyClosed);
        }

        let mut amount = asked.amount.get();
        if balancing && amount == 0 {
            amount = Amount::MAX.get();
        }
        let [dp, d, _, c] = sums(&debit.balances);
        if has(TransferFlags::BALANCING_DEBIT) {
            amount = amount.min(c.saturating_sub(d + dp));
            if amount == 0 {
                return Err(Code::ExceedsCredits);
            }
        }
        let [_, credit_d, credit_cp, credit_c] = sums(&credit.balances);
        if has(TransferFlags::BALANCING_CREDIT) {
            amount = amount.min(credit_d.saturating_sub(credit_c + credit_cp));
            if amount == 0 {
                return Err(Code::ExceedsDebits);
            }
        }

        // Of three amounts below 10^38 the sum is below 2^128.
        let over = |sum: u128| sum > Amount::MAX.get();
        if pending && over(dp + amount) {
            return Err(Code::OverflowsDebitsPending);
        }
        if pending && over(credit_cp + amount) {
            return Err(Code::OverflowsCreditsPending);
        }
        if !pending && over(d + amount) {
            return Err(Code::OverflowsDebitsPosted);
        }
        if !pending && over(credit_c + amount) {
            return Err(Code::OverflowsCreditsPosted);
        }
        if over(dp + d + amount) {
            return Err(Code::OverflowsDebits);
        }
        if over(credit_cp + credit_c + amount) {
            return Err(Code::OverflowsCredits);
        }
        let wait = u64::from(asked.timeout) * NANOSECONDS;
        if pending && now.checked_add(wait).is_none() {
            return Err(Code::OverflowsTimeout);
        }
        if debit.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS) && dp + d + amount > c
        {
            return Err(Code::ExceedsCredits);
        }
        if credit.flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS)
            && credit_cp + credit_c + amount > credit_d
        {
            return Err(Code::ExceedsDebits);
        }

        let amount = checked(amount);
        self.change(debit.id, |account| {
            let balances = &mut account.balances;
            let sum =
                if pending { &mut balances.debits_pending } else { &mut balances.debits_posted };
            *sum = checked(sum.get() + amount.get());
            if has(TransferFlags::CLOSING_DEBIT) {
                account.flags = account.flags | AccountFlags::CLOSED;
            }
        });
        self.change(credit.id, |account| {
            let balances = &mut account.balances;
            let sum =
                if pending { &mut balances.credits_pending } else { &mut balances.credits_posted };
            *sum = checked(sum.get() + amount.get());
            if has(TransferFlags::CLOSING_CREDIT) {
                account.flags = account.flags | AccountFlags::CLOSED;
            }
        });
        let happened = Transfer { amount, timestamp: now, ..*asked };
        if pending {
            let deadline = (asked.timeout != 0).then(|| now + wait);
            self.pendings.insert(asked.id, Pending { transfer: happened, deadline, end: None });
        }
        Ok(self.record(asked, happened))
    }

    /// Keeps a transfer that happened, and answers it.
    pub(super) fn record(&mut self, asked: &Transfer, happened: Transfer) -> TransferOutcome {
        let debit = self.balances(happened.debit_account_id);
        let credit = self.balances(happened.credit_account_id);
        self.remember(Some(asked.id), Fact::Transfer { asked: *asked, happened, debit, credit });
        TransferOutcome {
            code: Code::Ok,
            timestamp: happened.timestamp,
            amount: happened.amount,
            debit,
            credit,
        }
    }
}

/// Pending debits, posted debits, pending credits, posted credits.
pub(super) fn sums(balances: &Balances) -> [u128; 4] {
    let Balances { debits_pending, debits_posted, credits_pending, credits_posted } = balances;
    [debits_pending.get(), debits_posted.get(), credits_pending.get(), credits_posted.get()]
}

/// A sum that was compared with the limit.
#[expect(clippy::expect_used, reason = "an oracle that did not check before must not go on")]
pub(super) fn checked(sum: u128) -> Amount {
    Amount::new(sum).expect("an amount within the limit")
}
