//! Writers and readers in one process, closed and opened again in between.

use std::{sync::atomic::AtomicBool, time::Instant};

use super::{
    Failure, Plan, Report,
    expected::{Expected, index},
    maintenance::sound,
    worker::Worker,
    workload::{Number, Subject, key, lives_in, value},
};
use crate::random::Random;

/// Runs until the plan's time is over.
///
/// # Errors
/// The first mismatch.
pub fn run(plan: &Plan, mut progress: impl FnMut(&Report)) -> Result<Report, Failure> {
    let expected = Expected::new(plan.threads * plan.slots);
    let deadline = Instant::now() + plan.duration;
    let mut next: Vec<Number> = vec![1; index(plan.threads)];
    let mut random = Random::new(&[plan.seed, 7]);
    let mut report = Report::default();
    while report.rounds == 0 || Instant::now() < deadline {
        let round = report.rounds;
        let operations = 500 + random.below(6000);
        let subject = Subject::open(plan, round, false)?;
        let stop = AtomicBool::new(false);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..)
                .zip(&next)
                .map(|(thread, first)| {
                    let worker = Worker {
                        plan,
                        subject: &subject,
                        expected: &expected,
                        stop: &stop,
                        deadline,
                        thread,
                        report: Report::default(),
                    };
                    scope.spawn(move || worker.work(round, *first, operations))
                })
                .collect();
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for (outcome, next) in outcomes.into_iter().zip(&mut next) {
            let (reached, done) = outcome.map_err(|_| {
                Failure::Mismatch("a thread panicked; its message is above".to_owned())
            })??;
            report.writes += reached - *next;
            report.add(done);
            *next = reached;
        }
        // Nothing runs now: there is one right answer for every slot.
        report.checks += check_all(plan, &subject, &expected)?;
        if random.one_in(2) {
            sound(&subject)?;
        }
        if random.one_in(3) {
            report.checks += check_checkpoint(plan, &subject, &expected)?;
        }
        if random.one_in(2) {
            subject.db.clone().close()?;
        }
        drop(subject);
        report.rounds += 1;
        progress(&report);
    }
    let subject = Subject::open(plan, report.rounds, false)?;
    report.checks += check_all(plan, &subject, &expected)?;
    Ok(report)
}

fn check_all(plan: &Plan, subject: &Subject, expected: &Expected) -> Result<u64, Failure> {
    let (from, to) = (expected.finished(), expected.begun());
    if from != to {
        return Err(Failure::Broken("an operation was neither finished nor failed".into()));
    }
    let mut checks = 0;
    for slot in 0..plan.threads * plan.slots {
        for (number, keyspace) in subject.keyspaces.iter().enumerate() {
            let expected = value(plan, slot, from[index(slot)]).filter(|_| lives_in(slot, number));
            let found = keyspace.get(&key(slot))?;
            checks += 1;
            if found.as_deref() != expected.as_deref() {
                return Err(Failure::Mismatch(format!(
                    "at rest, slot {slot} in {:?} holds {:?} bytes, expected the {:?} of operation {}",
                    keyspace.name(),
                    found.map(|value| value.len()),
                    expected.map(|value| value.len()),
                    from[index(slot)]
                )));
            }
        }
    }
    Ok(checks)
}

fn check_checkpoint(plan: &Plan, subject: &Subject, expected: &Expected) -> Result<u64, Failure> {
    let copy = Plan { dir: plan.dir.with_extension("checkpoint"), ..plan.clone() };
    subject.db.checkpoint(&copy.dir)?;
    let checks = check_all(plan, &Subject::open(&copy, 0, false)?, expected)?;
    std::fs::remove_dir_all(&copy.dir)?;
    Ok(checks)
}
