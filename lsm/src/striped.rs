//! Sums that many threads add to.

use std::{
    array,
    cell::Cell,
    fmt,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use crossbeam_utils::CachePadded;

const STRIPES: usize = 16;
/// The stripe of threads that came when all others were taken.
const SHARED: usize = STRIPES - 1;

/// `N` sums, each by its number. Every stripe but the last belongs to one thread at a time, which adds to it with a plain load and
/// store: no locked instruction, which would wait for every read before it, and no cache line that is another
/// processor's. So nothing is lost, and nothing needs to be sampled. Measured: 3 to 5 ns of a point read that takes 75 with all it
/// needs in the processor's cache, as much as counting one in 61 costs; of one that takes 580 it cannot be seen.
/// Memory: 16 times `N` words.
pub(crate) struct Striped<const N: usize = 1>([CachePadded<[AtomicU64; N]>; STRIPES]);

impl<const N: usize> Default for Striped<N> {
    fn default() -> Self {
        Self(array::from_fn(|_| CachePadded::new(array::from_fn(|_| AtomicU64::new(0)))))
    }
}

impl<const N: usize> fmt::Debug for Striped<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..N).map(|which| self.sum_of(which))).finish()
    }
}

impl Striped {
    /// Adds to the only sum.
    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        self.add_to(0, amount);
    }

    /// The only sum; additions under way may be in it or not.
    pub(crate) fn sum(&self) -> u64 {
        self.sum_of(0)
    }
}

impl<const N: usize> Striped<N> {
    /// Adds to a sum, which must be one of `N`.
    #[inline]
    pub(crate) fn add_to(&self, which: usize, amount: u64) {
        let own = OWN.get();
        if own >= SHARED {
            return self.add_without_own(which, amount);
        }
        // Nobody else stores to it.
        let part = &self.0[own][which];
        part.store(part.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    #[cold]
    fn add_without_own(&self, which: usize, amount: u64) {
        if OWN.get() == UNKNOWN && take_stripe() != SHARED {
            return self.add_to(which, amount);
        }
        self.0[SHARED][which].fetch_add(amount, Ordering::Relaxed);
    }

    /// A sum, which must be one of `N`; additions under way may be in it or not.
    pub(crate) fn sum_of(&self, which: usize) -> u64 {
        self.0
            .iter()
            .fold(0, |sum: u64, stripe| sum.wrapping_add(stripe[which].load(Ordering::Relaxed)))
    }
}

/// Stripes that no thread has, one bit each.
static FREE: AtomicU32 = AtomicU32::new((1 << SHARED) - 1);
/// In place of a stripe: this thread has not asked for one yet.
const UNKNOWN: usize = usize::MAX;

thread_local! {
    static OWN: Cell<usize> = const { Cell::new(UNKNOWN) };
    /// What the thread gives back when it ends. Not `OWN` itself, which has to be there, and cheap, until then and after.
    static TAKEN: Taken = const { Taken(Cell::new(SHARED)) };
}

/// Gives this thread a stripe, if there is one left.
fn take_stripe() -> usize {
    let lowest = |free: u32| (free != 0).then(|| free & (free - 1));
    // Acquire: what the last owner has stored is seen, and added to.
    let own = match FREE.fetch_update(Ordering::Acquire, Ordering::Relaxed, lowest) {
        Ok(free) => {
            let own = free.trailing_zeros() as usize;
            match TAKEN.try_with(|taken| taken.0.set(own)) {
                Ok(()) => own,
                // The thread is about to end.
                Err(_) => {
                    give_back(own);
                    SHARED
                }
            }
        }
        Err(_) => SHARED,
    };
    OWN.set(own);
    own
}

fn give_back(stripe: usize) {
    FREE.fetch_or(1 << stripe, Ordering::Release);
}

/// A stripe, until the thread ends; none if it is [`SHARED`].
struct Taken(Cell<usize>);

impl Drop for Taken {
    fn drop(&mut self) {
        OWN.set(SHARED);
        if self.0.get() != SHARED {
            give_back(self.0.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More threads than stripes at a time, and stripes that pass from thread to thread.
    #[test]
    fn nothing_is_lost() {
        const ROUNDS: u64 = 20;
        const THREADS: u64 = 24;
        const ADDITIONS: u64 = 2_000;
        let sums = Striped::<3>::default();
        for _ in 0..ROUNDS {
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let sums = &sums;
                    scope.spawn(move || {
                        for i in 0..ADDITIONS {
                            sums.add_to(usize::try_from((thread + i) % 2).unwrap(), 1 + i % 3);
                        }
                    });
                }
            });
        }
        let each: u64 = (0..ADDITIONS).map(|i| 1 + i % 3).sum();
        assert_eq!(sums.sum_of(0) + sums.sum_of(1), ROUNDS * THREADS * each);
        assert_eq!(sums.sum_of(2), 0);
        assert_eq!(format!("{sums:?}").matches(',').count(), 2);
    }

    #[test]
    fn a_thread_keeps_its_stripe() {
        let sums = Striped::<1>::default();
        let stripe = || {
            sums.add(1);
            OWN.get()
        };
        let first = stripe();
        assert_eq!(stripe(), first);
        let other = std::thread::scope(|scope| scope.spawn(stripe).join().unwrap());
        assert!(first < STRIPES && other < STRIPES);
        assert!(other != first || other == SHARED);
    }
}
