//! Numbers over time in a fixed number of bins, however long the time.

use crate::history::Sample;

/// Sub-buckets of a power of two: a quantile is off by 1/16 at most.
const SUB: u64 = 8;

/// How often which latencies were seen, in buckets that grow with them.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    buckets: Vec<u32>,
    count: u64,
}

impl Latencies {
    fn bucket(micros: u64) -> usize {
        // 19 hours at most: a bucket is a few bytes, and a broken clock shall not cost megabytes.
        let micros = micros.min((1 << 36) - 1);
        if micros < SUB {
            return micros as usize;
        }
        let power = u64::from(micros.ilog2());
        ((power - 2) * SUB + (micros >> (power - 3)) - SUB) as usize
    }

    /// The middle of a bucket.
    fn value(bucket: usize) -> u64 {
        let bucket = bucket as u64;
        if bucket < SUB {
            return bucket;
        }
        let shift = bucket / SUB - 1;
        let low = (SUB + bucket % SUB) << shift;
        low + (1 << shift) / 2
    }

    pub(super) fn add(&mut self, micros: u64) {
        let bucket = Self::bucket(micros);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] = self.buckets[bucket].saturating_add(1);
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine = mine.saturating_add(*others);
        }
        self.count += other.count;
    }

    /// The least latency that so many of a hundred do not exceed.
    pub(super) fn percentile(&self, of_100: u64) -> Option<u64> {
        let wanted = (self.count * of_100).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        found.map(Self::value)
    }
}

/// Samples of a bin.
#[derive(Clone, Debug, Default)]
pub(super) struct Sampled {
    pub count: u32,
    /// Sums of rates and of p50; the largest of the others but elections, which are a sum.
    pub sum: Sample,
}

impl Sampled {
    pub(super) fn add(&mut self, sample: &Sample) {
        self.merge(&Self { count: 1, sum: sample.clone() });
    }

    fn merge(&mut self, other: &Self) {
        let (sum, more) = (&mut self.sum, &other.sum);
        self.count += other.count;
        sum.sent += more.sent;
        sum.acked += more.acked;
        sum.read += more.read;
        sum.p50 = sum.p50.saturating_add(more.p50);
        sum.elections = sum.elections.saturating_add(more.elections);
        sum.lag = sum.lag.max(more.lag);
        sum.lag_seconds = sum.lag_seconds.max(more.lag_seconds);
        sum.under_replicated = sum.under_replicated.max(more.under_replicated);
        sum.leaderless = sum.leaderless.max(more.leaderless);
        sum.p99 = sum.p99.max(more.p99);
    }
}

/// A backlog at its worst within a bin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Worst {
    pub messages: Option<u64>,
    pub age: Option<u64>,
}

impl Worst {
    fn merge(&mut self, other: &Self) {
        self.messages = self.messages.max(other.messages);
        self.age = self.age.max(other.age);
    }
}

/// What happened in a bin.
#[derive(Clone, Debug, Default)]
pub(super) struct Bin {
    pub sent: u64,
    pub acked: u64,
    pub read: u64,
    pub latencies: Latencies,
    /// By what was read, and by what was committed.
    pub unread: Worst,
    pub uncommitted: Worst,
    pub sampled: Sampled,
}

impl Bin {
    fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        self.acked += other.acked;
        self.read += other.read;
        self.latencies.merge(&other.latencies);
        self.unread.merge(&other.unread);
        self.uncommitted.merge(&other.uncommitted);
        self.sampled.merge(&other.sampled);
    }
}

/// Bins of equal width. When time goes past the last, pairs become one, and each is twice as wide.
#[derive(Clone, Debug)]
pub(super) struct Bins {
    /// Microseconds.
    pub width: u64,
    most: usize,
    pub bins: Vec<Bin>,
}

impl Bins {
    pub(super) fn new(width: u64, most: usize) -> Self {
        Self { width, most: most.max(2), bins: Vec::new() }
    }

    /// The bin of a time.
    pub(super) fn at(&mut self, time: u64) -> &mut Bin {
        while time / self.width >= self.most as u64 {
            self.halve();
        }
        let index = (time / self.width) as usize;
        if self.bins.len() <= index {
            self.bins.resize_with(index + 1, Bin::default);
        }
        &mut self.bins[index]
    }

    fn halve(&mut self) {
        let mut halved = Vec::with_capacity(self.bins.len().div_ceil(2));
        for pair in self.bins.chunks(2) {
            let mut bin = pair[0].clone();
            pair[1..].iter().for_each(|other| bin.merge(other));
            halved.push(bin);
        }
        self.bins = halved;
        self.width = self.width.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn percentiles_are_near_those_of_a_sorted_list(mut all in proptest::collection::vec(0..10_000_000u64, 1..200), of_100 in 1..100u64) {
            let mut latencies = Latencies::default();
            all.iter().for_each(|micros| latencies.add(*micros));
            all.sort_unstable();
            let exact = all[(all.len() as u64 * of_100).div_ceil(100) as usize - 1];
            let found = latencies.percentile(of_100).unwrap();
            prop_assert!(found.abs_diff(exact) * 16 <= exact, "{} {}", found, exact);
        }

        #[test]
        fn nothing_is_lost_when_bins_are_halved(times in proptest::collection::vec(0..1u64 << 40, 0..200), most in 2..40usize) {
            let mut bins = Bins::new(1000, most);
            for time in &times {
                let bin = bins.at(*time);
                bin.sent += 1;
                bin.latencies.add(*time);
            }
            prop_assert!(bins.bins.len() <= most);
            prop_assert_eq!(bins.bins.iter().map(|bin| bin.sent).sum::<u64>(), times.len() as u64);
            prop_assert_eq!(bins.bins.iter().map(|bin| bin.latencies.count).sum::<u64>(), times.len() as u64);
            for (index, bin) in bins.bins.iter().enumerate() {
                let of_it = times.iter().filter(|time| **time / bins.width == index as u64).count();
                prop_assert_eq!(bin.sent, of_it as u64);
            }
        }
    }

    #[test]
    fn every_latency_has_a_bucket() {
        for micros in [0, 1, 7, 8, 9, 15, 16, 1 << 35, (1 << 36) - 1, 1 << 36, u64::MAX] {
            let bucket = Latencies::bucket(micros);
            assert!(bucket < 300, "{micros}: {bucket}");
        }
        assert_eq!(Latencies::default().percentile(50), None);
    }
}
