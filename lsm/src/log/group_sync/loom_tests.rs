//! Every interleaving of a few threads, up to a bound on preemptions.

use super::*;
use crate::SegmentId;
use loom::{
    sync::{Arc, atomic::AtomicU64},
    thread,
};

fn at(offset: u32) -> LogPosition {
    LogPosition { segment: SegmentId(1), offset }
}

fn commit(group: &GroupSync, written: &AtomicU64, fail: bool) -> bool {
    let mine = written.fetch_add(1, Ordering::SeqCst) as u32 + 1;
    let begin = || (at(written.load(Ordering::SeqCst) as u32), ());
    let sync = |()| if fail { Err(Error::Closed) } else { Ok(()) };
    group.sync_to(at(mine), begin, sync).is_ok_and(|()| {
        assert!(group.durable() >= Some(at(mine)));
        true
    })
}

fn threads(count: usize, commits: usize, fail: bool, bound: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(bound);
    model.check(move || {
        let group = Arc::new(GroupSync::new(None));
        let written = Arc::new(AtomicU64::new(0));
        let others: Vec<_> = (1..count)
            .map(|_| {
                let (group, written) = (Arc::clone(&group), Arc::clone(&written));
                thread::spawn(move || {
                    for _ in 0..commits {
                        assert_eq!(commit(&group, &written, fail), !fail);
                    }
                })
            })
            .collect();
        for _ in 0..commits {
            assert_eq!(commit(&group, &written, fail), !fail);
        }
        for other in others {
            other.join().unwrap();
        }
        let state = group.state.lock();
        assert_eq!((state.late, state.phase), (0, Phase::Idle));
        assert!(fail || state.durable == Some(at((count * commits) as u32)));
    });
}

#[test]
fn two_threads_two_commits() {
    threads(2, 2, false, 4);
}

/// Leader, waiter, and one who comes when the waiter is to lead: nobody sleeps for ever.
#[test]
fn three_threads() {
    threads(3, 1, false, 3);
}

#[test]
fn failure_wakes_everybody() {
    threads(3, 1, true, 3);
}
