//! What a workload does, in numbers, while it does it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::id::PartitionId;

/// Counts since the workload began, and latencies since they were last asked for.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Messages handed to the clients of producers and loops.
    pub sent: u64,
    /// Of these acknowledged.
    pub acked: u64,
    /// Of these refused.
    pub failed: u64,
    /// Of these nobody knows.
    pub unknown: u64,
    /// Records read by consumers and loops, again ones included.
    pub read: u64,
    /// Microseconds from the sending of a message to its acknowledgement, of the acknowledgements since the statistics before.
    pub latency: Histogram<u64>,
}

/// Counts since the workload began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages handed to the clients of producers and loops.
    pub sent: u64,
    /// Of these acknowledged.
    pub acked: u64,
    /// Of these refused.
    pub failed: u64,
    /// Of these nobody knows.
    pub unknown: u64,
    /// Records read by consumers and loops, again ones included.
    pub read: u64,
}

/// The longest latency that is told from longer ones: an hour.
const MOST: u64 = 3_600_000_000;

fn histogram() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the bounds are constants that it takes")]
    Histogram::new_with_bounds(1, MOST, 2).expect("constant bounds")
}

/// Counts of one thread, read by others.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) sent: AtomicU64,
    pub(crate) acked: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) unknown: AtomicU64,
    pub(crate) read: AtomicU64,
    latency: Mutex<Histogram<u64>>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            sent: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            read: AtomicU64::new(0),
            latency: Mutex::new(histogram()),
        }
    }

    /// Counts acknowledgements that came together.
    pub(crate) fn acks(&self) -> MeterOfAcks<'_> {
        let latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        MeterOfAcks { acked: &self.acked, latency, count: 0 }
    }

    /// Adds its counts up.
    pub(crate) fn count_to(&self, sum: &mut Counts) {
        sum.sent += self.sent.load(Ordering::Relaxed);
        sum.acked += self.acked.load(Ordering::Relaxed);
        sum.failed += self.failed.load(Ordering::Relaxed);
        sum.unknown += self.unknown.load(Ordering::Relaxed);
        sum.read += self.read.load(Ordering::Relaxed);
    }

    /// Adds it up, and forgets its latencies.
    pub(crate) fn add_to(&self, sum: &mut Statistics) {
        sum.sent += self.sent.load(Ordering::Relaxed);
        sum.acked += self.acked.load(Ordering::Relaxed);
        sum.failed += self.failed.load(Ordering::Relaxed);
        sum.unknown += self.unknown.load(Ordering::Relaxed);
        sum.read += self.read.load(Ordering::Relaxed);
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        // Both have the same bounds: it cannot fail.
        let _ = sum.latency.add(&*latency);
        latency.reset();
    }
}

/// Counts acknowledgements, and tells others when it is dropped.
pub(crate) struct MeterOfAcks<'a> {
    acked: &'a AtomicU64,
    latency: MutexGuard<'a, Histogram<u64>>,
    count: u64,
}

impl MeterOfAcks<'_> {
    /// One that came so many microseconds after its message was sent.
    pub(crate) fn count(&mut self, latency: u64) {
        self.count += 1;
        self.latency.saturating_record(latency.clamp(1, MOST));
    }
}

impl Drop for MeterOfAcks<'_> {
    fn drop(&mut self) {
        self.acked.fetch_add(self.count, Ordering::Relaxed);
    }
}

impl Statistics {
    pub(crate) fn none() -> Self {
        Self { sent: 0, acked: 0, failed: 0, unknown: 0, read: 0, latency: histogram() }
    }
}

/// How far the members of a group have come, by partition.
#[derive(Debug)]
pub(crate) struct Progress {
    next: Mutex<Vec<u64>>,
    changed: Condvar,
}

impl Progress {
    pub(crate) fn new(partitions: usize) -> Self {
        Self { next: Mutex::new(vec![0; partitions]), changed: Condvar::new() }
    }

    pub(crate) fn reached(&self, next: &[(PartitionId, u64)]) {
        let mut reached = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        for &(partition, offset) in next {
            if let Some(at) = reached.get_mut(partition.0 as usize) {
                *at = (*at).max(offset);
            }
        }
        drop(reached);
        self.changed.notify_all();
    }

    pub(crate) fn of(&self, partition: PartitionId) -> u64 {
        let reached = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        reached.get(partition.0 as usize).copied().unwrap_or(0)
    }

    /// Waits until `partition` has come to `offset`. Whether it has.
    pub(crate) fn wait(&self, partition: PartitionId, offset: u64, until: Instant) -> bool {
        let time = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let reached = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let there = |all: &Vec<u64>| all.get(partition.0 as usize).is_none_or(|&at| at >= offset);
        let (reached, _) = self
            .changed
            .wait_timeout_while(reached, time, |all| !there(all))
            .unwrap_or_else(PoisonError::into_inner);
        there(&reached)
    }
}
