//! The largest and the smallest of everything, and as much of it as a batch can hold.

use crate::desk::*;
use Code::*;
use ledger::{
    model::*,
    money::{Amount, Currency, Rate, Rounding},
    state::{Image, State},
};

const MOST: u128 = Amount::MAX.get();

#[test]
fn sums_of_many_full_accounts_are_exact_and_come_back() {
    let mut desk = Desk::empty();
    desk.ledgers(vec![Ledger { id: 1, currency: Currency::new("EUR", 18).unwrap() }]);
    let account = |id| Account { id, ledger: 1, code: 1, ..Account::default() };
    desk.accounts((1..=64).map(account).collect());
    // Each of 32 pairs has all that an account can have, half of it pending.
    for pair in 0..32_u128 {
        let (debit, credit) = (1 + 2 * pair, 2 + 2 * pair);
        desk.ok(vec![
            move_(1000 + pair, debit, credit, MOST / 2),
            reserve(2000 + pair, debit, credit, MOST - MOST / 2, 7),
        ]);
        assert_eq!(
            desk.codes(vec![
                move_(3000 + pair, debit, credit, 1),
                reserve(4000 + pair, debit, credit, 1, 0)
            ]),
            [OverflowsDebits, OverflowsDebits]
        );
    }
    let totals: Vec<_> = desk.state.totals().collect();
    assert!(totals[0].debits_posted.amount().is_none(), "more than an amount can say");
    let image = desk.state.image();
    let mut bytes = Vec::new();
    image.encode(&mut bytes).unwrap();
    let again = Image::decode(&mut bytes.as_slice()).unwrap();
    assert_eq!(State::from_image(again).unwrap().digest(), desk.state.digest());
    // Half are posted, the other half expire.
    desk.ok((0..16).map(|pair| post(5000 + pair, 2000 + pair, 0)).collect());
    desk.clock += 10 * SECOND;
    desk.tick();
    let totals: Vec<_> = desk.state.totals().collect();
    assert_eq!(totals[0].debits_pending.amount(), Some(Amount::ZERO));
    assert_eq!(desk.balances(1), [0, MOST, 0, 0]);
    assert_eq!(desk.balances(63), [0, MOST / 2, 0, 0]);
    desk.ok(vec![move_(6000, 63, 64, MOST - MOST / 2)]);
}

#[test]
fn exchanges_at_the_ends_of_amounts_rates_and_exponents() {
    let accounts: Vec<u128> = vec![1, 2, 11, 12, 13];
    for (first, second) in [(0, 18), (18, 0), (18, 18), (0, 0)] {
        for units in [1, 2, 10_u128.pow(18), MOST / 2, MOST] {
            for (numerator, denominator) in [
                (1, 1),
                (u64::MAX, 1),
                (1, u64::MAX),
                (u64::MAX, u64::MAX),
                (u64::MAX - 1, u64::MAX),
                (u64::MAX, u64::MAX - 1),
            ] {
                for rounding in [Rounding::Down, Rounding::Up, Rounding::HalfEven] {
                    let mut desk = Desk::empty();
                    let ledger = |id, code, exponent| Ledger {
                        id,
                        currency: Currency::new(code, exponent).unwrap(),
                    };
                    desk.ledgers(vec![ledger(1, "AAA", first), ledger(2, "BBB", second)]);
                    desk.accounts(
                        accounts
                            .iter()
                            .map(|id| Account {
                                id: *id,
                                ledger: 1 + u32::from(*id > 10),
                                code: 1,
                                ..Account::default()
                            })
                            .collect(),
                    );
                    let exchange = Exchange {
                        source: 1,
                        source_liquidity: 2,
                        target_liquidity: 11,
                        target: 12,
                        residue: 13,
                        amount: amount(units),
                        rate: Rate { numerator, denominator },
                        rounding,
                    };
                    let event = transaction(1, Posting::Exchange(exchange));
                    let outcome = desk.transaction(event.clone());
                    let what = format!("{exchange:?} from {first} to {second}");
                    match outcome.code {
                        Ok => {
                            let [paid, gotten, residue] =
                                [desk.balances(11)[1], desk.balances(12)[3], desk.balances(13)[3]];
                            assert_eq!(paid, gotten + residue, "{what}");
                            assert!(residue <= 1 && gotten > 0, "{what}");
                            assert!(holds(&exchange, first, second, paid), "{what}: {paid}");
                        }
                        ExchangeIsTooSmall => {
                            // Less than one.
                            assert!(holds(&exchange, first, second, 1), "{what}");
                        }
                        OverflowsDebits => {
                            assert!(!below(&exchange, first, second, MOST), "{what}");
                        }
                        other => panic!("{what}: {other:?}"),
                    }
                    let again = desk.transaction(event);
                    let expected = if outcome.code == Ok { Exists } else { outcome.code };
                    assert_eq!((again.code, again.legs), (expected, outcome.legs), "{what}");
                    assert_eq!(again.timestamp, outcome.timestamp);
                }
            }
        }
    }
}

/// Digits to the base 2^32, the lowest first; as many as nothing here exceeds.
fn product(factors: &[u128]) -> [u64; 16] {
    let mut product = [0; 16];
    product[0] = 1;
    for factor in factors {
        let mut sum = [0_u64; 16];
        for (i, x) in product.iter().enumerate() {
            let mut carry = 0;
            for (j, y) in (0..4).map(|at| (at, (factor >> (32 * at)) as u64 & 0xffff_ffff)) {
                if i + j < 16 {
                    let digit = sum[i + j] + x * y + carry;
                    sum[i + j] = digit & 0xffff_ffff;
                    carry = digit >> 32;
                }
            }
            let mut at = i + 4;
            while carry > 0 {
                let digit = sum[at] + carry;
                sum[at] = digit & 0xffff_ffff;
                carry = digit >> 32;
                at += 1;
            }
        }
        product = sum;
    }
    product
}

/// Whether the exact result is at most so many minor units.
fn below(exchange: &Exchange, first: u8, second: u8, units: u128) -> bool {
    let power = |exponent: u8| 10_u128.pow(exponent.into());
    let left = product(&[exchange.amount.get(), exchange.rate.numerator.into(), power(second)]);
    let right = product(&[units, exchange.rate.denominator.into(), power(first)]);
    left.iter().rev().le(right.iter().rev())
}

/// Whether so many minor units are the exact result, rounded up.
fn holds(exchange: &Exchange, first: u8, second: u8, units: u128) -> bool {
    below(exchange, first, second, units)
        && (units == 0 || !below(exchange, first, second, units - 1))
}

#[test]
fn a_full_batch_of_the_same_and_of_others_under_the_same_id() {
    for archived in [false, true] {
        let mut desk = Desk::new();
        let mut events = vec![move_(1, 1, 2, 5); MAX_EVENTS];
        events[MAX_EVENTS / 2].amount = amount(6);
        let codes = desk.codes(events.clone());
        assert_eq!(codes[0], Ok);
        assert_eq!(codes[MAX_EVENTS / 2], ExistsWithDifferentAmount);
        assert_eq!(codes.iter().filter(|code| **code == Exists).count(), MAX_EVENTS - 2);
        assert_eq!(desk.balances(1), [0, 5, 0, 0]);
        // Refused ones: remembered once.
        let refused = vec![move_(2, 3, 1, 1); MAX_EVENTS];
        let outcomes = desk.transfers(refused.clone());
        assert!(outcomes.iter().all(|outcome| outcome.code == ExceedsCredits));
        assert!(outcomes.iter().all(|outcome| outcome.timestamp == outcomes[0].timestamp));
        assert_eq!(desk.state.active().len(), 2);
        if archived {
            desk.archive();
        }
        let again = desk.transfers(refused);
        assert!(again == outcomes, "the same answers");
        assert_eq!(desk.code(move_(2, 3, 1, 2)), ExistsWithDifferentContent);
        assert_eq!(desk.code(move_(2, 1, 3, 1)), ExistsWithDifferentContent);
        // Money comes; the id stays refused, and another one is not.
        desk.ok(vec![move_(3, 1, 3, 10)]);
        assert_eq!(desk.codes(vec![move_(2, 3, 1, 1), move_(4, 3, 1, 1)]), [ExceedsCredits, Ok]);
        assert_eq!(
            desk.transaction(legs(2, &[debit(1, 5), credit(2, 5)])).code,
            ExistsWithDifferentContent
        );
        assert_eq!(
            desk.transaction(legs(4, &[debit(1, 5), credit(2, 5)])).code,
            ExistsWithDifferentContent
        );
    }
}

#[test]
fn one_chain_over_a_full_batch_is_undone_whole() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 50, 0), reserve(2, 3, 2, 0, 0)][..1].to_vec());
    let digest_of = |desk: &Desk| {
        (desk.balances(1), desk.balances(2), desk.state.pending_count(), desk.state.active().len())
    };
    let before = digest_of(&desk);
    let mut events: Vec<_> =
        (0..MAX_EVENTS as u128).map(|n| linked(move_(100 + n, 1, 2, 1))).collect();
    // It posts what was pending before, reserves and posts anew, closes, and asks for the same again.
    events[10] = linked(post(110, 1, 20));
    events[11] = linked(reserve(111, 1, 2, 7, 1));
    events[12] = linked(post(112, 111, 7));
    events[13] = linked(reserve(113, 2, 1, 9, 5));
    events[14] = linked(void(114, 113));
    events[15] = linked(with(reserve(115, 4, 2, 0, 0), TransferFlags::CLOSING_DEBIT));
    events[16] = events[3];
    let last = MAX_EVENTS - 1;
    events[last] = move_(9_999, 3, 1, 1);
    for _ in 0..2 {
        let outcomes = desk.transfers(events.clone());
        assert!(outcomes[..last].iter().all(|outcome| outcome.code == LinkedEventFailed));
        assert_eq!(outcomes[last].code, ExceedsCredits);
        let after = digest_of(&desk);
        assert_eq!(after, (before.0, before.1, before.2, before.3 + 1), "only the refusal is left");
        assert!(!desk.is_closed(4) && desk.state.is_pending(1));
    }
    assert_eq!(desk.state.active().of_account(1).count(), 1);
    // The same without what breaks it.
    events[last] = move_(10_000, 2, 1, 1);
    let outcomes = desk.transfers(events.clone());
    for (at, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.code, if at == 16 { Exists } else { Ok }, "{at}");
    }
    assert!(desk.is_closed(4));
    let again = desk.transfers(events);
    assert!(again.iter().all(|outcome| outcome.code == Exists));
    // An account that is never touched twice by one entry.
    let of_account: Vec<_> = desk.state.active().of_account(1).map(Entry::timestamp).collect();
    assert!(of_account.windows(2).all(|pair| pair[0] > pair[1]));
}

#[test]
fn what_expires_and_what_a_chain_posts_do_not_meet() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 50, 1), reserve(2, 1, 2, 30, 2)]);
    desk.clock += SECOND / 2;
    // A chain that posts both and breaks leaves both open; then one is due.
    assert_eq!(
        desk.codes(vec![linked(post(10, 1, 0)), linked(post(11, 2, 0)), move_(12, 3, 1, 1)]),
        [LinkedEventFailed, LinkedEventFailed, ExceedsCredits]
    );
    assert_eq!(desk.state.pending_count(), 2);
    desk.clock += SECOND - SECOND / 4;
    // No tick came yet: it is too late all the same.
    assert_eq!(
        desk.codes(vec![post(13, 1, 0), linked(post(14, 1, 0)), post(15, 2, 0)]),
        [PendingTransferExpired, PendingTransferExpired, LinkedEventFailed]
    );
    desk.tick();
    assert!(!desk.state.is_pending(1) && desk.state.is_pending(2));
    assert_eq!(desk.codes(vec![void(16, 1), post(17, 2, 0)]), [PendingTransferExpired, Ok]);
    assert_eq!(desk.balances(1), [0, 30, 0, 0]);
}

#[test]
fn what_was_reserved_is_posted_and_voided_though_the_accounts_are_closed() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 50, 0), reserve(2, 1, 2, 30, 0)]);
    let close = |id, debit, credit, flags| with(reserve(id, debit, credit, 0, 0), flags);
    desk.ok(vec![
        close(3, 1, 4, TransferFlags::CLOSING_DEBIT),
        close(4, 4, 2, TransferFlags::CLOSING_CREDIT),
    ]);
    assert_eq!(
        desk.codes(vec![move_(5, 1, 2, 1), move_(6, 2, 1, 1)]),
        [DebitAccountAlreadyClosed, DebitAccountAlreadyClosed]
    );
    desk.ok(vec![post(7, 1, 20), void(8, 2)]);
    assert_eq!(desk.balances(1), [0, 20, 0, 0]);
    // Posting what closed keeps it closed, voiding opens.
    desk.ok(vec![post(9, 3, 0), void(10, 4)]);
    assert!(desk.is_closed(1) && !desk.is_closed(2));
    assert_eq!(desk.code(move_(11, 2, 1, 1)), CreditAccountAlreadyClosed);
    desk.ok(vec![move_(12, 2, 4, 1)]);
}

#[test]
fn an_account_with_many_legs_is_one_account() {
    for archived in [false, true] {
        let mut desk = Desk::new();
        let mut all: Vec<Leg> = Vec::new();
        for n in 0..MAX_LEGS as u128 / 4 {
            all.extend([debit(1, n + 1), credit(2, n + 1), debit(11, 1), credit(11, 1)]);
        }
        let outcome = desk.transaction(legs(1, &all));
        assert_eq!(outcome.code, Ok);
        let sum: u128 = (1..=MAX_LEGS as u128 / 4).sum();
        assert_eq!(desk.balances(1), [0, sum, 0, 0]);
        assert_eq!(desk.balances(11), [0, 32, 0, 32]);
        for posted in &outcome.legs {
            let account = posted.leg.account_id;
            assert_eq!(numbers(&posted.balances), desk.balances(account), "after the whole");
        }
        assert_eq!(desk.state.active().of_account(11).count(), 1);
        if archived {
            desk.archive();
        }
        let again = desk.transaction(legs(1, &all));
        assert_eq!((again.code, &again.legs), (Exists, &outcome.legs));
        all.swap(0, 1);
        assert_eq!(desk.transaction(legs(1, &all)).code, ExistsWithDifferentContent);
    }
}
