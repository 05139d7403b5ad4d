//! Transactions of many legs, and exchanges.

use crate::desk::*;
use Code::*;
use ledger::{
    model::*,
    money::{Amount, Currency, Rate, Rounding},
};

const MOST: u128 = Amount::MAX.get();

#[test]
fn many_legs_in_two_currencies() {
    let mut desk = Desk::new();
    let event = legs(
        1,
        &[
            debit(1, 100),
            credit(2, 60),
            credit(3, 40),
            debit(11, 7),
            credit(12, 3),
            credit(12, 4),
            debit(3, 10),
            credit(1, 10),
        ],
    );
    let outcome = desk.transaction(event.clone());
    assert_eq!(outcome.code, Ok);
    // Each account after the whole, on each of its legs.
    let after: Vec<_> = outcome
        .legs
        .iter()
        .map(|posted| (posted.leg.account_id, numbers(&posted.balances)))
        .collect();
    let (one, three, twelve) = ([0, 100, 0, 10], [0, 10, 0, 40], [0, 0, 0, 7]);
    assert_eq!(
        after,
        [
            (1, one),
            (2, [0, 0, 0, 60]),
            (3, three),
            (11, [0, 7, 0, 0]),
            (12, twelve),
            (12, twelve),
            (3, three),
            (1, one)
        ]
    );
    let Some(Entry::Transaction(posted)) = desk.entry(1) else { panic!("no entry") };
    assert_eq!((posted.transaction.timestamp, &posted.legs), (outcome.timestamp, &outcome.legs));
    assert_eq!(
        desk.state.active().of_account(12).count(),
        1,
        "an entry once, though it has two legs"
    );
    // Again, with the balances of then.
    desk.ok(vec![move_(2, 1, 2, 5)]);
    for _ in 0..2 {
        assert_eq!(
            desk.transaction(event.clone()),
            TransactionOutcome { code: Exists, ..outcome.clone() }
        );
        let metadata = Metadata::new(vec![("invoice".to_owned(), Value::Integer(7))]).unwrap();
        assert_eq!(
            desk.transaction(Transaction { metadata, ..event.clone() }).code,
            ExistsWithDifferentContent
        );
        assert_eq!(
            desk.transaction(Transaction { linked: true, ..event.clone() }).code,
            LinkedEventChainOpen
        );
        desk.archive();
    }
}

// Limits hold after all legs. In between they need not: that is what a transaction is for.
#[test]
fn limits_hold_at_the_end() {
    let mut desk = Desk::new();
    let through =
        |id, units| legs(id, &[debit(3, units), credit(2, units), debit(1, 50), credit(3, 50)]);
    assert_eq!(desk.transaction(through(1, 50)).code, Ok);
    assert_eq!(desk.transaction(through(2, 51)).code, ExceedsCredits);
    assert_eq!(desk.balances(3), [0, 50, 0, 50]);
    assert_eq!(desk.transaction(legs(3, &[credit(5, 9), debit(1, 9)])).code, ExceedsDebits);
    // By leg in order: the first that breaks a limit says which.
    assert_eq!(desk.transaction(legs(4, &[credit(5, 9), debit(3, 9)])).code, ExceedsDebits);
    assert_eq!(desk.transaction(legs(5, &[debit(3, 9), credit(5, 9)])).code, ExceedsCredits);
}

#[test]
fn the_reasons_of_legs() {
    let mut desk = Desk::new();
    let mut check = |id: u128, of: &[Leg], expected: Code| {
        assert_eq!(desk.transaction(legs(id, of)).code, expected, "{id}")
    };
    // The lowest of all legs.
    check(1, &[credit(0, 0), debit(0, 5)], DebitAccountIdMustNotBeZero);
    check(1, &[credit(0, 0), debit(u128::MAX, 5)], DebitAccountIdMustNotBeIntMax);
    check(1, &[credit(u128::MAX, 0), credit(0, 5)], CreditAccountIdMustNotBeZero);
    check(1, &[credit(u128::MAX, 5)], CreditAccountIdMustNotBeIntMax);
    check(1, &[debit(1, 0)], AmountMustNotBeZero);
    check(1, &[], TooFewLegs);
    // The first leg whose account is not there; then the sums; then the first that is closed.
    check(2, &[credit(98, 5), debit(99, 4)], CreditAccountNotFound);
    check(3, &[debit(98, 5), credit(99, 4)], DebitAccountNotFound);
    check(4, &[debit(6, 5), credit(6, 4)], LegsAreNotBalanced);
    check(5, &[debit(1, 5), credit(11, 5)], LegsAreNotBalanced);
    check(6, &[credit(6, 5), debit(6, 5)], CreditAccountAlreadyClosed);
    check(7, &[debit(6, 5), credit(6, 5)], DebitAccountAlreadyClosed);
    // Sums above what an amount says.
    check(8, &[debit(1, MOST), debit(2, MOST), credit(3, MOST), credit(4, MOST)], Ok);
    check(9, &[debit(1, 1), credit(2, 1)], OverflowsDebitsPosted);
    check(10, &[credit(3, 1), debit(1, 1)], OverflowsCreditsPosted);
    check(
        11,
        &[debit(11, MOST), debit(11, 1), credit(12, MOST), credit(13, 1)],
        OverflowsDebitsPosted,
    );
}

#[test]
fn what_is_pending_counts_for_overflows() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, MOST, 0)]);
    assert_eq!(desk.transaction(legs(2, &[debit(1, 1), credit(3, 1)])).code, OverflowsDebits);
    assert_eq!(desk.transaction(legs(3, &[credit(2, 1), debit(4, 1)])).code, OverflowsCredits);
}

#[test]
fn the_most_legs() {
    let mut desk = Desk::new();
    let mut most: Vec<_> = (0..MAX_LEGS - 1).map(|_| debit(1, 2)).collect();
    most.push(credit(2, 2 * (MAX_LEGS as u128 - 1)));
    assert_eq!(desk.transaction(legs(1, &most)).legs.len(), MAX_LEGS);
    assert_eq!(desk.balances(1), [0, 254, 0, 0]);
}

fn exchange(
    id: u128,
    units: u128,
    numerator: u64,
    denominator: u64,
    rounding: Rounding,
) -> Transaction {
    transaction(
        id,
        Posting::Exchange(Exchange {
            source: 1,
            source_liquidity: 2,
            target_liquidity: 11,
            target: 12,
            residue: 13,
            amount: amount(units),
            rate: Rate { numerator, denominator },
            rounding,
        }),
    )
}

// 10.00 EUR at 163.457 yen: 1634.57. The dealer pays 1635, the customer gets 1634 and the residue is one.
#[test]
fn the_residue_of_an_exchange() {
    let mut desk = Desk::new();
    let event = exchange(1, 1000, 163_457, 1000, Rounding::Down);
    let outcome = desk.transaction(event.clone());
    let posted: Vec<_> = outcome.legs.iter().map(|posted| posted.leg).collect();
    assert_eq!(
        posted,
        [debit(1, 1000), credit(2, 1000), debit(11, 1635), credit(12, 1634), credit(13, 1)]
    );
    assert_eq!(desk.transaction(event), TransactionOutcome { code: Exists, ..outcome });
    // To the nearest and up there is none, and exactly there is none.
    for (id, event) in [
        (2, exchange(2, 1000, 163_457, 1000, Rounding::HalfEven)),
        (3, exchange(3, 1000, 160, 1, Rounding::Down)),
    ] {
        assert_eq!(desk.transaction(event).legs.len(), 4, "{id}");
    }
    assert_eq!(
        (desk.balances(11), desk.balances(12), desk.balances(13)),
        ([0, 4870, 0, 0], [0, 0, 0, 4869], [0, 0, 0, 1])
    );
}

#[test]
fn the_reasons_of_exchanges() {
    let mut desk = Desk::new();
    let good = exchange(1, 1000, 1, 1, Rounding::Down);
    let mut id = 100;
    let mut check = |change: &dyn Fn(&mut Exchange), expected: Code| {
        let Posting::Exchange(mut of) = good.posting.clone() else { unreachable!() };
        change(&mut of);
        id += 1;
        assert_eq!(
            desk.transaction(transaction(id, Posting::Exchange(of))).code,
            expected,
            "{of:?}"
        );
    };
    check(
        &|of| (of.target_liquidity, of.residue, of.source_liquidity) = (0, 0, 0),
        DebitAccountIdMustNotBeZero,
    );
    check(&|of| (of.residue, of.source_liquidity) = (0, u128::MAX), CreditAccountIdMustNotBeZero);
    check(&|of| of.target = 11, AccountsMustBeDifferent);
    check(&|of| (of.source_liquidity, of.amount) = (1, Amount::ZERO), AccountsMustBeDifferent);
    check(&|of| (of.amount, of.rate.denominator) = (Amount::ZERO, 0), AmountMustNotBeZero);
    check(&|of| of.rate.denominator = 0, RateIsInvalid);
    check(&|of| of.rate.numerator = 0, RateIsInvalid);
    check(&|of| (of.source_liquidity, of.target_liquidity) = (98, 99), CreditAccountNotFound);
    check(&|of| (of.target_liquidity, of.target) = (99, 98), DebitAccountNotFound);
    check(&|of| of.residue = 99, CreditAccountNotFound);
    check(&|of| of.residue = 3, ExchangeMustBeBetweenLedgers);
    check(&|of| of.source = 14, ExchangeMustBeBetweenLedgers);
    check(
        &|of| (of.target_liquidity, of.target, of.residue) = (3, 4, 3),
        ExchangeMustBeBetweenLedgers,
    );
    check(&|of| (of.amount, of.source) = (amount(99), 6), ExchangeIsTooSmall);
    check(
        &|of| (of.amount, of.source, of.rate.numerator) = (Amount::MAX, 6, u64::MAX),
        DebitAccountAlreadyClosed,
    );
    check(&|of| (of.amount, of.rate.numerator) = (Amount::MAX, u64::MAX), OverflowsDebits);
    check(&|of| of.source = 3, ExceedsCredits);
    check(&|_| {}, Ok);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    // Whatever the rate, nothing is lost: what the dealer pays is what the customer and the residue get, and that is within one unit.
    #[test]
    fn no_exchange_loses_anything(
        units in 1..=MOST, shift in 0u32..126, numerator in 1u64.., denominator in 1u64.., exponents in (0u8..=18, 0u8..=18), rounding in 0usize..3,
    ) {
        let mut desk = Desk::empty();
        let ledger = |id, exponent| Ledger { id, currency: Currency::new("XXX", exponent).unwrap() };
        desk.ledgers(vec![ledger(1, exponents.0), ledger(2, exponents.1)]);
        let account = |id| Account { id, ledger: 1 + u32::from(id > 10), code: 1, ..Account::default() };
        desk.accounts([1, 2, 11, 12, 13].map(account).to_vec());
        let rounding = [Rounding::Down, Rounding::Up, Rounding::HalfEven][rounding];
        let outcome = desk.transaction(exchange(1, (units >> shift).max(1), numerator, denominator, rounding));
        match outcome.code {
            Ok => {
                let (paid, gotten, residue) = (desk.balances(11)[1], desk.balances(12)[3], desk.balances(13)[3]);
                proptest::prop_assert_eq!(paid, gotten + residue);
                proptest::prop_assert!(residue <= 1 && gotten > 0);
                proptest::prop_assert_eq!(outcome.legs.len(), 4 + residue as usize);
            }
            code => proptest::prop_assert!(matches!(code, ExchangeIsTooSmall | OverflowsDebits), "{:?}", code),
        }
    }
}
