//! What went wrong elsewhere, and must not here.

use crate::desk::*;
use Code::*;
use ledger::{
    model::*,
    money::{Amount, Currency},
};

// blnk #203: an amount went through a binary fraction, and a balance changed by what no transaction said. Here the text is the amount, and the
// sum of the entries is the balance, to the unit.
#[test]
fn blnk_203_balances_are_the_sum_of_their_entries() {
    let euro = Currency::new("EUR", 2).unwrap();
    assert_eq!((1.15f64 * 100.0) as u128, 114, "what a binary fraction makes of it");
    let mut desk = Desk::new();
    let mut expected = 0;
    for (id, text) in
        (1..).zip(["1.15", "10.85", "0.29", "4.35", "1.1", "33.33", "8.41", "90071992547409.93"])
    {
        let amount = Amount::parse(text, &euro).unwrap();
        expected += amount.get();
        desk.ok(vec![Transfer { amount, ..move_(id, 1, 2, 1) }]);
        let Some(Entry::Transfer(posted)) = desk.entry(id) else {
            panic!("a balance without an entry")
        };
        assert!(posted.transfer.amount.display(&euro).to_string().starts_with(text));
        assert_eq!(desk.balances(2)[3], expected);
    }
    assert_eq!(amount(expected).display(&euro).to_string(), "90071992547469.41");
    assert!(
        Amount::parse("10.850", &euro).is_err(),
        "more places than the currency has are no amount of it"
    );
}

// blnk #181: what was reserved did not count, and six reservations of 1000 stood on a balance of 5000.
#[test]
fn blnk_181_reservations_count() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 3, 5000)]);
    let codes = desk.codes((10..16).map(|id| reserve(id, 3, 2, 1000, 0)).collect());
    assert_eq!(codes, [Ok, Ok, Ok, Ok, Ok, ExceedsCredits]);
    assert_eq!(desk.balances(3), [5000, 0, 0, 5000]);
    assert_eq!(desk.code(move_(20, 3, 2, 1)), ExceedsCredits);
    // As transactions they do not get around it.
    assert_eq!(desk.transaction(legs(21, &[debit(3, 1), credit(2, 1)])).code, ExceedsCredits);
    desk.ok((10..15).map(|id| post(id + 20, id, 0)).collect());
    assert_eq!((desk.balances(3), desk.balances(2)), ([0, 5000, 0, 5000], [0, 0, 0, 5000]));
}

// Formance #364: the same request fifty times at once made errors of duplicate keys. Here one happens, and all hear of it.
#[test]
fn formance_364_fifty_times_the_same_is_one() {
    for split in [1, 7, 50] {
        let mut desk = Desk::new();
        let mut outcomes = Vec::new();
        for _ in 0..50 / split {
            outcomes.extend(desk.transfers(vec![move_(1, 1, 2, 100); split]));
            desk.archive();
        }
        let first = outcomes[0];
        assert_eq!(first.code, Ok);
        assert!(
            outcomes[1..]
                .iter()
                .all(|outcome| *outcome == TransferOutcome { code: Exists, ..first })
        );
        assert_eq!(desk.balances(2), [0, 0, 0, 100]);
    }
}

// five-bells-ledger #402: contention was told as a lack of money. Here everything is one after the other, and what is told is so at that moment:
// as many happen as there is money for, and each refusal is true.
#[test]
fn five_bells_402_only_a_lack_of_money_is_told_as_one() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 3, 1000)]);
    let payments: Vec<_> =
        (100..400).map(|id| move_(id, 3, if id % 2 == 0 { 2 } else { 4 }, 5)).collect();
    let outcomes = desk.transfers(payments);
    let (good, refused) = outcomes.split_at(200);
    assert!(good.iter().all(|outcome| outcome.code == Ok));
    assert!(refused.iter().all(|outcome| outcome.code == ExceedsCredits));
    assert_eq!(good.last().map(|outcome| numbers(&outcome.debit)), Some([0, 1000, 0, 1000]));
}
