//! Group commit: one sync for everybody who waits.
//!
//! The first to come leads: it syncs everything that is complete, for all. Those who come meanwhile wait, and when the sync
//! is done one of them leads the next. A leader that knows of others who are about to commit waits a moment for them, for
//! a small part of what a sync takes: else the writers split into two cohorts, of which each sync serves one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    LogPosition,
    sync::{AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, yield_now},
};
use crate::{Error, Result};

/// Part of a sync's duration that a leader waits for others at most.
const GATHER_SHARE: u32 = 2;
/// The longest that a leader waits for others.
const GATHER_MOST: Duration = Duration::from_micros(200);

/// Who may commit together, and how far the log is durable.
#[derive(Debug)]
pub struct GroupSync {
    state: Mutex<State>,
    /// Those who wait for syncs of even and of odd numbers, so that the end of one wakes nobody in vain.
    woken: [Condvar; 2],
    /// Threads in the sync that is about to start, its leader included.
    joined: AtomicUsize,
}

#[derive(Debug)]
struct State {
    durable: Option<LogPosition>,
    /// Number of the sync that runs, or of the last one.
    generation: u64,
    phase: Phase,
    /// Threads that wait for syncs of even and of odd numbers.
    waiting: [usize; 2],
    /// Threads that took part in the last sync or waited at its end: so many may come to the next.
    expected: usize,
    /// How long the last sync took.
    took: Duration,
    poisoned: Option<Arc<Error>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// The leader waits for others: who comes now is covered.
    Gathering,
    /// Who comes now is covered by the next sync.
    Syncing,
}

const fn side(generation: u64) -> usize {
    (generation & 1) as usize
}

impl GroupSync {
    /// Everything before `durable` is durable.
    #[must_use]
    pub fn new(durable: Option<LogPosition>) -> Self {
        Self {
            state: Mutex::new(State {
                durable,
                generation: 0,
                phase: Phase::Idle,
                waiting: [0; 2],
                expected: 1,
                took: Duration::ZERO,
                poisoned: None,
            }),
            woken: [Condvar::default(), Condvar::default()],
            joined: AtomicUsize::new(0),
        }
    }

    /// How far the log is known to be durable.
    #[must_use]
    pub fn durable(&self) -> Option<LogPosition> {
        self.state.lock().durable
    }

    /// Returns once everything before `position` is durable, and how far it is.
    ///
    /// `do_sync` is called if this thread leads: it finds the end of what is complete (at least `position`, because the
    /// caller's commit is), syncs all segments up to there, and returns it. It is called without a lock.
    ///
    /// # Errors
    /// [`Error::Poisoned`] if a sync failed, this one or one before: the kernel may have dropped the pages that it
    /// could not write, so another sync that succeeds would prove nothing. It is never tried again.
    pub fn sync_to(
        &self,
        position: LogPosition,
        do_sync: impl FnOnce() -> Result<LogPosition>,
    ) -> Result<LogPosition> {
        let mut state = self.state.lock();
        // The sync that this thread waits for: one that starts after it came.
        let mut target = None;
        loop {
            if let Some(durable) = state.durable.filter(|durable| *durable >= position) {
                // Woken to lead the next sync, but the last one came far enough by chance: somebody else has to.
                let woken_to_lead = target.is_some_and(|target| target > state.generation);
                if woken_to_lead && state.phase == Phase::Idle {
                    self.elect(state);
                }
                return Ok(durable);
            }
            if let Some(cause) = &state.poisoned {
                return Err(Error::Poisoned { cause: Arc::clone(cause) });
            }
            if state.phase == Phase::Idle {
                return self.lead(state, position, do_sync);
            }
            let next = state.generation + u64::from(state.phase == Phase::Syncing);
            // A thread that is there since before a sync started stays with that one.
            let mine = *target.insert(target.filter(|t| *t >= state.generation).unwrap_or(next));
            if mine == state.generation && state.phase == Phase::Gathering {
                self.joined.fetch_add(1, Ordering::Relaxed);
            }
            let side = side(mine);
            state.waiting[side] += 1;
            state = self.woken[side].wait(state);
            state.waiting[side] -= 1;
        }
    }

    /// Wakes one of those who wait for the next sync, to lead it.
    fn elect(&self, state: MutexGuard<'_, State>) {
        let next = side(state.generation + 1);
        let any = state.waiting[next] != 0;
        drop(state);
        if any {
            self.woken[next].notify_one();
        }
    }

    fn lead<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        position: LogPosition,
        do_sync: impl FnOnce() -> Result<LogPosition>,
    ) -> Result<LogPosition> {
        state.generation += 1;
        let mine = side(state.generation);
        let (expected, took) = (state.expected, state.took);
        // Those who were there before are in it as well; all that come now join it or the next.
        self.joined.store(1 + state.waiting[mine], Ordering::Relaxed);
        if expected > 1 + state.waiting[mine] && !cfg!(loom) {
            state.phase = Phase::Gathering;
            drop(state);
            self.gather(expected, (took / GATHER_SHARE).min(GATHER_MOST));
            state = self.state.lock();
        }
        state.phase = Phase::Syncing;
        drop(state);

        // A panic in `do_sync` would leave everybody waiting for a leader that is gone.
        let unwinding = Unwinding(self);
        let start = (!cfg!(loom)).then(Instant::now);
        let result = do_sync();
        std::mem::forget(unwinding);

        let mut state = self.state.lock();
        state.took = start.map_or(Duration::ZERO, |start| start.elapsed());
        state.expected = 1 + state.waiting[0] + state.waiting[1];
        self.conclude(state, result.map(|end| end.max(position)))
    }

    fn gather(&self, expected: usize, most: Duration) {
        let start = Instant::now();
        while self.joined.load(Ordering::Relaxed) < expected && start.elapsed() < most {
            yield_now();
        }
    }

    fn conclude(
        &self,
        mut state: MutexGuard<'_, State>,
        result: Result<LogPosition>,
    ) -> Result<LogPosition> {
        state.phase = Phase::Idle;
        let (this, next) = (side(state.generation), side(state.generation + 1));
        match result {
            Ok(end) => {
                state.durable = state.durable.max(Some(end));
                let (covered, later) = (state.waiting[this] != 0, state.waiting[next] != 0);
                drop(state);
                // The next leader first: the disk is idle until it runs.
                if later {
                    self.woken[next].notify_one();
                }
                if covered {
                    self.woken[this].notify_all();
                }
                Ok(end)
            }
            Err(error) => {
                let cause = Arc::new(error);
                state.poisoned = Some(Arc::clone(&cause));
                drop(state);
                self.woken[0].notify_all();
                self.woken[1].notify_all();
                Err(Error::Poisoned { cause })
            }
        }
    }
}

/// Poisons on unwinding.
struct Unwinding<'a>(&'a GroupSync);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        // The leader's own result is its panic.
        let _ = self.0.conclude(self.0.state.lock(), Err(Error::Closed));
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
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
        let never = || -> Result<LogPosition> { unreachable!("a sync that nobody needs") };
        assert_eq!(group.sync_to(at(100), never).unwrap(), at(100));
        assert_eq!(group.sync_to(at(101), || Ok(at(200))).unwrap(), at(200));
        assert_eq!(group.sync_to(at(200), never).unwrap(), at(200));
        let next = LogPosition { segment: SegmentId(2), offset: 64 };
        assert_eq!(group.sync_to(next, || Ok(next)).unwrap(), next);
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
                        let durable = group.sync_to(at(mine), || {
                            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
                            let end = written.load(Ordering::SeqCst);
                            std::thread::sleep(Duration::from_micros(50));
                            on_disk.store(end, Ordering::SeqCst);
                            syncs.fetch_add(1, Ordering::SeqCst);
                            running.fetch_sub(1, Ordering::SeqCst);
                            Ok(at(end))
                        });
                        assert!(durable.unwrap() >= at(mine));
                        assert!(on_disk.load(Ordering::SeqCst) >= mine);
                    }
                });
            }
        });
        assert_eq!(on_disk.into_inner(), THREADS * COMMITS);
        let syncs = syncs.into_inner();
        assert!(syncs < (THREADS * COMMITS / 2) as usize, "{syncs} syncs are no group commit");
        let state = group.state.lock();
        assert_eq!((state.waiting, state.phase), ([0, 0], Phase::Idle));
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
                    let result = group.sync_to(at(100 + thread), || {
                        calls.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(2));
                        Err(Error::io("sync", "1.log", io::Error::other("gone")))
                    });
                    assert!(matches!(result, Err(Error::Poisoned { .. })));
                });
            }
        });
        assert_eq!(calls.into_inner(), 1);
        let late = group.sync_to(at(500), || Ok(at(500)));
        assert!(late.unwrap_err().to_string().contains("gone"));
        // What was durable before still is.
        assert_eq!(group.sync_to(at(64), || Ok(at(500))).unwrap(), at(64));
    }

    #[test]
    fn a_panic_poisons() {
        let group = GroupSync::new(None);
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| group.sync_to(at(1), || panic!("on purpose")));
            assert!(leader.join().is_err());
        });
        assert!(matches!(group.sync_to(at(1), || Ok(at(1))), Err(Error::Poisoned { .. })));
    }
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests {
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
        let result = group.sync_to(at(mine), || {
            if fail { Err(Error::Closed) } else { Ok(at(written.load(Ordering::SeqCst) as u32)) }
        });
        result.is_ok_and(|durable| {
            assert!(durable >= at(mine));
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
                            commit(&group, &written, fail);
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
            assert_eq!((state.waiting, state.phase), ([0, 0], Phase::Idle));
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
}
