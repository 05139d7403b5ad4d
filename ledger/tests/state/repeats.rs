//! The same id again: the same answer, or a conflict.

use crate::desk::*;
use Code::*;
use ledger::{codec::transfer_digest, model::*};

#[test]
fn the_answer_of_the_first_time() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(9, 1, 3, 100)]);
    let first = desk.transfer(move_(1, 3, 2, 30));
    assert_eq!((numbers(&first.debit), numbers(&first.credit)), ([0, 30, 0, 100], [0, 0, 0, 30]));
    desk.ok(vec![move_(2, 3, 2, 30)]);
    let again = desk.transfer(move_(1, 3, 2, 30));
    assert_eq!(again, TransferOutcome { code: Exists, ..first });
    desk.archive();
    assert_eq!(desk.transfer(move_(1, 3, 2, 30)), again);
    assert_eq!(desk.balances(3), [0, 60, 0, 100]);
}

// What is refused for the state stays refused: whoever did not hear the answer and asks again is not surprised by another.
#[test]
fn a_refusal_is_remembered() {
    let mut desk = Desk::new();
    let event = move_(1, 3, 2, 30);
    let refused = desk.transfer(event);
    assert_eq!(refused.code, ExceedsCredits);
    assert_eq!(
        desk.entry(1),
        Some(Entry::Refusal {
            timestamp: refused.timestamp,
            id: 1,
            code: ExceedsCredits,
            digest: transfer_digest(&event)
        })
    );
    // Today it could be done.
    desk.ok(vec![move_(2, 1, 3, 100)]);
    for _ in 0..2 {
        assert_eq!(desk.transfer(event), refused);
        assert_eq!(desk.code(Transfer { amount: amount(31), ..event }), ExistsWithDifferentContent);
        assert_eq!(desk.code(Transfer { amount: amount(0), ..event }), ExistsWithDifferentContent);
        assert_eq!(
            desk.transaction(legs(1, &[debit(1, 1), credit(2, 1)])).code,
            ExistsWithDifferentContent
        );
        // What is wrong in itself comes first.
        assert_eq!(desk.code(Transfer { ledger: 0, ..event }), LedgerMustNotBeZero);
        desk.archive();
    }
    assert_eq!(desk.code(Transfer { id: 3, ..event }), Ok);
}

#[test]
fn a_transactions_refusal_is_remembered() {
    let mut desk = Desk::new();
    let event = legs(1, &[debit(3, 5), credit(2, 5)]);
    let refused = desk.transaction(event.clone());
    assert_eq!(refused.code, ExceedsCredits);
    desk.ok(vec![move_(2, 1, 3, 100)]);
    for _ in 0..2 {
        assert_eq!(desk.transaction(event.clone()), refused);
        assert_eq!(
            desk.transaction(Transaction { user_data_32: 1, ..event.clone() }).code,
            ExistsWithDifferentContent
        );
        assert_eq!(desk.code(move_(1, 3, 2, 5)), ExistsWithDifferentContent);
        desk.archive();
    }
}

// What is wrong in itself is not remembered: the id is still free.
#[test]
fn a_mistake_is_not_remembered() {
    let mut desk = Desk::new();
    assert_eq!(desk.codes(vec![move_(1, 1, 2, 0), move_(1, 1, 2, 5)]), [AmountMustNotBeZero, Ok]);
    assert_eq!(desk.transaction(legs(2, &[])).code, TooFewLegs);
    assert_eq!(desk.transaction(legs(2, &[debit(1, 5), credit(2, 5)])).code, Ok);
    assert_eq!(desk.code(move_(2, 1, 2, 5)), ExistsWithDifferentContent);
}

// A request is compared with the request, not with what became of it.
#[test]
fn what_was_left_to_the_ledger_is_compared_as_it_was_asked() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 3, 70)]);
    let balancing = with(move_(2, 3, 2, 100), TransferFlags::BALANCING_DEBIT);
    let data = |transfer: Transfer| Transfer {
        user_data_128: 7,
        user_data_64: 8,
        user_data_32: 9,
        ..transfer
    };
    desk.ok(vec![
        balancing,
        data(reserve(3, 1, 2, 40, 0)),
        data(reserve(4, 1, 2, 40, 0)),
        post(5, 3, 30),
    ]);
    let full =
        Transfer { debit_account_id: 1, credit_account_id: 2, ledger: 1, code: 1, ..void(6, 4) };
    desk.ok(vec![Transfer { amount: amount(40), user_data_64: 80, ..full }]);
    for _ in 0..2 {
        assert_eq!(desk.transfer(balancing).code, Exists);
        assert_eq!(desk.transfer(balancing).amount, amount(70));
        assert_eq!(
            desk.code(Transfer { amount: amount(70), ..balancing }),
            ExistsWithDifferentAmount
        );
        let posted = desk.transfer(post(5, 3, 30));
        assert_eq!((posted.code, posted.amount), (Exists, amount(30)));
        assert_eq!(desk.code(post(5, 3, 0)), ExistsWithDifferentAmount);
        for (other, code) in [
            (Transfer { debit_account_id: 1, ..post(5, 3, 30) }, ExistsWithDifferentDebitAccountId),
            (
                Transfer { credit_account_id: 2, ..post(5, 3, 30) },
                ExistsWithDifferentCreditAccountId,
            ),
            (Transfer { user_data_128: 7, ..post(5, 3, 30) }, ExistsWithDifferentUserData128),
            (Transfer { user_data_64: 8, ..post(5, 3, 30) }, ExistsWithDifferentUserData64),
            (Transfer { user_data_32: 9, ..post(5, 3, 30) }, ExistsWithDifferentUserData32),
            (Transfer { ledger: 1, ..post(5, 3, 30) }, ExistsWithDifferentLedger),
            (Transfer { code: 1, ..post(5, 3, 30) }, ExistsWithDifferentCode),
            (Transfer { amount: amount(40), user_data_64: 80, ..full }, Exists),
            (Transfer { amount: amount(0), user_data_64: 80, ..full }, ExistsWithDifferentAmount),
            (
                Transfer { amount: amount(40), user_data_64: 80, code: 0, ..full },
                ExistsWithDifferentCode,
            ),
        ] {
            assert_eq!(desk.code(other), code, "{other:?}");
        }
        desk.archive();
    }
    let Some(Entry::Transfer(posted)) = desk.entry(5) else { panic!("no entry") };
    assert_eq!(posted.asked, Asked { amount: amount(30), zeros: 0b111_1111 });
    let recorded = data(Transfer {
        timestamp: posted.transfer.timestamp,
        flags: TransferFlags::POST_PENDING,
        pending_id: 3,
        ..move_(5, 1, 2, 30)
    });
    assert_eq!(posted.transfer, recorded);
    let Some(Entry::Transfer(voided)) = desk.entry(6) else { panic!("no entry") };
    assert_eq!(
        (voided.asked.zeros, voided.transfer.user_data_64, voided.transfer.user_data_32),
        (0b001_0100, 80, 9)
    );
}

// Of whatever the state has not got there is no refusal either: the id is not taken by the account.
#[test]
fn accounts_and_transfers_have_ids_of_their_own() {
    let mut desk = Desk::new();
    assert_eq!(desk.code(move_(1, 1, 2, 5)), Ok);
    assert!(desk.entry(2).is_none() && desk.state.account(2).is_some());
}
