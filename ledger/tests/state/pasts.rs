//! What the past knows, what it knows too much of, and what happens when it cannot be read.

use crate::desk::*;
use ledger::{Error, NoPast, Past, model::*, state::State};
use std::cell::Cell;

/// Fails at the n-th question.
struct Failing<'a> {
    past: &'a Shelf,
    left: Cell<u32>,
}

impl Failing<'_> {
    fn ask(&self) -> ledger::Result<()> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Error::Stopped("the disk is gone".to_owned())),
        }
    }
}

impl Past for Failing<'_> {
    fn entry(&self, id: u128) -> ledger::Result<Option<Entry>> {
        self.ask()?;
        self.past.entry(id)
    }

    fn resolution(&self, pending_id: u128) -> ledger::Result<Option<(Resolution, u64)>> {
        self.ask()?;
        self.past.resolution(pending_id)
    }
}

#[test]
fn a_past_that_fails_changes_nothing() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0), reserve(2, 1, 2, 10, 0), post(3, 2, 0)]);
    desk.archive();
    let batches = [
        Batch::Transfers(vec![
            move_(4, 1, 2, 5),
            linked(post(5, 1, 0)),
            post(6, 2, 0),
            move_(1, 1, 2, 5),
        ]),
        Batch::Transactions(vec![
            legs(7, &[debit(1, 1), credit(2, 1)]),
            legs(8, &[debit(1, 1), credit(2, 1)]),
        ]),
    ];
    for batch in batches {
        let before = (desk.state.digest(), desk.state.active().len());
        let op = desk.state.op() + 1;
        let timestamp = desk.state.next_timestamp(desk.clock, &batch);
        let mut failures = 0;
        while let Err(error) = {
            let past = Failing { past: &desk.past, left: Cell::new(failures) };
            desk.state.apply(&past, op, timestamp, &batch)
        } {
            assert!(matches!(error, Error::Stopped(_)));
            assert_eq!((desk.state.digest(), desk.state.active().len()), before);
            failures += 1;
        }
        assert!(failures >= 2, "{failures}");
        desk.state.check().unwrap();
    }
}

// After a crash the archive may have more than the snapshot: what is younger than the state has not happened yet.
#[test]
fn a_past_that_is_ahead_is_not_believed() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0)]);
    desk.archive();
    let image = desk.state.image();
    let batch = Batch::Transfers(vec![move_(2, 1, 2, 5), post(3, 1, 4), move_(4, 3, 2, 5)]);
    let timestamp = desk.state.next_timestamp(desk.clock, &batch);
    let reply = desk.apply(&batch);
    desk.archive();

    let mut again = State::from_image(image).unwrap();
    assert_eq!(again.entry(&desk.past, 2).unwrap(), None);
    assert_eq!(again.entry(&desk.past, 1).unwrap().unwrap(), desk.entry(1).unwrap());
    assert_eq!(again.apply(&desk.past, again.op() + 1, timestamp, &batch).unwrap(), reply);
    assert_eq!(again.digest(), desk.state.digest());
}

// A past that contradicts the state is found out before anything is changed.
#[test]
fn a_past_that_lost_something_is_an_error() {
    let mut desk = Desk::new();
    desk.ok(vec![reserve(1, 1, 2, 10, 0), post(2, 1, 0)]);
    desk.archive();
    desk.past.resolutions.clear();
    let digest = desk.state.digest();
    let error = desk
        .state
        .apply(&desk.past, desk.state.op() + 1, u64::MAX, &Batch::Transfers(vec![void(3, 1)]))
        .unwrap_err();
    assert!(matches!(&error, Error::Invariant(what) if what.contains("not open")), "{error}");
    let stranger = desk.past.entries[&1].clone();
    desk.past.entries.insert(9, stranger);
    let error = desk
        .state
        .apply(
            &desk.past,
            desk.state.op() + 1,
            u64::MAX,
            &Batch::Transfers(vec![move_(9, 1, 2, 1)]),
        )
        .unwrap_err();
    assert!(matches!(error, Error::Invariant(_)), "{error}");
    assert_eq!(desk.state.digest(), digest);
}

#[test]
fn operations_come_in_order_and_time_goes_on() {
    let mut state = State::new();
    let batch = |events| Batch::Accounts(vec![Account::default(); events]);
    assert!(matches!(state.apply(&NoPast, 2, 9, &batch(1)), Err(Error::Invariant(_))));
    assert!(matches!(state.apply(&NoPast, 0, 9, &batch(1)), Err(Error::Invariant(_))));
    assert!(matches!(state.apply(&NoPast, 1, 4, &batch(5)), Err(Error::Invariant(_))));
    assert!(matches!(
        state.apply(&NoPast, 1, u64::MAX, &batch(MAX_EVENTS + 1)),
        Err(Error::Batch(_))
    ));
    state.apply(&NoPast, 1, 5, &batch(5)).unwrap();
    assert!(matches!(state.apply(&NoPast, 1, 9, &batch(1)), Err(Error::Invariant(_))));
    assert!(matches!(state.apply(&NoPast, 2, 5, &Batch::Tick), Err(Error::Invariant(_))));
    assert_eq!(state.next_timestamp(0, &Batch::Tick), 6);
    assert_eq!(state.next_timestamp(0, &batch(3)), 8);
    assert_eq!(state.next_timestamp(100, &batch(3)), 100);
    // An operation without events takes its time, too.
    state.apply(&NoPast, 2, 50, &batch(0)).unwrap();
    assert_eq!((state.op(), state.timestamp()), (2, 50));
    // The end of time.
    state.apply(&NoPast, 3, u64::MAX, &Batch::Tick).unwrap();
    assert_eq!(state.next_timestamp(0, &batch(1)), u64::MAX);
    assert!(matches!(state.apply(&NoPast, 4, u64::MAX, &batch(1)), Err(Error::Invariant(_))));
}

#[test]
fn generations() {
    let mut desk = Desk::new();
    assert!(desk.state.freeze().is_empty() && desk.state.frozen().is_empty());
    desk.ok(vec![move_(1, 1, 2, 5), move_(2, 1, 3, 5)]);
    let first = desk.state.freeze();
    desk.ok(vec![move_(3, 2, 1, 5)]);
    let second = desk.state.freeze();
    desk.ok(vec![move_(4, 1, 4, 5)]);
    assert_eq!(desk.state.frozen().len(), 2);
    assert_eq!(
        (first.len(), first.first_timestamp(), first.last_timestamp()),
        (
            2,
            first.entries().first().map(Entry::timestamp),
            first.entries().last().map(Entry::timestamp)
        )
    );
    let ids = |generation: &ledger::state::Generation, account| {
        generation.of_account(account).map(|entry| entry.id().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&first, 1), ids(&first, 3), ids(&first, 4)), (vec![2, 1], vec![2], vec![]));
    assert_eq!((ids(&second, 1), ids(desk.state.active(), 1)), (vec![3], vec![4]));
    assert_eq!(desk.entry(1).unwrap(), *first.find(1).unwrap());
    assert!(first.find(3).is_none());
    // Not yet given away, and half.
    desk.state.forget(first.first_timestamp().unwrap());
    assert_eq!(desk.state.frozen().len(), 2);
    desk.state.forget(first.last_timestamp().unwrap());
    assert_eq!(desk.state.frozen().len(), 1);
    assert_eq!(desk.entry(1), None);
    assert_eq!(desk.entry(3).unwrap(), *second.find(3).unwrap());
    desk.state.check().unwrap();
}
