//! How much the writers of a keyspace are slowed.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes between two pauses of a slowed writer: long pauses would be the latency that slowing is to prevent, and short
/// ones cost more in timers than they delay.
const BYTES_PER_PAUSE: u64 = 32 << 10;

/// Tables on level 0, in multiples of those that start a compaction, at which writers are about as slow as a compaction
/// writes.
const SLOW: usize = 5;
/// The same, at which they wait.
const STOP: usize = 16;
/// Nanoseconds a KiB at [`SLOW`]: 50 MB/s.
const SLOW_NANOS: f64 = 20_000.0;

/// The brake on a keyspace's writers, in nanoseconds of delay a KiB written; 0 while flushes and compactions keep up.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    flush: AtomicU64,
    level0: AtomicU64,
    /// Bytes written since the last pause.
    unpaid: AtomicU64,
}

impl Brake {
    /// Sets it from how far flushes are behind: 0 is not at all, 1 is where writers have to stop. Whether that is a change.
    pub(crate) fn set_flush(&self, behind: f64) -> bool {
        let nanos = delay(behind.min(1.0));
        self.flush.swap(nanos, Ordering::Relaxed) != nanos
    }

    /// Sets it from the tables on level 0, of which `trigger` start a compaction. Whether that is a change.
    pub(crate) fn set_level0(&self, tables: usize, trigger: usize) -> bool {
        #[allow(clippy::cast_precision_loss)]
        let behind = tables as f64 / (trigger * SLOW) as f64;
        let nanos = delay(behind);
        self.level0.swap(nanos, Ordering::Relaxed) != nanos
    }

    /// For the keyspace's own writers.
    pub(crate) fn own(&self) -> u64 {
        self.flush.load(Ordering::Relaxed).max(self.level0.load(Ordering::Relaxed))
    }

    /// For writers of other keyspaces, who keep the same threads busy. They do not pay for one that gets nowhere at all.
    pub(crate) fn shared(&self) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let most = SLOW_NANOS as u64;
        self.own().min(most)
    }

    /// Notes bytes written; now and then all that were noted have to be paid for.
    pub(crate) fn charge(&self, len: u64) -> Option<u64> {
        let unpaid = self.unpaid.fetch_add(len, Ordering::Relaxed) + len;
        // Others may come to the same conclusion: one of them pays, for all.
        (unpaid >= BYTES_PER_PAUSE).then(|| self.unpaid.swap(0, Ordering::Relaxed))
    }
}

/// Tables on level 0 at which writers wait, if `trigger` start a compaction.
pub(crate) fn most_level0_tables(trigger: usize) -> usize {
    trigger * STOP
}

/// Nanoseconds a KiB: grows with the square of what exceeds one half, gentle where a pause is all that is needed, up to what is
/// about as slow as a compaction writes. Who is behind by more than that has to become slower still, and soon: from there on it
/// grows with the fourth power, which goes on where the square ends, as steep as that.
fn delay(behind: f64) -> u64 {
    let excess = ((behind - 0.5) * 2.0).clamp(0.0, 1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let nanos = (excess * excess * behind.max(1.0).powi(4) * SLOW_NANOS) as u64;
    nanos
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
        let brake = Brake::default();
        let paid: u64 = std::thread::scope(|scope| {
            let writer = || (0..WRITES).filter_map(|_| brake.charge(30_000)).sum::<u64>();
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(writer)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(paid + brake.unpaid.into_inner(), THREADS * WRITES * 30_000);
    }

    #[test]
    fn it_is_a_curve_up_to_where_writers_wait() {
        let brake = Brake::default();
        let mut before = 0;
        for tables in 0..=most_level0_tables(4) {
            assert_eq!(brake.set_level0(tables, 4), brake.own() != before, "{tables}");
            let nanos = brake.own();
            match tables {
                0..=10 => assert_eq!(nanos, 0, "{tables}"),
                20 => assert_eq!(nanos, 20_000),
                _ => assert!(nanos > before, "{tables}: {nanos} after {before}"),
            }
            // No cliff: it takes several flushes to double it, once it is felt.
            assert!(nanos < 2_000 || nanos < before * 2, "{tables}: {nanos} after {before}");
            before = nanos;
        }
        // Half a megabyte a second.
        assert!((1_900_000..2_200_000).contains(&before), "{before}");
        assert_eq!(brake.shared(), 20_000);
    }

    #[test]
    fn the_stronger_of_its_two_reasons_counts() {
        let brake = Brake::default();
        assert!(brake.set_flush(1.0));
        assert!(!brake.set_flush(7.0), "flushes stop writers by themselves");
        assert!(brake.set_level0(15, 4));
        assert_eq!(brake.own(), 20_000);
        assert!(brake.set_flush(0.0));
        assert_eq!(brake.own(), 5_000);
    }
}
