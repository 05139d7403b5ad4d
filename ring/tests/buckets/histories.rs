//! Nodes that come back, capacities that double, and what is remembered of those who left.

use super::*;

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
