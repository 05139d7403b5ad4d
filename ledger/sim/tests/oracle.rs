//! The state machine and the oracle, written from one text by two hands, answer the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ledger::{
    NoPast,
    model::{Account, Batch, Ledger, MAX_EVENTS, Reply, Transfer, TransferFlags},
    money::{Amount, Currency},
    state::State,
};
use ledger_sim::{
    oracle::Oracle,
    plan::{Plan, Step},
    workload::{self, Options},
};

/// Applies a batch to both.
fn both(state: &mut State, oracle: &mut Oracle, clock: u64, batch: &Batch) {
    let timestamp = oracle.next_timestamp(clock, batch).unwrap();
    assert_eq!(state.next_timestamp(clock, batch), timestamp, "{batch:?}");
    let op = state.op() + 1;
    let found = state.apply(&NoPast, op, timestamp, batch).unwrap();
    let expected = oracle.apply(timestamp, batch);
    if found == expected {
        return;
    }
    fn differ<E: std::fmt::Debug, O: PartialEq + std::fmt::Debug>(
        events: &[E],
        found: &[O],
        expected: &[O],
    ) {
        for (at, event) in events.iter().enumerate() {
            assert_eq!(
                found[at],
                expected[at],
                "event {at} of {}: {event:?}, of {events:#?}",
                events.len()
            );
        }
    }
    match (batch, found, expected) {
        (Batch::Ledgers(events), Reply::Ledgers(found), Reply::Ledgers(expected)) => {
            differ(events, &found, &expected)
        }
        (Batch::Accounts(events), Reply::Accounts(found), Reply::Accounts(expected)) => {
            differ(events, &found, &expected)
        }
        (Batch::Transfers(events), Reply::Transfers(found), Reply::Transfers(expected)) => {
            differ(events, &found, &expected)
        }
        (
            Batch::Transactions(events),
            Reply::Transactions(found),
            Reply::Transactions(expected),
        ) => {
            differ(events, &found, &expected);
        }
        (_, found, expected) => panic!("{found:?} or {expected:?}"),
    }
}

fn replay(plan: &Plan) {
    let (mut state, mut oracle) = (State::new(), Oracle::new());
    let mut clock = plan.setup.clock;
    for step in &plan.steps {
        match step {
            Step::Pass { nanoseconds } => clock = clock.saturating_add(*nanoseconds),
            Step::Jump { nanoseconds } => clock = clock.saturating_add_signed(*nanoseconds),
            Step::Tick => both(&mut state, &mut oracle, clock, &Batch::Tick),
            Step::Ask { batch, .. } => both(&mut state, &mut oracle, clock, batch),
            Step::Inspect => {
                state.check().unwrap();
                oracle.check().unwrap();
                let accounts: Vec<_> = state.accounts().copied().collect();
                let mut expected: Vec<_> =
                    oracle.books().accounts.values().map(|known| known.now).collect();
                expected.sort_by_key(|account| account.timestamp);
                assert_eq!(accounts, expected);
                for (id, fact) in &oracle.books().by_id {
                    let entry = state.entry(&NoPast, *id).unwrap().unwrap();
                    assert!(fact.agrees(&entry), "{fact:?} {entry:?}");
                }
            }
            _ => {}
        }
    }
    let entries = state.active().entries();
    let history = &oracle.books().history;
    assert_eq!(entries.len(), history.len());
    for (fact, entry) in history.iter().zip(entries) {
        assert!(fact.agrees(entry), "{fact:?} {entry:?}");
    }
}

#[test]
fn the_state_machine_answers_as_the_oracle_does() {
    // SEEDS=0..100000 looks further.
    let seeds = std::env::var("SEEDS").unwrap_or_else(|_| "0..400".to_owned());
    let (from, to) = seeds.split_once("..").unwrap();
    for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
        let mut plan = workload::plan(seed, Options { steps: 200, profile: None });
        plan.steps.push(Step::Inspect);
        let failed = std::panic::catch_unwind(|| replay(&plan)).is_err();
        assert!(!failed, "seed {seed}");
    }
}

/// As many pending transfers as two batches hold run out at one moment: a tick expires a batchful, the next one the rest.
#[test]
fn a_tick_expires_no_more_than_a_batch_may_have() {
    let (mut state, mut oracle) = (State::new(), Oracle::new());
    let now = 1_800_000_000_000_000_000;
    let euros = Ledger { id: 1, currency: Currency::new("EUR", 2).unwrap() };
    let account = |id| Account { id, ledger: 1, code: 1, ..Account::default() };
    both(&mut state, &mut oracle, now, &Batch::Ledgers(vec![euros]));
    both(&mut state, &mut oracle, now, &Batch::Accounts(vec![account(1), account(2)]));
    let pending = |id| Transfer {
        id,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: Amount::ONE,
        timeout: 1,
        ledger: 1,
        code: 1,
        flags: TransferFlags::PENDING,
        ..Transfer::default()
    };
    let count = MAX_EVENTS as u128;
    for first in [1, 1 + count] {
        let batch = Batch::Transfers((first..first + count).map(pending).collect());
        both(&mut state, &mut oracle, now, &batch);
    }
    // Nothing is due yet.
    both(&mut state, &mut oracle, 0, &Batch::Tick);
    assert_eq!(state.pending_count(), 2 * MAX_EVENTS);
    let late = now + 10_000_000_000;
    for left in [MAX_EVENTS, 0, 0] {
        both(&mut state, &mut oracle, late, &Batch::Tick);
        assert_eq!(state.pending_count(), left);
        assert_eq!(state.timestamp(), oracle.timestamp());
    }
    let entries = state.active().entries();
    assert_eq!(entries.len(), 4 * MAX_EVENTS);
    for (fact, entry) in oracle.books().history.iter().zip(entries) {
        assert!(fact.agrees(entry), "{fact:?} {entry:?}");
    }
}
