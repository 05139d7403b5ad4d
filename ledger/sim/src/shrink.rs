//! A failing plan made small: what is left out until nothing more can be (after Zeller, Hildebrandt: Simplifying and isolating failure-inducing
//! input, 2002).

use ledger::model::Batch;

use crate::{
    plan::{Plan, Step},
    run::run,
    world::Opener,
};

/// What is left of a plan, and how many runs that took.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// It fails in the same promise.
    pub plan: Plan,
    /// How many runs were made.
    pub runs: usize,
}

/// Leaves out steps and events as long as the plan breaks the same promise. Makes at most `most` runs. A plan that does not fail stays as it is.
#[must_use]
pub fn shrink(plan: &Plan, opener: &dyn Opener, most: usize) -> Shrunk {
    let mut shrinking = Shrinking { opener, promise: "", left: most };
    let Some((at, failure)) = run(plan, opener, false).failure else {
        return Shrunk { plan: plan.clone(), runs: 1 };
    };
    shrinking.promise = failure.promise;
    let mut best = plan.clone();
    // What comes after the failure has no part in it.
    best.steps.truncate(at + 1);
    if !shrinking.fails(&best) {
        best.steps.clone_from(&plan.steps);
    }
    loop {
        let before = best.size();
        shrinking.steps(&mut best);
        shrinking.events(&mut best);
        if best.size() == before || shrinking.left == 0 {
            return Shrunk { plan: best, runs: most - shrinking.left + 1 };
        }
    }
}

struct Shrinking<'a> {
    opener: &'a dyn Opener,
    promise: &'static str,
    left: usize,
}

impl Shrinking<'_> {
    fn fails(&mut self, plan: &Plan) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        run(plan, self.opener, false)
            .failure
            .is_some_and(|(_, failure)| failure.promise == self.promise)
    }

    fn steps(&mut self, best: &mut Plan) {
        let all = best.steps.clone();
        let steps = self.without(&all, |steps| Plan { steps: steps.to_vec(), ..best.clone() });
        best.steps = steps;
    }

    fn events(&mut self, best: &mut Plan) {
        for at in 0..best.steps.len() {
            let Some(Step::Ask { client, batch }) = best.steps.get(at).cloned() else { continue };
            let put = |batch| {
                let mut plan = best.clone();
                if let Some(step) = plan.steps.get_mut(at) {
                    *step = Step::Ask { client, batch };
                }
                plan
            };
            // An empty batch is another kind of request.
            let batch = match batch {
                Batch::Ledgers(events) => Batch::Ledgers(
                    self.at_least_one(&events, |events| put(Batch::Ledgers(events.to_vec()))),
                ),
                Batch::Accounts(events) => Batch::Accounts(
                    self.at_least_one(&events, |events| put(Batch::Accounts(events.to_vec()))),
                ),
                Batch::Transfers(events) => Batch::Transfers(
                    self.at_least_one(&events, |events| put(Batch::Transfers(events.to_vec()))),
                ),
                Batch::Transactions(events) => Batch::Transactions(
                    self.at_least_one(&events, |events| put(Batch::Transactions(events.to_vec()))),
                ),
                Batch::Tick => Batch::Tick,
            };
            *best = put(batch);
        }
    }

    fn at_least_one<T: Clone>(&mut self, all: &[T], put: impl Fn(&[T]) -> Plan) -> Vec<T> {
        self.without(all, |some| put(if some.is_empty() { all } else { some }))
            .into_iter()
            .collect()
    }

    /// The elements without which it does not fail: pieces are left out, first large ones, then smaller ones.
    fn without<T: Clone>(&mut self, all: &[T], put: impl Fn(&[T]) -> Plan) -> Vec<T> {
        let mut kept = all.to_vec();
        let mut piece = kept.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            let mut any = false;
            while from < kept.len() && kept.len() > 1 {
                let to = (from + piece).min(kept.len());
                let mut fewer = kept.clone();
                fewer.drain(from..to);
                if !fewer.is_empty() && self.fails(&put(&fewer)) {
                    kept = fewer;
                    any = true;
                } else {
                    from = to;
                }
            }
            if piece == 1 && !any || self.left == 0 {
                return kept;
            }
            if !any {
                piece = piece.div_ceil(2).max(1);
            }
        }
    }
}
