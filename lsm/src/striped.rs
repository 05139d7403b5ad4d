//! A sum that many threads add to.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

const STRIPES: usize = 16;

/// A sum that threads add to without sharing a cache line, most of the time.
#[derive(Debug, Default)]
pub(crate) struct Striped([CachePadded<AtomicU64>; STRIPES]);

impl Striped {
    /// Adds to the sum: an atomic addition on a line that seldom is another processor's.
    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        self.0[stripe()].fetch_add(amount, Ordering::Relaxed);
    }

    /// The sum; additions under way may be in it or not.
    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().map(|stripe| stripe.load(Ordering::Relaxed)).sum()
    }
}

/// This thread's stripe.
#[inline]
fn stripe() -> usize {
    use std::cell::Cell;
    static NEXT: AtomicU64 = AtomicU64::new(0);
    thread_local!(static OWN: Cell<usize> = const { Cell::new(usize::MAX) });
    OWN.with(|own| {
        if own.get() == usize::MAX {
            // The remainder is below 16.
            #[allow(clippy::cast_possible_truncation)]
            own.set(NEXT.fetch_add(1, Ordering::Relaxed) as usize % STRIPES);
        }
        own.get()
    })
}
