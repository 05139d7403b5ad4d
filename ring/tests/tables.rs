//! What tables of slots promise: Maglev's, and assigned ones.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

#[allow(dead_code, reason = "each test takes what it needs")]
mod laws;

use std::collections::BTreeMap;

use hash_ring::{Error, KeyHash, Maglev, MaglevBuild, NodeId, Placement, Slots, Weight};
use laws::{filled, hashes, names};
use proptest::prelude::*;

fn maglev(size: u32, build: MaglevBuild) -> Maglev {
    Maglev::with_size(size, build, KeyHash::default()).unwrap()
}

fn slots(count: u32) -> Slots {
    Slots::with_count(count, KeyHash::default()).unwrap()
}

#[derive(Clone, Debug)]
enum Change {
    Add(u32),
    Remove(prop::sample::Index),
    Reweight(prop::sample::Index, u32),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        3 => (1..9u32).prop_map(Change::Add),
        1 => any::<prop::sample::Index>().prop_map(Change::Remove),
        1 => (any::<prop::sample::Index>(), 1..9u32).prop_map(|(which, weight)| Change::Reweight(which, weight)),
    ];
    prop::collection::vec(change, 1..30)
}

fn make<P: Placement>(placement: &mut P, change: &Change, number: usize) {
    let weight = |halves: u32| Weight::new(f64::from(halves) / 2.0).unwrap();
    let pick = |placement: &P, which: &prop::sample::Index| {
        let ids: Vec<NodeId> = placement.roster().iter().map(|(id, _)| id).collect();
        (!ids.is_empty()).then(|| *which.get(&ids))
    };
    match change {
        Change::Add(halves) => {
            placement.add(&format!("n{number}"), weight(*halves)).unwrap();
        }
        Change::Remove(which) => {
            if let Some(node) = pick(placement, which) {
                placement.remove(node).unwrap();
            }
        }
        Change::Reweight(which, halves) => {
            if let Some(node) = pick(placement, which) {
                placement.reweight(node, weight(*halves)).unwrap();
            }
        }
    }
}

/// Every share is less than a slot from that by weight. The least that had to move: what the gone had, and of each other
/// what it has more than its share rounded up, unless roundings up run out.
fn check_shares<P: Placement>(placement: &P, table: &[NodeId]) {
    let mut counts: BTreeMap<NodeId, u64> =
        placement.roster().iter().map(|(id, _)| (id, 0)).collect();
    for owner in table {
        *counts.get_mut(owner).expect("a node that is here") += 1;
    }
    let total = u128::from(placement.roster().total_weight());
    for (id, node) in placement.roster().iter() {
        let share = table.len() as u128 * u128::from(node.weight().raw());
        assert!((u128::from(counts[&id]) * total).abs_diff(share) < total);
    }
}

/// The least number of slots that must change owner from `before`, by trying both roundings of every share.
fn least_moves<P: Placement>(placement: &P, before: &[NodeId]) -> u64 {
    let total = placement.roster().total_weight();
    let (mut kept, mut roundings, mut rest) = (0, Vec::new(), before.len() as u64);
    for (id, node) in placement.roster().iter() {
        let had = before.iter().filter(|owner| **owner == id).count() as u64;
        let share = before.len() as u64 * u64::from(node.weight().raw());
        let floor = share / total;
        kept += had.min(floor);
        rest -= floor;
        if !share.is_multiple_of(total) {
            roundings.push(had.min(floor + 1) - had.min(floor));
        }
    }
    roundings.sort_unstable_by(|a, b| b.cmp(a));
    before.len() as u64 - kept - roundings.iter().take(rest as usize).sum::<u64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// After each change: balance to the slot, and exactly the least moved.
    #[test]
    fn maglev_moves_the_least(changes in changes(), size in prop::sample::select(vec![31u32, 257, 1009])) {
        let mut nodes = maglev(size, MaglevBuild::MinimalDisruption);
        for (number, change) in changes.iter().enumerate() {
            let before: Vec<NodeId> = nodes.slots().collect();
            make(&mut nodes, change, number);
            let after: Vec<NodeId> = nodes.slots().collect();
            if nodes.roster().is_empty() {
                prop_assert!(after.is_empty());
                continue;
            }
            check_shares(&nodes, &after);
            if !before.is_empty() {
                let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count() as u64;
                prop_assert_eq!(moved, least_moves(&nodes, &before));
            }
        }
        laws::arcs_are_what_lookups_find(&nodes);
        if !nodes.roster().is_empty() {
            laws::prefers_every_node_once(&nodes, 20);
            laws::errors_change_nothing(&maglev_with_room(&nodes));
        }
    }

    #[test]
    fn slots_move_the_least(changes in changes(), count in 1..1000u32, assigned in prop::collection::vec(any::<(u32, prop::sample::Index)>(), 0..20)) {
        let mut nodes = slots(count);
        for (number, change) in changes.iter().enumerate() {
            let ids: Vec<NodeId> = nodes.roster().iter().map(|(id, _)| id).collect();
            if let (Some((slot, which)), false) = (assigned.get(number), ids.is_empty()) {
                let (slot, node) = (slot % count, *which.get(&ids));
                nodes.assign(slot, node).unwrap();
                prop_assert_eq!(nodes.owner(slot), Some(node));
            }
            let before: Vec<NodeId> = nodes.assignment().collect();
            make(&mut nodes, change, number);
            let after: Vec<NodeId> = nodes.assignment().collect();
            if nodes.roster().is_empty() {
                prop_assert!(after.is_empty());
                continue;
            }
            check_shares(&nodes, &after);
            if !before.is_empty() {
                let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count() as u64;
                prop_assert_eq!(moved, least_moves(&nodes, &before));
            }
        }
        laws::arcs_are_what_lookups_find(&nodes);
        if !nodes.roster().is_empty() {
            laws::prefers_every_node_once(&nodes, 20);
        }

        // Read back, it is the same.
        let ids: Vec<NodeId> = nodes.roster().iter().map(|(id, _)| id).collect();
        let listed: Vec<_> = nodes.roster().iter().map(|(_, node)| (node.name(), node.weight())).collect();
        let owners: Vec<u32> = nodes
            .assignment()
            .map(|owner| ids.iter().position(|id| *id == owner).unwrap() as u32)
            .collect();
        if !owners.is_empty() {
            let read = Slots::from_assignment(KeyHash::default(), listed, &owners).unwrap();
            for hash in hashes(100) {
                prop_assert_eq!(names(&read, hash), names(&nodes, hash));
            }
        }
    }

    /// The classic table depends on the set of nodes alone, and is balanced to the slot too.
    #[test]
    fn classic_maglev_forgets(weights in prop::collection::vec((1..9u32).prop_map(|w| f64::from(w) / 2.0), 1..20)) {
        let empty = maglev(251, MaglevBuild::Classic);
        laws::only_the_set_of_nodes_matters(&empty, &weights);
        let nodes = filled(empty, &weights);
        check_shares(&nodes, &nodes.slots().collect::<Vec<_>>());
        let roster = nodes.roster();
        for build in [MaglevBuild::Classic, MaglevBuild::MinimalDisruption] {
            let listed = roster.iter().map(|(_, node)| (node.name(), node.weight()));
            let at_once = Maglev::of_nodes(251, build, KeyHash::default(), listed).unwrap();
            prop_assert!(at_once.slots().eq(nodes.slots()));
        }
    }

    #[test]
    fn slots_are_equal_ranges(count in 1..=Slots::MAX_COUNT, hash in any::<u64>()) {
        let nodes = slots(count);
        let slot = nodes.slot_of(hash);
        prop_assert!(slot < count);
        let range = nodes.range(slot).unwrap();
        prop_assert!(range.contains(hash));
        prop_assert_eq!(nodes.slot_of(range.first()), slot);
        prop_assert_eq!(nodes.slot_of(range.last()), slot);
        prop_assert!(range.len().abs_diff((1 << 64) / u128::from(count)) <= 1);
        prop_assert_eq!(nodes.range(count), None);
    }
}

/// A table with room for one node more.
fn maglev_with_room(nodes: &Maglev) -> Maglev {
    let listed = nodes.roster().iter().map(|(_, node)| (node.name(), node.weight()));
    Maglev::of_nodes(1009, MaglevBuild::MinimalDisruption, KeyHash::default(), listed).unwrap()
}

#[test]
fn small() {
    laws::works_when_small(&Maglev::default());
    laws::works_when_small(&maglev(2, MaglevBuild::Classic));
    laws::works_when_small(&Slots::default());
    laws::works_when_small(&slots(1));
}

/// Classic against the least: bounds that hold for these names; the documentation gives the measured figures.
#[test]
fn what_classic_maglev_moves() {
    for (n, times) in [(10, 1.1), (100, 2.0)] {
        let listed = (0..n).map(|i| (format!("n{i}"), Weight::ONE));
        let before =
            Maglev::of_nodes(65_537, MaglevBuild::Classic, KeyHash::default(), listed).unwrap();
        let mut after = before.clone();
        after.add("newcomer", Weight::ONE).unwrap();
        let moved = before.slots().zip(after.slots()).filter(|(a, b)| a != b).count() as f64;
        let least = 65_537.0 / f64::from(n + 1);
        assert!(moved >= least.floor() && moved < times * least, "{n}: {moved} of {least}");
    }
}

#[test]
fn slots_that_do_not_suffice() {
    let mut nodes = maglev(3, MaglevBuild::Classic);
    for name in ["a", "b", "c"] {
        nodes.add(name, Weight::ONE).unwrap();
    }
    assert_eq!(nodes.add("d", Weight::ONE), Err(Error::TooManyNodes { max: 3 }));
    // Nodes too light for a slot are there all the same, at the end of every order.
    let mut nodes = maglev(7, MaglevBuild::MinimalDisruption);
    nodes.add("heavy", Weight::new(1000.0).unwrap()).unwrap();
    let light = nodes.add("light", Weight::new(0.001).unwrap()).unwrap();
    assert_eq!(nodes.slots_of(light), 0);
    laws::prefers_every_node_once(&nodes, 20);
}

/// Ids over 65,535 take wider tables, and the same owners.
#[test]
fn ids_that_take_four_bytes() {
    let mut nodes = maglev(257, MaglevBuild::MinimalDisruption);
    let mut assigned = slots(16);
    for name in ["a", "b"] {
        nodes.add(name, Weight::ONE).unwrap();
        assigned.add(name, Weight::ONE).unwrap();
    }
    let narrow = (nodes.heap_bytes(), assigned.clone());
    for _ in 0..65_534 {
        let passing = assigned.add("passing", Weight::ONE).unwrap();
        assigned.remove(passing).unwrap();
    }
    let late = assigned.add("late", Weight::ONE).unwrap();
    assert!(late.index() > 65_535);
    laws::prefers_every_node_once(&assigned, 20);
    laws::arcs_are_what_lookups_find(&assigned);
    let first = assigned.roster().find("a").unwrap();
    assigned.assign_range(0, 15, first).unwrap();
    assigned.assign(3, late).unwrap();
    assert_eq!(assigned.slots_of(late).collect::<Vec<_>>(), [3]);
    assert_eq!(narrow.1.slots_of(first).count(), 8);
    assert!(narrow.0 <= 2 * 257 + 64);
}

/// Rebalancing leaves nodes few ranges.
#[test]
fn slots_stay_together() {
    let mut nodes = slots(16_384);
    for number in 0..6 {
        nodes.add(&format!("n{number}"), Weight::ONE).unwrap();
    }
    let arcs = nodes.arcs().unwrap().count();
    assert!(arcs <= 16, "{arcs}");
}

/// Redis Cluster's slots of keys: published in its documentation, or CRC-16 by hand.
#[test]
fn redis_slots() {
    let mut cluster = Slots::new(KeyHash::RedisSlot);
    let ids: Vec<NodeId> =
        ["a", "b", "c"].iter().map(|name| cluster.add(name, Weight::ONE).unwrap()).collect();
    // As `redis-cli --cluster create` deals them.
    cluster.assign_range(0, 5460, ids[0]).unwrap();
    cluster.assign_range(5461, 10_922, ids[1]).unwrap();
    cluster.assign_range(10_923, 16_383, ids[2]).unwrap();
    for (key, slot, owner) in
        [("foo", 12_182, 2), ("hello", 866, 0), ("123456789", 12_739, 2), ("somekey", 11_058, 2)]
    {
        assert_eq!(cluster.slot_of(KeyHash::RedisSlot.hash(key.as_bytes())), slot, "{key}");
        assert_eq!(cluster.locate_key(key.as_bytes()), Some(ids[owner]));
    }
    assert_eq!(cluster.rebalance(), 0);
}

#[test]
fn bad_parameters() {
    for size in [0, 1, 4, 65_536, Maglev::MAX_SIZE + 3, u32::MAX] {
        let error = Maglev::with_size(size, MaglevBuild::Classic, KeyHash::default()).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { parameter: "size", .. }), "{size}");
    }
    assert_eq!(Maglev::prime_from(0), 2);
    assert_eq!(Maglev::prime_from(65_538), 65_539);
    assert_eq!(Maglev::prime_from(u32::MAX), 4_294_967_291);
    for count in [0, Slots::MAX_COUNT + 1] {
        assert!(Slots::with_count(count, KeyHash::default()).is_err());
    }
    let twice = [("a", Weight::ONE), ("a", Weight::ONE)];
    let of_nodes = Maglev::of_nodes(31, MaglevBuild::Classic, KeyHash::default(), twice);
    assert!(matches!(of_nodes, Err(Error::DuplicateName { .. })));
    let read = |owners: &[u32]| {
        Slots::from_assignment(KeyHash::default(), [("a", Weight::ONE), ("b", Weight::ONE)], owners)
    };
    assert!(read(&[]).is_err());
    assert!(matches!(read(&[0, 1, 2]), Err(Error::InvalidParameter { parameter: "owners", .. })));
    let mut nodes = read(&[0, 1, 1]).unwrap();
    let (a, _) = nodes.roster().iter().next().unwrap();
    for (first, last) in [(0, 3), (2, 1), (3, 3)] {
        assert!(nodes.assign_range(first, last, a).is_err());
    }
    nodes.remove(a).unwrap();
    assert_eq!(nodes.assign(0, a), Err(Error::UnknownNode { node: a }));
}

/// Golden: a change of any of these moves everybody's data.
#[test]
fn golden() {
    let weights: Vec<f64> = (0..50).map(|i| 1.0 + f64::from(i % 3) / 2.0).collect();
    let sums = [
        laws::checksum(&filled(maglev(65_537, MaglevBuild::Classic), &[1.0; 50])),
        laws::checksum(&filled(maglev(65_537, MaglevBuild::Classic), &weights)),
        laws::checksum(&filled(maglev(65_537, MaglevBuild::MinimalDisruption), &weights)),
        laws::checksum(&filled(Slots::default(), &weights)),
    ];
    assert_eq!(
        sums,
        [
            8_027_633_578_193_045_114,
            194_546_748_912_490_809,
            11_613_641_145_967_059_493,
            4_271_442_375_135_856_127
        ]
    );
}
