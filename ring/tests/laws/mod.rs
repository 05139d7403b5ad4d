//! What every placement promises, checked through the public interface.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

use std::collections::BTreeMap;

use hash_ring::{Arc, Error, HashRange, NodeId, Placement, Weight};

/// Hashes that are the same in every run.
pub fn hashes(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(|i| {
        let x =
            (i ^ i >> 30).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    })
}

/// `placement` with nodes `n0`, `n1`, ... of those weights.
pub fn filled<P: Placement>(mut placement: P, weights: &[f64]) -> P {
    for (number, weight) in weights.iter().enumerate() {
        placement.add(&format!("n{number}"), Weight::new(*weight).unwrap()).unwrap();
    }
    placement
}

pub fn names<P: Placement + ?Sized>(placement: &P, hash: u64) -> Vec<String> {
    let name = |id: &NodeId| placement.roster().get(*id).unwrap().name().to_owned();
    placement.replicas(hash, usize::MAX).iter().map(name).collect()
}

pub fn owner<P: Placement + ?Sized>(placement: &P, hash: u64) -> String {
    placement.roster().get(placement.locate(hash).unwrap()).unwrap().name().to_owned()
}

/// A number that changes when any of the first 10,000 hashes has another owner.
pub fn checksum<P: Placement + ?Sized>(placement: &P) -> u64 {
    hashes(10_000).fold(0, |sum: u64, hash| {
        let name = owner(placement, hash);
        name.bytes().fold(sum.rotate_left(5), |sum, byte| {
            sum.wrapping_mul(0x100_0000_01B3) ^ u64::from(byte)
        })
    })
}

/// Every node once, the owner first; fewer if fewer are asked for.
pub fn prefers_every_node_once<P: Placement + ?Sized>(placement: &P, count: u64) {
    let all: Vec<NodeId> = placement.roster().iter().map(|(id, _)| id).collect();
    for hash in hashes(count) {
        let mut order = placement.replicas(hash, usize::MAX);
        assert_eq!(order.first().copied(), placement.locate(hash));
        for few in 0..order.len().min(12) {
            assert_eq!(placement.replicas(hash, few), order[..few]);
        }
        order.sort();
        assert_eq!(order, all);
    }
}

/// Arcs cover all hashes in order, neighbours differ, and owners are those that lookups find.
pub fn arcs_are_what_lookups_find<P: Placement + ?Sized>(placement: &P) {
    let arcs: Vec<Arc> = placement.arcs().expect("owns ranges").collect();
    if placement.roster().is_empty() {
        assert!(arcs.is_empty());
        return;
    }
    let mut next = 0u128;
    for arc in &arcs {
        assert_eq!(u128::from(arc.range.first()), next);
        next = u128::from(arc.range.last()) + 1;
        for hash in
            [arc.range.first(), arc.range.last(), arc.range.first() / 2 + arc.range.last() / 2]
        {
            if arc.range.contains(hash) {
                assert_eq!(placement.locate(hash), Some(arc.owner));
            }
        }
    }
    assert_eq!(next, 1 << 64);
    assert!(arcs.windows(2).all(|pair| pair[0].owner != pair[1].owner));
    let total: u128 = arcs.iter().map(|arc| arc.range.len()).sum();
    assert_eq!(total, HashRange::FULL.len());
}

/// Keys move only to the newcomer; when it leaves, back to where they were. So too for any other node that leaves, whatever the
/// order of preference: only its own place is closed.
pub fn moves_the_minimum<P: Placement + Clone>(placement: &P, count: u64) {
    let mut with = placement.clone();
    let new = with.add("newcomer", Weight::ONE).unwrap();
    for hash in hashes(count) {
        let (before, after) = (placement.locate(hash), with.locate(hash));
        assert!(after == Some(new) || after == before, "{hash:x}");
    }
    for (gone, _) in placement.roster().iter() {
        let mut without = placement.clone();
        without.remove(gone).unwrap();
        for hash in hashes(count / 8) {
            let mut before = placement.replicas(hash, usize::MAX);
            before.retain(|node| *node != gone);
            assert_eq!(without.replicas(hash, usize::MAX), before, "{hash:x}");
        }
    }
}

/// The same nodes in another order, with some that came and went, place alike.
pub fn only_the_set_of_nodes_matters<P: Placement + Clone>(empty: &P, weights: &[f64]) {
    let there = filled(empty.clone(), weights);
    let mut again = empty.clone();
    for (number, weight) in weights.iter().enumerate().rev() {
        let id = again.add(&format!("n{number}"), Weight::ONE).unwrap();
        let passing = again.add(&format!("passing{number}"), Weight::ONE).unwrap();
        again.reweight(id, Weight::new(*weight).unwrap()).unwrap();
        again.remove(passing).unwrap();
    }
    for hash in hashes(300) {
        assert_eq!(names(&there, hash), names(&again, hash), "{hash:x}");
    }
}

/// Operations that fail, and that nothing is different after them.
pub fn errors_change_nothing<P: Placement + Clone>(placement: &P) {
    let mut same = placement.clone();
    let (some, _) = same.roster().iter().next().unwrap();
    let taken = same.roster().get(some).unwrap().name().to_owned();
    assert!(matches!(same.add(&taken, Weight::ONE), Err(Error::DuplicateName { .. })));
    assert!(matches!(same.add(&"x".repeat(2000), Weight::ONE), Err(Error::NameLength { .. })));
    let gone = same.add("short-lived", Weight::ONE).unwrap();
    same.remove(gone).unwrap();
    let unknown = Err(Error::UnknownNode { node: gone });
    let before = same.clone();
    assert_eq!(same.remove(gone), unknown);
    assert_eq!(same.reweight(gone, Weight::ONE), unknown);
    assert_eq!(same.roster(), before.roster());
    for hash in hashes(300) {
        assert_eq!(same.locate(hash), before.locate(hash));
    }
}

/// No nodes, one node.
pub fn works_when_small<P: Placement + Clone>(empty: &P) {
    assert_eq!(empty.locate(7), None);
    assert_eq!(empty.locate_key(b"key"), None);
    assert_eq!(empty.name_of(b"key"), None);
    assert!(empty.replicas(7, 3).is_empty());
    assert!(empty.arcs().is_none_or(|mut arcs| arcs.next().is_none()));
    let mut one = empty.clone();
    let only = one.add("n0", Weight::ONE).unwrap();
    for hash in hashes(100).chain([0, u64::MAX]) {
        assert_eq!(one.locate(hash), Some(only));
        assert_eq!(one.replicas(hash, 3), [only]);
    }
    one.remove(only).unwrap();
    assert_eq!(one.locate(7), None);
}

/// How many standard deviations the chi-square of owners is above what independent draws by weight give. Where ownership is less even
/// than independent draws, or more, this is not the test.
pub fn deviation_from_weights<P: Placement + ?Sized>(placement: &P, count: u64) -> f64 {
    let mut owned = BTreeMap::new();
    for hash in hashes(count) {
        *owned.entry(placement.locate(hash).unwrap()).or_insert(0u64) += 1;
    }
    let chi: f64 = placement
        .roster()
        .iter()
        .map(|(id, _)| {
            let expected = placement.roster().ideal_share(id) * count as f64;
            (owned.get(&id).copied().unwrap_or(0) as f64 - expected).powi(2) / expected
        })
        .sum();
    let freedom = placement.roster().len() as f64 - 1.0;
    (chi - freedom) / (2.0 * freedom).sqrt()
}
