//! What a table's filter did, counted without slowing it down.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// One look-up in so many is counted, and counts for all of them. A prime, so that a program that goes through the same few
/// tables in turn does not always hit the same one.
pub(crate) const SAMPLE: u64 = 61;

thread_local! {
    static UNTIL_SAMPLE: Cell<u64> = const { Cell::new(SAMPLE) };
}

/// What became of a filter check.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Negative,
    TruePositive,
    FalsePositive,
}

/// How often a table's filter was asked, and how it did: estimates, from one look-up in 61 of each thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilterCounts {
    /// Checks.
    pub checks: u64,
    /// Checks that ended the look-up.
    pub negatives: u64,
    /// Checks that let a look-up pass which then found no entry of the key.
    pub false_positives: u64,
}

/// Sampled: a shared counter that every read writes to would cost more, on many cores, than the filter check itself.
#[derive(Debug, Default)]
pub(crate) struct FilterCounters([AtomicU64; 3]);

impl FilterCounters {
    #[inline]
    pub(crate) fn count(&self, outcome: Outcome) {
        UNTIL_SAMPLE.with(|left| {
            let now = left.get() - 1;
            if now == 0 {
                left.set(SAMPLE);
                self.0[outcome as usize].fetch_add(SAMPLE, Relaxed);
            } else {
                left.set(now);
            }
        });
    }

    pub(crate) fn read(&self) -> FilterCounts {
        let [negatives, positives, false_positives] =
            [0, 1, 2].map(|i: usize| self.0[i].load(Relaxed));
        FilterCounts { checks: negatives + positives + false_positives, negatives, false_positives }
    }
}
