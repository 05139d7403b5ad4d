//! Where events go while they happen.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Event, What};
use crate::id::{PartitionId, ProducerId};

/// Takes events. Producers and consumers of a run share one.
pub trait Sink: Send + Sync {
    /// Microseconds since the run began.
    fn now(&self) -> u64;

    /// Takes an event that happened at a time of [`now`](Self::now). Events of one thread keep their order.
    fn record(&self, at: u64, what: What);

    /// Takes what happened to messages of a producer, in its order, and leaves the vector empty: cheaper than event by event.
    fn record_steps(&self, producer: ProducerId, steps: &mut Vec<Step>) {
        for step in steps.drain(..) {
            let Event { at, what } = step.event(producer);
            self.record(at, what);
        }
    }
}

/// What happens to most messages: a fourth of the memory of the [`Event`] that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// [`What::Send`].
    Send {
        /// See [`Event::at`].
        at: u64,
        /// Its number among those of its producer.
        s: u64,
        /// Where it goes.
        to: PartitionId,
        /// The input of a loop that it was made of.
        of: Option<(PartitionId, u64)>,
    },
    /// [`What::Ack`].
    Ack {
        /// See [`Event::at`].
        at: u64,
        /// Its number among those of its producer.
        s: u64,
        /// Where it was sent to.
        to: PartitionId,
        /// Its offset there, if the broker told it.
        o: Option<u64>,
    },
}

impl Step {
    /// The event that it is, of a message of this producer.
    #[must_use]
    pub fn event(self, p: ProducerId) -> Event {
        match self {
            Self::Send { at, s, to, of } => Event { at, what: What::Send { p, s, to, of } },
            Self::Ack { at, s, to, o } => Event { at, what: What::Ack { p, s, to, o } },
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
