//! What accounts can take and give.

use crate::{
    model::{AccountFlags, Balances, Code, Transfer, TransferFlags},
    money::Amount,
};

/// The amount of a balancing transfer: what is there, at most what is asked for.
pub(super) fn balance(
    event: &Transfer,
    debit: &Balances,
    credit: &Balances,
) -> Result<Amount, Code> {
    let mut amount = if event.amount.is_zero() { Amount::MAX } else { event.amount };
    if event.flags.contains(TransferFlags::BALANCING_DEBIT) {
        let there = debit
            .credits_posted
            .saturating_sub(debit.debits_posted)
            .saturating_sub(debit.debits_pending);
        amount = amount.min(there);
        if amount.is_zero() {
            return Err(Code::ExceedsCredits);
        }
    }
    if event.flags.contains(TransferFlags::BALANCING_CREDIT) {
        let lacking = credit
            .debits_posted
            .saturating_sub(credit.credits_posted)
            .saturating_sub(credit.credits_pending);
        amount = amount.min(lacking);
        if amount.is_zero() {
            return Err(Code::ExceedsDebits);
        }
    }
    Ok(amount)
}

/// Adds an amount to the one side of both accounts.
#[inline(always)]
pub(super) fn move_amount(
    debit: &mut Balances,
    credit: &mut Balances,
    amount: Amount,
    pending: bool,
) -> Result<(), Code> {
    if pending {
        debit.debits_pending =
            debit.debits_pending.checked_add(amount).ok_or(Code::OverflowsDebitsPending)?;
        credit.credits_pending =
            credit.credits_pending.checked_add(amount).ok_or(Code::OverflowsCreditsPending)?;
    } else {
        debit.debits_posted =
            debit.debits_posted.checked_add(amount).ok_or(Code::OverflowsDebitsPosted)?;
        credit.credits_posted =
            credit.credits_posted.checked_add(amount).ok_or(Code::OverflowsCreditsPosted)?;
    }
    debit.debits_pending.checked_add(debit.debits_posted).ok_or(Code::OverflowsDebits)?;
    credit.credits_pending.checked_add(credit.credits_posted).ok_or(Code::OverflowsCredits)?;
    Ok(())
}

/// Whether an account has less than it owes, and must not.
#[inline(always)]
pub(super) fn exceeds_credits(flags: AccountFlags, balances: &Balances) -> bool {
    flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS)
        && balances.debits_pending.get() + balances.debits_posted.get()
            > balances.credits_posted.get()
}

/// The mirror of that.
#[inline(always)]
pub(super) fn exceeds_debits(flags: AccountFlags, balances: &Balances) -> bool {
    flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS)
        && balances.credits_pending.get() + balances.credits_posted.get()
            > balances.debits_posted.get()
}
