//! Rounds: every task in every store, in turns, its answer compared with what it must be.

use std::time::{Duration, Instant};

use crate::Result;
use crate::answer::difference;
use crate::data::Movie;
use crate::model::Model;
use crate::store::Store;
use crate::task::{Kind, Task};

/// How long the tasks of one kind took in one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// The query; for a task that changes something, the change, until it is durable.
    pub main: Vec<Duration>,
    /// The question after a change; empty for queries.
    pub after: Vec<Duration>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// By kind, in the order of [`Kind::ALL`]; by store, in the order given.
    pub samples: Vec<Vec<Samples>>,
    /// Answers that were compared.
    pub compared: u64,
    /// The first answer of each kind that was wrong, as a sentence.
    pub differences: Vec<(Kind, String)>,
}

/// The value that so many per cent of the samples do not exceed (nearest rank). `None` without samples.
#[must_use]
pub fn percentile(samples: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The tasks of a round: fewer of those that take long, and parameters that differ from round to round, alike for every store.
#[must_use]
pub fn tasks(round: u32, movies: &[Movie]) -> Vec<Task> {
    let mut random = u64::from(round).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // Xorshift: any spread will do.
    let mut draw = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % (below.max(1) as u64)).unwrap_or(0)
    };
    let mut tasks = Vec::new();
    for _ in 0..40 {
        tasks.push(Task::Lookup { id: movies.get(draw(movies.len())).map_or(1, |movie| movie.id) });
    }
    for _ in 0..20 {
        let year = 1975 + draw(33);
        tasks.push(Task::Range {
            from: format!("{year}-{:02}-01", 1 + draw(12)),
            to: format!("{}-01-01", year + 3),
            limit: 20,
        });
    }
    tasks.extend([Task::Group, Task::Group]);
    tasks.push(Task::Join { limit: 50 });
    tasks.push(Task::AboveMean { margin: 10, limit: 50 });
    tasks.extend([Task::Unnest, Task::Unnest]);
    tasks.push(Task::Schema { since: "2005-01-01".to_owned() });
    // One of those that have many films.
    let from = [
        "Warner Bros.",
        "Sony Pictures",
        "Paramount Pictures",
        "Universal",
        "Walt Disney Pictures",
        "20th Century Fox",
    ][draw(6)];
    tasks.push(Task::Rename { from: from.to_owned(), to: format!("{from} Discovery") });
    for _ in 0..5 {
        let voted = movies.get(draw(movies.len())).map_or(1, |movie| movie.id);
        tasks.push(Task::Votes { id: voted, by: 7 });
    }
    tasks
}

/// Runs rounds. The first one is not measured: it warms up. `progress` is told after each.
///
/// # Errors
/// What a store says. A wrong answer is no error: see [`Measured::differences`].
pub fn rounds(
    stores: &mut [Box<dyn Store>],
    model: &mut Model,
    movies: &[Movie],
    rounds: u32,
    progress: &mut dyn FnMut(u32),
) -> Result<Measured> {
    let mut measured = Measured {
        samples: vec![vec![Samples::default(); stores.len()]; Kind::ALL.len()],
        ..Measured::default()
    };
    for round in 0..=rounds {
        for (turn, task) in tasks(round, movies).iter().enumerate() {
            let kind = task.kind();
            model.change(task)?;
            let expected = model.ask(task)?;
            model.undo(task)?;
            for step in 0..stores.len() {
                // Whoever comes first may find the processor's caches as others left them: it is not always the same one.
                let at = (turn + round as usize + step) % stores.len();
                let Some(store) = stores.get_mut(at) else { continue };
                let changed = if kind.changes() {
                    let begun = Instant::now();
                    store.change(task)?;
                    Some(begun.elapsed())
                } else {
                    None
                };
                let begun = Instant::now();
                let answer = store.ask(task)?;
                let asked = begun.elapsed();
                if kind.changes() {
                    store.undo(task)?;
                }
                measured.compared += 1;
                if let Some(difference) = difference(&answer, &expected)
                    && measured.differences.iter().all(|(known, _)| *known != kind)
                {
                    let said = format!(
                        "{task:?}: {} answers otherwise than {}: {difference}",
                        store.name(),
                        model.name()
                    );
                    measured.differences.push((kind, said));
                }
                if round > 0
                    && let Some(samples) =
                        measured.samples.get_mut(kind as usize).and_then(|of| of.get_mut(at))
                {
                    samples.main.push(changed.unwrap_or(asked));
                    samples.after.extend(changed.map(|_| asked));
                }
            }
        }
        progress(round);
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks() {
        let samples: Vec<_> = (1..=20).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&samples, 50), Some(Duration::from_millis(10)));
        assert_eq!(percentile(&samples, 95), Some(Duration::from_millis(19)));
        assert_eq!(percentile(&samples, 100), Some(Duration::from_millis(20)));
        assert_eq!(percentile(&samples[..1], 50), Some(Duration::from_millis(20)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_round_has_every_task_and_no_other_round_is_like_it() {
        let movies = vec![Movie { id: 1, ..Movie::default() }, Movie { id: 2, ..Movie::default() }];
        let round = tasks(1, &movies);
        for kind in Kind::ALL {
            assert!(round.iter().any(|task| task.kind() == kind), "{kind:?}");
        }
        assert_eq!(round, tasks(1, &movies));
        assert_ne!(round, tasks(2, &movies));
    }
}
