//! How threads of a workload are told to end, and woken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Go on.
    Run,
    /// Finish what is under way, at the latest then, and end.
    Stop(Instant),
    /// End at once, as if the process had been killed.
    Kill,
}

#[derive(Debug)]
struct State {
    order: Order,
    woken: bool,
}

/// Orders to a thread. Its waits end when one comes.
#[derive(Debug)]
pub(crate) struct Signal {
    state: Mutex<State>,
    /// Whether the order is to go on: what is asked for each message.
    running: AtomicBool,
    changed: Condvar,
}

impl Signal {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State { order: Order::Run, woken: false }),
            running: AtomicBool::new(true),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn order(&self) -> Order {
        if self.running.load(Ordering::Acquire) {
            return Order::Run;
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner).order
    }

    pub(crate) fn running(&self) -> bool {
        self.order() == Order::Run
    }

    pub(crate) fn killed(&self) -> bool {
        self.order() == Order::Kill
    }

    /// A kill is final; a stop can become a kill.
    pub(crate) fn give(&self, order: Order) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.order != Order::Kill {
            state.order = order;
            self.running.store(order == Order::Run, Ordering::Release);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Ends a [`wait`](Self::wait), the next one if there is none now.
    pub(crate) fn wake(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).woken = true;
        self.changed.notify_all();
    }

    /// Waits until woken, until another order than `seen` stands, or so long.
    pub(crate) fn wait(&self, seen: Order, time: Duration) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, time, |state| !state.woken && state.order == seen)
            .unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
    }

    /// Waits so long, or until killed. Whether it was not.
    pub(crate) fn sleep(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .changed
            .wait_timeout_while(state, time, |state| state.order != Order::Kill)
            .unwrap_or_else(PoisonError::into_inner);
        state.order != Order::Kill
    }

    /// Waits so long, or until told to stop or killed. Whether neither came.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .changed
            .wait_timeout_while(state, time, |state| state.order == Order::Run)
            .unwrap_or_else(PoisonError::into_inner);
        state.order == Order::Run
    }
}
