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
}
