//! Commits finish in any order and become visible in the order of their sequence numbers.

use crossbeam_utils::CachePadded;

use super::sync::{
    AtomicBool, AtomicU64, AtomicUsize, Condvar, Mutex, Ordering, spin, total_order, yield_now,
};
use crate::SequenceNumber;

/// Commits that may be between their reservation and their completion.
const RING: usize = 1024;

/// Turns of the waiting loop before a thread gives up its time slice, and before it sleeps.
const SPINS: usize = if cfg!(loom) { 0 } else { 25 };
/// Pauses in a turn: every look takes a line from those that are to change it.
const PAUSES: usize = 4;
const YIELDS: usize = if cfg!(loom) { 0 } else { 4 };

/// The database is poisoned: what was waited for will not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishError;

/// The order of visibility.
///
/// Every sequence number has a slot in a ring, into which it is written when its commit is complete before its turn.
/// Whoever completes the commit behind the visible ones moves `visible` over all that are complete in a row, its own and
/// others'. Nobody holds a lock for that, and nobody allocates.
#[derive(Debug)]
pub struct Publisher {
    visible: CachePadded<AtomicU64>,
    /// Threads that sleep, or are about to.
    sleepers: CachePadded<AtomicUsize>,
    slots: Box<[AtomicU64]>,
    poisoned: AtomicBool,
    mutex: Mutex<()>,
    woken: Condvar,
}

impl Publisher {
    /// Everything up to `visible` is visible; the next commit is `visible + 1`.
    #[must_use]
    pub fn new(visible: SequenceNumber) -> Self {
        Self::with_ring(visible, RING)
    }

    /// `ring` must be a power of two.
    fn with_ring(visible: SequenceNumber, ring: usize) -> Self {
        debug_assert!(ring.is_power_of_two());
        Self {
            visible: CachePadded::new(AtomicU64::new(visible)),
            sleepers: CachePadded::new(AtomicUsize::new(0)),
            // A slot counts only when it holds the very number that is looked for: 0 is none, as `visible` is never
            // less than 0.
            slots: (0..ring).map(|_| AtomicU64::new(0)).collect(),
            poisoned: AtomicBool::new(false),
            mutex: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    #[inline]
    fn slot(&self, sequence: SequenceNumber) -> &AtomicU64 {
        // In bounds: the length is a power of two.
        &self.slots[sequence as usize & (self.slots.len() - 1)]
    }

    /// The newest sequence number up to which every commit is complete. What they wrote is visible to the caller.
    #[inline]
    #[must_use]
    pub fn visible(&self) -> SequenceNumber {
        self.visible.load(Ordering::Acquire)
    }

    /// The last sequence number whose commit may start to write: its slot is free. It only grows. For what is behind it,
    /// [`wait_to_start`](Self::wait_to_start).
    #[inline]
    #[must_use]
    pub fn may_start(&self) -> SequenceNumber {
        self.visible() + self.slots.len() as u64
    }

    /// Waits until a commit with this sequence number may start; call it without holding the commit mutex, or commits
    /// that are to make room could be kept from it.
    ///
    /// # Errors
    /// When the database is poisoned.
    pub fn wait_to_start(&self, sequence: SequenceNumber) -> Result<(), PublishError> {
        self.wait_visible(sequence.saturating_sub(self.slots.len() as u64))
    }

    /// Says that the commit with this sequence number is complete: all that it writes is written. Call it once for every
    /// number, [`may_start`](Self::may_start) given. Costs an atomic read-modify-write when it is this commit's turn and nobody
    /// waits, else two.
    #[inline]
    pub fn complete(&self, sequence: SequenceNumber) {
        debug_assert!(sequence <= self.may_start(), "sequence number {sequence} is too far ahead");
        let mut visible = self.visible.load(Ordering::SeqCst);
        // Two neighbours that complete at once each store something that the other one then looks for: the earlier
        // moves `visible` and looks at the later one's slot, the later writes its slot and looks at `visible`. In the
        // one total order of these accesses one of them comes second, sees both, and moves `visible` over both.
        let mut moved = visible + 1 == sequence;
        if moved {
            // It is this commit's turn, and `visible` is this thread's to move: others move it to a number only when they
            // found that number in its slot, and this one is not there. So the slot is left alone, whose line neighbours
            // would have to take from each other.
            self.visible.store(sequence, Ordering::SeqCst);
            visible = sequence;
            total_order();
        } else {
            self.slot(sequence).store(sequence, Ordering::SeqCst);
            total_order();
            visible = self.visible.load(Ordering::SeqCst);
        }
        loop {
            let next = visible + 1;
            if self.slot(next).load(Ordering::SeqCst) != next {
                // Perhaps `next` is not complete. Perhaps it was long ago, `visible` is old, and the slot has its next
                // user: then there is a newer one to be seen now.
                let newer = self.visible.load(Ordering::SeqCst);
                if newer == visible {
                    break;
                }
                visible = newer;
                continue;
            }
            match self.visible.compare_exchange(visible, next, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => {
                    moved = true;
                    visible = next;
                }
                Err(newer) => visible = newer,
            }
        }
        if moved {
            // The same pattern again: a sleeper announces itself and then looks at `visible`; here it is moved first
            // and then sleepers are looked for.
            total_order();
            if self.sleepers.load(Ordering::SeqCst) != 0 {
                self.wake();
            }
        }
    }

    #[cold]
    fn wake(&self) {
        // Taken and dropped: a sleeper between its look at `visible` and its sleep holds it.
        drop(self.mutex.lock());
        self.woken.notify_all();
    }

    /// Waits until everything up to `sequence` is visible: spins for a moment, gives way a few times, then sleeps.
    ///
    /// # Errors
    /// When the database is poisoned before that.
    #[inline]
    pub fn wait_visible(&self, sequence: SequenceNumber) -> Result<(), PublishError> {
        for turn in 0..=SPINS + YIELDS {
            if self.visible() >= sequence {
                return Ok(());
            }
            if turn < SPINS {
                (0..PAUSES).for_each(|_| spin());
            } else {
                yield_now();
            }
        }
        self.sleep_until_visible(sequence)
    }

    #[cold]
    fn sleep_until_visible(&self, sequence: SequenceNumber) -> Result<(), PublishError> {
        let mut guard = self.mutex.lock();
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let result = loop {
            total_order();
            if self.visible.load(Ordering::SeqCst) >= sequence {
                break Ok(());
            }
            if self.poisoned.load(Ordering::SeqCst) {
                break Err(PublishError);
            }
            guard = self.woken.wait(guard);
        };
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        result
    }

    /// Says that some commit will never complete: everybody who waits behind it is woken with an error, now and later.
    /// What was visible stays so.
    pub fn poison(&self) {
        self.poisoned.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Whether [`poison`](Self::poison) was called.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use std::sync::{Arc, atomic};

    #[test]
    fn order_is_restored() {
        let publisher = Publisher::new(10);
        publisher.complete(12);
        publisher.complete(13);
        assert_eq!(publisher.visible(), 10);
        publisher.complete(11);
        assert_eq!(publisher.visible(), 13);
        assert_eq!(publisher.may_start(), 13 + RING as u64);
    }

    #[test]
    fn poison_reaches_sleepers_and_late_comers_but_not_what_was_visible() {
        let publisher = Publisher::new(0);
        publisher.complete(1);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| publisher.wait_visible(3));
            publisher.poison();
            assert_eq!(waiter.join().unwrap(), Err(PublishError));
        });
        assert_eq!(publisher.wait_visible(2), Err(PublishError));
        assert_eq!(publisher.wait_visible(1), Ok(()));
    }

    /// Eight threads, a ring of 16, far more threads than processors: numbers are taken, completed out of order, waited
    /// for. Whoever sees `visible` must see what the commits up to there wrote.
    #[test]
    fn many_threads_through_a_small_ring() {
        const COMMITS: u64 = 20_000;
        let publisher = Publisher::with_ring(0, 16);
        let counter = atomic::AtomicU64::new(1);
        let written: Arc<[atomic::AtomicU64]> =
            (0..=COMMITS).map(|_| atomic::AtomicU64::new(0)).collect();
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let (publisher, counter, written) = (&publisher, &counter, &written);
                scope.spawn(move || {
                    loop {
                        let mine = counter.fetch_add(1, Ordering::Relaxed);
                        if mine > COMMITS {
                            return;
                        }
                        publisher.wait_to_start(mine).unwrap();
                        written[mine as usize].store(mine, Ordering::Relaxed);
                        publisher.complete(mine);
                        if mine % 3 != thread % 3 {
                            publisher.wait_visible(mine).unwrap();
                        }
                        let visible = publisher.visible();
                        for seen in visible.saturating_sub(20)..=visible {
                            assert_eq!(written[seen as usize].load(Ordering::Relaxed), seen);
                        }
                    }
                });
            }
        });
        assert_eq!(publisher.visible(), COMMITS);
        assert_eq!(publisher.sleepers.load(Ordering::Relaxed), 0);
    }
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests {
    use super::*;
    use loom::{sync::Arc, thread};

    /// Three commits complete in any order while one thread waits for the last: it is woken, and sees all three.
    #[test]
    fn three_completers_and_a_sleeper() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let publisher = Arc::new(Publisher::with_ring(0, 4));
            let completers: Vec<_> = [1, 2]
                .into_iter()
                .map(|sequence| {
                    let publisher = Arc::clone(&publisher);
                    thread::spawn(move || publisher.complete(sequence))
                })
                .collect();
            let waiter = {
                let publisher = Arc::clone(&publisher);
                thread::spawn(move || {
                    publisher.wait_visible(3).unwrap();
                    assert_eq!(publisher.visible(), 3);
                })
            };
            publisher.complete(3);
            for completer in completers {
                completer.join().unwrap();
            }
            waiter.join().unwrap();
            assert_eq!(publisher.visible(), 3);
        });
    }

    /// Neighbours complete at once, without a bound on preemptions: neither may leave the other behind.
    #[test]
    fn neighbours() {
        loom::model(|| {
            let publisher = Arc::new(Publisher::with_ring(0, 2));
            let other = {
                let publisher = Arc::clone(&publisher);
                thread::spawn(move || publisher.complete(2))
            };
            publisher.complete(1);
            other.join().unwrap();
            assert_eq!(publisher.visible(), 2);
        });
    }

    /// A ring of two and three commits: the third reuses the first one's slot.
    #[test]
    fn reuse_of_a_slot() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let publisher = Arc::new(Publisher::with_ring(0, 2));
            let second = {
                let publisher = Arc::clone(&publisher);
                thread::spawn(move || publisher.complete(2))
            };
            let third = {
                let publisher = Arc::clone(&publisher);
                thread::spawn(move || {
                    publisher.wait_to_start(3).unwrap();
                    publisher.complete(3);
                })
            };
            publisher.complete(1);
            second.join().unwrap();
            third.join().unwrap();
            assert_eq!(publisher.visible(), 3);
        });
    }

    /// Poison wakes a sleeper, whenever it comes.
    #[test]
    fn poison() {
        loom::model(|| {
            let publisher = Arc::new(Publisher::with_ring(0, 2));
            let waiter = {
                let publisher = Arc::clone(&publisher);
                thread::spawn(move || assert_eq!(publisher.wait_visible(1), Err(PublishError)))
            };
            publisher.poison();
            waiter.join().unwrap();
        });
    }
}
