//! What the checker finds, and what it does not.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod planted;
mod small;
mod story;
mod world;

use proptest::prelude::*;
use queue_chaos::check::{Checker, Judgement, Options, Verdict};
use queue_chaos::history::Event;

use world::{Line, Step, World};

fn judge<'a>(events: impl IntoIterator<Item = &'a Event>, options: &Options) -> Judgement {
    let mut checker = Checker::new(options);
    for (i, event) in events.into_iter().enumerate() {
        checker.push(event).unwrap_or_else(|it| panic!("event {i}, {event:?}: {it}"));
    }
    checker.finish()
}

fn judge_lines(lines: &[Line]) -> Judgement {
    judge(lines.iter().map(|(_, it)| it), &Options::default())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 0..150)
}

fn ends() -> impl Strategy<Value = (bool, bool, u16)> {
    any::<(bool, bool, u16)>()
}

proptest! {
    /// A cluster that does nothing wrong, whatever its clients suffer.
    #[test]
    fn nothing_wrong_is_found_wrong(
        steps in steps(),
        ends in ends(),
        late in prop::collection::vec(any::<u16>(), 1..50),
        most in 0..60_u64,
    ) {
        let world = World::run(&steps, ends);
        let judgement = judge_lines(&world.lines);
        prop_assert_eq!(judgement.verdict, Verdict::Ok, "{}", judgement);
        prop_assert!(judgement.found.is_empty() && judgement.unknowns.is_empty());
        // Nor if the lines of different actors stand in another order.
        let shuffled = judge_lines(&world::shuffle(&world.lines, &late, most));
        prop_assert_eq!(judgement, shuffled);
    }

    /// Cut anywhere, nothing is wrong; but nobody can say that all is well.
    #[test]
    fn a_part_of_it_is_unknown(steps in steps(), ends in ends(), at in any::<prop::sample::Index>()) {
        let world = World::run(&steps, ends);
        let part = &world.lines[..1 + at.index(world.lines.len() - 1)];
        let judgement = judge_lines(part);
        prop_assert_eq!(judgement.verdict, Verdict::Unknown, "{}", judgement);
    }
}
