//! Transactions of many legs, and exchanges.

use std::collections::BTreeMap;

use ledger::{
    model::{
        Account, AccountFlags, Code, Exchange, Leg, MAX_LEGS, PostedLeg, Posting, Side,
        Transaction, TransactionOutcome,
    },
    money::Amount,
};
use num_bigint::BigInt;

use super::{
    Books, Fact, Request,
    chain::{Event, No},
    exchange,
    transfers::{checked, sums},
};

impl Event for Transaction {
    type Outcome = TransactionOutcome;

    fn is_linked(&self) -> bool {
        self.linked
    }

    fn request(&self) -> Option<(u128, Request)> {
        Some((self.id, Request::Transaction(self.clone())))
    }

    fn refused(code: Code, timestamp: u64) -> TransactionOutcome {
        TransactionOutcome { code, timestamp, legs: Vec::new() }
    }

    fn happen(&self, books: &mut Books, now: u64) -> Result<TransactionOutcome, No> {
        if self.timestamp != 0 {
            return Err(No::Now(Code::TimestampMustBeZero));
        }
        if self.id == 0 {
            return Err(No::Now(Code::IdMustNotBeZero));
        }
        if self.id == u128::MAX {
            return Err(No::Now(Code::IdMustNotBeIntMax));
        }
        if self.code == 0 {
            return Err(No::Now(Code::CodeMustNotBeZero));
        }
        if let Some(known) = books.by_id.get(&self.id) {
            return known.answer_transaction(self);
        }
        let legs = match &self.posting {
            Posting::Legs(legs) => books.balanced(legs),
            Posting::Exchange(exchange) => books.exchanged(exchange),
        };
        let posted = legs.and_then(|legs| books.post(&legs)).map_err(No::Now)?;
        let fact = Fact::Transaction { asked: self.clone(), timestamp: now, legs: posted.clone() };
        books.remember(Some(self.id), fact);
        Ok(TransactionOutcome { code: Code::Ok, timestamp: now, legs: posted })
    }
}

impl Books {
    /// Legs as they were asked for: each with an account that is there, and each currency in balance.
    fn balanced(&self, legs: &[Leg]) -> Result<Vec<Leg>, Code> {
        check_ids(legs)?;
        if legs.iter().any(|leg| leg.amount.is_zero()) {
            return Err(Code::AmountMustNotBeZero);
        }
        if legs.len() < 2 {
            return Err(Code::TooFewLegs);
        }
        if legs.len() > MAX_LEGS {
            return Err(Code::TooManyLegs);
        }
        let accounts = self.find(legs)?;
        let mut difference: BTreeMap<u32, BigInt> = BTreeMap::new();
        for (leg, account) in legs.iter().zip(&accounts) {
            let sum = difference.entry(account.ledger).or_default();
            match leg.side {
                Side::Debit => *sum += leg.amount.get(),
                Side::Credit => *sum -= leg.amount.get(),
            }
        }
        if difference.values().any(|sum| *sum != BigInt::ZERO) {
            return Err(Code::LegsAreNotBalanced);
        }
        self.check_open(legs)?;
        Ok(legs.to_vec())
    }

    /// The legs of an exchange.
    fn exchanged(&self, exchange: &Exchange) -> Result<Vec<Leg>, Code> {
        let leg = |account_id, side| Leg { account_id, side, amount: Amount::ONE };
        let all = [
            leg(exchange.source, Side::Debit),
            leg(exchange.source_liquidity, Side::Credit),
            leg(exchange.target_liquidity, Side::Debit),
            leg(exchange.target, Side::Credit),
            leg(exchange.residue, Side::Credit),
        ];
        check_ids(&all)?;
        if exchange.source == exchange.source_liquidity
            || exchange.target_liquidity == exchange.target
        {
            return Err(Code::AccountsMustBeDifferent);
        }
        if exchange.amount.is_zero() {
            return Err(Code::AmountMustNotBeZero);
        }
        if exchange.rate.numerator == 0 || exchange.rate.denominator == 0 {
            return Err(Code::RateIsInvalid);
        }
        let accounts = self.find(&all)?;
        let ledgers: Vec<u32> = accounts.iter().map(|account| account.ledger).collect();
        let [source, source_liquidity, target_liquidity, target, residue] = ledgers[..] else {
            return Err(Code::ExchangeMustBeBetweenLedgers);
        };
        if source != source_liquidity
            || target_liquidity != target
            || target_liquidity != residue
            || source == target
        {
            return Err(Code::ExchangeMustBeBetweenLedgers);
        }
        let exponent =
            |ledger| self.ledgers.get(&ledger).map_or(0, |(ledger, _)| ledger.currency.exponent());
        let result = exchange::Result::of(exchange, exponent(source), exponent(target));
        if result.rounded == num_bigint::BigUint::ZERO {
            return Err(Code::ExchangeIsTooSmall);
        }
        let legs = result.legs(exchange);
        self.check_open(&legs)?;
        if result.is_too_large() {
            return Err(Code::OverflowsDebits);
        }
        Ok(legs)
    }

    /// The accounts of the legs, or the code of the first that is missing.
    fn find(&self, legs: &[Leg]) -> Result<Vec<Account>, Code> {
        let find = |leg: &Leg| {
            let known = self.accounts.get(&leg.account_id);
            known.map(|known| known.now).ok_or(match leg.side {
                Side::Debit => Code::DebitAccountNotFound,
                Side::Credit => Code::CreditAccountNotFound,
            })
        };
        legs.iter().map(find).collect()
    }

    /// That no leg's account is closed.
    fn check_open(&self, legs: &[Leg]) -> Result<(), Code> {
        for (leg, account) in legs.iter().zip(self.find(legs)?) {
            if account.flags.contains(AccountFlags::CLOSED) {
                return Err(match leg.side {
                    Side::Debit => Code::DebitAccountAlreadyClosed,
                    Side::Credit => Code::CreditAccountAlreadyClosed,
                });
            }
        }
        Ok(())
    }

    /// Posts legs whose accounts are there and open, all or none.
    fn post(&mut self, legs: &[Leg]) -> Result<Vec<PostedLeg>, Code> {
        let mut working = self.accounts.clone();
        for leg in legs {
            let Some(known) = working.get_mut(&leg.account_id) else { continue };
            let balances = &mut known.now.balances;
            let [dp, d, cp, c] = sums(balances);
            let amount = leg.amount.get();
            let over = |sum: u128| sum > Amount::MAX.get();
            match leg.side {
                Side::Debit => {
                    if over(d + amount) {
                        return Err(Code::OverflowsDebitsPosted);
                    }
                    if over(dp + d + amount) {
                        return Err(Code::OverflowsDebits);
                    }
                    balances.debits_posted = checked(d + amount);
                }
                Side::Credit => {
                    if over(c + amount) {
                        return Err(Code::OverflowsCreditsPosted);
                    }
                    if over(cp + c + amount) {
                        return Err(Code::OverflowsCredits);
                    }
                    balances.credits_posted = checked(c + amount);
                }
            }
        }
        for leg in legs {
            let Some(known) = working.get(&leg.account_id) else { continue };
            let [dp, d, cp, c] = sums(&known.now.balances);
            let has = |flag| known.now.flags.contains(flag);
            match leg.side {
                Side::Debit => {
                    if has(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS) && dp + d > c {
                        return Err(Code::ExceedsCredits);
                    }
                }
                Side::Credit => {
                    if has(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS) && cp + c > d {
                        return Err(Code::ExceedsDebits);
                    }
                }
            }
        }
        self.accounts = working;
        let posted = |leg: &Leg| PostedLeg { leg: *leg, balances: self.balances(leg.account_id) };
        Ok(legs.iter().map(posted).collect())
    }
}

/// The lowest code that an id of an account gives, over all legs.
fn check_ids(legs: &[Leg]) -> Result<(), Code> {
    let wrong = |leg: &Leg| match (leg.side, leg.account_id) {
        (Side::Debit, 0) => Some(Code::DebitAccountIdMustNotBeZero),
        (Side::Debit, u128::MAX) => Some(Code::DebitAccountIdMustNotBeIntMax),
        (Side::Credit, 0) => Some(Code::CreditAccountIdMustNotBeZero),
        (Side::Credit, u128::MAX) => Some(Code::CreditAccountIdMustNotBeIntMax),
        _ => None,
    };
    legs.iter().filter_map(wrong).min().map_or(Ok(()), Err)
}
