//! Transfers: one debit, one credit.

use super::{
    State,
    before::Before,
    chain::{Events, Refused},
    exists::transfer_exists,
    journal::Change,
    limits::{balance, exceeds_credits, exceeds_debits, move_amount},
};
use crate::{
    Result,
    codec::transfer_digest,
    model::{
        AccountFlags, Asked, Balances, Code, Entry, PostedTransfer, Transfer, TransferFlags,
        TransferOutcome,
    },
    money::Amount,
    past::Past,
};

const POST_OR_VOID: TransferFlags = TransferFlags::from_bits(
    TransferFlags::POST_PENDING.bits() | TransferFlags::VOID_PENDING.bits(),
);
const BALANCING: TransferFlags = TransferFlags::from_bits(
    TransferFlags::BALANCING_DEBIT.bits() | TransferFlags::BALANCING_CREDIT.bits(),
);
const CLOSING: TransferFlags = TransferFlags::from_bits(
    TransferFlags::CLOSING_DEBIT.bits() | TransferFlags::CLOSING_CREDIT.bits(),
);
/// What posts or voids is nothing of these.
const OF_ITS_OWN: TransferFlags =
    TransferFlags::from_bits(TransferFlags::PENDING.bits() | BALANCING.bits() | CLOSING.bits());

/// No such account.
const NOWHERE: u32 = u32::MAX;

/// What is looked up of an event before its turn. A batch of transfers creates no account, so that it stays right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready {
    pub(super) tag: u32,
    debit: u32,
    credit: u32,
}

/// A batch of transfers.
struct Transfers<'a> {
    state: &'a mut State,
    events: &'a [Transfer],
    ready: Vec<Ready>,
    before: Before,
}

impl State {
    /// Does a batch of transfers of which the last has the timestamp `last`.
    pub(super) fn transfers(
        &mut self,
        past: &dyn Past,
        last: u64,
        events: &[Transfer],
    ) -> Result<Vec<TransferOutcome>> {
        let mut before = Before::new(self.seed);
        let mut ready = Vec::with_capacity(events.len());
        for event in events {
            let tag = self.seed.tag(event.id);
            self.look_up_id(past, tag, event.id, &mut before)?;
            if event.flags.intersects(POST_OR_VOID) {
                self.look_up_pending(past, event.pending_id, &mut before)?;
            }
            let place = |id| self.accounts.find(id).unwrap_or(NOWHERE);
            ready.push(Ready {
                tag,
                debit: place(event.debit_account_id),
                credit: place(event.credit_account_id),
            });
        }
        Ok(super::chain::run(&mut Transfers { state: self, events, ready, before }, last))
    }

    /// Says what became of an account; an open chain takes that back if it breaks.
    #[inline(always)]
    pub(super) fn change_account(&mut self, place: u32, balances: Balances, flags: AccountFlags) {
        let account = self.accounts.at_mut(place);
        self.journal.record(|| Change::Account {
            place,
            balances: account.balances,
            flags: account.flags,
        });
        account.balances = balances;
        account.flags = flags;
    }

    /// Changes a ledger's totals.
    #[inline(always)]
    pub(super) fn change_totals(&mut self, ledger: u32, change: impl FnOnce(&mut super::Totals)) {
        let Self { ledgers, journal, .. } = self;
        ledgers.totals(ledger, |totals| {
            journal.record(|| Change::Totals(*totals));
            change(totals);
        });
    }

    /// A transfer that is neither posting nor voiding.
    #[inline(always)]
    fn transfer(
        &mut self,
        event: &Transfer,
        ready: Ready,
        timestamp: u64,
    ) -> Result<TransferOutcome, Code> {
        checks_of_accounts(event)?;
        if ready.debit == NOWHERE {
            return Err(Code::DebitAccountNotFound);
        }
        if ready.credit == NOWHERE {
            return Err(Code::CreditAccountNotFound);
        }
        let (debit, credit) = (self.accounts.at(ready.debit), self.accounts.at(ready.credit));
        if debit.ledger != credit.ledger {
            return Err(Code::AccountsMustHaveTheSameLedger);
        }
        if event.ledger != debit.ledger {
            return Err(Code::TransferMustHaveTheSameLedgerAsAccounts);
        }
        if debit.flags.contains(AccountFlags::CLOSED) {
            return Err(Code::DebitAccountAlreadyClosed);
        }
        if credit.flags.contains(AccountFlags::CLOSED) {
            return Err(Code::CreditAccountAlreadyClosed);
        }
        let amount = if event.flags.intersects(BALANCING) {
            balance(event, &debit.balances, &credit.balances)?
        } else {
            event.amount
        };
        let pending = event.flags.contains(TransferFlags::PENDING);
        let (mut after_debit, mut after_credit) = (debit.balances, credit.balances);
        move_amount(&mut after_debit, &mut after_credit, amount, pending)?;
        if pending && timestamp.checked_add(u64::from(event.timeout) * 1_000_000_000).is_none() {
            return Err(Code::OverflowsTimeout);
        }
        if exceeds_credits(debit.flags, &after_debit) {
            return Err(Code::ExceedsCredits);
        }
        if exceeds_debits(credit.flags, &after_credit) {
            return Err(Code::ExceedsDebits);
        }
        let flags = |flags: AccountFlags, closing| {
            if event.flags.contains(closing) { flags | AccountFlags::CLOSED } else { flags }
        };
        let debit_flags = flags(debit.flags, TransferFlags::CLOSING_DEBIT);
        let credit_flags = flags(credit.flags, TransferFlags::CLOSING_CREDIT);

        self.change_account(ready.debit, after_debit, debit_flags);
        self.change_account(ready.credit, after_credit, credit_flags);
        self.change_totals(event.ledger, |totals| {
            if pending {
                totals.debits_pending.add(amount);
                totals.credits_pending.add(amount);
            } else {
                totals.debits_posted.add(amount);
                totals.credits_posted.add(amount);
            }
        });
        let transfer = Transfer { amount, timestamp, ..*event };
        if pending {
            self.pendings.open(transfer);
            self.journal.record(|| Change::Opened(transfer.id));
        }
        let asked = Asked { amount: event.amount, zeros: 0 };
        Ok(self.record(
            ready,
            PostedTransfer { transfer, asked, debit: after_debit, credit: after_credit },
        ))
    }

    /// Keeps a transfer that happened.
    #[inline(always)]
    fn record(&mut self, ready: Ready, posted: PostedTransfer) -> TransferOutcome {
        let Transfer { debit_account_id, credit_account_id, amount, timestamp, .. } =
            posted.transfer;
        let active = &mut self.memory.active;
        active.push_identified(ready.tag, Entry::Transfer(posted));
        active.link(&mut self.memory.slots, ready.debit, debit_account_id);
        active.link(&mut self.memory.slots, ready.credit, credit_account_id);
        TransferOutcome {
            code: Code::Ok,
            timestamp,
            amount,
            debit: posted.debit,
            credit: posted.credit,
        }
    }

    /// A transfer that posts or voids, with what it takes from the pending one filled in.
    pub(super) fn record_end(
        &mut self,
        tag: u32,
        debit: u32,
        credit: u32,
        posted: PostedTransfer,
    ) -> TransferOutcome {
        self.record(Ready { tag, debit, credit }, posted)
    }

    /// Leaves a refusal under an event's id.
    pub(super) fn record_refusal(
        &mut self,
        tag: u32,
        id: u128,
        timestamp: u64,
        code: Code,
        digest: [u8; 16],
    ) {
        self.memory.active.push_identified(tag, Entry::Refusal { timestamp, id, code, digest });
    }
}

impl Events for Transfers<'_> {
    type Outcome = TransferOutcome;

    fn state(&mut self) -> &mut State {
        self.state
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn is_linked(&self, at: usize) -> bool {
        self.events[at].flags.contains(TransferFlags::LINKED)
    }

    #[inline(always)]
    fn evaluate(&mut self, at: usize, timestamp: u64) -> Result<TransferOutcome, Refused> {
        let (event, ready) = (&self.events[at], self.ready[at]);
        checks_by_itself(event)?;
        if let Some(entry) = self
            .state
            .memory
            .active
            .find_tagged(ready.tag, event.id)
            .or_else(|| self.before.entry(event.id))
        {
            return transfer_exists(event, entry);
        }
        if event.flags.intersects(POST_OR_VOID) {
            Ok(self.state.post_or_void(event, ready.tag, timestamp, &self.before)?)
        } else {
            Ok(self.state.transfer(event, ready, timestamp)?)
        }
    }

    #[cold]
    fn remember(&mut self, at: usize, timestamp: u64, code: Code) {
        let event = &self.events[at];
        self.state.record_refusal(
            self.ready[at].tag,
            event.id,
            timestamp,
            code,
            transfer_digest(event),
        );
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
}

/// What any transfer is refused for, before its id is looked at.
#[inline(always)]
fn checks_by_itself(event: &Transfer) -> Result<(), Code> {
    let flags = event.flags;
    if flags.unknown() != 0 {
        return Err(Code::UnknownFlags);
    }
    if event.timestamp != 0 {
        return Err(Code::TimestampMustBeZero);
    }
    if event.id == 0 {
        return Err(Code::IdMustNotBeZero);
    }
    if event.id == u128::MAX {
        return Err(Code::IdMustNotBeIntMax);
    }
    if flags.intersects(POST_OR_VOID) {
        if flags.contains(POST_OR_VOID) || flags.intersects(OF_ITS_OWN) {
            return Err(Code::FlagsAreMutuallyExclusive);
        }
        return Ok(());
    }
    if event.ledger == 0 {
        return Err(Code::LedgerMustNotBeZero);
    }
    if event.code == 0 {
        return Err(Code::CodeMustNotBeZero);
    }
    Ok(())
}

/// What a transfer that names its accounts is refused for, whatever the state is.
#[inline(always)]
fn checks_of_accounts(event: &Transfer) -> Result<(), Code> {
    let flags = event.flags;
    if event.debit_account_id == 0 {
        return Err(Code::DebitAccountIdMustNotBeZero);
    }
    if event.debit_account_id == u128::MAX {
        return Err(Code::DebitAccountIdMustNotBeIntMax);
    }
    if event.credit_account_id == 0 {
        return Err(Code::CreditAccountIdMustNotBeZero);
    }
    if event.credit_account_id == u128::MAX {
        return Err(Code::CreditAccountIdMustNotBeIntMax);
    }
    if event.debit_account_id == event.credit_account_id {
        return Err(Code::AccountsMustBeDifferent);
    }
    if event.pending_id != 0 {
        return Err(Code::PendingIdMustBeZero);
    }
    let pending = flags.contains(TransferFlags::PENDING);
    if event.timeout != 0 && !pending {
        return Err(Code::TimeoutReservedForPending);
    }
    if flags.intersects(CLOSING) && !pending {
        return Err(Code::ClosingMustBePending);
    }
    if event.amount.is_zero() && !flags.intersects(BALANCING) && !flags.intersects(CLOSING) {
        return Err(Code::AmountMustNotBeZero);
    }
    Ok(())
}
