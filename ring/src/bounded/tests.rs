use std::collections::BTreeMap;
use std::thread;

use proptest::prelude::*;

use super::*;
use crate::toy::{Toy, toy};

fn factor(value: f64) -> CapacityFactor {
    CapacityFactor::new(value).unwrap()
}

/// ceil(c * total * weight / sum of weights), and 0 for a node that is not here.
fn capacity_at(bounded: &Bounded<Toy>, node: NodeId, total: u64) -> u64 {
    let roster = bounded.roster();
    let Some(member) = roster.get(node) else { return 0 };
    let c = (bounded.factor().get() * 65_536.0) as u128;
    let weight = u128::from(member.weight().raw());
    let whole = u128::from(roster.total_weight()) * 65_536;
    (c * u128::from(total) * weight).div_ceil(whole) as u64
}

/// What is done to a placement with requests on it.
#[derive(Clone, Debug)]
enum Step {
    Assign(u64),
    Release(prop::sample::Index),
    Add(u32),
    Remove(prop::sample::Index),
    Reweight(prop::sample::Index, u32),
    Factor(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let weight =
        || prop_oneof![Just(1 << 16), 1..1_u32 << 20, any::<u32>().prop_map(|it| it.max(1))];
    // Few hashes: hot keys are what it is about.
    let hash = (0..8_u64).prop_map(|hash| hash << 61);
    prop_oneof![
        20 => hash.prop_map(Step::Assign),
        8 => any::<prop::sample::Index>().prop_map(Step::Release),
        2 => weight().prop_map(Step::Add),
        1 => any::<prop::sample::Index>().prop_map(Step::Remove),
        1 => (any::<prop::sample::Index>(), weight()).prop_map(|(at, it)| Step::Reweight(at, it)),
        1 => (65_537..200_000_u32).prop_map(Step::Factor),
    ]
}

fn weight(raw: u32) -> Weight {
    Weight::from_raw(core::num::NonZeroU32::new(raw).unwrap())
}

proptest! {
    /// Against a model that counts in a map and walks the order of preference: the first node below its capacity gets it, and capacities
    /// are computed from the requests on members.
    #[test]
    fn as_the_model_says(steps in prop::collection::vec(step(), 1..200)) {
        let mut bounded = Bounded::new(toy(3), factor(1.25));
        let mut open: Vec<NodeId> = Vec::new();
        for (at, step) in steps.into_iter().enumerate() {
            let ids: Vec<NodeId> = bounded.roster().iter().map(|(id, _)| id).collect();
            match step {
                Step::Assign(hash) => {
                    let here = |node: &&NodeId| bounded.roster().get(**node).is_some();
                    let total = open.iter().filter(here).count() as u64;
                    prop_assert_eq!(bounded.total(), total);
                    let load = |node| open.iter().filter(|it| **it == node).count() as u64;
                    let expected = bounded.replicas(hash, ids.len()).into_iter().find(|node| {
                        assert_eq!(bounded.capacity(*node), capacity_at(&bounded, *node, total + 1));
                        load(*node) < bounded.capacity(*node)
                    });
                    prop_assert_eq!(bounded.assign(hash), expected);
                    open.extend(expected);
                }
                Step::Release(index) if !open.is_empty() => {
                    let node = open.swap_remove(index.index(open.len()));
                    prop_assert!(bounded.release(node));
                }
                Step::Add(raw) => drop(bounded.add(&format!("added {at}"), weight(raw)).unwrap()),
                Step::Remove(index) if !ids.is_empty() => {
                    bounded.remove(ids[index.index(ids.len())]).unwrap();
                }
                Step::Reweight(index, raw) if !ids.is_empty() => {
                    bounded.reweight(ids[index.index(ids.len())], weight(raw)).unwrap();
                }
                Step::Factor(raw) => bounded.set_factor(factor(f64::from(raw) / 65_536.0)),
                Step::Release(_) | Step::Remove(_) | Step::Reweight(..) => {}
            }
        }
        let mut loads = BTreeMap::<NodeId, u64>::new();
        open.iter().for_each(|node| *loads.entry(*node).or_default() += 1);
        for id in (0..bounded.roster().id_bound() as u32).map(NodeId) {
            prop_assert_eq!(bounded.load(id), loads.get(&id).copied().unwrap_or(0));
        }
        for node in open {
            prop_assert!(bounded.release(node));
            prop_assert_eq!(bounded.load(node), loads[&node] - 1);
            *loads.get_mut(&node).unwrap() -= 1;
        }
        prop_assert_eq!(bounded.total(), bounded.departed.iter().map(|it| bounded.load(*it)).sum::<u64>());
    }
}

/// One key that everybody wants is spread over all nodes by weight; without a bound one node has it all.
#[test]
fn a_hot_key() {
    let mut bounded = Bounded::new(toy(0), factor(1.25));
    for (name, weight) in [("a", 1.0), ("b", 2.0), ("c", 5.0)] {
        bounded.add(name, Weight::new(weight).unwrap()).unwrap();
    }
    for _ in 0..1_000 {
        bounded.assign(77).unwrap();
    }
    let loads: Vec<u64> = bounded.roster().iter().map(|(id, _)| bounded.load(id)).collect();
    // ceil(1.25 * 1000 / 8 * weight) for the two that it prefers, and what is left.
    assert_eq!(loads, [157, 313, 530]);

    let unbounded = Bounded::new(toy(3), factor(65_535.0));
    for _ in 0..1_000 {
        assert_eq!(unbounded.assign(77), unbounded.locate(77));
    }
}

#[test]
fn nobody_to_serve() {
    let mut bounded = Bounded::new(toy(1), factor(1.25));
    let only = bounded.assign(1).unwrap();
    bounded.remove(only).unwrap();
    assert_eq!(bounded.assign(1), None);
    assert_eq!(bounded.capacity(only), 0);
    assert!(bounded.acquire_key(b"key").is_none());
    assert_eq!(bounded.counters.total(), 1);
    assert!(bounded.release(only));
    assert_eq!(bounded.counters.total(), 0);
}

#[test]
fn leases_end_once() {
    let bounded = Bounded::new(toy(3), factor(1.25));
    let lease = bounded.acquire(5).unwrap();
    let node = lease.node();
    assert_eq!(bounded.load(node), 1);
    drop(lease);
    assert_eq!((bounded.load(node), bounded.total()), (0, 0));

    let kept = bounded.acquire(5).unwrap().keep();
    assert_eq!((bounded.load(kept), bounded.total()), (1, 1));
    assert!(bounded.release(kept));
    assert!(!bounded.release(kept), "one too many");
    assert!(!bounded.release(NodeId(99)), "never was");
    assert_eq!((bounded.load(kept), bounded.total()), (0, 0));

    // Of its own, and after all else is gone.
    let owned = bounded.acquire(5).unwrap().into_owned().into_owned();
    assert_eq!(bounded.load(owned.node()), 1);
    let elsewhere = thread::spawn(move || drop(owned));
    elsewhere.join().unwrap();
    assert_eq!((bounded.load(kept), bounded.total()), (0, 0));
    let owned = bounded.acquire(5).unwrap().into_owned();
    drop(bounded);
    drop(owned);
}

/// A node leaves with requests out: it gets nothing more, its requests are counted off whenever they end, and nobody else's.
#[test]
fn a_node_leaves() {
    let mut bounded = Bounded::new(toy(2), factor(1.5));
    let stays = bounded.acquire(0).unwrap().into_owned();
    let leaves = bounded.acquire(u64::MAX).unwrap().into_owned();
    assert_ne!(stays.node(), leaves.node());
    let older = bounded.clone();
    bounded.remove(leaves.node()).unwrap();
    assert_eq!((bounded.load(leaves.node()), bounded.capacity(leaves.node())), (1, 0));
    assert_eq!(bounded.total(), 1, "of those who are here");
    assert_eq!(older.total(), 2);
    // Alone now: all of (1 + 1) * 1.5.
    assert_eq!(bounded.capacity(stays.node()), 3);

    // One who comes under the same name is somebody else.
    let name = older.roster().get(leaves.node()).unwrap().name();
    let again = bounded.add(name, Weight::ONE).unwrap();
    assert_ne!(again, leaves.node());
    assert_eq!((bounded.load(again), bounded.capacity(again)), (0, 2));
    let leave = leaves.node();
    drop(leaves);
    assert_eq!((bounded.load(leave), bounded.load(again), bounded.total()), (0, 0, 1));

    // Through a snapshot in which it is still there it still gets some, which can be released through any.
    let late = (0..4).filter_map(|at| older.assign(at << 62)).find(|node| *node == leave);
    assert_eq!(late, Some(leave));
    assert!(bounded.release(leave));
}

/// A node comes: snapshots from before and after count on, together, over the seams of pages.
#[test]
fn nodes_come() {
    let mut bounded = Bounded::new(toy(1), factor(1.25));
    let first = bounded.assign(0).unwrap();
    let mut snapshots = vec![bounded.clone()];
    for node in 1..200 {
        bounded.add(&format!("n{node}"), Weight::ONE).unwrap();
        snapshots.push(bounded.clone());
    }
    for snapshot in &snapshots {
        assert_eq!((snapshot.load(first), snapshot.total()), (1, 1));
    }
    let leases: Vec<_> = (0..400).map(|at| bounded.acquire(at << 55).unwrap()).collect();
    assert_eq!(snapshots[0].total(), 401);
    for (snapshot, node) in snapshots.iter().zip(0..) {
        assert_eq!(snapshot.load(NodeId(node)), bounded.load(NodeId(node)));
    }
    drop(leases);
    assert!(snapshots[150].release(first));
    assert_eq!(bounded.total(), 0);
}

/// What is done to a clone that is thrown away is nobody's business.
#[test]
fn an_abandoned_change() {
    let bounded = Bounded::new(toy(2), factor(1.25));
    let node = bounded.assign(0).unwrap();
    let mut abandoned = bounded.clone();
    abandoned.remove(node).unwrap();
    abandoned.add("new", Weight::ONE).unwrap();
    drop(abandoned);
    assert_eq!((bounded.total(), bounded.load(node)), (1, 1));
    assert_eq!(bounded.capacity(node), 2);
}

#[test]
fn counts_of_its_own() {
    let bounded = Bounded::new(toy(2), factor(1.25));
    bounded.assign(0).unwrap();
    let other = bounded.clone().independent();
    assert_eq!((bounded.total(), other.total()), (1, 0));
    other.assign(0).unwrap();
    assert_eq!((bounded.total(), other.total()), (1, 1));
    assert_eq!(other.into_placement().roster().len(), 2);
}

/// More than [`Placement`] can do, in one step.
#[test]
fn changes_below() {
    let mut bounded = Bounded::new(toy(2), factor(1.25));
    let kept = bounded.assign(0).unwrap();
    bounded.change(|toy| {
        toy.remove(kept).unwrap();
        toy.add("a", Weight::ONE).unwrap();
        toy.add("b", Weight::ONE).unwrap();
    });
    assert_eq!((bounded.total(), bounded.capacity(kept)), (0, 0));
    assert_eq!(bounded.capacity(bounded.roster().find("b").unwrap()), 1);
    assert!(bounded.heap_bytes() > bounded.placement().heap_bytes());
}

/// Two threads take places while a third looks: as long as nothing is released nobody is ever seen above its capacity.
#[test]
fn threads_that_take() {
    let bounded = Bounded::new(toy(5), factor(1.1));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..20_000).for_each(|_| assert!(bounded.assign(3).is_some())));
        }
        while bounded.total() < 40_000 {
            for (id, _) in bounded.roster().iter() {
                let load = bounded.load(id);
                let capacity = capacity_at(&bounded, id, bounded.total());
                assert!(load <= capacity, "{id}: {load} of {capacity}");
            }
        }
    });
    assert_eq!(bounded.roster().iter().map(|(id, _)| bounded.load(id)).sum::<u64>(), 40_000);
}

/// Two threads take and give back, with snapshots that change under them: all find a place, and in the end nothing is left.
#[test]
fn threads_that_take_and_give_back() {
    let first = Bounded::new(toy(5), factor(1.1));
    let current = std::sync::Mutex::new(first.clone());
    thread::scope(|scope| {
        let workers = [1_u64, 2].map(|worker| {
            let current = &current;
            scope.spawn(move || {
                let mut open = std::collections::VecDeque::new();
                for at in 0..20_000 {
                    if open.len() == 20 {
                        open.pop_front();
                    }
                    let snapshot = current.lock().unwrap().clone();
                    let lease = snapshot.acquire(crate::hash::mix::derive(worker, at)).unwrap();
                    open.push_back(lease.into_owned());
                }
            })
        });
        let mut round = 0;
        while workers.iter().any(|worker| !worker.is_finished()) {
            let mut next = current.lock().unwrap().clone();
            let oldest = next.roster().iter().next().unwrap().0;
            next.remove(oldest).unwrap();
            next.add(&format!("new {round}"), Weight::ONE).unwrap();
            *current.lock().unwrap() = next;
            round += 1;
        }
    });
    let last = current.into_inner().unwrap();
    assert_eq!((last.total(), first.counters.total()), (0, 0));
    for id in (0..last.roster().id_bound() as u32).map(NodeId) {
        assert_eq!(last.load(id), 0);
    }
}
