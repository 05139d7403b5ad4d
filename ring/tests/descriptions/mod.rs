//! Any description that there can be.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use hash_ring::{Algorithm, Description, KeyHash, Part, Run, Value, Weight};
use proptest::{collection, option, prelude::*, sample::select};

pub fn key_hash() -> impl Strategy<Value = KeyHash> {
    prop_oneof![
        any::<u64>().prop_map(|seed| KeyHash::Xxh3 { seed }),
        any::<u64>().prop_map(|seed| KeyHash::Xxh64 { seed }),
        any::<u32>().prop_map(|seed| KeyHash::Murmur3 { seed }),
        any::<[u64; 2]>().prop_map(|key| KeyHash::SipHash13 { key }),
        any::<[u64; 2]>().prop_map(|key| KeyHash::SipHash24 { key }),
        Just(KeyHash::Md5),
        Just(KeyHash::RedisSlot),
    ]
}

pub fn weight() -> impl Strategy<Value = Weight> {
    prop_oneof![Just(Weight::ONE), any::<NonZeroU32>().prop_map(Weight::from_raw)]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-c]{1,4}", 1 => "[^a]{1,5}"]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![any::<u64>().prop_map(Value::Number), any::<String>().prop_map(Value::Text),]
}

fn owner(nodes: usize) -> impl Strategy<Value = Option<u32>> {
    any::<Option<prop::sample::Index>>()
        .prop_map(move |owner| owner.filter(|_| nodes > 0).map(|owner| owner.index(nodes) as u32))
}

fn tokens(nodes: usize) -> impl Strategy<Value = Part> {
    let tokens = collection::btree_set(any::<u64>(), 0..4)
        .prop_map(|tokens| tokens.into_iter().collect::<Vec<u64>>());
    collection::vec(tokens, nodes).prop_map(Part::Tokens)
}

/// Buckets, and which of them were removed.
fn buckets(nodes: usize) -> impl Strategy<Value = [Part; 2]> {
    let removed = collection::vec(0..12_u32, 0..6);
    (collection::vec(owner(nodes), 0..8), removed).prop_map(|(mut owners, removed)| {
        while owners.last() == Some(&None) {
            owners.pop();
        }
        let mut seen = BTreeSet::new();
        let vacant = |bucket: &u32| !matches!(owners.get(*bucket as usize), Some(Some(_)));
        let removed = removed.into_iter().filter(vacant).filter(|it| seen.insert(*it)).collect();
        [Part::Buckets(owners), Part::Removed(removed)]
    })
}

fn slots(nodes: usize) -> impl Strategy<Value = Part> {
    let run = (1..5_000_u32, owner(nodes)).prop_map(|(length, owner)| Run { length, owner });
    collection::vec(run, 0..6).prop_map(|mut runs| {
        runs.dedup_by_key(|run| run.owner);
        Part::Slots(runs)
    })
}

fn paths(nodes: usize) -> impl Strategy<Value = Part> {
    let path = collection::vec(prop_oneof!["(eu|us)", any::<String>()], 0..3);
    collection::vec(path, nodes).prop_map(Part::Paths)
}

fn parts(nodes: usize) -> impl Strategy<Value = Vec<Part>> {
    let any = (
        option::of(tokens(nodes)),
        option::of(buckets(nodes)),
        any::<[bool; 2]>(),
        option::of(slots(nodes)),
        option::of(paths(nodes)),
        any::<bool>(),
    );
    any.prop_map(|(tokens, buckets, keep, slots, paths, reversed)| {
        let buckets = buckets.into_iter().flatten().zip(keep).filter(|(_, keep)| *keep);
        let mut parts: Vec<Part> = buckets.map(|(part, _)| part).collect();
        parts.extend([tokens, slots, paths].into_iter().flatten());
        if reversed {
            parts.reverse();
        }
        parts
    })
}

pub fn description() -> impl Strategy<Value = Description> {
    let nodes = collection::btree_map(name(), weight(), 0..6)
        .prop_map(|nodes| nodes.into_iter().collect::<Vec<_>>())
        .prop_shuffle();
    nodes.prop_flat_map(move |nodes| {
        let parts = parts(nodes.len());
        let parameters = collection::btree_map(name(), value(), 0..4);
        let algorithm = select(Algorithm::ALL.to_vec());
        (algorithm, key_hash(), parameters, Just(nodes), parts).prop_map(
            |(algorithm, key_hash, parameters, nodes, parts)| {
                let mut description = Description::new(algorithm, key_hash, nodes).unwrap();
                for (name, value) in parameters {
                    description = description.with_parameter(name, value).unwrap();
                }
                for part in parts {
                    description = description.with_part(part).unwrap();
                }
                description
            },
        )
    })
}
