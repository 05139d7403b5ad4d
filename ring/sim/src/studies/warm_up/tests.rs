use super::*;
use crate::keys::Keys;
use crate::progress::Progress;
use crate::zipf::Zipf;

const QUESTION: Question = Question {
    before: 3,
    after: 4,
    keys: 20_000,
    capacity: 1000,
    exponent: 0.9,
    requests: 200_000,
    window: 500,
    peers: Vec::new(),
};

/// A course of modulo hashing, which needs no other part of this workspace to be right.
fn modulo(question: &Question, peers: bool) -> Course {
    let settings = Settings::default();
    let mut progress = Progress::hidden();
    let schemes = [Scheme::Modulo];
    let mut context = Context { schemes: &schemes, settings: &settings, progress: &mut progress };
    follow(question, Scheme::Modulo, peers, &mut context).unwrap()
}

/// The hit rate of an LRU cache by Che's approximation (Che, Tung, Wang: Hierarchical web caching systems, 2002): a key is there if it was
/// asked for within the time in which as many different keys are asked for as the cache has entries.
fn che(rates: &[f64], capacity: f64) -> f64 {
    let filled = |time: f64| rates.iter().map(|rate| 1.0 - (-rate * time).exp()).sum::<f64>();
    let (mut low, mut high) = (0.0, 1e12);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if filled(middle) < capacity { low = middle } else { high = middle }
    }
    rates.iter().map(|rate| rate * (1.0 - (-rate * low).exp())).sum()
}

/// The whole simulation against theory: requests, owners, caches.
#[test]
fn steady_rates_are_those_of_theory() {
    let course = modulo(&QUESTION, false);
    let settings = Settings::default();
    let zipf = Zipf::new(QUESTION.keys, QUESTION.exponent);
    let sum: f64 = (1..=QUESTION.keys).map(|item| zipf.density(item as f64)).sum();
    for (nodes, measured) in [(3, course.rate_before()), (4, course.rate_after())] {
        let cluster = Cluster::of(nodes, Scheme::Modulo, &settings).unwrap();
        let mut rates = vec![Vec::new(); nodes as usize];
        for key in 0..QUESTION.keys {
            let rate = zipf.density(key as f64 + 1.0) / sum;
            rates[cluster.owner(Keys::new(0).hash(key)) as usize].push(rate);
        }
        let theory: f64 = rates.iter().map(|rates| che(rates, QUESTION.capacity as f64)).sum();
        assert!((measured - theory).abs() < 0.005, "{nodes} nodes: {measured}, theory {theory}");
    }
}

#[test]
fn moved_keys_are_cold() {
    let course = modulo(&QUESTION, false);
    assert!((course.moved - 0.75).abs() < 0.02);
    assert!(course.lowest() < course.rate_before() * 0.6, "{course:?}");
    assert!(course.peak() > 1.5 && course.recovery().unwrap() > 0, "{course:?}");
    assert!(course.rate_after() > course.rate_before());
}

#[test]
fn asked_peers_spare_the_origin() {
    let (alone, asking) = (modulo(&QUESTION, false), modulo(&QUESTION, true));
    assert_eq!(alone.before, asking.before);
    assert!(asking.peak() < 0.75 * alone.peak(), "{} {}", asking.peak(), alone.peak());
    assert!(asking.extra_fetches() < alone.extra_fetches() / 4.0);
}

#[test]
fn the_same_nodes_stay_warm() {
    let course = modulo(&Question { after: 3, ..QUESTION }, false);
    assert_eq!((course.moved, course.recovery()), (0.0, Some(0)));
    assert!(course.peak() < 1.3);
}

#[test]
fn nodes_that_leave_take_their_caches_along() {
    let course = modulo(&Question { before: 4, after: 3, ..QUESTION }, false);
    assert!(course.rate_after() < course.rate_before() && course.peak() > 1.5);
}

#[test]
fn bad_questions() {
    let settings = Settings { max_memory: 1 << 20, ..Settings::default() };
    let mut progress = Progress::hidden();
    let context = Context { schemes: &[], settings: &settings, progress: &mut progress };
    let small = Question { keys: 1000, capacity: 100, ..QUESTION };
    check(&small, &context).unwrap();
    for (question, says) in [
        (Question { before: 0, ..small.clone() }, "before is 0"),
        (Question { after: 0, ..small.clone() }, "after is 0"),
        (Question { keys: 0, ..small.clone() }, "keys is 0"),
        (Question { keys: 1 << 32, ..small.clone() }, "keys is 4294967296"),
        (Question { capacity: 0, ..small.clone() }, "capacity of a cache is 0"),
        (Question { exponent: -1.0, ..small.clone() }, "exponent is -1"),
        (Question { exponent: f64::NAN, ..small.clone() }, "exponent is NaN"),
        (Question { window: 0, ..small.clone() }, "window is 0"),
        (Question { window: 100_000, ..small.clone() }, "an eighth"),
        (
            Question { keys: 1_000_000, ..small.clone() },
            "MiB of memory (caches of 100 entries on 4 nodes",
        ),
        (Question { capacity: 1_000_000, ..small.clone() }, "raise --max-memory-mib"),
    ] {
        let why = check(&question, &context).unwrap_err();
        assert!(why.to_string().contains(says), "{why}");
        assert_eq!(why.exit_code(), 2);
    }
}
