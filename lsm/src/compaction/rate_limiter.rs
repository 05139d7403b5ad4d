//! How fast compactions and collections may write, all of them together.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Bytes that a writer notes at once.
const PIECE: u64 = 64 << 10;
/// What a bucket that nobody has drawn from lately holds: who was held up by the disk may catch up so much.
const BURST: Duration = Duration::from_millis(100);
/// Shorter pauses are put off: timers are not that exact.
const SHORTEST: Duration = Duration::from_millis(1);
/// How long a sleeper does not look whether it still has to go on.
const SLICE: Duration = Duration::from_millis(20);

/// One token bucket for all who write in the background.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    bytes_per_second: Option<u64>,
    epoch: Instant,
    /// When, since the epoch, all that was written will have been paid for.
    paid: Mutex<Duration>,
    charged_bytes: AtomicU64,
    paused_nanos: AtomicU64,
}

impl RateLimiter {
    /// Without a rate it limits nothing.
    pub(crate) fn new(bytes_per_second: Option<u64>) -> Self {
        Self {
            bytes_per_second,
            epoch: Instant::now(),
            paid: Mutex::default(),
            charged_bytes: AtomicU64::new(0),
            paused_nanos: AtomicU64::new(0),
        }
    }

    /// All bytes that were taken out of the bucket.
    pub(crate) fn charged_bytes(&self) -> u64 {
        self.charged_bytes.load(Ordering::Relaxed)
    }

    /// All pauses that were asked for, in nanoseconds.
    pub(crate) fn paused_nanos(&self) -> u64 {
        self.paused_nanos.load(Ordering::Relaxed)
    }

    /// For somebody who is about to write.
    pub(crate) fn pace(&self) -> Pace<'_> {
        Pace { limiter: self, noted: 0 }
    }

    /// Takes bytes that were written at `now` out of the bucket; returns how long their writer has to pause.
    fn charge(&self, bytes: u64, bytes_per_second: u64, now: Duration) -> Duration {
        #[allow(clippy::cast_precision_loss)]
        let cost = Duration::from_secs_f64(bytes as f64 / bytes_per_second.max(1) as f64);
        let mut paid = self.paid.lock();
        *paid = (*paid).max(now.saturating_sub(BURST)) + cost;
        paid.saturating_sub(now)
    }
}

/// One writer's account with the bucket.
#[derive(Debug)]
pub(crate) struct Pace<'a> {
    limiter: &'a RateLimiter,
    noted: u64,
}

impl Pace<'_> {
    /// Pauses as long as the rate asks for after `written` bytes in all, or until `goes_on` is false; asks it now and then.
    #[inline]
    pub(crate) fn keep(&mut self, written: impl FnOnce() -> u64, goes_on: impl Fn() -> bool) {
        if let Some(rate) = self.limiter.bytes_per_second {
            self.keep_to(rate, written(), PIECE, goes_on);
        }
    }

    /// The same at the end, to the last byte.
    pub(crate) fn finish(mut self, written: u64, goes_on: impl Fn() -> bool) {
        if let Some(rate) = self.limiter.bytes_per_second {
            self.keep_to(rate, written, 0, goes_on);
        }
    }

    fn keep_to(&mut self, rate: u64, written: u64, piece: u64, goes_on: impl Fn() -> bool) {
        // The bytes of a table are estimates until it is finished: they may shrink.
        let fresh = written.saturating_sub(self.noted);
        if fresh <= piece {
            return;
        }
        self.noted = written;
        self.limiter.charged_bytes.fetch_add(fresh, Ordering::Relaxed);
        let pause = self.limiter.charge(fresh, rate, self.limiter.epoch.elapsed());
        if pause >= SHORTEST {
            let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
            self.limiter.paused_nanos.fetch_add(nanos, Ordering::Relaxed);
            sleep(pause, goes_on);
        }
    }
}

fn sleep(pause: Duration, goes_on: impl Fn() -> bool) {
    let until = Instant::now() + pause;
    while goes_on()
        && let Some(left) = until.checked_duration_since(Instant::now())
        && !left.is_zero()
    {
        std::thread::sleep(left.min(SLICE));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const RATE: u64 = 1 << 20;

    /// Writers that pause as they are told and otherwise take `work` for each piece; returns the bytes they have written by
    /// `end`, in simulated time.
    fn simulate(limiter: &RateLimiter, pieces: &[(u64, Duration)], end: Duration) -> u64 {
        let mut next: Vec<Duration> = pieces.iter().map(|(_, work)| *work).collect();
        let mut written = 0;
        loop {
            let (writer, now) = next.iter().copied().enumerate().min_by_key(|(_, at)| *at).unwrap();
            if now > end {
                return written;
            }
            let (bytes, work) = pieces[writer];
            written += bytes;
            next[writer] = now + limiter.charge(bytes, RATE, now) + work;
        }
    }

    #[test]
    fn all_writers_together_keep_to_the_rate() {
        let fast = Duration::from_micros(50);
        for pieces in [
            vec![(PIECE, fast)],
            vec![(PIECE, fast), (PIECE, fast), (PIECE, fast)],
            vec![(PIECE, Duration::from_millis(5)), (10 * PIECE, fast)],
        ] {
            let limiter = RateLimiter::new(Some(RATE));
            let written = simulate(&limiter, &pieces, Duration::from_secs(60));
            let allowed = 60 * RATE + RATE / 10;
            let last: u64 = pieces.iter().map(|(bytes, _)| bytes).sum();
            assert!(written <= allowed + last, "{pieces:?}: {written} of {allowed}");
            // And nobody waits longer than need be.
            assert!(written >= allowed - RATE / 5 - last, "{pieces:?}: {written} of {allowed}");
        }
    }

    #[test]
    fn who_rests_saves_up_little() {
        let limiter = RateLimiter::new(Some(RATE));
        let later = Duration::from_secs(1000);
        let pause = limiter.charge(RATE, RATE, later);
        assert_eq!(pause, Duration::from_secs(1) - BURST);
    }

    #[test]
    fn a_pause_ends_when_the_work_does() {
        let looks = Cell::new(0);
        sleep(Duration::from_secs(100_000), || {
            looks.set(looks.get() + 1);
            looks.get() < 3
        });
        assert_eq!(looks.get(), 3);
    }

    #[test]
    fn without_a_rate_nobody_pauses() {
        let limiter = RateLimiter::new(None);
        limiter.pace().finish(u64::MAX, || panic!("asked during a pause"));
        assert_eq!(limiter.paused_nanos(), 0);
    }

    #[test]
    fn small_pieces_add_up() {
        let limiter = RateLimiter::new(Some(u64::MAX));
        let mut pace = limiter.pace();
        pace.keep(|| PIECE, || true);
        assert_eq!(pace.noted, 0, "not worth a look at the clock");
        pace.keep(|| PIECE + 1, || true);
        assert_eq!(pace.noted, PIECE + 1);
    }
}
