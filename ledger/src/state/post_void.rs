//! How pending transfers end: posted, voided, or their time runs out.

use super::{
    State,
    before::{Before, Origin},
    exists::asked,
    journal::Change,
    pendings::deadline,
};
use crate::{
    model::{
        AccountFlags, Balances, Code, Entry, PostedTransfer, Resolution, Transfer, TransferFlags,
        TransferOutcome,
    },
    money::Amount,
};

impl State {
    /// A transfer that posts or voids a pending one.
    pub(super) fn post_or_void(
        &mut self,
        event: &Transfer,
        tag: u32,
        timestamp: u64,
        before: &Before,
    ) -> Result<TransferOutcome, Code> {
        let voids = event.flags.contains(TransferFlags::VOID_PENDING);
        checks_by_itself(event)?;
        let pending = self.pending_of(event, before)?;
        compare(event, &pending)?;
        if event.amount > pending.amount {
            return Err(Code::ExceedsPendingTransferAmount);
        }
        if voids && !event.amount.is_zero() && event.amount != pending.amount {
            return Err(Code::PendingTransferHasDifferentAmount);
        }
        if self.pendings.get(pending.id).is_none() {
            return Err(match self.ended(pending.id, before) {
                Resolution::Posted => Code::PendingTransferAlreadyPosted,
                Resolution::Voided => Code::PendingTransferAlreadyVoided,
                Resolution::Expired => Code::PendingTransferExpired,
            });
        }
        if deadline(&pending).is_some_and(|deadline| deadline <= timestamp) {
            return Err(Code::PendingTransferExpired);
        }

        let posted = if voids {
            None
        } else if event.amount.is_zero() {
            Some(pending.amount)
        } else {
            Some(event.amount)
        };
        let how = if voids { Resolution::Voided } else { Resolution::Posted };
        let Ended { debit, credit, debit_place, credit_place } =
            self.end_pending(&pending, posted, how, timestamp);
        let or = |asked: u128, of_pending| if asked == 0 { of_pending } else { asked };
        let transfer = Transfer {
            debit_account_id: pending.debit_account_id,
            credit_account_id: pending.credit_account_id,
            amount: posted.unwrap_or(pending.amount),
            user_data_128: or(event.user_data_128, pending.user_data_128),
            user_data_64: if event.user_data_64 == 0 {
                pending.user_data_64
            } else {
                event.user_data_64
            },
            user_data_32: if event.user_data_32 == 0 {
                pending.user_data_32
            } else {
                event.user_data_32
            },
            ledger: pending.ledger,
            code: pending.code,
            timestamp,
            ..*event
        };
        let asked = asked(event, &transfer);
        Ok(self.record_end(
            tag,
            debit_place,
            credit_place,
            PostedTransfer { transfer, asked, debit, credit },
        ))
    }

    /// The pending transfer that an event names.
    fn pending_of(&self, event: &Transfer, before: &Before) -> Result<Transfer, Code> {
        let id = event.pending_id;
        if let Some(open) = self.pendings.get(id) {
            return Ok(*open);
        }
        let in_batch = || self.memory.active.find(id).and_then(Origin::of);
        match before.pendings.get(&id).copied().or_else(in_batch) {
            Some(Origin::Pending(transfer)) => Ok(transfer),
            Some(Origin::Other) => Err(Code::PendingTransferNotPending),
            None => Err(Code::PendingTransferNotFound),
        }
    }

    /// How a pending transfer ended that is not open.
    fn ended(&self, id: u128, before: &Before) -> Resolution {
        let found =
            self.memory.active.resolution(id).or_else(|| before.resolutions.get(&id).copied());
        // That it ended somehow was made sure of when the batch was looked up.
        debug_assert!(found.is_some(), "a pending transfer that is neither open nor ended");
        found.map_or(Resolution::Expired, |(how, _)| how)
    }

    /// Releases what a pending transfer reserved, posts a part of it or nothing, and opens what it closed unless it was posted.
    pub(super) fn end_pending(
        &mut self,
        pending: &Transfer,
        posted: Option<Amount>,
        how: Resolution,
        timestamp: u64,
    ) -> Ended {
        self.pendings.close(pending.id);
        self.journal.record(|| Change::Closed(*pending));
        let side =
            |state: &mut Self, id: u128, closing: TransferFlags, change: &dyn Fn(&mut Balances)| {
                // Accounts are never taken away, and the pending transfer had both.
                let Some(place) = state.accounts.find(id) else { return (0, Balances::default()) };
                let account = state.accounts.at(place);
                let (mut balances, mut flags) = (account.balances, account.flags);
                change(&mut balances);
                if posted.is_none() && pending.flags.contains(closing) {
                    flags = flags.without(AccountFlags::CLOSED);
                }
                state.change_account(place, balances, flags);
                (place, balances)
            };
        // What was pending is part of a sum below the limit; so is what becomes of it.
        let plus = |sum: Amount, part: Option<Amount>| {
            part.map_or(sum, |part| sum.checked_add(part).unwrap_or(Amount::MAX))
        };
        let (debit_place, debit) =
            side(self, pending.debit_account_id, TransferFlags::CLOSING_DEBIT, &|balances| {
                balances.debits_pending = balances.debits_pending.saturating_sub(pending.amount);
                balances.debits_posted = plus(balances.debits_posted, posted);
            });
        let (credit_place, credit) =
            side(self, pending.credit_account_id, TransferFlags::CLOSING_CREDIT, &|balances| {
                balances.credits_pending = balances.credits_pending.saturating_sub(pending.amount);
                balances.credits_posted = plus(balances.credits_posted, posted);
            });
        self.change_totals(pending.ledger, |totals| {
            let enough = totals.debits_pending.subtract(pending.amount)
                & totals.credits_pending.subtract(pending.amount);
            debug_assert!(enough, "more is released than is pending");
            if let Some(posted) = posted {
                totals.debits_posted.add(posted);
                totals.credits_posted.add(posted);
            }
        });
        self.memory.active.resolve(pending.id, how, timestamp);
        Ended { debit, credit, debit_place, credit_place }
    }

    /// Expires what is due at a time, as many as there are timestamps for.
    pub(super) fn expire(&mut self, timestamp: u64) {
        let room = timestamp.saturating_sub(self.timestamp).min(crate::model::MAX_EVENTS as u64);
        let due = self.pendings.due(timestamp, room as usize);
        let mut at = timestamp.saturating_sub(due.len() as u64);
        for id in due {
            at += 1;
            let Some(pending) = self.pendings.get(id).copied() else { continue };
            let ended = self.end_pending(&pending, None, Resolution::Expired, at);
            let active = &mut self.memory.active;
            active.push_anonymous(Entry::Expiry {
                timestamp: at,
                pending_id: id,
                debit_account_id: pending.debit_account_id,
                credit_account_id: pending.credit_account_id,
                amount: pending.amount,
                debit: ended.debit,
                credit: ended.credit,
            });
            active.link(&mut self.memory.slots, ended.debit_place, pending.debit_account_id);
            active.link(&mut self.memory.slots, ended.credit_place, pending.credit_account_id);
        }
    }
}

/// A pending transfer's accounts after its end, and their places.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) debit: Balances,
    pub(super) credit: Balances,
    pub(super) debit_place: u32,
    pub(super) credit_place: u32,
}

/// What posting and voiding is refused for, whatever the state is.
fn checks_by_itself(event: &Transfer) -> Result<(), Code> {
    let wrong = [
        (event.pending_id == 0, Code::PendingIdMustNotBeZero),
        (event.pending_id == u128::MAX, Code::PendingIdMustNotBeIntMax),
        (event.pending_id == event.id, Code::PendingIdMustBeDifferent),
        (event.timeout != 0, Code::TimeoutReservedForPending),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, code)| Err(code))
}

/// Whether what an event says, where it says something, is so in the pending transfer.
fn compare(event: &Transfer, pending: &Transfer) -> Result<(), Code> {
    let other = |asked: u128, of_pending: u128| asked != 0 && asked != of_pending;
    let wrong = [
        (
            other(event.debit_account_id, pending.debit_account_id),
            Code::PendingTransferHasDifferentDebitAccountId,
        ),
        (
            other(event.credit_account_id, pending.credit_account_id),
            Code::PendingTransferHasDifferentCreditAccountId,
        ),
        (
            other(event.ledger.into(), pending.ledger.into()),
            Code::PendingTransferHasDifferentLedger,
        ),
        (other(event.code.into(), pending.code.into()), Code::PendingTransferHasDifferentCode),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, code)| Err(code))
}
