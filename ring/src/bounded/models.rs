//! In every interleaving, as far as loom goes.

use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::toy::{Toy, toy};

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn two_nodes() -> Arc<Bounded<Toy>> {
    Arc::new(Bounded::new(toy(2), CapacityFactor::default()))
}

/// ceil(1.25 * total / 2): what one of two nodes may have.
fn capacity(total: u64) -> u64 {
    (5 * total).div_ceil(8)
}

/// That no node is above its capacity: the node's count is read first, so that the total has at least that.
fn none_above(bounded: &Bounded<Toy>) {
    for node in [NodeId(0), NodeId(1)] {
        let load = bounded.load(node);
        assert!(load <= capacity(bounded.total()));
    }
}

/// Three threads take places: whoever looks, at any moment, sees no node above its capacity.
#[test]
fn loom_takers_and_an_observer() {
    check(|| {
        let bounded = two_nodes();
        let takers = [(); 2].map(|()| {
            let bounded = Arc::clone(&bounded);
            thread::spawn(move || assert!(bounded.assign(0).is_some()))
        });
        none_above(&bounded);
        bounded.assign(0).unwrap();
        none_above(&bounded);
        for taker in takers {
            taker.join().unwrap();
        }
        none_above(&bounded);
        assert_eq!(bounded.total(), 3);
        assert_eq!(bounded.load(NodeId(0)) + bounded.load(NodeId(1)), 3);
        assert_eq!(bounded.load(NodeId(0)), 2, "the owner had room for two of three");
    });
}

/// Requests that come and go at once: each finds a place, no count goes astray.
#[test]
fn loom_takers_that_give_back() {
    check(|| {
        let bounded = two_nodes();
        let other = {
            let bounded = Arc::clone(&bounded);
            thread::spawn(move || {
                drop(bounded.acquire(0).unwrap());
                drop(bounded.acquire(0).unwrap());
            })
        };
        let lease = bounded.acquire(0).unwrap();
        // At most the other's one besides this: each node may have ceil(1.25 * 2 / 2).
        assert!(bounded.load(lease.node()) <= 2);
        drop(lease);
        other.join().unwrap();
        assert_eq!((bounded.load(NodeId(0)), bounded.load(NodeId(1))), (0, 0));
        assert_eq!(bounded.total(), 0);
    });
}

/// A request ends while two begin: both find a place, and the counts agree.
#[test]
fn loom_takers_and_a_release() {
    check(|| {
        let bounded = two_nodes();
        let first = bounded.assign(0).unwrap();
        let releaser = {
            let bounded = Arc::clone(&bounded);
            thread::spawn(move || assert!(bounded.release(first)))
        };
        let taker = {
            let bounded = Arc::clone(&bounded);
            thread::spawn(move || assert!(bounded.assign(0).is_some()))
        };
        bounded.assign(0).unwrap();
        releaser.join().unwrap();
        taker.join().unwrap();
        let loads = [NodeId(0), NodeId(1)].map(|node| bounded.load(node));
        assert_eq!(loads[0] + loads[1], 2);
        assert_eq!(bounded.total(), 2);
    });
}

/// Two threads give back the same place: one of them has it.
#[test]
fn loom_a_release_too_many() {
    check(|| {
        let bounded = two_nodes();
        let node = bounded.assign(0).unwrap();
        let other = {
            let bounded = Arc::clone(&bounded);
            thread::spawn(move || bounded.release(node))
        };
        let ours = bounded.release(node);
        assert!(ours ^ other.join().unwrap());
        assert_eq!((bounded.load(node), bounded.total()), (0, 0));
    });
}

/// A node leaves while a reader of the older snapshot takes a place on it, and its request ends.
#[test]
fn loom_a_node_leaves() {
    check(|| {
        let older = two_nodes();
        let lease = older.acquire(0).unwrap().into_owned();
        let reader = {
            let older = Arc::clone(&older);
            thread::spawn(move || {
                let node = older.assign(0).unwrap();
                (node, older.release(node))
            })
        };
        let mut newer = (*older).clone();
        newer.remove(lease.node()).unwrap();
        let ours = newer.assign(0).unwrap();
        assert_ne!(ours, lease.node());
        drop(lease);
        let (_, released) = reader.join().unwrap();
        assert!(released && newer.release(ours));
        assert_eq!((newer.load(NodeId(0)), newer.load(NodeId(1)), older.total()), (0, 0, 0));
    });
}
