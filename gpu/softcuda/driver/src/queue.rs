//! The work of a context: done by one thread in the order in which it was issued.
//!
//! That order satisfies every rule of streams at once: what one stream was given is done in order, the legacy default stream waits
//! for all others and they for it, and an event that a stream waits for was recorded before. Work of two streams that CUDA lets run
//! at the same time runs one after the other, which CUDA allows too.

use crate::export::{VERBOSE, complain};
use crate::result::{
    Answer, CUDA_ERROR_CONTEXT_IS_DESTROYED, CUDA_ERROR_LAUNCH_FAILED, CUDA_ERROR_OPERATING_SYSTEM,
    Failure, fail,
};
use crate::statistics::Profiling;
use softcuda::Statistics;
use softcuda::profile::Profile;
use softcuda::sanitize::Report;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Reports that are kept of a context, for a program that never takes them.
const REPORTS: usize = 1000;

/// A piece of work. It is told whether the context has failed before; most work is then left out.
pub(crate) type Work = Box<dyn FnOnce(Option<&Failure>) -> Answer + Send>;

#[derive(Default)]
struct State {
    pending: VecDeque<Work>,
    /// Pieces ever issued, and done.
    issued: u64,
    done: u64,
    running: bool,
    closed: bool,
    failure: Option<Failure>,
    last: Option<Statistics>,
    record: Option<Vec<Statistics>>,
    profiling: Option<Profiling>,
    profile: Option<Arc<Profile>>,
    /// Reports of launches in which checks found something.
    reports: Vec<Report>,
}

/// The work of a context.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    issued: Condvar,
    done: Condvar,
}

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is within a function that a stream calls: those may not call CUDA.
pub(crate) fn in_callback() -> bool {
    IN_CALLBACK.try_with(Cell::get).unwrap_or(false)
}

/// Runs a function of the host on behalf of a stream.
pub(crate) fn callback(run: impl FnOnce()) {
    IN_CALLBACK.set(true);
    run();
    IN_CALLBACK.set(false);
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Issues work; its number.
    pub(crate) fn issue(self: &Arc<Self>, work: Work) -> Answer<u64> {
        let mut state = self.state();
        if state.closed {
            return Err(CUDA_ERROR_CONTEXT_IS_DESTROYED.into());
        }
        if !state.running {
            let queue = self.clone();
            let thread = std::thread::Builder::new().name("softcuda".to_owned());
            thread.spawn(move || queue.run()).map_err(|error| {
                fail(CUDA_ERROR_OPERATING_SYSTEM, format!("no thread for the context: {error}"))
            })?;
            state.running = true;
        }
        state.pending.push_back(work);
        state.issued += 1;
        let number = state.issued;
        drop(state);
        self.issued.notify_one();
        Ok(number)
    }

    fn run(&self) {
        let mut state = self.state();
        loop {
            let Some(work) = state.pending.pop_front() else {
                if state.closed {
                    return;
                }
                state = self.issued.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let failure = state.failure.clone();
            drop(state);
            let result = guarded(|| work(failure.as_ref()));
            state = self.state();
            if let Err(failure) = result
                && state.failure.is_none()
            {
                // The program may never ask.
                if VERBOSE.load(Relaxed) {
                    complain(&format!("{}: {}", failure.code, failure.detail));
                }
                state.failure = Some(failure);
            }
            state.done += 1;
            self.done.notify_all();
        }
    }

    /// Whether the work of this number is done.
    pub(crate) fn reached(&self, number: u64) -> bool {
        self.state().done >= number
    }

    /// Waits until the work of this number is done.
    pub(crate) fn wait(&self, number: u64) {
        let mut state = self.state();
        while state.done < number {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Number of the last work that was issued.
    pub(crate) fn last(&self) -> u64 {
        self.state().issued
    }

    /// Waits for all work issued until now.
    pub(crate) fn drain(&self) {
        self.wait(self.last());
    }

    /// What went wrong first; everything after it is left out.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.state().failure.clone()
    }

    /// Lets the thread end when all is done.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.issued.notify_one();
    }

    /// Notes what a launch did.
    pub(crate) fn launched(&self, statistics: Statistics) {
        let mut state = self.state();
        if let Some(record) = &mut state.record {
            record.push(statistics.clone());
        }
        state.last = Some(statistics);
    }

    /// What the last launch did.
    pub(crate) fn last_statistics(&self) -> Option<Statistics> {
        self.state().last.clone()
    }

    /// How launches are to be profiled, if they are.
    pub(crate) fn profiling(&self) -> Option<Profiling> {
        self.state().profiling
    }

    /// Begins or ends to profile launches.
    pub(crate) fn profile(&self, how: Option<Profiling>) {
        self.state().profiling = how;
    }

    /// Notes the profile of a launch.
    pub(crate) fn profiled(&self, profile: Profile) {
        self.state().profile = Some(Arc::new(profile));
    }

    /// The profile of the last launch that had one; only once.
    pub(crate) fn take_profile(&self) -> Option<Arc<Profile>> {
        self.state().profile.take()
    }

    /// Begins or ends to keep the statistics of all launches.
    pub(crate) fn record(&self, on: bool) {
        self.state().record = on.then(Vec::new);
    }

    /// Keeps what checks found in a launch.
    pub(crate) fn found(&self, report: Report) {
        let mut state = self.state();
        if state.reports.len() < REPORTS {
            state.reports.push(report);
        }
    }

    /// What checks found since the last call.
    pub(crate) fn take_reports(&self) -> Vec<Report> {
        std::mem::take(&mut self.state().reports)
    }

    /// The statistics kept so far.
    pub(crate) fn take(&self) -> Vec<Statistics> {
        self.state().record.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// Runs something of softcuda such that a defect of it is an answer.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Answer<T>) -> Answer<T> {
    // What is shared is behind locks whose state is whole at every point, or counted as failed from now on.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(fail(CUDA_ERROR_LAUNCH_FAILED, format!("a defect of softcuda: {text}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::CUDA_ERROR_ILLEGAL_ADDRESS;

    /// Work that notes its number, unless something has failed.
    fn note(to: &Arc<Mutex<Vec<u32>>>, number: u32) -> Work {
        let to = to.clone();
        Box::new(move |failure| {
            if failure.is_none() {
                to.lock().unwrap().push(number);
            }
            Ok(())
        })
    }

    #[test]
    fn in_order_until_something_fails() {
        let (queue, seen) = (Arc::new(Queue::default()), Arc::default());
        let first = queue.issue(note(&seen, 1)).unwrap();
        queue.issue(note(&seen, 2)).unwrap();
        queue.issue(Box::new(|_| Err(CUDA_ERROR_ILLEGAL_ADDRESS.into()))).unwrap();
        let last = queue.issue(note(&seen, 3)).unwrap();
        queue.drain();
        assert!(queue.reached(first) && queue.reached(last) && !queue.reached(last + 1));
        assert_eq!(*seen.lock().unwrap(), [1, 2]);
        assert_eq!(queue.failure().unwrap().code, CUDA_ERROR_ILLEGAL_ADDRESS);
        queue.close();
        let late = queue.issue(note(&seen, 4)).unwrap_err();
        assert_eq!(late.code, CUDA_ERROR_CONTEXT_IS_DESTROYED);
    }

    #[test]
    fn a_panic_is_a_failure() {
        let queue = Arc::new(Queue::default());
        queue.issue(Box::new(|_| panic!("on purpose"))).unwrap();
        queue.drain();
        let failure = queue.failure().unwrap();
        assert_eq!(failure.code, CUDA_ERROR_LAUNCH_FAILED);
        assert_eq!(failure.detail, "a defect of softcuda: on purpose");
        queue.close();
    }

    #[test]
    fn work_that_was_issued_is_done_after_the_close() {
        let (queue, seen) = (Arc::new(Queue::default()), Arc::default());
        for number in 0..5 {
            queue.issue(note(&seen, number)).unwrap();
        }
        queue.close();
        queue.drain();
        assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4]);
    }
}
