//! What a child reports.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::lsm::meter::{Memory, Samples, Written};

/// Latencies of single operations in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Median.
    pub p50: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// Longest.
    pub max: u64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}

/// One pass of [`Work::Sustained`](super::Work::Sustained).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Seconds it took.
    pub seconds: f64,
    /// What was written meanwhile (what is left to write at its end shows in the next pass, or in the total).
    pub written: Written,
    /// Bytes of the directory at its end.
    pub directory_bytes: u64,
    /// Latencies of its puts.
    pub latency: Latency,
}

/// All that a child reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Operations done (records for scans).
    pub operations: u64,
    /// Seconds they took.
    pub seconds: f64,
    /// Seconds to open the database.
    pub opening: f64,
    /// Seconds to settle, where the work ends with settling.
    pub settling: f64,
    /// Bytes of keys and values put.
    pub user_bytes: u64,
    /// Bytes written from the start of the work to the end of settling.
    pub written: Written,
    /// Bytes of the directory at the end.
    pub directory_bytes: u64,
    /// Memory at the end.
    pub memory: Memory,
    /// Peaks, and the course of the directory's size.
    pub samples: Samples,
    /// Latencies, where each operation was timed.
    pub latency: Option<Latency>,
    /// Passes of a sustained overwrite.
    pub passes: Vec<Pass>,
    /// Puts per second of the writer beside the readers.
    pub background_writes: f64,
    /// Nanoseconds that a cache line took between processors, before and after a fill; zero where that cannot be said.
    pub line: [f64; 2],
    /// Answers that were wrong: a hit not found, a miss found, a value of another key, a scan with a wrong count. Any makes
    /// the run worthless.
    pub wrong: u64,
}

impl Outcome {
    /// Operations a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.seconds.max(1e-9)
    }

    /// Bytes written for each byte that the user put.
    #[must_use]
    pub fn amplification(&self) -> f64 {
        self.written.total() as f64 / self.user_bytes.max(1) as f64
    }
}
