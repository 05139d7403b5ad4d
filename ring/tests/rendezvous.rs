//! What rendezvous hashing promises, flat, over a skeleton and down a topology.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

#[allow(dead_code, reason = "each test takes what it needs")]
mod laws;

use hash_ring::{Error, KeyHash, Placement, Rendezvous, Skeleton, Straw2, Topology, Weight};
use laws::{deviation_from_weights, filled, hashes, names, owner};
use proptest::prelude::*;

fn skeleton(fan_out: usize) -> Skeleton {
    Skeleton::with_fan_out(fan_out, KeyHash::default()).unwrap()
}

/// Zones `z0`, `z1`, `z2` of two racks each.
fn cluster(nodes: usize) -> Straw2 {
    let mut cluster = Straw2::with_levels(&["zone", "rack"], KeyHash::default()).unwrap();
    for node in 0..nodes {
        let path = format!("z{}/r{}/n{node}", node % 3, node / 3 % 2);
        cluster.add(&path, Weight::new(1.0 + (node % 4) as f64).unwrap()).unwrap();
    }
    cluster
}

fn weights() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        (1..40usize).prop_map(|n| vec![1.0; n]),
        prop::collection::vec((1..20u32).prop_map(|w| f64::from(w) / 4.0), 1..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn flat(weights in weights()) {
        let nodes = filled(Rendezvous::default(), &weights);
        laws::prefers_every_node_once(&nodes, 50);
        laws::moves_the_minimum(&nodes, 200);
        laws::errors_change_nothing(&nodes);
        laws::only_the_set_of_nodes_matters(&Rendezvous::default(), &weights);
    }

    #[test]
    fn over_a_skeleton(weights in weights(), bits in 1..6u32) {
        let empty = skeleton(1 << bits);
        let nodes = filled(empty.clone(), &weights);
        laws::prefers_every_node_once(&nodes, 50);
        laws::errors_change_nothing(&nodes);
        laws::only_the_set_of_nodes_matters(&empty, &weights);
    }

    /// Without levels Straw2 is rendezvous hashing.
    #[test]
    fn straw2_without_levels(weights in weights()) {
        let flat = filled(Straw2::default(), &weights);
        let nodes = filled(Rendezvous::default(), &weights);
        for hash in hashes(300) {
            prop_assert_eq!(flat.locate(hash), nodes.locate(hash));
        }
        laws::prefers_every_node_once(&flat, 50);
        laws::only_the_set_of_nodes_matters(&Straw2::default(), &weights);
    }

    /// A node gets another weight, and keys move to it alone or from it alone: also where all weights were equal.
    #[test]
    fn reweighting_moves_to_or_from_one(weights in weights(), which in any::<prop::sample::Index>(), weight in 1..100u32) {
        let before = filled(Rendezvous::default(), &weights);
        let which = which.index(weights.len());
        let (id, node) = before.roster().iter().nth(which).unwrap();
        let weight = Weight::new(f64::from(weight) / 8.0).unwrap();
        let grows = weight > node.weight();
        let mut after = before.clone();
        after.reweight(id, weight).unwrap();
        for hash in hashes(2000) {
            let (from, to) = (before.locate(hash).unwrap(), after.locate(hash).unwrap());
            let moved_right = if grows { to == id } else { from == id };
            prop_assert!(from == to || moved_right);
        }
    }

    /// A change in one domain moves nothing between nodes of domains that it does not touch, at any level.
    #[test]
    fn untouched_domains_exchange_nothing(nodes in 6..40usize, zone in 0..3usize, rack in 0..3usize) {
        let before = cluster(nodes);
        let mut after = before.clone();
        after.add(&format!("z{zone}/r{rack}/new"), Weight::ONE).unwrap();
        let (zone, rack) = (format!("z{zone}/"), format!("z{zone}/r{rack}/"));
        for hash in hashes(1000) {
            let (from, to) = (owner(&before, hash), owner(&after, hash));
            if from != to {
                let into_zone = to.starts_with(&zone) && !from.starts_with(&zone);
                let into_rack = to.starts_with(&rack) && !from.starts_with(&rack);
                prop_assert!(into_zone || into_rack || to.ends_with("/new"), "{from} to {to}");
            }
        }
    }
}

#[test]
fn small() {
    laws::works_when_small(&Rendezvous::default());
    laws::works_when_small(&Skeleton::default());
    laws::works_when_small(&Straw2::default());
}

/// Of fixed hashes: less than four standard deviations from independent draws by weight.
#[test]
fn shares_follow_weights() {
    for n in [2, 5, 17, 100] {
        for spread in [1, 7] {
            let weights: Vec<f64> = (0..n).map(|i| 1.0 + f64::from(i % spread)).collect();
            let flat = deviation_from_weights(&filled(Rendezvous::default(), &weights), 100_000);
            let tree = deviation_from_weights(&filled(skeleton(4), &weights), 100_000);
            assert!(flat < 4.0 && tree < 4.0, "{n} nodes: {flat} {tree}");
        }
    }
    let deviation = deviation_from_weights(&cluster(30), 100_000);
    assert!(deviation < 4.0, "{deviation}");
}

/// One in a million: weights that differ by so much are kept.
#[test]
fn extreme_weights() {
    let mut nodes = Rendezvous::default();
    nodes.add("heavy", Weight::new(1000.0).unwrap()).unwrap();
    let light = nodes.add("light", Weight::new(0.1).unwrap()).unwrap();
    let owned = hashes(1_000_000).filter(|hash| nodes.locate(*hash) == Some(light)).count();
    // 100 expected: five standard deviations.
    assert!((50..=150).contains(&owned), "{owned}");
}

/// Adding a node to a skeleton moves up to its share a level; the documentation gives measured figures.
#[test]
fn what_a_skeleton_moves() {
    let before = filled(skeleton(16), &[1.0; 200]);
    let mut after = before.clone();
    let new = after.add("newcomer", Weight::ONE).unwrap();
    let (mut moved, mut to_new) = (0, 0);
    for hash in hashes(100_000) {
        moved += u32::from(before.locate(hash) != after.locate(hash));
        to_new += u32::from(after.locate(hash) == Some(new));
    }
    // 100,000 / 201 = 498 is the share.
    assert!((400..600).contains(&to_new), "{to_new}");
    assert!(moved < 3 * 498, "{moved}");
    after.remove(new).unwrap();
    assert!(hashes(2000).all(|hash| before.locate(hash) == after.locate(hash)));
}

/// A skeleton back to where it was after any changes.
#[test]
fn a_skeleton_forgets() {
    let mut nodes = skeleton(2);
    let kept = nodes.add("kept", Weight::ONE).unwrap();
    let others: Vec<_> =
        (0..100).map(|i| nodes.add(&format!("n{i}"), Weight::ONE).unwrap()).collect();
    for other in others {
        nodes.remove(other).unwrap();
    }
    assert!(hashes(100).all(|hash| nodes.locate(hash) == Some(kept)));
    let bytes = nodes.heap_bytes();
    for round in 0..50 {
        let id = nodes.add(&format!("r{round}"), Weight::ONE).unwrap();
        nodes.remove(id).unwrap();
    }
    assert!(nodes.heap_bytes() <= 2 * bytes, "groups are used again");
}

#[test]
fn straw2_takes_paths() {
    let mut cluster = cluster(12);
    laws::prefers_every_node_once(&cluster, 50);
    let before = cluster.clone();
    for bad in ["", "n", "z/n", "z//n", "z/r/", "z/r/x/n"] {
        let error = cluster.add(bad, Weight::ONE).unwrap_err();
        assert!(
            matches!(error, Error::InvalidParameter { parameter: "path", .. }),
            "{bad}: {error}"
        );
    }
    assert_eq!(cluster.roster(), before.roster());
    assert_eq!(cluster.topology(), before.topology());

    let named = cluster.add_in("z9/r9", "10.0.0.1:80", Weight::new(50.0).unwrap()).unwrap();
    assert!(hashes(200).any(|hash| cluster.locate(hash) == Some(named)));
    cluster.reweight(named, Weight::ONE).unwrap();
    cluster.remove(named).unwrap();
    assert_eq!(cluster.topology().find("z9"), None);
    for hash in hashes(500) {
        assert_eq!(names(&cluster, hash), names(&before, hash));
    }
}

#[test]
fn straw2_of_a_topology() {
    let mut topology = Topology::new(&["zone"]).unwrap();
    for (zone, name, weight) in [("a", "x", 1.0), ("a", "y", 2.0), ("b", "z", 3.0)] {
        topology.add_in(zone, name, Weight::new(weight).unwrap()).unwrap();
    }
    let cluster = Straw2::of_topology(&topology, KeyHash::default()).unwrap();
    assert_eq!(
        cluster.topology().nodes().collect::<Vec<_>>(),
        topology.nodes().collect::<Vec<_>>()
    );
    assert!(deviation_from_weights(&cluster, 20_000) < 4.0);
}

/// A new zone takes its share, and nothing else moves.
#[test]
fn a_new_zone_moves_the_minimum() {
    let before = cluster(30);
    let mut after = before.clone();
    after.add("z3/r0/new", Weight::new(20.0).unwrap()).unwrap();
    for hash in hashes(2000) {
        let to = owner(&after, hash);
        assert!(to == owner(&before, hash) || to == "z3/r0/new");
    }
}

#[test]
fn bad_parameters() {
    for fan_out in [0, 1, 3, 8192] {
        let error = Skeleton::with_fan_out(fan_out, KeyHash::default()).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { parameter: "fan_out", .. }));
    }
    assert!(Straw2::with_levels(&["a", "a"], KeyHash::default()).is_err());
}

/// Golden: a change of any of these moves everybody's data.
#[test]
fn golden() {
    let weights: Vec<f64> = (0..50).map(|i| 1.0 + f64::from(i % 3) / 2.0).collect();
    let sums = [
        laws::checksum(&filled(Rendezvous::default(), &[1.0; 50])),
        laws::checksum(&filled(Rendezvous::default(), &weights)),
        laws::checksum(&filled(Skeleton::default(), &weights)),
        laws::checksum(&filled(skeleton(4), &weights)),
        laws::checksum(&cluster(50)),
    ];
    assert_eq!(
        sums,
        [
            2_896_967_694_100_168_026,
            15_105_391_472_214_121_078,
            14_722_093_890_618_534_550,
            2_165_555_156_394_840_624,
            13_183_321_008_150_888_552
        ]
    );
    let nodes = filled(Rendezvous::default(), &[1.0; 10]);
    let owners = ["a", "b", "c", "user:42"].map(|key| nodes.name_of(key.as_bytes()).unwrap());
    assert_eq!(owners, ["n5", "n4", "n2", "n5"]);
}
