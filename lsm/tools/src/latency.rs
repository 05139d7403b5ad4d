//! Latencies of single operations.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Result;

/// Latencies up to a minute, to three digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// None with the bounds that are set here.
    pub fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, 60_000_000_000, 3)?))
    }

    /// Adds one; a longer one than a minute counts as a minute.
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds another thread's.
    ///
    /// # Errors
    /// None with the bounds that all of them have.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency in nanoseconds that this share (0 to 1) of them does not exceed.
    #[must_use]
    pub fn nanos(&self, quantile: f64) -> u64 {
        self.0.value_at_quantile(quantile)
    }

    /// How they are spread: for each bucket its edges in nanoseconds and how many are in it. A bucket's upper edge is a quarter
    /// above its lower one; those before the first and behind the last that holds any are left out.
    #[must_use]
    pub fn buckets(&self) -> Vec<(f64, f64, u64)> {
        const FIRST: u64 = 10;
        const RATIO: f64 = 1.25;
        let mut buckets = Vec::new();
        let mut from = FIRST as f64;
        for step in self.0.iter_log(FIRST, RATIO) {
            let to = step.value_iterated_to() as f64 + 1.0;
            let (low, count) =
                (std::mem::replace(&mut from, to), step.count_since_last_iteration());
            if count > 0 || !buckets.is_empty() {
                buckets.push((
                    if buckets.is_empty() { low.min(to / RATIO) } else { low },
                    to,
                    count,
                ));
            }
        }
        let used = buckets.iter().rposition(|bucket| bucket.2 > 0).map_or(0, |last| last + 1);
        buckets.truncate(used);
        buckets
    }

    /// As [`nanos`](Self::nanos), in microseconds.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // to three digits
    pub fn micros(&self, quantile: f64) -> f64 {
        self.nanos(quantile) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_two_threads() {
        let (mut one, mut other) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        (1..=50).for_each(|micros| one.record(Duration::from_micros(micros)));
        (51..=100).for_each(|micros| other.record(Duration::from_micros(micros)));
        other.record(Duration::from_secs(3600));
        one.merge(&other).unwrap();
        assert_eq!(one.count(), 101);
        assert!((one.micros(0.5) - 51.0).abs() < 0.1, "{}", one.micros(0.5));
        assert!(one.nanos(1.0) >= 60_000_000_000);
    }

    #[test]
    fn buckets_hold_all_and_follow_each_other() {
        let mut latencies = Latencies::new().unwrap();
        for nanos in [300_u64, 310, 900, 25_000, 26_000, 8_000_000] {
            latencies.record(Duration::from_nanos(nanos));
        }
        let buckets = latencies.buckets();
        assert_eq!(buckets.iter().map(|bucket| bucket.2).sum::<u64>(), 6);
        assert!(buckets.windows(2).all(|pair| pair[0].1 == pair[1].0 && pair[0].0 < pair[0].1));
        assert!(buckets[0].0 <= 300.0 && buckets.last().unwrap().1 > 8_000_000.0);
        assert!(buckets[0].2 > 0 && buckets.last().unwrap().2 > 0);
    }
}
