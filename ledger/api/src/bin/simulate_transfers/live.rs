//! How many so far, for everybody to see.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::report;

/// Counters of all workers, and whether they go on.
pub struct Live {
    sent: AtomicU64,
    answered: AtomicU64,
    stop: AtomicBool,
    most: u64,
    begun: Instant,
    until: Option<Instant>,
    rate: Option<u64>,
}

impl Live {
    /// From now on, for so long or so many, and at most so many a second.
    pub fn new(length: Option<Duration>, most: Option<u64>, rate: Option<u64>) -> Self {
        let begun = Instant::now();
        Self {
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            most: most.unwrap_or(u64::MAX),
            begun,
            until: length.map(|it| begun + it),
            rate,
        }
    }

    /// Whether another request of so many transfers may be sent.
    pub fn goes_on(&self, transfers: u64) -> bool {
        if self.is_over() {
            return false;
        }
        let before = self.sent.fetch_add(transfers, Ordering::Relaxed);
        if let Some(rate) = self.rate {
            self.wait(Duration::from_secs_f64(before as f64 / rate as f64));
        }
        before < self.most
    }

    /// Whether everybody is to stop.
    pub fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.until.is_some_and(|it| Instant::now() >= it)
    }

    /// Waits for a moment, so long after the beginning, or until everybody stops.
    fn wait(&self, after: Duration) {
        while let Some(left) = after.checked_sub(self.begun.elapsed())
            && !left.is_zero()
            && !self.stop.load(Ordering::Relaxed)
        {
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    /// Counts answers.
    pub fn answered(&self, transfers: u64) {
        self.answered.fetch_add(transfers, Ordering::Relaxed);
    }

    /// Makes everybody stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// How many were answered.
    pub fn total(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Says every second how many they are, until `done`.
    pub fn watch(&self, done: &AtomicBool) {
        let (mut before, mut then) = (self.total(), Instant::now());
        while !done.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_secs(1));
            let (total, now) = (self.total(), Instant::now());
            let rate = (total - before) as f64 / now.duration_since(then).as_secs_f64();
            report::live(&format!("{total} transfers, {rate:.0}/s"));
            (before, then) = (total, now);
        }
        report::live("");
    }
}
