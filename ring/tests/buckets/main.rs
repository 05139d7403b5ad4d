//! The placements that number their nodes: `Jump`, `JumpBack`, `Anchor`, `Memento`, `Dx`.

#![allow(clippy::unwrap_used)] // a test may fail in any way it likes

mod histories;
mod loads;
mod movement;

use std::ops::ControlFlow;

use hash_ring::{
    Anchor, Dx, Error, Jump, JumpBack, KeyHash, Memento, NodeId, Placement, Roster, Weight,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// As many nodes as the properties use, at most.
const MOST: usize = 48;

/// All of them, empty, with room for [`MOST`].
fn all() -> Vec<Box<dyn Placement>> {
    vec![
        Box::new(Jump::default()),
        Box::new(JumpBack::default()),
        Box::new(Anchor::new(MOST, KeyHash::default()).unwrap()),
        Box::new(Memento::default()),
        Box::new(Dx::with_capacity(MOST, KeyHash::default()).unwrap()),
    ]
}

/// Those of which any node can go without more than the least of movement.
fn any_can_go() -> Vec<Box<dyn Placement>> {
    all().split_off(2)
}

fn is_dense(placement: &dyn Placement) -> bool {
    ["jump", "jump-back"].contains(&placement.algorithm().name())
}

fn hashes(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(|i| KeyHash::default().hash(&i.to_le_bytes()))
}

fn fill(placement: &mut dyn Placement, names: impl IntoIterator<Item = usize>) -> Vec<NodeId> {
    let add = |i| placement.add(&format!("node {i}"), Weight::ONE).unwrap();
    names.into_iter().map(add).collect()
}

fn owners(placement: &dyn Placement, count: u64) -> Vec<NodeId> {
    hashes(count).map(|hash| placement.locate(hash).unwrap()).collect()
}

fn owners_by_name(placement: &dyn Placement, count: u64) -> Vec<String> {
    let name = |id| placement.roster().get(id).unwrap().name().to_string();
    owners(placement, count).into_iter().map(name).collect()
}

/// Chi-square of equal parts, in standard deviations above its mean.
fn excess(counts: &[u64]) -> f64 {
    let mean = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let chi: f64 = counts.iter().map(|count| (*count as f64 - mean).powi(2) / mean).sum();
    let freedom = (counts.len() - 1) as f64;
    (chi - freedom) / (2.0 * freedom).sqrt()
}

/// How often each of the nodes is in `owners`.
fn counts(placement: &dyn Placement, owners: impl IntoIterator<Item = NodeId>) -> Vec<u64> {
    let mut counts = vec![0; placement.roster().id_bound()];
    owners.into_iter().for_each(|owner| counts[owner.index()] += 1);
    placement.roster().iter().map(|(id, _)| counts[id.index()]).collect()
}

#[test]
fn many_hashes_at_once() {
    let mut jump = Jump::default();
    let mut found = vec![];
    jump.locate_batch(&[1, 2, 3], &mut found);
    assert_eq!(found, []);
    fill(&mut jump, 0..100);
    let hashes: Vec<u64> = hashes(1000).collect();
    jump.locate_batch(&hashes, &mut found);
    assert_eq!(found, owners(&jump, 1000));
    assert_eq!(jump.buckets().len(), 100);
}

#[test]
fn bad_input_changes_nothing() {
    let double = Weight::new(2.0).unwrap();
    for mut placement in all() {
        let present = fill(&mut *placement, 0..4);
        placement.remove(present[2]).unwrap();
        let before = format!("{placement:?}");
        let unsupported = placement.add("heavy", double).unwrap_err();
        assert!(matches!(unsupported, Error::Unsupported { .. }), "{unsupported}");
        let unsupported = placement.reweight(present[0], double).unwrap_err();
        assert!(unsupported.to_string().contains("Rendezvous"), "{unsupported}");
        for weight in [Weight::ONE, double] {
            let unknown = Err(Error::UnknownNode { node: present[2] });
            assert_eq!(placement.reweight(present[2], weight), unknown);
        }
        assert_eq!(placement.reweight(present[0], Weight::ONE), Ok(()));
        assert_eq!(placement.remove(present[2]), Err(Error::UnknownNode { node: present[2] }));
        let twice = placement.add("node 1", Weight::ONE).unwrap_err();
        assert!(matches!(twice, Error::DuplicateName { .. }), "{twice}");
        let nameless = placement.add("", Weight::ONE).unwrap_err();
        assert!(matches!(nameless, Error::NameLength { found: 0 }), "{nameless}");
        assert_eq!(format!("{placement:?}"), before);
    }
}

#[test]
fn capacities() {
    for bad in [0, Roster::MAX_NODES + 1, usize::MAX] {
        for error in [
            Anchor::new(bad, KeyHash::default()).unwrap_err(),
            Dx::with_capacity(bad, KeyHash::default()).unwrap_err(),
        ] {
            let expected = format!("capacity is {bad}, must be 1 to {}", Roster::MAX_NODES);
            assert_eq!(error.to_string(), expected);
        }
    }
    let mut anchor = Anchor::new(3, KeyHash::default()).unwrap();
    let present = fill(&mut anchor, 0..3);
    let full = anchor.add("d", Weight::ONE);
    assert_eq!(full, Err(Error::TooManyNodes { max: 3 }));
    assert_eq!(anchor.roster().len(), 3);
    anchor.remove(present[1]).unwrap();
    anchor.add("d", Weight::ONE).unwrap();
    assert_eq!(Dx::with_capacity(33, KeyHash::default()).unwrap().capacity(), 64);
    let largest = Anchor::new(Roster::MAX_NODES, KeyHash::default()).unwrap();
    assert_eq!(largest.capacity(), Roster::MAX_NODES);
}

/// Golden: owners of fixed keys, and a sum over 10,000 hashes. A change of either moves people's data.
#[test]
fn golden() {
    let expected: [([usize; 8], u64); 5] = [
        ([14, 26, 34, 0, 1, 32, 33, 10], 187_437_723_599_138_244),
        ([33, 25, 29, 19, 41, 34, 11, 29], 5_150_487_178_305_639_276),
        ([26, 16, 31, 8, 28, 30, 7, 15], 3_590_211_431_988_850_994),
        ([33, 25, 29, 19, 37, 34, 11, 29], 7_313_228_317_213_368_172),
        ([7, 10, 35, 33, 15, 2, 33, 5], 17_777_299_893_591_575_433),
    ];
    let mut found = vec![];
    for mut placement in all() {
        let present = fill(&mut *placement, 0..40);
        for i in [3, 39, 17, 20] {
            placement.remove(present[i]).unwrap();
        }
        fill(&mut *placement, [40, 41]);
        let some = ["a", "b", "user:1000", "", "some key", "x", "y", "z"];
        let some = some.map(|key| placement.locate_key(key.as_bytes()).unwrap().index());
        let sum = (1..).zip(owners(&*placement, 10_000));
        let sum =
            sum.fold(0u64, |sum, (i, owner)| sum.wrapping_mul(31) ^ (i * owner.index() as u64));
        found.push((some, sum));
    }
    assert_eq!(found, expected);
}
