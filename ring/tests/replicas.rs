//! Copies in distinct failure domains, over every placement here.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

#[allow(dead_code, reason = "each test takes what it needs")]
mod laws;

use std::collections::BTreeSet;

use hash_ring::{
    Error, KeyHash, Maglev, MultiProbe, NodeId, Placement, PreferenceList, Quorum, Rendezvous,
    Replicas, Shortage, Skeleton, Slots, Straw2, Topology, Weight,
};
use laws::hashes;

/// Four zones of three racks of two nodes, of weights from 1 to 3.
fn topology() -> Topology {
    let mut topology = Topology::new(&["zone", "rack"]).unwrap();
    for node in 0..24 {
        let path = format!("z{}/r{}/n{node}", node % 4, node / 4 % 3);
        topology.add(&path, Weight::new(1.0 + f64::from(node % 3)).unwrap()).unwrap();
    }
    topology
}

fn placements(topology: &Topology) -> Vec<Box<dyn Placement>> {
    let empty: [Box<dyn Placement>; 5] = [
        Box::<Rendezvous>::default(),
        Box::<Skeleton>::default(),
        Box::<Maglev>::default(),
        Box::<MultiProbe>::default(),
        Box::<Slots>::default(),
    ];
    let mut placements: Vec<Box<dyn Placement>> = empty.into_iter().collect();
    for placement in &mut placements {
        for (name, weight) in topology.nodes() {
            placement.add(name, weight).unwrap();
        }
    }
    placements.push(Box::new(Straw2::of_topology(topology, KeyHash::default()).unwrap()));
    placements
}

fn domains(topology: &Topology, placement: &dyn Placement, list: &[NodeId], level: usize) -> usize {
    let domain =
        |node: &NodeId| topology.domain_of(placement.roster().get(*node).unwrap().name(), level);
    list.iter().map(domain).collect::<BTreeSet<_>>().len()
}

fn rule(
    topology: &Topology,
    placement: &dyn Placement,
    count: usize,
    level: &str,
    shortage: Shortage,
) -> Replicas {
    Replicas::new(topology, placement.roster(), count, level, shortage).unwrap()
}

#[test]
fn distinct_nodes_in_distinct_domains_and_the_owner_first() {
    let topology = topology();
    for placement in placements(&topology) {
        let placement = &*placement;
        let zones = rule(&topology, placement, 3, "zone", Shortage::Strict);
        let racks = rule(&topology, placement, 7, "rack", Shortage::Strict);
        let more = rule(&topology, placement, 6, "zone", Shortage::Relax);
        let lists =
            |hash| [&zones, &racks, &more].map(|rule| rule.of_hash(placement, hash).unwrap());
        for hash in hashes(300) {
            for (list, (level, distinct)) in lists(hash).iter().zip([(0, 3), (1, 7), (0, 4)]) {
                let nodes: BTreeSet<&NodeId> = list.nodes().iter().collect();
                assert_eq!(nodes.len(), list.nodes().len());
                assert_eq!(list.nodes().first().copied(), placement.locate(hash));
                assert_eq!(domains(&topology, placement, list.nodes(), level), distinct);
                assert_eq!(list.repeats(), list.nodes().len() - distinct);
            }
            // Six copies in four zones: two of them twice, on different racks.
            let list = &lists(hash)[2];
            assert_eq!((list.worst_loss(0), list.worst_loss(1)), (2, 1));
            assert_eq!(lists(hash), lists(hash));
        }
        let five = rule(&topology, placement, 5, "zone", Shortage::Strict);
        let error = five.of_key(placement, b"key").unwrap_err();
        assert_eq!(error, Error::TooFewDomains { level: "zone".into(), found: 4, wanted: 5 });
        assert!(error.to_string().contains("of which there are 4"), "{error}");
    }
}

/// A node that leaves takes its place in some lists with it: for placements whose order of preference keeps, nothing else
/// changes; for the others little does.
#[test]
fn losing_a_node_changes_little() {
    let topology = topology();
    for mut placement in placements(&topology) {
        let lists = |placement: &dyn Placement| -> Vec<PreferenceList> {
            let rule = rule(&topology, placement, 3, "zone", Shortage::Strict);
            hashes(500).map(|hash| rule.of_hash(placement, hash).unwrap()).collect()
        };
        let before = lists(&*placement);
        let lost = placement.roster().iter().nth(10).unwrap().0;
        placement.remove(lost).unwrap();
        let after = lists(&*placement);
        let mut others = 0;
        for (before, after) in before.iter().zip(&after) {
            let kept = before.nodes().iter().filter(|node| after.nodes().contains(node)).count();
            let must = before.nodes().iter().filter(|node| **node != lost).count();
            others += must - kept.min(must);
        }
        let keeps = ["rendezvous", "multi-probe"].contains(&placement.algorithm().name());
        // Of 1,500 copies, the node had some 63.
        assert!(others <= if keeps { 0 } else { 150 }, "{}: {others}", placement.algorithm());
    }
}

#[test]
fn quorums_that_outlive_a_zone() {
    let topology = topology();
    let placements = placements(&topology);
    let placement = &*placements[0];
    let majority = |n| Quorum::majority(n).unwrap();
    for hash in hashes(100) {
        let three = rule(&topology, placement, 3, "zone", Shortage::Strict);
        let three = three.of_hash(placement, hash).unwrap();
        let survives = majority(3).without_a_domain(&three, 0);
        assert!(survives.reads && survives.writes);
        // Six copies in four zones: two go with a zone, and four are a majority.
        let six = rule(&topology, placement, 6, "zone", Shortage::Relax);
        let six = six.of_hash(placement, hash).unwrap();
        assert!(majority(6).without_a_domain(&six, 0).writes);
        assert!(!Quorum::new(6, 1, 5).unwrap().without_a_domain(&six, 0).writes);
        // Spread over racks alone, a zone may take more.
        let racks = rule(&topology, placement, 3, "rack", Shortage::Strict);
        let racks = racks.of_hash(placement, hash).unwrap();
        let survives = majority(3).without_a_domain(&racks, 0);
        assert_eq!(survives.reads, racks.worst_loss(0) == 1);
    }
}
