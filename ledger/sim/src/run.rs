//! A run from a plan.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    plan::Plan,
    world::{Failure, Opener, Statistics, Trace, World},
};

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Of everything that happened: the same each time.
    pub digest: [u8; 32],
    /// In numbers.
    pub statistics: Statistics,
    /// The promise that was not kept, if any, and the number of the step in which that was seen; the number of steps at the end of the run.
    pub failure: Option<(usize, Failure)>,
    /// What happened, in words, if it was asked for.
    pub story: Vec<String>,
}

/// Does what a plan says. A panic is a failure.
#[must_use]
pub fn run(plan: &Plan, opener: &dyn Opener, tell: bool) -> Outcome {
    let mut world = World::new(opener, plan.setup, Trace::new(tell));
    let mut failure = None;
    for (at, step) in plan.steps.iter().enumerate() {
        if let Err(found) = guarded(|| world.step(step)) {
            failure = Some((at, found));
            break;
        }
    }
    if failure.is_none() {
        failure = guarded(|| world.finish()).err().map(|found| (plan.steps.len(), found));
    }
    let (statistics, mut trace) = world.end();
    if let Some((at, found)) = &failure {
        trace.note(format_args!("step {at}: {found}"));
    }
    let (digest, story) = trace.end();
    Outcome { digest, statistics, failure, story }
}

fn guarded(step: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    // After a panic nothing is done with the world but to read its numbers.
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure::panic(text.unwrap_or_default()))
    })
}
