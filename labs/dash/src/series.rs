//! The last samples of every series, in memory, in bounded space.

use std::collections::{BTreeMap, VecDeque};

use crate::exposition::Sample;

/// Milliseconds since 1970.
pub type Millis = i64;

/// The most series of a target; what comes beyond is not kept, and counted.
pub const SERIES: usize = 4_096;
/// The most samples of a series.
const POINTS: usize = 256;

/// Names a series: its labels, in the order of their names.
pub type Labels = Vec<(String, String)>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    labels: Labels,
}

/// A moment of a series.
pub type Point = (Millis, f64);

/// The last samples of all series of all targets.
#[derive(Debug)]
pub struct Store {
    series: BTreeMap<Key, VecDeque<Point>>,
    of: BTreeMap<String, usize>,
    keep: Millis,
    dropped: u64,
}

impl Store {
    /// One that keeps samples for so many milliseconds, and no more than some hundred of each series.
    #[must_use]
    pub fn new(keep: Millis) -> Self {
        Self { series: BTreeMap::new(), of: BTreeMap::new(), keep, dropped: 0 }
    }

    /// Adds what a target said at a time, under the labels `job` (its name) and `instance` (its address); a target's own labels of these names give way. Samples
    /// that are older than the last one of their series are left out.
    pub fn add(&mut self, job: &str, instance: &str, at: Millis, samples: Vec<Sample>) {
        for Sample { name, mut labels, value } in samples {
            labels.retain(|it| it.0 != "job" && it.0 != "instance");
            labels.push(("job".to_owned(), job.to_owned()));
            labels.push(("instance".to_owned(), instance.to_owned()));
            labels.sort();
            let key = Key { name, labels };
            let count = self.of.entry(job.to_owned()).or_default();
            let points = match self.series.get_mut(&key) {
                Some(points) => points,
                None if *count >= SERIES => {
                    self.dropped += 1;
                    continue;
                }
                None => {
                    *count += 1;
                    self.series.entry(key).or_default()
                }
            };
            if points.back().is_some_and(|last| last.0 >= at) {
                continue;
            }
            if points.len() >= POINTS {
                points.pop_front();
            }
            points.push_back((at, value));
        }
        self.forget(at);
    }

    /// Lets go of what is too old at this time.
    fn forget(&mut self, now: Millis) {
        let oldest = now.saturating_sub(self.keep);
        let of = &mut self.of;
        self.series.retain(|key, points| {
            while points.front().is_some_and(|it| it.0 < oldest) {
                points.pop_front();
            }
            if points.is_empty()
                && let Some(job) = key.labels.iter().find(|it| it.0 == "job")
                && let Some(count) = of.get_mut(&job.1)
            {
                *count = count.saturating_sub(1);
            }
            !points.is_empty()
        });
    }

    /// All series of a name, with their labels.
    pub fn named(&self, name: &str) -> impl Iterator<Item = (&Labels, &VecDeque<Point>)> {
        let from = Key { name: name.to_owned(), labels: Vec::new() };
        self.series
            .range(from..)
            .take_while(move |it| it.0.name == *name)
            .map(|(key, points)| (&key.labels, points))
    }

    /// How many series there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// How many samples were not kept because their target has too many series.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;

    fn sample(name: &str, label: &str, value: f64) -> Sample {
        Sample { name: name.into(), labels: vec![("l".into(), label.into())], value }
    }

    #[test]
    fn series_are_told_apart_and_old_samples_go() {
        let mut store = Store::new(10_000);
        for at in 0..20 {
            store.add(
                "a",
                "h:1",
                at * 1_000,
                vec![sample("x", "1", at as f64), sample("x", "2", 0.0), sample("xy", "1", 0.0)],
            );
        }
        store.add("b", "h:2", 19_000, vec![sample("x", "1", 5.0)]);
        let all: Vec<_> = store.named("x").collect();
        assert_eq!(all.len(), 3);
        let (labels, points) = all[0];
        assert_eq!(labels[1], ("job".into(), "a".into()));
        assert_eq!((points.front(), points.back()), (Some(&(9_000, 9.0)), Some(&(19_000, 19.0))));
        // One that is silent for too long is no more.
        store.add("b", "h:2", 60_000, vec![sample("x", "1", 5.0)]);
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn bounded_in_series_and_in_samples() {
        let mut store = Store::new(i64::MAX);
        for at in 0..300 {
            store.add("a", "h:1", at, vec![sample("x", "1", 0.0)]);
        }
        assert_eq!(store.named("x").next().unwrap().1.len(), POINTS);
        store.add(
            "a",
            "h:1",
            400,
            (0..SERIES + 10).map(|it| sample("y", &it.to_string(), 0.0)).collect(),
        );
        assert_eq!((store.len(), store.dropped()), (SERIES, 11));
        store.add("b", "h:2", 400, vec![sample("z", "1", 0.0)]);
        assert_eq!(store.len(), SERIES + 1);
        // Time that goes back adds nothing.
        store.add("b", "h:2", 300, vec![sample("z", "1", 7.0)]);
        assert_eq!(store.named("z").next().unwrap().1.len(), 1);
    }
}
