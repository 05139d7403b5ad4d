//! Where events go while they happen.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Event, What};

/// Takes events. Producers and consumers of a run share one.
pub trait Sink: Send + Sync {
    /// Microseconds since the run began.
    fn now(&self) -> u64;

    /// Takes an event that happened at a time of [`now`](Self::now). Events of one thread keep their order.
    fn record(&self, at: u64, what: What);

    /// Takes events of one thread in their order, and leaves the vector empty: cheaper than one by one.
    fn record_all(&self, events: &mut Vec<Event>) {
        for Event { at, what } in events.drain(..) {
            self.record(at, what);
        }
    }
}

/// Keeps events in memory: for tests, and for checks of runs too small to be kept.
#[derive(Debug)]
pub struct Memory {
    began: Instant,
    events: Mutex<Vec<Event>>,
}

impl Memory {
    /// Nothing yet; the run begins now.
    #[must_use]
    pub fn new() -> Self {
        Self { began: Instant::now(), events: Mutex::new(Vec::new()) }
    }

    /// What it has taken.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Memory {
    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    fn record(&self, at: u64, what: What) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(Event { at, what });
    }
}
