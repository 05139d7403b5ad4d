//! No description makes [`Description::build_within`] ask for more memory than it is given, and in proportion to the description.

use std::num::NonZeroU32;

use hash_ring::{
    Algorithm, Description, Error, KeyHash, Part, Placement, Result, Run, Straw2, Value, Weight,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::allocator::peak;
use crate::placements::placement;

/// What building may take for each byte of a description, beside what it is given.
const PER_BYTE: usize = 100;

fn nodes(count: u32, weight: Weight) -> impl Iterator<Item = (String, Weight)> {
    (0..count).map(move |node| (format!("{node:x}"), weight))
}

/// Builds it within `memory`, and checks that it did not take more, nor much more than its bytes.
fn build(description: &Description, memory: usize) -> Result<Box<dyn Placement>> {
    let bytes = description.encode().len();
    let (built, most) = peak(|| description.build_within(memory));
    let surplus = most.saturating_sub(memory + 4096);
    assert!(
        surplus <= PER_BYTE * bytes,
        "{}: {most} bytes out, {memory} given, {bytes} of description",
        description.algorithm()
    );
    built
}

/// Built within about as little as will do.
fn built_at_last(description: &Description) -> (Box<dyn Placement>, usize) {
    let mut memory = 0;
    loop {
        match build(description, memory) {
            Ok(placement) => return (placement, memory),
            Err(Error::InvalidParameter { parameter: "memory to build", .. }) => {}
            Err(other) => panic!("{}: {other}", description.algorithm()),
        }
        memory += memory / 16 + 1000;
    }
}

/// Small descriptions of large placements: the number that decides how large.
fn large() -> Vec<Description> {
    let heavy = Weight::from_raw(NonZeroU32::new(1 << 25).unwrap());
    let of = |algorithm, weight, nodes_there: u32| {
        Description::new(algorithm, KeyHash::default(), nodes(nodes_there, weight))
    };
    let number =
        |name, number| move |it: Description| it.with_parameter(name, Value::Number(number));
    let text = |name, text: &'static str| {
        move |it: Description| it.with_parameter(name, Value::Text(text.into()))
    };
    let buckets =
        |count| move |it: Description| it.with_part(Part::Buckets((0..count).map(Some).collect()));
    let runs = |count: u32| {
        let runs = [0, 1].map(|owner| Run { length: count / 2, owner: Some(owner) });
        move |it: Description| it.with_part(Part::Slots(runs.to_vec()))
    };
    vec![
        of(Algorithm::Ring, heavy, 3)
            .and_then(text("tokens", "random"))
            .and_then(number("virtual-nodes", 300)),
        of(Algorithm::Ring, Weight::ONE, 300)
            .and_then(text("tokens", "random"))
            .and_then(number("virtual-nodes", 1000)),
        of(Algorithm::MultiProbe, heavy, 3)
            .and_then(number("probes", 21))
            .and_then(number("points", 250)),
        of(Algorithm::Maglev, Weight::ONE, 3)
            .and_then(text("build", "classic"))
            .and_then(number("slots", 655_373)),
        of(Algorithm::Anchor, Weight::ONE, 2)
            .and_then(number("capacity", 700_000))
            .and_then(buckets(2))
            .and_then(|it| it.with_part(Part::Removed(vec![]))),
        of(Algorithm::Dx, Weight::ONE, 2)
            .and_then(number("capacity", 1 << 20))
            .and_then(buckets(2)),
        of(Algorithm::Slots, Weight::ONE, 2)
            .and_then(number("slots", 1 << 20))
            .and_then(runs(1 << 20)),
    ]
    .into_iter()
    .map(Result::unwrap)
    .collect()
}

/// With more and more given, until it is enough: then it is what it said it would take.
#[test]
fn no_more_than_is_given() {
    for description in large() {
        let (placement, memory) = built_at_last(&description);
        // Nor is it refused far below what it takes.
        let takes = placement.heap_bytes();
        assert!(takes <= memory && memory <= 6 * takes, "{description:?}: {takes} of {memory}");
        assert_eq!(placement.describe(), description);
    }
}

/// Each number of each description made a large one.
#[test]
fn numbers_from_outside() {
    const MEMORY: usize = 1 << 20;
    for algorithm in Algorithm::ALL {
        let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
        TestRunner::new(config)
            .run(&prop_oneof![placement(algorithm, 30), placement(algorithm, 0)], |placement| {
                let mut bytes = placement.describe().encode();
                for at in 0..bytes.len().saturating_sub(4).min(400) {
                    let before = bytes[at..].first_chunk::<4>().copied().unwrap();
                    for number in [[255; 4], [255, 255, 15, 0], [0, 0, 1, 0], [1, 0, 1, 0]] {
                        bytes[at..at + 4].copy_from_slice(&number);
                        if let Ok(description) = Description::decode(&bytes) {
                            let _ = build(&description, MEMORY);
                        }
                    }
                    bytes[at..at + 4].copy_from_slice(&before);
                }
                Ok(())
            })
            .unwrap();
    }
}

/// Of each algorithm with many nodes and short names: the most that a byte of description can be made of.
#[test]
fn in_proportion() {
    for algorithm in Algorithm::ALL {
        let config = Config { cases: 1, failure_persistence: None, ..Config::default() };
        TestRunner::new(config)
            .run(&placement(algorithm, 0), |mut placement| {
                for (name, weight) in nodes(3000, Weight::ONE) {
                    // In three zones, where the algorithm has levels.
                    let name = format!("{}/1/{name}", name.len());
                    if placement.add(&name, weight).is_err() {
                        break;
                    }
                }
                let description = placement.describe();
                prop_assert_eq!(built_at_last(&description).0.describe(), description);
                Ok(())
            })
            .unwrap();
    }
}

/// The deepest tree of domains that have nobody in them but one node.
#[test]
fn domains_in_proportion() {
    let levels: Vec<String> = (0..16).map(|level| format!("level {level}")).collect();
    let levels: Vec<&str> = levels.iter().map(String::as_str).collect();
    let mut straw2 = Straw2::with_levels(&levels, KeyHash::default()).unwrap();
    for (name, weight) in nodes(2000, Weight::ONE) {
        straw2.add(&format!("{name}{}", "/a".repeat(16)), weight).unwrap();
    }
    let description = straw2.describe();
    let bytes = description.encode().len();
    let (built, most) = peak(|| description.build_within(0));
    assert_eq!(built.unwrap().describe(), description);
    assert!(most <= 250 * bytes, "{} times {bytes} bytes", most / bytes);
}

/// Names whose hashes begin alike, so that it takes a long way down the tree to tell them apart.
#[test]
fn names_that_are_hard_to_tell_apart() {
    // What the hashes of nodes are: not promised, and if they change there are no such names here.
    let hash = KeyHash::Xxh3 { seed: 0x6E6F_6465 };
    let mut all: Vec<_> = (0..300_000_u32)
        .map(|number| format!("{number:x}"))
        .map(|name| (hash.hash(name.as_bytes()), name))
        .collect();
    all.sort_unstable();
    let mut pairs: Vec<_> = all.windows(2).map(|pair| (pair[0].0 ^ pair[1].0, pair)).collect();
    pairs.sort_unstable();
    let pairs = pairs[..200].iter().flat_map(|(_, pair)| pair.iter());
    let names: std::collections::BTreeSet<&str> = pairs.map(|(_, name)| name.as_str()).collect();
    let nodes = names.into_iter().map(|name| (name, Weight::ONE));
    let description = Description::new(Algorithm::Skeleton, KeyHash::default(), nodes)
        .and_then(|it| it.with_parameter("fan-out", Value::Number(2)))
        .unwrap();
    let (placement, memory) = built_at_last(&description);
    assert!(memory > 1 << 20, "{memory}");
    assert!(memory <= 2 * placement.heap_bytes());
}
