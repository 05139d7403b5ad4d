//! What is durable, who syncs for whom, and what a failure means for the others.

use super::*;
use crate::SegmentId;
use std::{
    io,
    sync::{
        Barrier,
        atomic::{AtomicU32, AtomicUsize},
    },
};

fn at(offset: u32) -> LogPosition {
    LogPosition { segment: SegmentId(1), offset }
}

#[test]
fn what_is_durable_is_not_synced_again() {
    let group = GroupSync::new(Some(at(100)));
    let never = || -> (LogPosition, ()) { unreachable!("a sync that nobody needs") };
    group.sync_to(at(100), never, Ok).unwrap();
    group.sync_to(at(101), || (at(200), ()), Ok).unwrap();
    group.sync_to(at(200), never, Ok).unwrap();
    let next = LogPosition { segment: SegmentId(2), offset: 64 };
    group.sync_to(next, || (next, ()), Ok).unwrap();
    assert_eq!(group.durable(), Some(next));
}

/// Writers append to a counter and sync to it. What they are told is durable was written before a sync that came
/// after; syncs never overlap; all come home; and one sync serves many.
#[test]
fn writers_share_syncs() {
    const THREADS: u32 = 12;
    const COMMITS: u32 = 200;
    let group = GroupSync::new(None);
    let (written, on_disk) = (AtomicU32::new(0), AtomicU32::new(0));
    let (running, syncs) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..COMMITS {
                    let mine = written.fetch_add(1, Ordering::SeqCst) + 1;
                    let begin = || {
                        let end = written.load(Ordering::SeqCst);
                        (at(end), end)
                    };
                    let sync = |end| {
                        assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::sleep(Duration::from_micros(50));
                        on_disk.store(end, Ordering::SeqCst);
                        syncs.fetch_add(1, Ordering::SeqCst);
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    };
                    group.sync_to(at(mine), begin, sync).unwrap();
                    assert!(group.durable() >= Some(at(mine)));
                    assert!(on_disk.load(Ordering::SeqCst) >= mine);
                }
            });
        }
    });
    assert_eq!(on_disk.into_inner(), THREADS * COMMITS);
    let syncs = syncs.into_inner();
    assert!(syncs < (THREADS * COMMITS / 2) as usize, "{syncs} syncs are no group commit");
    let state = group.state.lock();
    assert_eq!((state.late, state.phase), (0, Phase::Idle));
}

#[test]
fn a_failure_reaches_everybody_and_is_never_tried_again() {
    let group = GroupSync::new(Some(at(64)));
    let (calls, barrier) = (AtomicUsize::new(0), Barrier::new(4));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (group, calls, barrier) = (&group, &calls, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let fail = |()| {
                    calls.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    Err(Error::io("sync", "1.log", io::Error::other("gone")))
                };
                let result = group.sync_to(at(100 + thread), || (at(100 + thread), ()), fail);
                assert!(matches!(result, Err(Error::Poisoned { .. })));
            });
        }
    });
    assert_eq!(calls.into_inner(), 1);
    let late = group.sync_to(at(500), || (at(500), ()), Ok);
    assert!(late.unwrap_err().to_string().contains("gone"));
    // What was durable before still is.
    group.sync_to(at(64), || (at(500), ()), Ok).unwrap();
}

#[test]
fn a_panic_poisons() {
    let panics =
        |_: &GroupSync, early: bool| move || if early { panic!("on purpose") } else { (at(1), ()) };
    for early in [false, true] {
        let group = GroupSync::new(None);
        std::thread::scope(|scope| {
            let begin = panics(&group, early);
            let group = &group;
            let leader =
                scope.spawn(move || group.sync_to(at(1), begin, |()| panic!("on purpose")));
            assert!(leader.join().is_err());
        });
        let next = group.sync_to(at(1), || (at(1), ()), Ok);
        assert!(matches!(next, Err(Error::Poisoned { .. })));
    }
}

/// Two writers that take turns at the processor still share every sync: the first waits for the second. When that
/// one is gone, the first waits for it once in vain.
#[test]
fn a_group_waits_for_those_who_are_about_to_come_back() {
    let group = GroupSync { patience: Duration::from_secs(2), ..GroupSync::new(None) };
    let written = AtomicU32::new(0);
    let syncs = AtomicU32::new(0);
    let commit = || {
        let mine = written.fetch_add(1, Ordering::SeqCst) + 1;
        let begin = || (at(written.load(Ordering::SeqCst)), ());
        let sync = |()| {
            std::thread::sleep(Duration::from_millis(1));
            syncs.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        group.sync_to(at(mine), begin, sync).unwrap();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| (0..100).for_each(|_| commit()));
        (0..50).for_each(|_| commit());
    });
    let syncs = syncs.load(Ordering::SeqCst);
    assert!((100..=103).contains(&syncs), "{syncs} syncs");
    assert_eq!(group.state.lock().expected, 1);
}
