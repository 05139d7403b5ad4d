//! What seeds make: everything there is, the same each time, and readable.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use ledger::model::{Code, Reply};
use ledger_sim::{
    oracle::Oracle,
    plan::{self, Step},
    workload::{self, Options},
};

/// Applies what a plan asks for to an oracle, in order.
fn replay(seed: u64, steps: usize, codes: &mut BTreeMap<Code, usize>) -> Oracle {
    let plan = workload::plan(seed, Options { steps, profile: None });
    let mut oracle = Oracle::new();
    let mut clock = plan.setup.clock;
    for step in &plan.steps {
        match step {
            Step::Pass { nanoseconds } => clock = clock.saturating_add(*nanoseconds),
            Step::Tick => {
                let at = oracle.next_timestamp(clock, &ledger::model::Batch::Tick).unwrap();
                oracle.apply(at, &ledger::model::Batch::Tick);
            }
            Step::Ask { batch, .. } => {
                let at = oracle.next_timestamp(clock, batch).unwrap();
                let mut count = |code| *codes.entry(code).or_default() += 1;
                match oracle.apply(at, batch) {
                    Reply::Ledgers(all) | Reply::Accounts(all) => {
                        all.iter().for_each(|outcome| count(outcome.code));
                    }
                    Reply::Transfers(all) => all.iter().for_each(|outcome| count(outcome.code)),
                    Reply::Transactions(all) => all.iter().for_each(|outcome| count(outcome.code)),
                    Reply::Tick => {}
                }
                oracle.check().unwrap();
            }
            _ => {}
        }
    }
    oracle
}

#[test]
fn every_code_occurs_and_the_oracle_is_in_balance() {
    let mut codes = BTreeMap::new();
    for seed in 0..150 {
        replay(seed, 200, &mut codes);
    }
    if std::env::var_os("SHOW").is_some() {
        let all: usize = codes.values().sum();
        for code in Code::ALL {
            let count = codes.get(code).copied().unwrap_or(0);
            println!("{:>8} {:>3} {}", count, code.number(), code.name());
        }
        println!("{all}");
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !codes.contains_key(code)).collect();
    assert!(missing.is_empty(), "no seed reaches {missing:?}");
    assert!(codes[&Code::Ok] * 100 > codes.values().sum::<usize>() * 25, "{codes:?}");
}

#[test]
fn a_plan_is_its_text() {
    for seed in 0..20 {
        let plan = workload::plan(seed, Options::default());
        assert_eq!(plan, workload::plan(seed, Options::default()));
        let text = plan::print(&plan);
        assert_eq!(plan::parse(&text).unwrap(), plan);
    }
}

#[test]
fn a_text_that_is_no_plan_says_where() {
    let good = plan::print(&workload::plan(1, Options::default()));
    assert!(plan::parse("").unwrap_err().to_string().contains("title"));
    assert!(plan::parse("nonsense\n").unwrap_err().to_string().contains("line 1"));
    for (bad, says) in [
        ("ask 1 3 1 zz\n", "hexadecimal"),
        ("ask 1 3 1 z99999999.\n", "hexadecimal"),
        ("ask 1 3 1 z127.\n", "no batch"),
        ("commit 1\n", "no number"),
        ("commit 1 2 3\n", "too much"),
        ("fails everything 1\n", "can fail"),
        ("explode\n", "no step"),
    ] {
        let error = plan::parse(&format!("{good}{bad}")).unwrap_err().to_string();
        assert!(error.contains(says), "{bad}: {error}");
    }
}
