//! Looks at the cluster and the workload about once a second, and writes down what it sees.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Result;
use crate::history::{Isolation, Sample, Sink, What};
use crate::lag::Monitor;
use crate::workload::{Counts, Running, Settings, Statistics};

/// From one look to the next.
const EVERY: Duration = Duration::from_secs(1);
/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_millis(900);
/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// What the workload has done so far, and what was seen last.
#[derive(Debug)]
pub(super) struct Seen {
    /// Counts since the workload began.
    pub counts: Mutex<Counts>,
    /// The last sample.
    pub sample: Mutex<Sample>,
}

impl Seen {
    pub fn new() -> Self {
        Self { counts: Mutex::new(Counts::default()), sample: Mutex::new(Sample::default()) }
    }

    pub fn sample(&self) -> Sample {
        lock(&self.sample).clone()
    }
}

/// Whom to look at.
pub(super) struct Observer<'a> {
    pub direct: &'a str,
    pub settings: &'a Settings,
    pub group: &'a str,
    /// Whether the group commits: of one that does not, the cluster can only say that it is behind with everything.
    pub commits: bool,
    pub topics: &'a [String],
    pub isolation: Isolation,
    pub running: &'a Mutex<Option<Running>>,
    pub sink: &'a dyn Sink,
}

impl Observer<'_> {
    /// Looks until it is asked to stop.
    pub fn run(&self, seen: &Seen, stop: &AtomicBool) -> Result<()> {
        let mut monitor =
            Monitor::new(self.direct, self.settings, self.group, self.topics, self.isolation)?;
        let mut before = (self.sink.now(), self.counts());
        let mut sends = Sends::default();
        let mut next = Instant::now() + EVERY;
        loop {
            while Instant::now() < next {
                if stop.load(Ordering::Acquire) {
                    return Ok(());
                }
                if let Some(running) = lock(self.running).as_ref() {
                    sends.saw(self.sink.now(), running.counts());
                }
                std::thread::sleep(LOOK.min(next.saturating_duration_since(Instant::now())));
            }
            next = (next + EVERY).max(Instant::now());
            let begun = self.sink.now();
            let observed = monitor.observe(PATIENCE);
            let now = (self.sink.now(), self.counts());
            let mut sample = seen.sample();
            if let (Some(then), Some(counts)) = (&before.1, &now.1) {
                let seconds = (now.0.saturating_sub(before.0) as f64 / 1e6).max(1e-3);
                let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
                sample.sent = rate(counts.sent, then.sent);
                sample.acked = rate(counts.acked, then.acked);
                sample.read = rate(counts.read, then.read);
                let latency = |quantile| match counts.latency.is_empty() {
                    true => 0,
                    false => counts.latency.value_at_quantile(quantile),
                };
                (sample.p50, sample.p99) = (latency(0.5), latency(0.99));
            }
            sample.seen = observed.is_ok();
            sample.took = now.0.saturating_sub(begun);
            sample.elections = 0;
            if let Ok(observation) = &observed {
                // A partition whose leader does not answer has no lag that is known.
                sample.seen = observation.partitions.iter().all(|it| it.lag.is_some());
                if self.commits {
                    sample.lag = observation.lag();
                    sample.lag_seconds = observation.seconds();
                }
                sample.under_replicated = observation.cluster.under_replicated();
                sample.leaderless = observation.cluster.offline();
                sample.elections = observation.changes.elections;
            }
            if !(sample.seen && self.commits)
                && let Some(counts) = &now.1
            {
                sample.lag = counts.sent.saturating_sub(counts.read);
                sample.lag_seconds = sends.age(now.0);
            }
            self.sink.record(now.0, What::Sample(sample.clone()));
            *lock(&seen.sample) = sample;
            before = now;
        }
    }

    fn counts(&self) -> Option<Statistics> {
        lock(self.running).as_ref().map(Running::statistics)
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When how many messages had been sent, of those that are not all read yet: as old as the oldest of them is, so far is the application behind, whatever the
/// cluster says or does not say.
#[derive(Debug, Default)]
struct Sends(VecDeque<(u64, u64)>);

/// More moments are not kept: an hour of 20 ms.
const MOMENTS: usize = 180_000;

impl Sends {
    fn saw(&mut self, at: u64, counts: Counts) {
        while self.0.front().is_some_and(|(_, sent)| *sent <= counts.read) {
            self.0.pop_front();
        }
        let new = self.0.back().map_or(counts.read, |(_, sent)| *sent);
        if counts.sent > new && self.0.len() < MOMENTS {
            self.0.push_back((at, counts.sent));
        }
    }

    /// Seconds since the oldest message was sent that nobody has read.
    fn age(&self, now: u64) -> f64 {
        self.0.front().map_or(0.0, |(at, _)| now.saturating_sub(*at) as f64 / 1e6)
    }
}
