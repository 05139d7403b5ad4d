use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// By the definition: every point of every node against every probe.
fn order_by_definition(nodes: &MultiProbe, hash: u64) -> Vec<NodeId> {
    let probes: Vec<u64> = nodes.probes_of(hash).collect();
    let mut distances: Vec<_> = nodes
        .roster
        .iter()
        .map(|(id, node)| {
            let nearest = (0..node.weight().times(nodes.points_a_unit))
                .flat_map(|number| {
                    let point = derive(node_hash(node.name()), number);
                    probes.iter().map(move |probe| point.wrapping_sub(*probe))
                })
                .min();
            (nearest, id)
        })
        .collect();
    distances.sort();
    distances.into_iter().map(|(_, id)| id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn as_defined(
        changes in prop::collection::vec((0..40u32, prop::option::weighted(0.7, 1..6u32)), 1..60),
        probes in 1..30u32,
        points in 1..4u32,
        hashes in prop::collection::vec(any::<u64>(), 8),
    ) {
        let mut nodes = MultiProbe::with_probes(probes, points, KeyHash::default()).unwrap();
        for (name, weight) in changes {
            let name = format!("{name}");
            match (nodes.roster().find(&name), weight.map(|w| Weight::new(f64::from(w) / 2.0).unwrap())) {
                (None, Some(weight)) => { nodes.add(&name, weight).unwrap(); }
                (Some(node), Some(weight)) => nodes.reweight(node, weight).unwrap(),
                (Some(node), None) => nodes.remove(node).unwrap(),
                (None, None) => {}
            }
            let points = nodes.roster().iter().map(|(_, node)| node.weight().times(points));
            prop_assert_eq!(nodes.points() as u64, points.sum::<u64>());
        }
        let all = nodes.roster().iter().map(|(_, node)| (node.name(), node.weight()));
        let all: Vec<_> = all.collect();
        let at_once = MultiProbe::with_nodes(probes, points, KeyHash::default(), all.iter().copied()).unwrap();
        prop_assert_eq!(at_once.points(), nodes.points());
        for hash in hashes {
            let name = |nodes: &MultiProbe| nodes.roster().get(nodes.locate(hash)?).map(|node| String::from(node.name()));
            prop_assert_eq!(name(&at_once), name(&nodes));
            let expected = order_by_definition(&nodes, hash);
            prop_assert_eq!(nodes.locate(hash), expected.first().copied());
            prop_assert_eq!(nodes.replicas(hash, usize::MAX), expected);
        }
    }
}

#[test]
fn bad_parameters() {
    for (probes, points) in [(0, 1), (1, 0), (1025, 1), (1, 1025)] {
        assert!(MultiProbe::with_probes(probes, points, KeyHash::default()).is_err());
    }
    let mut nodes = MultiProbe::with_probes(1, 1024, KeyHash::default()).unwrap();
    // Too many to make in a test, so only the check is called.
    assert!(nodes.check_points(0, Weight::new(65_535.0).unwrap().times(1024)).is_ok());
    assert!(nodes.check_points(0, MultiProbe::MAX_POINTS as u64 + 1).is_err());
    nodes.add("a", Weight::ONE).unwrap();
    assert!(nodes.check_points(0, MultiProbe::MAX_POINTS as u64).is_err());
    assert!(nodes.check_points(1024, MultiProbe::MAX_POINTS as u64).is_ok());
}

/// Hashes at and around the points, and at both ends.
#[test]
fn ends_of_the_circle() {
    let mut nodes = MultiProbe::with_probes(1, 1, KeyHash::default()).unwrap();
    nodes.add("a", Weight::ONE).unwrap();
    nodes.add("b", Weight::ONE).unwrap();
    let mut points: Vec<_> =
        nodes.roster().iter().map(|(id, node)| (derive(node_hash(node.name()), 0), id)).collect();
    points.sort();
    let (low, high) = (points[0].0, points[1].0);
    for (hash, point) in [(0, 0), (low, 0), (low + 1, 1), (high, 1), (high + 1, 0), (u64::MAX, 0)] {
        assert_eq!(nodes.locate(hash), Some(points[point].1), "{hash:x}");
    }
}
