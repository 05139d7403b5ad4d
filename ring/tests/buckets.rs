//! The placements that number their nodes: `Jump`, `JumpBack`, `Anchor`, `Memento`, `Dx`.

#![allow(clippy::unwrap_used)] // a test may fail in any way it likes

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

#[derive(Clone, Debug)]
enum Change {
    Add,
    Remove(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![Just(Change::Add), any::<Index>().prop_map(Change::Remove)];
    prop::collection::vec(change, 1..60)
}

fn check_movement(placement: &mut dyn Placement, changes: &[Change]) -> Result<(), TestCaseError> {
    fill(placement, 0..8);
    // The nodes in the order of their buckets, as long as buckets have no gaps.
    let mut order: Vec<NodeId> = placement.roster().iter().map(|(id, _)| id).collect();
    for (number, change) in changes.iter().enumerate() {
        let before = owners(placement, 300);
        match change {
            Change::Add if order.len() < MOST => {
                let new = fill(placement, [1000 + number])[0];
                order.push(new);
                for (old, now) in before.into_iter().zip(owners(placement, 300)) {
                    prop_assert!(now == old || now == new);
                }
            }
            Change::Remove(index) if order.len() > 1 => {
                let at = index.index(order.len());
                let (leaver, last) = (order[at], order[order.len() - 1]);
                placement.remove(leaver).unwrap();
                order.swap_remove(at);
                for (old, now) in before.into_iter().zip(owners(placement, 300)) {
                    prop_assert!(now != leaver);
                    if !is_dense(placement) {
                        prop_assert!(now == old || old == leaver);
                    } else if old == leaver && leaver != last {
                        prop_assert_eq!(now, last);
                    } else {
                        prop_assert!(now == old || old == last);
                    }
                }
            }
            _ => {}
        }
        prop_assert_eq!(placement.roster().len(), order.len());
    }
    Ok(())
}

fn check_preference(
    placement: &mut dyn Placement,
    changes: &[Change],
) -> Result<(), TestCaseError> {
    let mut present = fill(placement, 0..5);
    for (number, change) in changes.iter().enumerate() {
        match change {
            Change::Add if present.len() < MOST => present.extend(fill(placement, [1000 + number])),
            Change::Remove(index) if !present.is_empty() => {
                placement.remove(present.swap_remove(index.index(present.len()))).unwrap();
            }
            _ => {}
        }
    }
    present.sort_unstable();
    for hash in hashes(20) {
        let mut order = placement.replicas(hash, usize::MAX);
        prop_assert_eq!(order.first().copied(), placement.locate(hash));
        prop_assert_eq!(&order[..order.len().min(3)], placement.replicas(hash, 3));
        order.sort_unstable();
        prop_assert_eq!(&order, &present);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What moves, exactly: to a new node, and from one that leaves. From the last one, too, where that takes the leaver's bucket.
    #[test]
    fn nothing_moves_but_what_must(changes in changes()) {
        for mut placement in all() {
            check_movement(&mut *placement, &changes)?;
        }
    }

    /// Also with very few nodes left.
    #[test]
    fn all_nodes_are_preferred_once(changes in changes()) {
        for mut placement in all() {
            check_preference(&mut *placement, &changes)?;
        }
    }

    /// The same history, the same owners; whatever reads came in between.
    #[test]
    fn the_same_history_gives_the_same(changes in changes()) {
        for (mut one, mut other) in all().into_iter().zip(all()) {
            check_movement(&mut *one, &changes)?;
            check_movement(&mut *other, &changes)?;
            prop_assert_eq!(owners(&*one, 300), owners(&*other, 300));
        }
    }
}

/// Fixed hashes, so it passes always or never. After many came and went; of the 25 values one above 4.5 were a surprise.
#[test]
fn loads_are_equal() {
    for mut placement in all() {
        let mut present = fill(&mut *placement, 0..MOST);
        for round in 0..5 {
            let counts = counts(&*placement, owners(&*placement, 100_000));
            assert!(excess(&counts) < 4.5, "{placement:?} {counts:?}");
            for i in 0..8 {
                placement.remove(present.remove((i * 17 + round) % present.len())).unwrap();
            }
        }
    }
}

/// What a node had goes to all that are left, in equal parts, also if others went before it.
#[test]
fn a_leavers_load_is_shared_equally() {
    for mut placement in any_can_go() {
        let mut present = fill(&mut *placement, 0..20);
        for at in [3, 11, 0, 15, 7] {
            let before = owners(&*placement, 200_000);
            let leaver = present.remove(at);
            placement.remove(leaver).unwrap();
            let after = owners(&*placement, 200_000);
            let moved = before.iter().zip(after).filter(|(old, _)| **old == leaver);
            let counts = counts(&*placement, moved.map(|(_, new)| new));
            assert!(excess(&counts) < 4.5, "{placement:?} {counts:?}");
        }
    }
}

/// 2/n - 1/(n(n-1)), as documented; of 200,000 hashes among 20 nodes, within five standard deviations.
#[test]
fn dense_buckets_move_twice_the_least() {
    for mut placement in all().into_iter().take(2) {
        let present = fill(&mut *placement, 0..20);
        let before = owners(&*placement, 200_000);
        placement.remove(present[7]).unwrap();
        let after = owners(&*placement, 200_000);
        let moved = before.iter().zip(after).filter(|(old, new)| *old != new).count() as f64;
        let expected = 200_000.0 * (2.0 / 20.0 - 1.0 / (20.0 * 19.0));
        assert!((moved - expected).abs() < 5.0 * expected.sqrt(), "{moved} {expected}");
    }
}

/// If nodes come back in reverse order, everything is as it was; for Dx, in any.
#[test]
fn nodes_come_back() {
    for mut placement in any_can_go() {
        let present = fill(&mut *placement, 0..16);
        let before = owners_by_name(&*placement, 2000);
        let gone = [5, 14, 0, 9];
        for i in gone {
            placement.remove(present[i]).unwrap();
        }
        fill(&mut *placement, gone.into_iter().rev());
        assert_eq!(owners_by_name(&*placement, 2000), before, "{placement:?}");
    }
    let mut dx = Dx::with_capacity(64, KeyHash::default()).unwrap();
    let present = fill(&mut dx, 0..16);
    let before = owners_by_name(&dx, 2000);
    for i in [5, 14, 0, 9] {
        dx.remove(present[i]).unwrap();
    }
    fill(&mut dx, [14, 5, 9, 0]);
    assert_eq!(owners_by_name(&dx, 2000), before);
}

/// Half of the hashes, as documented, of 100,000 within five standard deviations; and then no more than must.
#[test]
fn dx_doubles() {
    let mut dx = Dx::with_capacity(32, KeyHash::default()).unwrap();
    fill(&mut dx, 0..32);
    assert_eq!(dx.capacity(), 32);
    let before = owners(&dx, 100_000);
    let new = fill(&mut dx, [32])[0];
    assert_eq!(dx.capacity(), 64);
    let after = owners(&dx, 100_000);
    let among_the_old = before.iter().zip(after).filter(|(old, now)| *old != now && *now != new);
    // Those whose first draw falls on a new bucket, not the new node's, and the next not on the same node again.
    let expected = 100_000.0 * 0.5 * (31.0 / 32.0) * (31.0 / 33.0);
    let moved = among_the_old.count() as f64;
    assert!((moved - expected).abs() < 5.0 * (expected / 2.0).sqrt(), "{moved} {expected}");
    // From one bucket on, and one node in many buckets.
    let mut small = Dx::new(KeyHash::default());
    let present = fill(&mut small, 0..200);
    assert_eq!(small.capacity(), 256);
    for id in &present[1..] {
        small.remove(*id).unwrap();
    }
    assert!(owners(&small, 1000).iter().all(|owner| *owner == present[0]));
}

/// The one that is left of many has it all; with none left there is nothing, and it can be filled again.
#[test]
fn down_to_none_and_up_again() {
    for mut placement in all() {
        let present = fill(&mut *placement, 0..MOST);
        for (left, id) in (0..MOST).rev().zip(&present) {
            placement.remove(*id).unwrap();
            if left == 1 {
                let last = present[MOST - 1];
                assert!(owners(&*placement, 1000).iter().all(|owner| *owner == last));
            }
        }
        assert_eq!(placement.locate(1), None);
        assert_eq!(placement.locate_key(b"key"), None);
        assert_eq!(placement.name_of(b"key"), None);
        placement.prefer(1, &mut |_| -> ControlFlow<()> { panic!("there are none") });
        fill(&mut *placement, 0..MOST);
        let counts = counts(&*placement, owners(&*placement, 20_000));
        assert!(excess(&counts) < 4.5, "{placement:?} {counts:?}");
    }
}

/// A state that was copied is not touched by what happens to the other.
#[test]
fn clones_are_apart() {
    let mut memento = Memento::default();
    let present = fill(&mut memento, 0..10);
    memento.remove(present[4]).unwrap();
    let (before, copy) = (owners(&memento, 500), memento.clone());
    memento.remove(present[2]).unwrap();
    assert_eq!(owners(&copy, 500), before);
    assert_ne!(owners(&memento, 500), before);
}

#[test]
fn memento_remembers_removals_only_until_they_are_undone() {
    let mut memento = Memento::default();
    let present = fill(&mut memento, 0..100);
    let full = memento.heap_bytes();
    memento.remove(present[99]).unwrap();
    assert_eq!(memento.removed(), 0, "the last bucket is gone for good");
    for id in &present[..10] {
        memento.remove(*id).unwrap();
    }
    assert_eq!(memento.removed(), 10);
    assert!(memento.heap_bytes() <= full + 16 * 8, "8 bytes each, and spare room");
    fill(&mut memento, 200..210);
    assert_eq!(memento.removed(), 0);
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

/// Hashes of which only the highest 14 bits differ.
#[test]
fn redis_slots_are_spread() {
    let key_hash = KeyHash::RedisSlot;
    let mut placements: Vec<Box<dyn Placement>> = vec![
        Box::new(JumpBack::new(key_hash)),
        Box::new(Anchor::new(16, key_hash).unwrap()),
        Box::new(Memento::new(key_hash)),
        Box::new(Dx::with_capacity(16, key_hash).unwrap()),
    ];
    for placement in &mut placements {
        fill(&mut **placement, 0..10);
        let slots = (0..1u64 << 14).map(|slot| placement.locate(slot << 50).unwrap());
        let counts = counts(&**placement, slots);
        assert!(excess(&counts) < 4.5, "{placement:?} {counts:?}");
    }
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
