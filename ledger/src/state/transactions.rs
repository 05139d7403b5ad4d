//! Transactions: any number of legs, all or nothing.

use super::{
    State,
    before::Before,
    chain::{Events, Refused},
    exchange::{convert, parties},
    exists::transaction_exists,
    limits::{exceeds_credits, exceeds_debits},
};
use crate::{
    Result,
    codec::transaction_digest,
    model::{
        AccountFlags, Balances, Code, Entry, Exchange, Leg, MAX_LEGS, PostedLeg, PostedTransaction,
        Posting, Side, Transaction, TransactionOutcome,
    },
    money::Sum,
    past::Past,
};

/// A batch of transactions.
struct Transactions<'a> {
    state: &'a mut State,
    events: &'a [Transaction],
    before: Before,
}

impl State {
    /// Does a batch of transactions of which the last has the timestamp `last`.
    pub(super) fn transactions(
        &mut self,
        past: &dyn Past,
        last: u64,
        events: &[Transaction],
    ) -> Result<Vec<TransactionOutcome>> {
        let mut before = Before::new(self.seed);
        for event in events {
            self.look_up_id(past, self.seed.tag(event.id), event.id, &mut before)?;
        }
        Ok(super::chain::run(&mut Transactions { state: self, events, before }, last))
    }

    fn transaction(
        &mut self,
        event: &Transaction,
        tag: u32,
        timestamp: u64,
    ) -> Result<TransactionOutcome, Code> {
        let (legs, places) = match &event.posting {
            Posting::Legs(legs) => (legs.clone(), self.places_of_legs(legs)?),
            Posting::Exchange(exchange) => self.legs_of_exchange(exchange)?,
        };
        let after = self.balances_after(&legs, &places)?;

        for (account, balances) in &after {
            let flags = self.accounts.at(*account).flags;
            self.change_account(*account, *balances, flags);
        }
        let mut posted = Vec::with_capacity(legs.len());
        for (leg, place) in legs.iter().zip(&places) {
            let account = self.accounts.at(*place);
            posted.push(PostedLeg { leg: *leg, balances: account.balances });
            let ledger = account.ledger;
            self.change_totals(ledger, |totals| match leg.side {
                Side::Debit => totals.debits_posted.add(leg.amount),
                Side::Credit => totals.credits_posted.add(leg.amount),
            });
        }
        let transaction = Transaction { timestamp, ..event.clone() };
        let entry =
            Entry::Transaction(Box::new(PostedTransaction { transaction, legs: posted.clone() }));
        self.memory.active.push_identified(tag, entry);
        for (leg, place) in legs.iter().zip(&places) {
            self.memory.active.link(&mut self.memory.slots, *place, leg.account_id);
        }
        Ok(TransactionOutcome { code: Code::Ok, timestamp, legs: posted })
    }

    /// The places of the legs' accounts, which are there, balanced and open.
    fn places_of_legs(&self, legs: &[Leg]) -> Result<Vec<u32>, Code> {
        let places = self.places(legs.iter().map(|leg| (leg.account_id, leg.side)))?;
        // Few ledgers take part in one transaction.
        let mut sums: Vec<(u32, Sum, Sum)> = Vec::new();
        for (leg, place) in legs.iter().zip(&places) {
            let ledger = self.accounts.at(*place).ledger;
            let at = sums.iter().position(|(known, ..)| *known == ledger).unwrap_or(sums.len());
            if at == sums.len() {
                sums.push((ledger, Sum::ZERO, Sum::ZERO));
            }
            let (_, debits, credits) = &mut sums[at];
            match leg.side {
                Side::Debit => debits.add(leg.amount),
                Side::Credit => credits.add(leg.amount),
            }
        }
        if sums.iter().any(|(_, debits, credits)| debits != credits) {
            return Err(Code::LegsAreNotBalanced);
        }
        self.are_open(legs.iter().map(|leg| leg.side).zip(&places))?;
        Ok(places)
    }

    /// The legs of an exchange, and the places of their accounts.
    fn legs_of_exchange(&self, exchange: &Exchange) -> Result<(Vec<Leg>, Vec<u32>), Code> {
        let parties = parties(exchange);
        let mut places = self.places(parties.into_iter())?;
        let ledger_of =
            |id: u128| self.accounts.find(id).map_or(0, |place| self.accounts.at(place).ledger);
        let (first, second) = (ledger_of(exchange.source), ledger_of(exchange.target_liquidity));
        let one_each = ledger_of(exchange.source_liquidity) == first
            && ledger_of(exchange.target) == second
            && ledger_of(exchange.residue) == second;
        if !one_each || first == second {
            return Err(Code::ExchangeMustBeBetweenLedgers);
        }
        let exponent = |ledger| {
            self.ledgers.find(ledger).map_or(0, |defined| defined.ledger.currency.exponent())
        };
        let converted = convert(exchange, exponent(first), exponent(second))?;
        places.truncate(if converted.has_residue { 5 } else { 4 });
        self.are_open(parties.iter().map(|(_, side)| *side).zip(&places))?;
        Ok((converted.legs(exchange)?, places))
    }

    /// The places of accounts. The first that is not there is the reason.
    fn places(&self, accounts: impl Iterator<Item = (u128, Side)>) -> Result<Vec<u32>, Code> {
        let missing = |side| match side {
            Side::Debit => Code::DebitAccountNotFound,
            Side::Credit => Code::CreditAccountNotFound,
        };
        accounts.map(|(id, side)| self.accounts.find(id).ok_or(missing(side))).collect()
    }

    fn are_open<'a>(&self, mut legs: impl Iterator<Item = (Side, &'a u32)>) -> Result<(), Code> {
        match legs.find(|(_, place)| self.accounts.at(**place).flags.contains(AccountFlags::CLOSED))
        {
            None => Ok(()),
            Some((Side::Debit, _)) => Err(Code::DebitAccountAlreadyClosed),
            Some((Side::Credit, _)) => Err(Code::CreditAccountAlreadyClosed),
        }
    }

    /// The balances of each account after all legs, if none overflows on the way and every limit holds at the end.
    fn balances_after(&self, legs: &[Leg], places: &[u32]) -> Result<Vec<(u32, Balances)>, Code> {
        let mut after: Vec<(u32, Balances)> = Vec::with_capacity(legs.len());
        // Where each leg's account is in `after`. At most 128 of them: no map is faster.
        let mut which = Vec::with_capacity(legs.len());
        for (leg, place) in legs.iter().zip(places) {
            let at = after.iter().position(|(known, _)| known == place).unwrap_or(after.len());
            if at == after.len() {
                after.push((*place, self.accounts.at(*place).balances));
            }
            which.push(at);
            let (_, balances) = &mut after[at];
            match leg.side {
                Side::Debit => {
                    balances.debits_posted = balances
                        .debits_posted
                        .checked_add(leg.amount)
                        .ok_or(Code::OverflowsDebitsPosted)?;
                    balances
                        .debits_pending
                        .checked_add(balances.debits_posted)
                        .ok_or(Code::OverflowsDebits)?;
                }
                Side::Credit => {
                    balances.credits_posted = balances
                        .credits_posted
                        .checked_add(leg.amount)
                        .ok_or(Code::OverflowsCreditsPosted)?;
                    balances
                        .credits_pending
                        .checked_add(balances.credits_posted)
                        .ok_or(Code::OverflowsCredits)?;
                }
            }
        }
        for (leg, at) in legs.iter().zip(which) {
            let (place, balances) = &after[at];
            let flags = self.accounts.at(*place).flags;
            match leg.side {
                Side::Debit if exceeds_credits(flags, balances) => {
                    return Err(Code::ExceedsCredits);
                }
                Side::Credit if exceeds_debits(flags, balances) => return Err(Code::ExceedsDebits),
                _ => {}
            }
        }
        Ok(after)
    }
}

impl Events for Transactions<'_> {
    type Outcome = TransactionOutcome;

    fn state(&mut self) -> &mut State {
        self.state
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn is_linked(&self, at: usize) -> bool {
        self.events[at].linked
    }

    fn evaluate(&mut self, at: usize, timestamp: u64) -> Result<TransactionOutcome, Refused> {
        let event = &self.events[at];
        let tag = self.state.seed.tag(event.id);
        checks_by_itself(event)?;
        if let Some(entry) = self
            .state
            .memory
            .active
            .find_tagged(tag, event.id)
            .or_else(|| self.before.entry(event.id))
        {
            return transaction_exists(event, entry);
        }
        checks_of_posting(&event.posting)?;
        Ok(self.state.transaction(event, tag, timestamp)?)
    }

    fn remember(&mut self, at: usize, timestamp: u64, code: Code) {
        let event = &self.events[at];
        let tag = self.state.seed.tag(event.id);
        self.state.record_refusal(tag, event.id, timestamp, code, transaction_digest(event));
    }

    fn refused(code: Code, timestamp: u64) -> TransactionOutcome {
        TransactionOutcome { code, timestamp, legs: Vec::new() }
    }
}

/// What any transaction is refused for, before its id is looked at.
fn checks_by_itself(event: &Transaction) -> Result<(), Code> {
    let wrong = [
        (event.timestamp != 0, Code::TimestampMustBeZero),
        (event.id == 0, Code::IdMustNotBeZero),
        (event.id == u128::MAX, Code::IdMustNotBeIntMax),
        (event.code == 0, Code::CodeMustNotBeZero),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, code)| Err(code))
}

/// What a posting is refused for, whatever the state is: of all its legs the lowest code.
fn checks_of_posting(posting: &Posting) -> Result<(), Code> {
    let account = |id: u128, side: Side| match (id, side) {
        (0, Side::Debit) => Some(Code::DebitAccountIdMustNotBeZero),
        (u128::MAX, Side::Debit) => Some(Code::DebitAccountIdMustNotBeIntMax),
        (0, Side::Credit) => Some(Code::CreditAccountIdMustNotBeZero),
        (u128::MAX, Side::Credit) => Some(Code::CreditAccountIdMustNotBeIntMax),
        _ => None,
    };
    let lowest = match posting {
        Posting::Legs(legs) => {
            let of_leg = |leg: &Leg| {
                account(leg.account_id, leg.side)
                    .or(leg.amount.is_zero().then_some(Code::AmountMustNotBeZero))
            };
            let of_count = match legs.len() {
                0 | 1 => Some(Code::TooFewLegs),
                2..=MAX_LEGS => None,
                _ => Some(Code::TooManyLegs),
            };
            legs.iter().filter_map(of_leg).chain(of_count).min()
        }
        Posting::Exchange(exchange) => {
            let of_parties =
                parties(exchange).into_iter().filter_map(|(id, side)| account(id, side)).min();
            let same = exchange.source == exchange.source_liquidity
                || exchange.target_liquidity == exchange.target;
            let invalid = exchange.rate.numerator == 0 || exchange.rate.denominator == 0;
            of_parties
                .or(same.then_some(Code::AccountsMustBeDifferent))
                .or(exchange.amount.is_zero().then_some(Code::AmountMustNotBeZero))
                .or(invalid.then_some(Code::RateIsInvalid))
        }
    };
    lowest.map_or(Ok(()), Err)
}
