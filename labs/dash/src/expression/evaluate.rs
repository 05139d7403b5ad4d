//! What an expression is at a time.

use std::collections::BTreeMap;

use super::{Aggregation, Expression, Selector};
use crate::series::{Labels, Millis, Point, Store};

/// A value, and the labels that it has.
pub type Value = (Labels, f64);

/// What an expression is at a time, in the order of labels. `stale` is how old a sample may be, in milliseconds, to be taken for what is now.
#[must_use]
pub fn evaluate(expression: &Expression, store: &Store, now: Millis, stale: Millis) -> Vec<Value> {
    match expression {
        Expression::Number(number) => vec![(Labels::new(), *number)],
        Expression::Selector(selector) => selected(selector, store)
            .filter_map(|(labels, points)| {
                let &(at, value) = points.iter().rev().find(|it| it.0 <= now)?;
                (now.saturating_sub(at) <= stale).then(|| (labels.clone(), value))
            })
            .collect(),
        Expression::Rate(selector, window) => selected(selector, store)
            .filter_map(|(labels, points)| {
                let inside =
                    points.iter().filter(|it| it.0 > now.saturating_sub(*window) && it.0 <= now);
                Some((labels.clone(), rate(inside)?))
            })
            .collect(),
        Expression::Quantile(quantile, of) => quantiles(*quantile, evaluate(of, store, now, stale)),
        Expression::Aggregate { how, by, of } => {
            aggregate(*how, by, evaluate(of, store, now, stale))
        }
    }
}

fn selected<'s>(
    selector: &'s Selector,
    store: &'s Store,
) -> impl Iterator<Item = (&'s Labels, &'s std::collections::VecDeque<Point>)> {
    store.named(&selector.name).filter(|(labels, _)| {
        selector.labels.iter().all(|(label, is, wanted)| {
            let found = labels.iter().find(|it| it.0 == *label).map_or("", |it| it.1.as_str());
            (found == wanted) == *is
        })
    })
}

/// A second's increase. A counter that is less than before has begun anew, from 0.
fn rate<'p>(points: impl Iterator<Item = &'p Point>) -> Option<f64> {
    let mut increase = 0.0;
    let (mut first, mut last): (Option<Millis>, Option<Point>) = (None, None);
    for &(at, value) in points {
        if let Some((_, before)) = last {
            increase += if value < before { value } else { value - before };
        }
        first.get_or_insert(at);
        last = Some((at, value));
    }
    let seconds = (last?.0 - first?) as f64 / 1e3;
    (seconds > 0.0).then(|| increase / seconds)
}

fn aggregate(how: Aggregation, by: &[String], of: Vec<Value>) -> Vec<Value> {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (mut labels, value) in of {
        labels.retain(|it| by.contains(&it.0));
        groups.entry(labels).or_default().push(value);
    }
    let one = |values: &[f64]| match how {
        Aggregation::Sum => values.iter().sum(),
        Aggregation::Min => values.iter().copied().fold(f64::NAN, f64::min),
        Aggregation::Max => values.iter().copied().fold(f64::NAN, f64::max),
        Aggregation::Avg => values.iter().sum::<f64>() / values.len() as f64,
        Aggregation::Count => values.len() as f64,
    };
    groups.into_iter().map(|(labels, values)| (labels, one(&values))).collect()
}

fn quantiles(quantile: f64, of: Vec<Value>) -> Vec<Value> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (mut labels, count) in of {
        let Some(at) = labels.iter().position(|it| it.0 == "le") else { continue };
        let (_, bound) = labels.remove(at);
        let bound = if bound == "+Inf" { Some(f64::INFINITY) } else { bound.parse().ok() };
        if let Some(bound) = bound.filter(|it| !it.is_nan()) {
            histograms.entry(labels).or_default().push((bound, count));
        }
    }
    histograms.into_iter().map(|(labels, buckets)| (labels, inside(quantile, buckets))).collect()
}

/// As Prometheus does it: linear within a bucket, whose lower end is 0 for the first; the highest bound that is finite, if the quantile is above it; NaN if
/// nothing was counted.
fn inside(quantile: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Counts of one histogram that were not read at the same moment can disagree.
    let mut most = 0.0_f64;
    for bucket in &mut buckets {
        most = most.max(bucket.1);
        bucket.1 = most;
    }
    match buckets.last() {
        Some(last) if last.0 == f64::INFINITY && last.1 > 0.0 && buckets.len() > 1 => {}
        _ => return f64::NAN,
    }
    let rank = quantile * most;
    let (mut lower, mut below) = (0.0, 0.0);
    for (bound, count) in buckets {
        if count >= rank && count > 0.0 {
            if bound == f64::INFINITY {
                return lower;
            }
            if bound <= 0.0 || count <= below {
                return bound;
            }
            return lower + (bound - lower) * (rank - below) / (count - below);
        }
        (lower, below) = (bound, count);
    }
    f64::NAN
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;
    use crate::exposition::Sample;

    fn sample(name: &str, labels: &[(&str, &str)], value: f64) -> Sample {
        let labels = labels.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
        Sample { name: name.to_owned(), labels, value }
    }

    fn of(text: &str, store: &Store, now: Millis) -> Vec<Value> {
        evaluate(&parse(text).unwrap(), store, now, 10_000)
    }

    fn labels(all: &[(&str, &str)]) -> Labels {
        all.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect()
    }

    #[test]
    fn rates_survive_restarts() {
        let mut store = Store::new(600_000);
        for (at, value) in [(0, 100.0), (10, 200.0), (20, 50.0), (30, 150.0)] {
            store.add("j", "i", at * 1_000, vec![sample("x_total", &[], value)]);
        }
        // 100, then from 0 to 50, then 100, in 30 s.
        assert_eq!(of("sum(rate(x_total[1m]))", &store, 30_000), [(labels(&[]), 250.0 / 30.0)]);
        // A window has its end, and not its beginning.
        assert_eq!(of("sum(rate(x_total[20s]))", &store, 30_000), [(labels(&[]), 10.0)]);
        assert!(of("rate(x_total[10s])", &store, 30_000).is_empty(), "one sample is no rate");
        assert!(
            of("x_total", &store, 30_000).len() == 1 && of("x_total", &store, 41_000).is_empty(),
            "too old"
        );
    }

    #[test]
    fn labels_and_aggregations() {
        let mut store = Store::new(600_000);
        let all = [("a", "1", 1.0), ("a", "2", 2.0), ("b", "1", 4.0)];
        let samples = all.map(|(x, y, value)| sample("m", &[("x", x), ("y", y)], value));
        store.add("j", "i", 0, samples.to_vec());
        let sums = [(labels(&[("x", "a")]), 3.0), (labels(&[("x", "b")]), 4.0)];
        assert_eq!(of("sum by (x) (m)", &store, 0), sums);
        assert_eq!(of(r#"sum(m{y="1"})"#, &store, 0)[0].1, 5.0);
        assert_eq!(of(r#"sum(m{y!="1"})"#, &store, 0)[0].1, 2.0);
        assert_eq!(of(r#"count(m{none="",job="j"})"#, &store, 0)[0].1, 3.0);
        assert_eq!(of("max(m)", &store, 0)[0].1, 4.0);
        assert_eq!(of("min(m)", &store, 0)[0].1, 1.0);
        assert_eq!(of("avg by (x) (m)", &store, 0)[0].1, 1.5);
        assert!(of("sum(nothing)", &store, 0).is_empty());
    }

    #[test]
    fn quantiles_as_in_prometheus() {
        let buckets = vec![(0.1, 10.0), (0.5, 20.0), (1.0, 20.0), (f64::INFINITY, 40.0)];
        let of = |quantile| inside(quantile, buckets.clone());
        assert_eq!(of(0.125), 0.05);
        assert_eq!(of(0.25), 0.1);
        assert!((of(0.375) - 0.3).abs() < 1e-12);
        assert_eq!(of(0.5), 0.5);
        assert_eq!(of(0.99), 1.0, "above the highest bound");
        assert!(inside(0.5, vec![(1.0, 0.0), (f64::INFINITY, 0.0)]).is_nan());
        assert!(inside(0.5, vec![(1.0, 3.0)]).is_nan());
        assert!(inside(0.5, Vec::new()).is_nan());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever restarts there are: what was counted is what is found, as far as it could be seen.
        #[test]
        fn what_was_counted_is_found(steps in proptest::collection::vec((0..1_000_u32, proptest::bool::weighted(0.2)), 2..40)) {
            let mut store = Store::new(i64::MAX);
            let (mut counter, mut counted, mut at) = (0.0, 0.0, 0);
            store.add("j", "i", 0, vec![sample("x", &[], 0.0)]);
            for (more, restart) in &steps {
                at += 1_000;
                let before = counter;
                counter = if *restart { f64::from(*more) } else { counter + f64::from(*more) };
                // One that has come further than it was cannot be told from one that went on.
                counted += if counter < before { counter } else { counter - before };
                store.add("j", "i", at, vec![sample("x", &[], counter)]);
            }
            let rate = of("rate(x[60m])", &store, at)[0].1;
            // The window is open at its beginning, and here it begins before everything.
            prop_assert!((rate * at as f64 / 1e3 - counted).abs() < 1e-6 * counted.max(1.0));
        }

        #[test]
        fn quantiles_lie_within_the_bounds(counts in proptest::collection::vec(0..100_u32, 2..10), quantile in 0.0..=1.0_f64) {
            let last = counts.len() - 1;
            let buckets: Vec<_> = counts.iter().enumerate()
                .map(|(at, &count)| (if at == last { f64::INFINITY } else { (at + 1) as f64 }, f64::from(count))).collect();
            let found = inside(quantile, buckets);
            prop_assert!(found.is_nan() == counts.iter().all(|it| *it == 0));
            prop_assert!(found.is_nan() || (0.0..=last as f64).contains(&found), "{found}");
        }
    }
}
