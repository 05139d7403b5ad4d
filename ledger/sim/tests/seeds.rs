//! A fixed set of seeds, each twice.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ledger_sim::{
    plan, run,
    workload::{self, Options, Profile},
    world::Real,
};

fn all(profile: Profile, seeds: std::ops::Range<u64>) {
    let mut powers = 0;
    for seed in seeds {
        let plan = workload::plan(seed, Options { profile: Some(profile), ..Options::default() });
        let outcome = run(&plan, &Real, false);
        if let Some((step, failure)) = &outcome.failure {
            panic!("seed {seed} with {profile:?} fails in step {step}: {failure}");
        }
        powers += outcome.statistics.power_failures;
        // What was kept as text is the same run.
        let read = plan::parse(&plan::print(&plan)).unwrap();
        assert_eq!(run(&read, &Real, false).digest, outcome.digest, "seed {seed} is not one run");
    }
    assert_eq!(powers > 0, profile != Profile::Calm);
}

#[test]
fn calm() {
    all(Profile::Calm, 0..60);
}

#[test]
fn crashes() {
    all(Profile::Crashes, 0..100);
}

#[test]
fn devices() {
    all(Profile::Device, 0..100);
}

#[test]
fn damage() {
    all(Profile::Damage, 0..100);
}

#[test]
fn everything() {
    all(Profile::Everything, 0..160);
}
