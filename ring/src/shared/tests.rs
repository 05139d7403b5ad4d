use alloc::boxed::Box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::toy::{Toy, toy};
use crate::{Bounded, CapacityFactor, Fingerprint, Weight};

#[test]
fn updates() {
    let shared = Shared::new(toy(2));
    let before = shared.load();
    let (node, stamp) = shared.update(|toy| toy.add("new", Weight::ONE)).unwrap();
    assert_eq!(stamp, shared.stamp());
    assert_eq!(stamp.epoch, 1);
    assert_eq!(stamp.fingerprint, shared.load().describe().fingerprint());
    assert_eq!(before.stamp().epoch, 0);
    assert_eq!(before.roster().get(node), None);
    assert_eq!(shared.load().roster().get(node).unwrap().name(), "new");
}

/// Nor does what a failed update did before it failed.
#[test]
fn a_failed_update_publishes_nothing() {
    let shared = Shared::new(toy(2));
    let before = shared.snapshot();
    let failed = shared.update(|toy| {
        toy.add("new", Weight::ONE)?;
        toy.add("n1", Weight::ONE)
    });
    assert_eq!(failed, Err(Error::DuplicateName { name: "n1".into() }));
    assert!(Arc::ptr_eq(&before, &shared.snapshot()));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        shared.update(|toy| -> Result<()> {
            toy.add("new", Weight::ONE)?;
            panic!("of the caller's");
        })
    }));
    assert!(panicked.is_err());
    assert!(Arc::ptr_eq(&before, &shared.snapshot()));
    assert_eq!(shared.update(|toy| toy.add("new", Weight::ONE)).unwrap().1.epoch, 1);
}

#[test]
fn two_processes() {
    let add = |shared: &Shared<Toy>, name: &str| shared.update(|toy| toy.add(name, Weight::ONE));
    let (ours, theirs) = (Shared::new(toy(2)), Shared::new(toy(2)));
    assert_eq!(ours.compare(theirs.stamp()), Agreement::Same);
    add(&ours, "a").unwrap();
    assert_eq!(ours.compare(theirs.stamp()), Agreement::Ahead);
    assert_eq!(theirs.compare(ours.stamp()), Agreement::Behind);
    add(&theirs, "b").unwrap();
    assert_eq!(ours.compare(theirs.stamp()), Agreement::Diverged);
    // Also when one of them goes on: it knows what it was.
    for change in 0..PAST {
        add(&ours, &format!("c{change}")).unwrap();
        assert_eq!(ours.compare(theirs.stamp()), Agreement::Diverged);
        assert_eq!(theirs.compare(ours.stamp()), Agreement::Behind);
    }
    // Until it has forgotten.
    add(&ours, "d").unwrap();
    assert_eq!(ours.compare(theirs.stamp()), Agreement::Ahead);
}

/// A placement taken over from another process, with its epoch.
#[test]
fn adopted() {
    let ours = Shared::new(toy(2));
    let old = ours.stamp();
    let theirs = Shared::at(toy(4), 7);
    let described = theirs.load().describe().encode();
    let built = crate::Description::decode(&described).and_then(|it| Toy::from_description(&it));
    let stamp = ours.adopt(built.unwrap(), theirs.stamp().epoch).unwrap();
    assert_eq!(stamp, theirs.stamp());
    assert_eq!(ours.compare(theirs.stamp()), Agreement::Same);
    assert_eq!(ours.compare(old), Agreement::Ahead);
    let other = Stamp { epoch: 0, fingerprint: Fingerprint::from_raw(1) };
    assert_eq!(ours.compare(other), Agreement::Diverged);
    assert!(matches!(ours.adopt(toy(9), 7), Err(Error::InvalidParameter { .. })));
    assert_eq!(ours.stamp(), theirs.stamp());
}

#[test]
fn chosen_at_run_time() {
    let boxed: Box<dyn Placement> = Box::new(toy(3));
    let shared = Shared::new(boxed.clone());
    shared.update(|placement| placement.add("new", Weight::ONE)).unwrap();
    assert_eq!(shared.load().roster().len(), 4);
    let bounded = Shared::new(Bounded::new(boxed, CapacityFactor::default()));
    assert_eq!(bounded.load().assign(3), shared.load().locate(3));
}

/// Requests are counted from one snapshot to the next.
#[test]
fn bounded() {
    let shared = Shared::new(Bounded::new(toy(2), CapacityFactor::default()));
    let lease = shared.load().acquire(0).unwrap().into_owned();
    let gone = shared.load().assign(u64::MAX).unwrap();
    shared.update(|bounded| bounded.remove(gone)).unwrap();
    assert_eq!(shared.load().load(lease.node()), 1);
    assert_eq!(shared.load().total(), 1);
    assert!(shared.load().release(gone));
    drop(lease);
    assert_eq!(shared.load().total(), 0);
}

/// Whatever readers see was published whole, and epochs never fall. One writer adds and removes pairs of nodes, one fails.
#[test]
fn readers_see_published_placements_in_order() {
    const EPOCHS: u64 = 400;
    let shared = Shared::new(toy(2));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = || {
            let mut seen = shared.stamp().epoch;
            let mut checked = 0;
            while !done.load(Ordering::Relaxed) || checked == 0 {
                let snapshot = shared.load();
                let Stamp { epoch, fingerprint } = snapshot.stamp();
                assert!(epoch >= seen);
                seen = epoch;
                assert_eq!(snapshot.describe().fingerprint(), fingerprint);
                assert_eq!(snapshot.roster().len() as u64, 2 + 2 * (epoch % 4));
                checked += 1;
            }
        };
        scope.spawn(reader);
        scope.spawn(reader);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let failed = shared.update(|toy| {
                    toy.add("half", Weight::ONE)?;
                    toy.add("", Weight::ONE)
                });
                assert_eq!(failed, Err(Error::NameLength { found: 0 }));
            }
        });
        for epoch in 1..=EPOCHS {
            let pair = |epoch: u64| [format!("{epoch} left"), format!("{epoch} right")];
            let (_, stamp) = shared
                .update(|toy| {
                    if epoch % 4 == 0 {
                        for name in (epoch - 3..epoch).flat_map(pair) {
                            toy.remove(toy.roster().find(&name).unwrap())?;
                        }
                    } else {
                        for name in pair(epoch) {
                            toy.add(&name, Weight::ONE)?;
                        }
                    }
                    Ok::<_, Error>(())
                })
                .unwrap();
            assert_eq!(stamp.epoch, epoch);
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Writers in two threads: every change counts, and has an epoch of its own.
#[test]
fn writers_take_turns() {
    let shared = Shared::new(toy(0));
    thread::scope(|scope| {
        for writer in 0..2 {
            let shared = &shared;
            scope.spawn(move || {
                let mut last = 0;
                for change in 0..100 {
                    let name = format!("{writer}-{change}");
                    let (_, stamp) = shared.update(|toy| toy.add(&name, Weight::ONE)).unwrap();
                    assert!(stamp.epoch > last);
                    last = stamp.epoch;
                }
            });
        }
    });
    assert_eq!(shared.stamp().epoch, 200);
    assert_eq!(shared.load().roster().len(), 200);
}
