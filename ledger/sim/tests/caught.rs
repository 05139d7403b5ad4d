//! The simulator can fail: ledgers with a defect each are caught, and the runs are made short.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ledger_sim::{
    broken::{Broken, Defect},
    plan, run, shrink,
    workload::{self, Options},
};

/// The first seed that finds a defect, made short.
fn caught(defect: Defect, seeds: u64, promises: &[&str]) {
    let broken = Broken(defect);
    for seed in 0..seeds {
        let plan = workload::plan(seed, Options::default());
        let Some((_, failure)) = run(&plan, &broken, false).failure else { continue };
        assert!(promises.contains(&failure.promise), "{defect:?}: seed {seed}: {failure}");

        let short = shrink(&plan, &broken, 150);
        assert!(short.plan.size() < plan.size(), "{defect:?}: seed {seed}");
        assert!(short.runs <= 151);
        let again = plan::parse(&plan::print(&short.plan)).unwrap();
        let outcome = run(&again, &broken, true);
        assert_eq!(outcome.failure.unwrap().1.promise, failure.promise, "{defect:?}: seed {seed}");
        assert!(!outcome.story.is_empty());
        return;
    }
    panic!("{defect:?} was not found by {seeds} seeds");
}

const REPLIES: &str = "replies are the oracle's";
const KEPT: &str = "what was acknowledged is durable";
const RECOVERS: &str = "the ledger can be opened again where nothing fails";

#[test]
fn a_ledger_that_forgets_to_sync() {
    caught(Defect::ForgetsToSync, 20, &[KEPT, RECOVERS]);
}

#[test]
fn a_ledger_that_ignores_sync_errors() {
    // What was kept in the machine's memory is lost with it, some time later.
    let promises =
        [KEPT, RECOVERS, "the ledger can be inspected", "queries find what there is, in order"];
    caught(Defect::IgnoresSyncErrors, 100, &promises);
}

#[test]
fn a_ledger_that_cuts_durable_records() {
    caught(Defect::CutsDurableRecords, 20, &[KEPT, RECOVERS]);
}

#[test]
fn a_ledger_that_cuts_itself_at_damage() {
    caught(Defect::CutsAtDamage, 60, &[KEPT, RECOVERS]);
}

#[test]
fn a_ledger_that_forgets_the_archive() {
    caught(Defect::ForgetsTheArchive, 20, &[REPLIES, "every entry is found, and is the oracle's"]);
}

#[test]
fn a_ledger_that_answers_with_the_balances_of_today() {
    caught(Defect::AnswersWithToday, 20, &[REPLIES]);
}

#[test]
fn a_ledger_in_which_a_repeated_transfer_happens_twice() {
    caught(Defect::HappensTwice, 20, &[REPLIES, "every entry is found, and is the oracle's"]);
}

#[test]
fn a_ledger_that_refuses_anew() {
    caught(Defect::RefusesAnew, 20, &[REPLIES]);
}

#[test]
fn a_ledger_that_mixes_answers_up() {
    caught(Defect::MixesAnswersUp, 20, &[REPLIES]);
}

#[test]
fn a_ledger_whose_clock_stands_still() {
    caught(Defect::ClockStandsStill, 20, &[REPLIES, "what is due expires first"]);
}

#[test]
fn a_ledger_that_loses_batches() {
    caught(Defect::LosesBatches, 20, &["ops have consecutive numbers"]);
}
