//! Ranges for placements that have none.
#![allow(clippy::unwrap_used)] // helpers of tests too

use hash_ring::{Balance, Error, KeyHash, Partitions, Placement, Rendezvous, Weight, plan};
use proptest::prelude::*;

fn hash(of: u64) -> u64 {
    KeyHash::default().hash(&of.to_le_bytes())
}

/// A placement without ranges.
fn scattered(nodes: usize) -> Rendezvous {
    let names: Vec<String> = (0..nodes).map(|node| format!("n{node}")).collect();
    let nodes = names.iter().map(|name| (name.as_str(), Weight::ONE));
    Rendezvous::with_nodes(KeyHash::default(), nodes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_hash_is_in_the_range_of_its_partition(
        bits in 0..=12u32,
        nodes in 0..6usize,
        hashes in proptest::collection::vec(any::<u64>(), 20),
    ) {
        let placement = scattered(nodes);
        let partitions = Partitions::of(&placement, bits).unwrap();
        prop_assert_eq!(partitions.len(), 1 << bits);
        prop_assert_eq!(partitions.range(1 << bits), None);
        prop_assert_eq!(partitions.owner(1 << bits), None);
        for hash in hashes.into_iter().chain([0, u64::MAX]) {
            let partition = partitions.partition(hash);
            prop_assert!(partitions.range(partition).unwrap().contains(hash));
            let owner = placement.locate(Partitions::hash_of(partition));
            prop_assert_eq!(partitions.locate(hash), owner);
            prop_assert_eq!(partitions.owner(partition), owner);
        }
        let mut next = Some(0);
        for arc in partitions.arcs() {
            prop_assert_eq!(Some(arc.range.first()), next);
            prop_assert_eq!(partitions.locate(arc.range.last()), Some(arc.owner));
            next = arc.range.last().checked_add(1);
        }
        prop_assert_eq!(next.is_none(), nodes > 0);
    }
}

#[test]
fn plans_and_balance_for_any_placement() {
    let (three, four) = (scattered(3), scattered(4));
    assert!(matches!(plan(&three, &four), Err(Error::Unsupported { .. })));
    assert!(matches!(Balance::of(&three), Err(Error::Unsupported { .. })));

    let boxed: Box<dyn Placement> = Box::new(four);
    let before = Partitions::of(&three, 14).unwrap();
    let after = Partitions::of(boxed.as_ref(), 14).unwrap();
    let plan = plan(&before, &after).unwrap();
    assert_eq!(plan.moved() % (1 << 50), 0);
    assert!((plan.moved_share() - 0.25).abs() < 0.02, "{}", plan.moved_share());
    assert_eq!(plan.moved(), plan.minimum());
    for at in 0..1000 {
        let (from, to, moving) = plan.owners(hash(at));
        assert_eq!(plan.node(from.unwrap()).before, before.locate(hash(at)));
        assert_eq!(plan.node(to.unwrap()).after, after.locate(hash(at)));
        assert_eq!(moving.is_some(), from != to);
    }
    // As many partitions as a binomial distribution gives: five deviations.
    let bound = 5.0 * (3.0f64 / 16_384.0).sqrt();
    assert!((Balance::of(&after).unwrap().max_over_mean() - 1.0).abs() < bound);
}

#[test]
fn keys_are_hashed_as_the_placement_does() {
    let placement = scattered(5);
    let partitions = Partitions::of(&placement, 10).unwrap();
    let hash = placement.key_hash().hash(b"key");
    assert_eq!(partitions.locate_key(b"key"), partitions.locate(hash));
    assert_eq!(partitions.roster(), placement.roster());
}

#[test]
fn too_many() {
    let placement = scattered(1);
    let result = Partitions::of(&placement, Partitions::MAX_BITS + 1);
    assert!(matches!(result, Err(Error::InvalidParameter { .. })));
}
