//! Group commit: one sync for everybody who waits.
//!
//! A sync is for a *group*. Who comes while none runs joins the group that gathers; who comes while one runs, and is not
//! covered by it, joins the next. **Whoever completes a group leads it.** A group is complete when it has as many members
//! as the last sync had members and late-comers, because all of these are about to come back. The leader's thread is running
//! already: nothing has to be woken before the disk gets work, and nobody spins. If somebody stays away, the first
//! member of the group leads it after a part of the time that a sync takes. Without that wait, writers split into two
//! cohorts, of which each sync serves one.
//!
//! # What a sync costs
//! Measured on the two-core machine of the gates (ext4 without a journal, kernel 6.18, virtio disk with a volatile cache;
//! medians of one thread's syncs of 2 KB each):
//!
//! | | us |
//! |---|---|
//! | `fdatasync` with nothing to write: the disk's flush | 54 |
//! | a page by `O_DIRECT`, without a flush | 44 |
//! | `O_DIRECT \| O_DSYNC` over written blocks: the least that a durable write can cost here | 124 |
//! | `pwrite` + `fdatasync` over written blocks | 133 |
//! | store to a mapping of written blocks + `fdatasync` | 154 |
//! | store to a mapping of preallocated blocks + `fdatasync`, which is what the log does | 181 |
//! | append with `write` + `fdatasync`, as rivals do: the file's length is written each time | 254 |
//!
//! What the log pays over written blocks is a second write, of the inode, whenever a page is written for the first time: with
//! sixteen records of 100 bytes a sync, in four of ten.
//!
//! Sixteen writers could thus make at most 16 / 181 us = 88,000 commits a second durable if all else were free. It is not:
//! sixteen sleeps and wake-ups are some 110 us on two cores. So members are woken by one call, and when they wake they
//! look at one number and take no lock. Measured: 44,000 commits a second in groups of 13.9 when the leader gathered by
//! giving way in a loop and a condition variable handed its lock from member to member; 55,000 in groups of 15.96 like this.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    LogPosition,
    event::Event,
    sync::{AtomicBool, Mutex, MutexGuard, Ordering},
};
use crate::{Error, Result};

/// Part of a sync's duration that a group waits for those who stay away.
const GATHER_SHARE: u32 = 2;
/// The longest that it waits for them.
const GATHER_MOST: Duration = Duration::from_micros(200);

/// Who may commit together, and how far the log is durable.
#[derive(Debug)]
pub struct GroupSync {
    state: Mutex<State>,
    /// The last sync with an even and with an odd number that is over, so that the end of one wakes nobody in vain.
    over: [Event; 2],
    /// The last sync that is over, for the first of those who came too late for it.
    turn: Event,
    /// A group waits as long for those who stay away, even if a sync takes less: for tests, which cannot rely on time.
    patience: Duration,
    /// Whether a sync has failed. It says no more than that a closer look is needed.
    failed: AtomicBool,
}

#[derive(Debug)]
struct State {
    durable: Option<LogPosition>,
    phase: Phase,
    /// Number of the sync that gathers or runs, or of the last one.
    number: u64,
    /// Threads that it is for, its leader included.
    members: usize,
    /// Threads that came too late for the sync that runs.
    late: usize,
    /// As many members may come to the next sync.
    expected: usize,
    /// How long the last sync took.
    took: Duration,
    poisoned: Option<Arc<Error>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// Who comes now is a member.
    Gathering,
    /// Who comes now is a member if the sync reaches as far as its commit.
    Syncing {
        reach: LogPosition,
    },
}

impl State {
    /// What there is to say at once to somebody who wants everything before `position` durable.
    fn outcome(&self, position: LogPosition) -> Option<Result<()>> {
        if self.durable >= Some(position) {
            return Some(Ok(()));
        }
        let cause = self.poisoned.as_ref()?;
        Some(Err(Error::Poisoned { cause: Arc::clone(cause) }))
    }
}

impl GroupSync {
    /// Everything before `durable` is durable.
    #[must_use]
    pub fn new(durable: Option<LogPosition>) -> Self {
        Self {
            state: Mutex::new(State {
                durable,
                phase: Phase::Idle,
                number: 0,
                members: 0,
                late: 0,
                expected: 1,
                took: Duration::ZERO,
                poisoned: None,
            }),
            over: [Event::default(), Event::default()],
            turn: Event::default(),
            patience: Duration::ZERO,
            failed: AtomicBool::new(false),
        }
    }

    /// How far the log is known to be durable.
    #[must_use]
    pub fn durable(&self) -> Option<LogPosition> {
        self.state.lock().durable
    }

    fn over(&self, number: u64) -> &Event {
        &self.over[(number & 1) as usize]
    }

    /// Returns once everything before `position` is durable.
    ///
    /// If this thread leads, `begin` says how far the sync is to reach: to the end of the log, so that it covers everybody
    /// whose commit is in it. It is called under a lock: it must be short, and must not come back here. Then `sync` is
    /// called without a lock: it waits until the log is complete that far, and syncs it.
    ///
    /// # Errors
    /// [`Error::Poisoned`] if a sync failed, this one or one before: the kernel may have dropped the pages that it
    /// could not write, so another sync that succeeds would prove nothing. It is never tried again.
    pub fn sync_to<P>(
        &self,
        position: LogPosition,
        begin: impl FnOnce() -> (LogPosition, P),
        sync: impl FnOnce(P) -> Result<()>,
    ) -> Result<()> {
        let mut state = self.state.lock();
        if let Some(outcome) = state.outcome(position) {
            return outcome;
        }
        match state.phase {
            Phase::Idle => {
                state.phase = Phase::Gathering;
                state.number += 1;
                state.members = 1;
                if state.expected <= 1 {
                    return self.lead(state, begin, sync);
                }
                let number = state.number;
                self.lead_if_incomplete(state, number, position, begin, sync)
            }
            Phase::Gathering => {
                state.members += 1;
                if state.members >= state.expected {
                    return self.lead(state, begin, sync);
                }
                let number = state.number;
                self.follow(state, number, position)
            }
            Phase::Syncing { reach } if reach >= position => {
                state.members += 1;
                let number = state.number;
                self.follow(state, number, position)
            }
            Phase::Syncing { .. } => {
                state.late += 1;
                let (running, next) = (state.number, state.number + 1);
                if state.late > 1 {
                    return self.follow(state, next, position);
                }
                // Somebody has to look after the next group once the running sync is over.
                drop(state);
                self.turn.wait_for(running);
                self.lead_if_incomplete(self.state.lock(), next, position, begin, sync)
            }
        }
    }

    /// Waits for sync `number`, of which this thread is a member.
    fn follow(
        &self,
        state: MutexGuard<'_, State>,
        number: u64,
        position: LogPosition,
    ) -> Result<()> {
        drop(state);
        self.over(number).wait_for(number);
        if self.failed.load(Ordering::Relaxed) {
            // Perhaps not this sync, but one after it.
            return self.state.lock().outcome(position).unwrap_or(Err(Error::Closed));
        }
        Ok(())
    }

    /// As [`follow`](Self::follow), for the first member: leads when the group has waited long enough for others.
    fn lead_if_incomplete<'a, P>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        number: u64,
        position: LogPosition,
        begin: impl FnOnce() -> (LogPosition, P),
        sync: impl FnOnce(P) -> Result<()>,
    ) -> Result<()> {
        let start = Instant::now();
        let most = (state.took / GATHER_SHARE).min(GATHER_MOST).max(self.patience);
        let mut patient = true;
        while state.number == number && state.phase == Phase::Gathering {
            if !patient {
                return self.lead(state, begin, sync);
            }
            drop(state);
            let left = most.saturating_sub(start.elapsed());
            patient = self.over(number).wait_briefly(number, left) && start.elapsed() < most;
            state = self.state.lock();
        }
        self.follow(state, number, position)
    }

    /// Syncs for the group that gathers.
    fn lead<'a, P>(
        &'a self,
        state: MutexGuard<'a, State>,
        begin: impl FnOnce() -> (LogPosition, P),
        sync: impl FnOnce(P) -> Result<()>,
    ) -> Result<()> {
        // A panic would leave everybody waiting for a leader that is gone. The lock is released before this is dropped.
        let unwinding = Unwinding(self);
        let mut state = state;
        // Under the lock, so that all members, who came before, are covered.
        let (reach, plan) = begin();
        state.phase = Phase::Syncing { reach };
        drop(state);
        let start = Instant::now();
        let result = sync(plan);
        let took = start.elapsed();
        std::mem::forget(unwinding);
        self.conclude(result.map(|()| reach), took)
    }

    fn conclude(&self, result: Result<LogPosition>, took: Duration) -> Result<()> {
        let mut state = self.state.lock();
        let (number, others, late) = (state.number, state.members > 1, state.late);
        if result.is_err() {
            // Before anybody learns that the sync is over.
            self.failed.store(true, Ordering::Relaxed);
        }
        // Under the lock: out of it, the next leader could be faster.
        self.over(number).set(number);
        self.turn.set(number);
        let result = match result {
            Ok(reach) => {
                state.durable = state.durable.max(Some(reach));
                state.took = took;
                state.expected = state.members + late;
                if late == 0 {
                    state.phase = Phase::Idle;
                } else {
                    state.phase = Phase::Gathering;
                    state.number += 1;
                    state.members = late;
                    state.late = 0;
                }
                Ok(())
            }
            Err(error) => {
                let cause = Arc::new(error);
                state.poisoned = Some(Arc::clone(&cause));
                (state.phase, state.late) = (Phase::Idle, 0);
                // There will be no next sync.
                self.over(number + 1).set(number + 1);
                Err(Error::Poisoned { cause })
            }
        };
        drop(state);
        if others {
            self.over(number).wake_all();
        }
        if late > 0 {
            self.turn.wake_all();
        }
        if result.is_err() {
            self.over(number + 1).wake_all();
        }
        result
    }
}

/// Poisons on unwinding.
struct Unwinding<'a>(&'a GroupSync);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        // The leader's own result is its panic.
        let _ = self.0.conclude(Err(Error::Closed), Duration::ZERO);
    }
}

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
