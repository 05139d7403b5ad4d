//! Linked events: all happen, or none does.

use crate::desk::*;
use Code::*;
use ledger::model::*;

#[test]
fn a_chain_that_holds() {
    let mut desk = Desk::new();
    let chain = vec![linked(move_(1, 1, 2, 5)), linked(move_(2, 2, 3, 5)), move_(3, 3, 4, 5)];
    assert_eq!(desk.codes(chain.clone()), [Ok, Ok, Ok]);
    assert_eq!(desk.balances(4), [0, 0, 0, 5]);
    let again = desk.transfers(chain.clone());
    assert!(again.iter().all(|outcome| outcome.code == Exists));
    // The balances are those of the first time, not those of today.
    desk.ok(vec![move_(4, 1, 2, 1)]);
    assert_eq!(desk.transfers(chain), again);
}

#[test]
fn a_chain_that_breaks_leaves_nothing_but_the_reason() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(10, 1, 2, 7, 100), reserve(11, 1, 2, 8, 100)]);
    let close = with(reserve(12, 1, 2, 0, 50), TransferFlags::CLOSING_CREDIT);
    let before: Vec<_> = desk.state.accounts().copied().collect();
    let chain = vec![
        move_(1, 1, 2, 5),
        linked(move_(2, 1, 2, 6)),
        linked(reserve(3, 1, 2, 6, 9)),
        linked(post(4, 10, 3)),
        linked(void(5, 11)),
        linked(post(6, 3, 1)),
        linked(close),
        linked(move_(7, 3, 1, 99)),
        linked(move_(8, 1, 2, 1)),
        move_(9, 1, 2, 1),
        move_(20, 1, 2, 1),
    ];
    let outcomes = desk.transfers(chain.clone());
    let codes: Vec<_> = outcomes.iter().map(|outcome| outcome.code).collect();
    let f = LinkedEventFailed;
    assert_eq!(codes, [Ok, f, f, f, f, f, f, ExceedsCredits, f, f, Ok]);
    // Timestamps are each event's own.
    let first = outcomes[0].timestamp;
    assert!(
        outcomes.iter().enumerate().all(|(at, outcome)| outcome.timestamp == first + at as u64)
    );
    assert!(
        outcomes[1..10]
            .iter()
            .all(|outcome| outcome.amount.is_zero() && outcome.debit == Balances::default())
    );

    // But for the events outside of the chain all is as before.
    assert_eq!(desk.balances(1), [15, 6, 0, 0]);
    assert!(desk.state.accounts().skip(2).eq(before.iter().skip(2)));
    assert_eq!(desk.state.pending_count(), 2);
    assert!(desk.state.is_pending(10) && desk.state.is_pending(11) && !desk.is_closed(2));
    assert_eq!(desk.state.next_due(), Some(first - 2 + 100 * SECOND));
    for id in [2, 3, 4, 5, 6, 8, 9, 12] {
        assert_eq!(desk.entry(id), None, "{id}");
    }
    assert!(matches!(desk.entry(7), Some(Entry::Refusal { code: ExceedsCredits, .. })));
    assert_eq!(desk.state.active().resolution(10), None);
    assert_eq!(desk.state.active().of_account(1).count(), 4);

    // The same again: the refusal is found, and breaks the chain once more.
    let codes = desk.codes(chain);
    assert_eq!(codes, [Exists, f, f, f, f, f, f, ExceedsCredits, f, f, Exists]);
    // And what was undone can be done.
    assert_eq!(desk.codes(vec![post(4, 10, 3), void(5, 11), move_(2, 1, 2, 6)]), [Ok, Ok, Ok]);
}

#[test]
fn a_chain_without_an_end() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.codes(vec![linked(move_(1, 1, 2, 5)), linked(move_(2, 1, 2, 5))]),
        [LinkedEventFailed, LinkedEventChainOpen]
    );
    // Even where the chain was broken before.
    assert_eq!(
        desk.codes(vec![
            linked(move_(1, 1, 2, 0)),
            linked(move_(2, 1, 2, 5)),
            linked(move_(3, 1, 2, 5))
        ]),
        [AmountMustNotBeZero, LinkedEventFailed, LinkedEventChainOpen]
    );
    assert_eq!(desk.state.active().len(), 0);
    assert_eq!(desk.codes(vec![move_(1, 1, 2, 5), move_(2, 1, 2, 5)]), [Ok, Ok]);
}

#[test]
fn the_last_event_breaks_its_chain() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.codes(vec![
            linked(move_(1, 1, 2, 5)),
            move_(2, 1, 99, 5),
            linked(move_(3, 1, 2, 5)),
            move_(4, 1, 2, 5)
        ]),
        [LinkedEventFailed, CreditAccountNotFound, Ok, Ok]
    );
    assert_eq!(desk.balances(1), [0, 10, 0, 0]);
}

#[test]
fn the_same_id_twice() {
    let mut desk = Desk::new();
    // Within a batch, within a chain, and where the first is undone: then there is no first.
    let event = move_(1, 1, 2, 5);
    assert_eq!(
        desk.codes(vec![event, event, move_(1, 1, 2, 6)]),
        [Ok, Exists, ExistsWithDifferentAmount]
    );
    let event = linked(move_(2, 1, 2, 5));
    assert_eq!(desk.codes(vec![event, event, move_(3, 1, 2, 5)]), [Ok, Exists, Ok]);
    assert_eq!(
        desk.codes(vec![linked(move_(4, 1, 2, 5)), move_(4, 1, 2, 5)]),
        [LinkedEventFailed, ExistsWithDifferentFlags]
    );
    assert_eq!(
        desk.codes(vec![linked(move_(4, 1, 2, 5)), move_(5, 3, 2, 5), move_(4, 1, 2, 5)]),
        [LinkedEventFailed, ExceedsCredits, Ok]
    );
    assert_eq!(desk.balances(1), [0, 20, 0, 0]);
    // A reservation and its end in one chain, and once more after it broke.
    let f = LinkedEventFailed;
    assert_eq!(
        desk.codes(vec![linked(reserve(6, 1, 2, 5, 0)), linked(post(7, 6, 0)), void(8, 6)]),
        [f, f, PendingTransferAlreadyPosted]
    );
    assert_eq!(
        desk.codes(vec![linked(reserve(6, 1, 2, 5, 0)), linked(post(7, 6, 0)), move_(9, 1, 2, 1)]),
        [Ok, Ok, Ok]
    );
}

#[test]
fn chains_of_accounts() {
    let mut desk = Desk::new();
    let account = |id, flags| Account { id, ledger: 1, code: 1, flags, ..Account::default() };
    let chain = AccountFlags::LINKED;
    let codes = |desk: &mut Desk, events| {
        desk.accounts(events).iter().map(|outcome| outcome.code).collect::<Vec<_>>()
    };
    let broken = vec![
        account(50, chain | AccountFlags::CLOSED),
        account(51, chain),
        Account { ledger: 9, ..account(52, AccountFlags::NONE) },
        account(53, AccountFlags::NONE),
    ];
    assert_eq!(
        codes(&mut desk, broken),
        [LinkedEventFailed, LinkedEventFailed, LedgerNotFound, Ok]
    );
    assert!(desk.state.account(50).is_none() && desk.state.account(51).is_none());
    // An account's refusal is not remembered.
    let good = vec![account(51, chain), account(50, chain), account(52, AccountFlags::NONE)];
    assert_eq!(codes(&mut desk, good.clone()), [Ok, Ok, Ok]);
    assert_eq!(codes(&mut desk, good), [Exists, Exists, Exists]);
    assert!(!desk.is_closed(50));
    let order: Vec<_> = desk.state.accounts().map(|account| account.id).skip(12).collect();
    assert_eq!(order, [53, 51, 50, 52]);
    assert_eq!(codes(&mut desk, vec![account(60, chain)]), [LinkedEventChainOpen]);
}

#[test]
fn chains_of_transactions() {
    let mut desk = Desk::new();
    let of = |id, linked, debit_units| Transaction {
        linked,
        ..legs(id, &[debit(1, debit_units), credit(2, 5), debit(11, 7), credit(12, 7)])
    };
    let codes = |desk: &mut Desk, events| {
        desk.transactions(events).iter().map(|outcome| outcome.code).collect::<Vec<_>>()
    };
    let f = LinkedEventFailed;
    assert_eq!(
        codes(&mut desk, vec![of(1, true, 5), of(2, true, 5), of(3, false, 6), of(4, false, 5)]),
        [f, f, LegsAreNotBalanced, Ok]
    );
    assert_eq!((desk.balances(1), desk.balances(12)), ([0, 5, 0, 0], [0, 0, 0, 7]));
    assert_eq!((desk.entry(1), desk.entry(2)), (None, None));
    let chain = vec![of(1, true, 5), of(2, false, 5)];
    assert_eq!(codes(&mut desk, chain.clone()), [Ok, Ok]);
    assert_eq!(codes(&mut desk, chain), [Exists, Exists]);
    assert_eq!(desk.state.active().of_account(11).count(), 3);
}
