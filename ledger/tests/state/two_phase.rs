//! Pending transfers: posted, voided, expired; and the closing of accounts.

use crate::desk::*;
use Code::*;
use ledger::model::*;

#[test]
fn post_all_post_a_part_and_void() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0), reserve(2, 1, 2, 20, 0), reserve(3, 1, 2, 40, 0)]);
    assert_eq!((desk.balances(1), desk.balances(2)), ([70, 0, 0, 0], [0, 0, 70, 0]));
    let outcome = desk.transfer(post(4, 1, 0));
    assert_eq!(
        (outcome.amount, numbers(&outcome.debit), numbers(&outcome.credit)),
        (amount(10), [60, 10, 0, 0], [0, 0, 60, 10])
    );
    let outcome = desk.transfer(post(5, 2, 15));
    assert_eq!((outcome.amount, numbers(&outcome.debit)), (amount(15), [40, 25, 0, 0]));
    let outcome = desk.transfer(void(6, 3));
    assert_eq!(
        (outcome.amount, numbers(&outcome.debit), numbers(&outcome.credit)),
        (amount(40), [0, 25, 0, 0], [0, 0, 0, 25])
    );
    assert_eq!(desk.state.pending_count(), 0);
    let ends = [(1, Resolution::Posted, 4), (2, Resolution::Posted, 5), (3, Resolution::Voided, 6)];
    for (pending, how, by) in ends {
        let when = desk.entry(by).unwrap().timestamp();
        assert_eq!(desk.state.active().resolution(pending), Some((how, when)));
    }
    let codes =
        [PendingTransferAlreadyPosted, PendingTransferAlreadyPosted, PendingTransferAlreadyVoided];
    assert_eq!(desk.codes(vec![post(7, 1, 0), void(8, 2), void(9, 3)]), codes);
    desk.archive();
    assert_eq!(
        desk.codes(vec![post(17, 1, 0), void(18, 2), void(19, 3), post(7, 1, 0)]),
        [codes[0], codes[1], codes[2], codes[0]]
    );
}

// A pending transfer may be in the past for long before it ends, and its end before that is asked for again.
#[test]
fn an_old_pending_transfer() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0), reserve(2, 1, 2, 20, 0), move_(3, 1, 2, 1)]);
    desk.archive();
    assert_eq!(
        desk.codes(vec![post(4, 1, 0), post(5, 1, 0), void(6, 2), post(7, 2, 0), post(8, 3, 0)]),
        [
            Ok,
            PendingTransferAlreadyPosted,
            Ok,
            PendingTransferAlreadyVoided,
            PendingTransferNotPending
        ]
    );
    // Within a chain that breaks it is open again.
    desk.ok(vec![reserve(10, 1, 2, 10, 0)]);
    desk.archive();
    let f = LinkedEventFailed;
    assert_eq!(
        desk.codes(vec![linked(post(11, 10, 0)), linked(void(12, 10)), void(13, 10)]),
        [f, PendingTransferAlreadyPosted, f]
    );
    assert_eq!(desk.code(void(13, 10)), Ok);
}

#[test]
fn time_runs_out() {
    let mut desk = Desk::new();
    let start = desk.clock;
    desk.clock = start + SECOND;
    desk.ok(vec![reserve(1, 1, 2, 10, 2), reserve(2, 1, 2, 20, 1), reserve(3, 1, 2, 40, 0)]);
    let created = desk.state.timestamp();
    assert_eq!(desk.state.next_due(), Some(created - 1 + SECOND));
    // Not before its deadline, and then by itself or by a tick.
    desk.clock = created - 2 + SECOND;
    assert_eq!(desk.code(post(4, 2, 1)), Ok);
    desk.clock = created - 2 + 2 * SECOND;
    desk.tick();
    assert_eq!(desk.balances(1), [40, 1, 0, 0]);
    let expiry = desk.state.active().entries().last().unwrap().clone();
    let Entry::Expiry {
        timestamp,
        pending_id: 1,
        amount: released,
        debit_account_id: 1,
        credit_account_id: 2,
        debit,
        credit,
    } = expiry
    else {
        panic!("{expiry:?}")
    };
    assert_eq!(
        (timestamp, released.get(), numbers(&debit), numbers(&credit)),
        (desk.clock, 10, [40, 1, 0, 0], [0, 0, 40, 1])
    );
    assert_eq!(desk.state.active().resolution(1), Some((Resolution::Expired, timestamp)));
    assert_eq!(desk.codes(vec![post(5, 1, 0), void(6, 1)]), [PendingTransferExpired; 2]);
    desk.archive();
    assert_eq!(desk.codes(vec![post(5, 1, 0), void(7, 1)]), [PendingTransferExpired; 2]);
    // Without a timeout it never does.
    desk.clock = u64::MAX / 2;
    desk.tick();
    assert!(desk.state.is_pending(3) && desk.state.next_due().is_none());
}

// Until a tick comes what is due is still reserved, but can no longer be posted: the event's own time decides.
#[test]
fn due_and_not_yet_expired() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 1), reserve(2, 1, 2, 10, 1)]);
    let created = desk.state.timestamp();
    desk.clock = created + SECOND;
    // The first event is one nanosecond before the second: both are at or after their deadlines, which are one nanosecond apart.
    let outcomes = desk.transfers(vec![post(3, 1, 0), void(4, 2)]);
    assert_eq!(outcomes[0].timestamp, created + SECOND - 1);
    assert_eq!(
        (outcomes[0].code, outcomes[1].code),
        (PendingTransferExpired, PendingTransferExpired)
    );
    assert_eq!(desk.balances(1), [20, 0, 0, 0]);
    assert!(desk.state.is_pending(1));
    desk.tick();
    assert_eq!((desk.balances(1), desk.state.pending_count()), ([0; 4], 0));
    // One nanosecond earlier it can.
    desk.ok(vec![reserve(5, 1, 2, 10, 1)]);
    desk.clock = desk.state.timestamp() + SECOND - 1;
    assert_eq!(desk.code(post(6, 5, 0)), Ok);
}

// Each expiry has a timestamp: a tick that leaves room for fewer does fewer.
#[test]
fn a_tick_has_as_many_expiries_as_timestamps() {
    let mut desk = Desk::new();
    desk.ok((1..=5).map(|id| reserve(id, 1, 2, 1, 6 - id as u32)).collect());
    let last = desk.state.timestamp();
    // Jump: everything is due, but there are two timestamps only.
    desk.clock = last + 100 * SECOND - 2;
    desk.ok(vec![move_(9, 1, 2, 1)]);
    let op = desk.state.op() + 1;
    let end = desk.state.timestamp() + 2;
    assert_eq!(desk.state.next_timestamp(end, &Batch::Tick), desk.state.timestamp() + 5);
    desk.state.apply(&desk.past, op, end, &Batch::Tick).unwrap();
    desk.state.check().unwrap();
    let expired: Vec<_> = desk.state.active().entries()[6..]
        .iter()
        .map(|entry| match entry {
            Entry::Expiry { pending_id, timestamp, .. } => (*pending_id, *timestamp),
            other => panic!("{other:?}"),
        })
        .collect();
    // In the order of their deadlines.
    assert_eq!(expired, [(5, end - 1), (4, end)]);
    desk.tick();
    assert_eq!((desk.state.pending_count(), desk.balances(1)), (0, [0, 1, 0, 0]));
}

#[test]
fn no_more_than_a_batch_expires_at_once() {
    let mut desk = Desk::new();
    let events =
        |first: u128| (first..first + 5000).map(|id| reserve(id, 1, 2, 1, 1)).collect::<Vec<_>>();
    desk.ok(events(1));
    desk.ok(events(5001));
    desk.clock += 100 * SECOND;
    desk.tick();
    assert_eq!(desk.state.pending_count(), 10_000 - MAX_EVENTS);
    desk.tick();
    assert_eq!(desk.state.pending_count(), 0);
}

#[test]
fn closing_and_opening_again() {
    let mut desk = Desk::new();
    desk.ok(vec![move_(1, 1, 3, 10)]);
    let flags = TransferFlags::CLOSING_DEBIT | TransferFlags::BALANCING_DEBIT;
    // Takes what is there, and closes.
    let close = |id, timeout| Transfer { timeout, ..with(reserve(id, 3, 2, 0, 0), flags) };
    assert_eq!(desk.transfer(close(2, 0)).amount, amount(10));
    assert!(desk.is_closed(3) && !desk.is_closed(2));
    assert_eq!(
        desk.codes(vec![move_(3, 1, 3, 1), move_(4, 3, 1, 1)]),
        [CreditAccountAlreadyClosed, DebitAccountAlreadyClosed]
    );
    // As it was asked for, it is an open account.
    let asked = Account {
        id: 3,
        ledger: 1,
        code: 1,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    };
    assert_eq!(desk.accounts(vec![asked])[0].code, Exists);
    let closed = Account { flags: asked.flags | AccountFlags::CLOSED, ..asked };
    assert_eq!(desk.accounts(vec![closed])[0].code, ExistsWithDifferentFlags);
    desk.ok(vec![void(5, 2)]);
    assert!(!desk.is_closed(3));
    // Time opens it, too; posting does not.
    desk.ok(vec![close(6, 1)]);
    assert!(desk.is_closed(3));
    desk.clock += 10 * SECOND;
    desk.tick();
    assert!(!desk.is_closed(3));
    desk.ok(vec![close(7, 0), post(8, 7, 0)]);
    assert!(desk.is_closed(3));
    assert_eq!(desk.balances(3), [0, 10, 0, 10]);
    // Both sides at once, with nothing to move.
    desk.ok(vec![with(
        reserve(9, 1, 4, 0, 0),
        TransferFlags::CLOSING_DEBIT | TransferFlags::CLOSING_CREDIT,
    )]);
    assert!(desk.is_closed(1) && desk.is_closed(4));
    desk.ok(vec![void(10, 9)]);
    assert!(!desk.is_closed(1) && !desk.is_closed(4));
}

// A closed account takes no more transfers, but what is pending can still end.
#[test]
fn what_is_pending_on_a_closed_account_ends() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0), reserve(2, 1, 2, 20, 0)]);
    desk.ok(vec![with(reserve(3, 1, 4, 0, 0), TransferFlags::CLOSING_DEBIT)]);
    desk.ok(vec![post(4, 1, 0), void(5, 2)]);
    assert_eq!((desk.balances(1), desk.is_closed(1)), ([0, 10, 0, 0], true));
}

#[test]
fn what_posting_must_not_say() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0)]);
    for flags in [
        TransferFlags::PENDING,
        TransferFlags::BALANCING_DEBIT,
        TransferFlags::BALANCING_CREDIT,
        TransferFlags::CLOSING_DEBIT,
    ] {
        assert_eq!(desk.code(with(post(2, 1, 0), flags)), FlagsAreMutuallyExclusive);
        assert_eq!(desk.code(with(void(2, 1), flags)), FlagsAreMutuallyExclusive);
    }
    assert_eq!(desk.code(Transfer { timeout: 1, ..post(2, 1, 0) }), TimeoutReservedForPending);
    // The end of a transaction or of a refusal is nothing.
    desk.transaction(legs(3, &[debit(1, 1), credit(2, 1)]));
    desk.code(move_(4, 3, 1, 1));
    assert_eq!(
        desk.codes(vec![post(5, 3, 0), post(6, 4, 0)]),
        [PendingTransferNotPending, PendingTransferNotFound]
    );
    assert_eq!(desk.code(Transfer { amount: amount(10), ..void(7, 1) }), Ok);
}
