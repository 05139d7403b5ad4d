//! Limits of accounts, and transfers that balance them.

use crate::desk::*;
use Code::*;
use ledger::{model::*, money::Amount};

const DEBIT: TransferFlags = TransferFlags::BALANCING_DEBIT;
const CREDIT: TransferFlags = TransferFlags::BALANCING_CREDIT;

#[test]
fn debits_do_not_exceed_credits() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 3, 100)]);
    // What is pending counts against it on the one side, and not for it on the other.
    desk.ok(vec![reserve(2, 3, 1, 60, 0), reserve(3, 1, 3, 1000, 0)]);
    assert_eq!(
        desk.codes(vec![move_(4, 3, 1, 41), reserve(5, 3, 1, 41, 0), move_(6, 3, 1, 40)]),
        [ExceedsCredits, ExceedsCredits, Ok]
    );
    desk.ok(vec![void(7, 2), move_(8, 3, 1, 60)]);
    assert_eq!(desk.code(move_(9, 3, 1, 1)), ExceedsCredits);
    assert_eq!(desk.balances(3), [0, 100, 1000, 100]);
}

#[test]
fn credits_do_not_exceed_debits() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 5, 1, 100), reserve(2, 1, 5, 60, 0), reserve(3, 5, 1, 1000, 0)]);
    assert_eq!(
        desk.codes(vec![move_(4, 1, 5, 41), reserve(5, 1, 5, 41, 0), move_(6, 1, 5, 40)]),
        [ExceedsDebits, ExceedsDebits, Ok]
    );
    assert_eq!(desk.balances(5), [1000, 100, 60, 40]);
}

#[test]
fn balancing_takes_what_is_there() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 2, 100), reserve(2, 2, 1, 30, 0)]);
    for (id, event, expected) in [
        (3, with(move_(3, 2, 4, 50), DEBIT), 50),
        (4, with(move_(4, 2, 4, 0), DEBIT), 20),
        // Account 1 has 100 debits more than credits, of which 30 are promised.
        (5, with(move_(5, 4, 1, 60), CREDIT), 60),
        (6, with(move_(6, 4, 1, 0), CREDIT | DEBIT), 10),
    ] {
        let outcome = desk.transfer(event);
        assert_eq!((outcome.code, outcome.amount.get()), (Ok, expected), "{id}");
    }
    assert_eq!(desk.balances(2), [30, 70, 0, 100]);
    assert_eq!(
        desk.codes(vec![with(move_(7, 2, 4, 0), DEBIT), with(move_(8, 2, 1, 5), CREDIT)]),
        [ExceedsCredits, ExceedsDebits]
    );
    // Pending, too.
    desk.ok(vec![move_(9, 1, 2, 5)]);
    assert_eq!(desk.transfer(with(reserve(10, 2, 4, 0, 0), DEBIT)).amount, amount(5));
    assert_eq!(desk.balances(2), [35, 70, 0, 105]);
    // Without a bound of its own, on an account that has all there can be: exactly that.
    desk.ok(vec![move_(11, 11, 12, 5), move_(12, 11, 13, Amount::MAX.get() - 5)]
        .into_iter()
        .map(|event| Transfer { ledger: 2, ..event })
        .collect());
    let all = desk.transfer(Transfer { ledger: 2, ..with(move_(13, 13, 14, 0), DEBIT) });
    assert_eq!(all.amount.get(), Amount::MAX.get() - 5);
}

#[test]
fn more_debits_than_credits_leave_nothing_to_balance() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 2, 100)]);
    assert_eq!(
        desk.codes(vec![with(move_(2, 1, 2, 1), DEBIT), with(move_(3, 1, 2, 1), CREDIT)]),
        [ExceedsCredits, ExceedsDebits]
    );
    // The limit comes first where both are so: debit side before credit side.
    assert_eq!(desk.code(with(move_(4, 1, 2, 1), DEBIT | CREDIT)), ExceedsCredits);
}

// An account at the limit of what can be said takes nothing more, and posting what is pending cannot overflow.
#[test]
fn the_largest_amounts() {
    let mut desk = Desk::new();
    let most = Amount::MAX.get();
    desk.ok(vec![reserve(1, 1, 2, most - 1, 0), move_(2, 1, 2, 1)]);
    assert_eq!(
        desk.codes(vec![move_(3, 1, 4, 1), move_(4, 4, 2, 1), reserve(5, 1, 4, 1, 0)]),
        [OverflowsDebits, OverflowsCredits, OverflowsDebits]
    );
    desk.ok(vec![post(6, 1, 0)]);
    assert_eq!((desk.balances(1), desk.balances(2)), ([0, most, 0, 0], [0, 0, 0, most]));
    // The totals of a ledger are above that.
    desk.ok(vec![move_(7, 2, 3, most), move_(8, 3, 4, most)]);
    let totals = desk.state.totals().next().unwrap();
    assert_eq!(totals.debits_posted.to_string(), format!("2{}7", "9".repeat(37)));
    assert!(totals.are_balanced());
}
