//! A plan written out: each action with its time.

use std::time::Duration;

use super::{Action, Plan, Step, Target, When};

/// An action with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// How long after the beginning.
    pub at: Duration,
    /// What.
    pub action: Action,
    /// If it undoes another one because of a `for`: which, by its place among [`Timeline::planned`].
    pub undoes: Option<usize>,
}

/// All actions of a plan in the order of their times.
///
/// At the same time, what undoes comes before what begins, and else the order of the plan's steps counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    planned: Vec<Planned>,
    duration: Duration,
    seed: u64,
}

impl Timeline {
    /// The actions.
    #[must_use]
    pub fn planned(&self) -> &[Planned] {
        &self.planned
    }

    /// When the plan ends.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// What choices of nodes come from.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Times and actions alone.
    #[must_use]
    pub fn actions(&self) -> Vec<(Duration, Action)> {
        self.planned.iter().map(|planned| (planned.at, planned.action.clone())).collect()
    }
}

/// How often a step happens in a plan of that duration.
pub(super) fn occurrences(step: &Step, duration: Duration) -> u64 {
    let When::Every { period, from, until } = step.when else { return 1 };
    let first = from.unwrap_or(period);
    let end = until.unwrap_or(duration).min(duration);
    if period.is_zero() || first >= end {
        return 0;
    }
    let times = (end - first).as_micros().saturating_sub(1) / period.as_micros().max(1) + 1;
    u64::try_from(times).unwrap_or(u64::MAX)
}

fn times(step: &Step, duration: Duration) -> impl Iterator<Item = Duration> {
    let (first, period) = match step.when {
        When::At(at) => (at, Duration::ZERO),
        When::Every { period, from, .. } => (from.unwrap_or(period), period),
    };
    (0..occurrences(step, duration)).map(move |n| {
        let since = period.as_micros().saturating_mul(u128::from(n));
        first.saturating_add(Duration::from_micros(u64::try_from(since).unwrap_or(u64::MAX)))
    })
}

/// What undoes it when its nodes are not known beforehand.
fn undo(action: &Action) -> Option<Action> {
    let inverse = action.inverse()?;
    Some(match inverse.target() {
        Some(Target::Node(_) | Target::All) | None => inverse,
        Some(_) => inverse.with_target(Target::All),
    })
}

impl Plan {
    /// Writes the plan out. What would be undone after its end is undone at its end.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        // The key of what undoes is less than that of what begins; the second number tells which belong together.
        let mut sorted = Vec::new();
        for step in &self.steps {
            for at in times(step, self.duration) {
                let number = sorted.len();
                sorted.push((at, 1u8, number, step.action.clone()));
                if let (Some(lasts), Some(undo)) = (step.lasts, undo(&step.action)) {
                    let end = at.saturating_add(lasts).min(self.duration).max(at);
                    sorted.push((end, 0, number, undo));
                }
            }
        }
        // One that is clipped to nothing at the plan's end still comes after its beginning.
        sorted.sort_by_key(|(at, kind, number, _)| {
            let last = *at >= self.duration && *kind == 0;
            (*at, if last { 2 } else { *kind }, *number)
        });
        let mut begun = std::collections::HashMap::new();
        let mut planned = Vec::with_capacity(sorted.len());
        for (at, kind, number, action) in sorted {
            let undoes = if kind == 0 { begun.remove(&number) } else { None };
            if kind == 1 {
                begun.insert(number, planned.len());
            }
            planned.push(Planned { at, action, undoes });
        }
        Timeline { planned, duration: self.duration, seed: self.seed.unwrap_or(0) }
    }
}
