//! Back-pressure: writers are slowed a little, and more the further background work falls behind, so that they seldom
//! have to stop.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use super::core::Core;
use crate::{Error, Event, Result, keyspace::KeyspaceCore};

/// Bytes between two pauses of a slowed writer: long pauses would be the latency that slowing is to prevent, and short
/// ones cost more in timers than they delay.
const BYTES_PER_PAUSE: u64 = 32 << 10;

/// The longest pause, whatever was written.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a waiting writer trusts that it will be woken, before it looks for itself.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The brake on writers.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    /// Nanoseconds of delay a KiB written, for flushes and for compactions that are behind; 0 while they keep up.
    flush_nanos_per_kib: AtomicU64,
    compaction_nanos_per_kib: AtomicU64,
    /// Bytes written since the last pause.
    unpaid: AtomicU64,
    flushes: Attempts,
    compactions: Attempts,
    changed: Condvar,
    generation: Mutex<u64>,
}

/// Kinds of background work that somebody may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Flush,
    Compaction,
}

/// How one kind of work fares.
#[derive(Debug, Default)]
struct Attempts(Mutex<(Attempt, Option<(Attempt, Error)>)>);

/// The number of an attempt. Who waits wants to know of failures of attempts that began after it came: an older one
/// says nothing of the disk as it is now.
pub(crate) type Attempt = u64;

impl Pressure {
    /// Delays a write of `len` bytes by as much as the brake says.
    #[inline]
    pub(crate) fn slow_down(&self, len: usize) {
        let rate = self
            .flush_nanos_per_kib
            .load(Ordering::Relaxed)
            .max(self.compaction_nanos_per_kib.load(Ordering::Relaxed));
        if rate != 0 {
            self.pause(len as u64, rate);
        }
    }

    #[cold]
    fn pause(&self, len: u64, rate: u64) {
        if let Some(bytes) = self.charge(len) {
            std::thread::sleep(
                LONGEST_PAUSE.min(Duration::from_nanos(bytes.saturating_mul(rate) / 1024)),
            );
        }
    }

    /// Notes bytes written; now and then all that were noted have to be paid for.
    fn charge(&self, len: u64) -> Option<u64> {
        let unpaid = self.unpaid.fetch_add(len, Ordering::Relaxed) + len;
        // Others may come to the same conclusion: one of them pays, for all.
        (unpaid >= BYTES_PER_PAUSE).then(|| self.unpaid.swap(0, Ordering::Relaxed))
    }

    /// Sets the brake from how far flushes are behind: 0 is not at all, 1 is where writers have to stop.
    pub(crate) fn set_flush(&self, behind: f64) {
        self.flush_nanos_per_kib.store(delay(behind), Ordering::Relaxed);
    }

    /// Sets the brake from how far compactions are behind.
    pub(crate) fn set_compaction(&self, behind: f64) {
        self.compaction_nanos_per_kib.store(delay(behind), Ordering::Relaxed);
    }

    fn attempts(&self, work: Work) -> &Attempts {
        match work {
            Work::Flush => &self.flushes,
            Work::Compaction => &self.compactions,
        }
    }

    /// Notes that work begins; [`end`](Self::end) takes the number.
    pub(crate) fn begin(&self, work: Work) -> Attempt {
        let mut attempts = self.attempts(work).0.lock();
        attempts.0 += 1;
        attempts.0
    }

    /// Notes how it went; those who wait for it get its failure.
    pub(crate) fn end(&self, work: Work, attempt: Attempt, outcome: Result<(), &Error>) {
        self.attempts(work).0.lock().1 = outcome.err().map(|error| (attempt, error.clone()));
        self.wake_all();
    }

    /// The last attempt that has begun.
    pub(crate) fn latest(&self, work: Work) -> Attempt {
        self.attempts(work).0.lock().0
    }

    /// Why work that began after this attempt failed, if it did and has not succeeded since.
    pub(crate) fn failure_since(&self, work: Work, attempt: Attempt) -> Option<Error> {
        let attempts = self.attempts(work).0.lock();
        attempts.1.as_ref().filter(|(failed, _)| *failed > attempt).map(|(_, error)| error.clone())
    }

    /// Has everybody who waits look again.
    pub(crate) fn wake_all(&self) {
        *self.generation.lock() += 1;
        self.changed.notify_all();
    }

    /// Waits until `done`; looks whenever background work has come further.
    pub(crate) fn wait_until(&self, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
        loop {
            let seen = *self.generation.lock();
            if done()? {
                return Ok(());
            }
            let mut generation = self.generation.lock();
            if *generation == seen {
                self.changed.wait_for(&mut generation, LOOK_AGAIN);
            }
        }
    }
}

/// Nanoseconds a KiB: grows with the square of what exceeds one half. Gentle where a pause is all that is needed, and at the
/// end about as slow as a compaction writes.
fn delay(behind: f64) -> u64 {
    let excess = ((behind - 0.5) * 2.0).clamp(0.0, 1.0);
    // 20 us a KiB is 50 MB/s.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let nanos = (excess * excess * 20_000.0) as u64;
    nanos
}

impl Core {
    /// Brakes while a memtable fills up and those before it still wait for their flush.
    pub(crate) fn note_memtable(&self, keyspace: &KeyspaceCore, bytes: usize) {
        let waiting = keyspace.current().immutables.len();
        let behind = if waiting < self.options.max_immutable_memtables {
            0.0
        } else {
            #[allow(clippy::cast_precision_loss)]
            let behind = bytes as f64 / self.options.write_buffer_bytes as f64;
            behind
        };
        self.pressure.set_flush(behind);
    }

    /// Waits until a keyspace has room for another memtable. Fails with what keeps the flush from succeeding.
    pub(crate) fn wait_for_flush(&self, keyspace: &KeyspaceCore) -> Result<()> {
        let started = Instant::now();
        let before = self.pressure.latest(Work::Flush);
        let waited = self.pressure.wait_until(|| {
            self.check_writable()?;
            if keyspace.is_dropped()
                || keyspace.current().immutables.len() < self.options.max_immutable_memtables
            {
                return Ok(true);
            }
            self.background.wake_flush();
            match self.pressure.failure_since(Work::Flush, before) {
                Some(error) => Err(error),
                None => Ok(false),
            }
        });
        let took = started.elapsed();
        self.counters.stalls.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counters.stall_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.emit(&Event::Stalled { took, reason: "memtables wait for their flush" });
        waited
    }

    /// Sets the brake anew, from the keyspace that is furthest behind.
    pub(crate) fn update_pressure(&self) {
        let mut behind = 0.0_f64;
        for keyspace in self.all_keyspaces() {
            let current = keyspace.current();
            // Level 0 may grow to five times its trigger before writers are as slow as compaction.
            #[allow(clippy::cast_precision_loss)]
            let level0 =
                current.version.level0.len() as f64 / (keyspace.options.level0_tables * 5) as f64;
            behind = behind.max(level0);
        }
        self.pressure.set_compaction(behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two writers that came to the threshold together once paid for it twice: what was left to pay wrapped, and both
    /// slept for good.
    #[test]
    fn every_byte_is_paid_for_once() {
        const THREADS: u64 = 4;
        const WRITES: u64 = 50_000;
        let pressure = Pressure::default();
        let paid: u64 = std::thread::scope(|scope| {
            let writer = || (0..WRITES).filter_map(|_| pressure.charge(30_000)).sum::<u64>();
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(writer)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(paid + pressure.unpaid.into_inner(), THREADS * WRITES * 30_000);
    }
}
