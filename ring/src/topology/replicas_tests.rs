use std::format;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{KeyHash, Rendezvous, Weight};

/// Zones of racks of nodes: how many nodes in each rack.
type Shape = Vec<Vec<usize>>;

fn build(shape: &Shape) -> (Topology, Rendezvous) {
    let mut topology = Topology::new(&["zone", "rack"]).unwrap();
    let mut nodes = Rendezvous::new(KeyHash::default());
    for (zone, racks) in shape.iter().enumerate() {
        for (rack, count) in racks.iter().enumerate() {
            for node in 0..*count {
                let path = format!("{zone}/{rack}/{node}");
                topology.add(&path, Weight::ONE).unwrap();
                nodes.add(&path, Weight::ONE).unwrap();
            }
        }
    }
    (topology, nodes)
}

fn shape() -> impl Strategy<Value = Shape> {
    prop::collection::vec(prop::collection::vec(1..4usize, 1..4), 1..4)
}

/// Pairs of copies in one domain of a level.
fn pairs(topology: &Topology, nodes: &Rendezvous, chosen: &[NodeId], level: usize) -> usize {
    let domain = |id: &NodeId| topology.domain_of(nodes.roster().get(*id).unwrap().name(), level);
    chosen
        .iter()
        .enumerate()
        .map(|(i, a)| chosen[..i].iter().filter(|b| domain(a) == domain(b)).count())
        .sum()
}

/// The fewest pairs in one zone, and of those the fewest in one rack, over all sets of `count` nodes.
fn fewest(topology: &Topology, nodes: &Rendezvous, count: usize, level: usize) -> (usize, usize) {
    let all: Vec<NodeId> = nodes.roster().iter().map(|(id, _)| id).collect();
    (0..1u32 << all.len())
        .filter(|set| set.count_ones() as usize == count)
        .map(|set| {
            let chosen: Vec<NodeId> =
                (0..all.len()).filter(|i| set >> i & 1 == 1).map(|i| all[i]).collect();
            (pairs(topology, nodes, &chosen, level), pairs(topology, nodes, &chosen, 1))
        })
        .min()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against all sets of nodes, at both levels.
    #[test]
    fn relaxed_repeats_are_the_fewest(shape in shape(), count in 1..7usize, on_racks in any::<bool>(), hash in any::<u64>()) {
        let (topology, nodes) = build(&shape);
        prop_assume!(nodes.roster().len() <= 14);
        let level = if on_racks { "rack" } else { "zone" };
        let rule = Replicas::new(&topology, nodes.roster(), count, level, Shortage::Relax).unwrap();
        let list = rule.of_hash(&nodes, hash).unwrap();
        let got = count.min(nodes.roster().len());
        prop_assert_eq!(list.nodes().len(), got);
        prop_assert_eq!(list.missing(), count - got);
        prop_assert_eq!(Some(list.nodes()[0]), nodes.locate(hash));
        let level = usize::from(on_racks);
        let found = (
            pairs(&topology, &nodes, list.nodes(), level),
            pairs(&topology, &nodes, list.nodes(), 1),
        );
        prop_assert_eq!(found, fewest(&topology, &nodes, got, level));

        // What the list says of itself.
        for level in 0..2 {
            let mut copies = BTreeMap::new();
            for node in list.nodes() {
                let name = nodes.roster().get(*node).unwrap().name();
                *copies.entry(topology.domain_of(name, level)).or_insert(0) += 1;
            }
            prop_assert_eq!(list.repeats_at(level), got - copies.len());
            prop_assert_eq!(list.worst_loss(level), copies.values().copied().max().unwrap());
        }
        prop_assert_eq!(list.worst_loss(2), 1);

        // Strict agrees or says why not.
        let rule = Replicas::new(&topology, nodes.roster(), count, rule.level_names[level].as_str(), Shortage::Strict).unwrap();
        match rule.of_hash(&nodes, hash) {
            Ok(strict) => {
                prop_assert_eq!(strict.repeats(), 0);
                prop_assert_eq!(strict, list);
            }
            Err(Error::TooFewDomains { found, wanted, .. }) => {
                prop_assert!(found == rule.domains() && found < count && wanted == count);
            }
            Err(Error::TooFewNodes { found, wanted }) => {
                prop_assert!(found == got && got < count && wanted == count);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    /// The early end changes nothing: the same as going through all nodes, and then choosing the best step by step.
    #[test]
    fn lists_are_those_of_the_whole_order(shape in shape(), count in 1..7usize, hash in any::<u64>()) {
        let (topology, nodes) = build(&shape);
        let rule = Replicas::new(&topology, nodes.roster(), count, "zone", Shortage::Relax).unwrap();
        let mut choice = Choice::new(&rule);
        choice.waiting = nodes.replicas(hash, usize::MAX);
        choice.finish();
        let list = rule.of_hash(&nodes, hash).unwrap();
        prop_assert_eq!(list.nodes(), choice.chosen);
    }

    /// A node that leaves leaves the others where they were, as long as there are domains enough.
    #[test]
    fn a_lost_node_is_replaced_and_no_other(hash in any::<u64>(), lost in 0..18usize) {
        let (topology, mut nodes) = build(&vec![vec![2; 3]; 3]);
        let rule = |nodes: &Rendezvous, count| {
            let rule = Replicas::new(&topology, nodes.roster(), count, "rack", Shortage::Strict).unwrap();
            rule.of_hash(nodes, hash).unwrap().nodes().to_vec()
        };
        let before = rule(&nodes, 4);
        let lost = nodes.roster().iter().nth(lost).unwrap().0;
        nodes.remove(lost).unwrap();
        let after = rule(&nodes, 4);
        let kept = before.iter().filter(|node| after.contains(node)).count();
        prop_assert_eq!(kept, 4 - usize::from(before.contains(&lost)));
        if !before.contains(&lost) {
            prop_assert_eq!(before, after);
        }
    }
}

#[test]
fn stale_rules() {
    let (topology, mut nodes) = build(&vec![vec![1, 1], vec![2]]);
    let strict = Replicas::new(&topology, nodes.roster(), 2, "zone", Shortage::Strict).unwrap();
    let relaxed = Replicas::new(&topology, nodes.roster(), 4, "zone", Shortage::Relax).unwrap();
    // Who left is not missed where others do, and is where not.
    for name in ["1/0/0", "1/0/1"] {
        let gone = nodes.roster().find(name).unwrap();
        nodes.remove(gone).unwrap();
    }
    assert_eq!(relaxed.of_hash(&nodes, 1).unwrap().missing(), 2);
    let error = strict.of_hash(&nodes, 1).unwrap_err();
    assert!(matches!(error, Error::TooFewDomains { found: 1, wanted: 2, .. }), "{error}");
    // Who came is not placed silently.
    let new = nodes.add("2/0/0", Weight::ONE).unwrap();
    let errors = (0..100).filter_map(|hash| relaxed.of_hash(&nodes, hash).err());
    assert!(errors.clone().all(|error| error == Error::UnknownNode { node: new }));
    assert!(errors.count() > 0);
    let unknown = Replicas::new(&topology, nodes.roster(), 2, "zone", Shortage::Strict);
    assert!(matches!(unknown, Err(Error::UnknownName { name }) if name == "2/0/0"));
}

#[test]
fn bad_rules() {
    let (topology, nodes) = build(&vec![vec![1]]);
    assert!(Replicas::new(&topology, nodes.roster(), 0, "zone", Shortage::Strict).is_err());
    assert!(Replicas::new(&topology, nodes.roster(), 1, "host", Shortage::Strict).is_err());
    let empty = Rendezvous::default();
    let rule = Replicas::new(&topology, empty.roster(), 1, "zone", Shortage::Strict).unwrap();
    assert_eq!(rule.of_hash(&empty, 1), Err(Error::TooFewNodes { found: 0, wanted: 1 }));
    let rule = Replicas::new(&topology, empty.roster(), 1, "zone", Shortage::Relax).unwrap();
    assert_eq!(rule.of_hash(&empty, 1).unwrap().missing(), 1);
}
