//! What workers share of a launch: the blocks that nobody has begun, and the instructions that may still be run.
//!
//! A line of memory that two processors write goes to and fro between them, which takes as long as some hundred instructions of a warp: a small block is
//! over sooner. So a worker takes some blocks at once, and says from time to time how many instructions it has run.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The most blocks that a worker takes at once.
const RUN: u64 = 16;
/// Instructions that a worker runs, at most, before the others hear of it.
const UNTOLD: u64 = 1 << 18;

/// A counter in a line of its own, and in the one that processors fetch with it.
#[repr(align(128))]
struct Alone(AtomicU64);

/// Blocks and instructions of a launch.
pub(crate) struct Pool {
    next: Alone,
    steps: Alone,
    blocks: u64,
    limit: u64,
    workers: u64,
}

impl Pool {
    pub(crate) fn new(blocks: u64, limit: u64, workers: u64) -> Self {
        let zero = || Alone(AtomicU64::new(0));
        Self { next: zero(), steps: zero(), blocks, limit, workers }
    }

    /// A worker's part of it.
    pub(crate) fn share(&self) -> Share<'_> {
        Share { pool: self, mine: 0..0, known: 0, untold: 0 }
    }
}

/// A worker's part of a pool.
pub(crate) struct Share<'p> {
    pool: &'p Pool,
    /// Blocks that nobody else will run.
    mine: Range<u64>,
    /// Instructions of all workers, when they were last added up.
    known: u64,
    /// Own ones since.
    untold: u64,
}

impl Share<'_> {
    /// The number of the next block. `alone` takes no others with it.
    pub(crate) fn take(&mut self, alone: bool) -> Option<u64> {
        if self.mine.is_empty() {
            let Pool { next, blocks, workers, .. } = self.pool;
            // Few at the end, so that all workers end together.
            let left = blocks.saturating_sub(next.0.load(Relaxed));
            let count = if alone { 1 } else { (left / (8 * workers)).clamp(1, RUN) };
            let first = next.0.fetch_add(count, Relaxed).min(*blocks);
            self.mine = first..(first + count).min(*blocks);
        }
        self.mine.next()
    }

    /// Whether it has blocks that nobody else will run: others may wait for what they do.
    pub(crate) fn owes(&self) -> bool {
        !self.mine.is_empty()
    }

    /// How many instructions may be run, `most` at most.
    pub(crate) fn fuel(&self, most: u64) -> u64 {
        most.min(self.pool.limit.saturating_sub(self.known + self.untold))
    }

    /// So many instructions were run. Whether that was the last that may be.
    pub(crate) fn spend(&mut self, count: u64) -> bool {
        self.untold += count;
        if self.untold >= UNTOLD || self.known + self.untold >= self.pool.limit {
            self.known = self.pool.steps.0.fetch_add(self.untold, Relaxed) + self.untold;
            self.untold = 0;
        }
        self.known + self.untold >= self.pool.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_is_taken_once_in_runs_that_become_short() {
        let pool = Pool::new(1_000, 1, 2);
        let mut shares = [pool.share(), pool.share()];
        let mut taken = Vec::new();
        let mut longest = [0; 2];
        while let Some((at, block)) =
            (0..2).find_map(|at| shares[at].take(taken.len() % 7 == 0).map(|block| (at, block)))
        {
            longest[at] = longest[at].max(shares[at].mine.end - block);
            taken.push(block);
            if taken.len() % 3 == 0 {
                shares.swap(0, 1);
                longest.swap(0, 1);
            }
        }
        assert_eq!(longest, [RUN; 2]);
        taken.sort_unstable();
        assert_eq!(taken, (0..1_000).collect::<Vec<_>>());
        assert!(shares.iter_mut().all(|share| share.take(false).is_none() && !share.owes()));
    }

    #[test]
    fn one_worker_keeps_the_limit_exactly_and_two_hear_of_each_other() {
        let pool = Pool::new(1, 1_000, 1);
        let mut share = pool.share();
        assert_eq!((share.fuel(600), share.spend(600)), (600, false));
        assert_eq!((share.fuel(600), share.spend(399)), (400, false));
        assert_eq!((share.fuel(600), share.spend(1)), (1, true));
        assert_eq!(share.fuel(600), 0);

        let pool = Pool::new(1, 3 * UNTOLD, 2);
        let [mut one, mut two] = [pool.share(), pool.share()];
        assert!(!one.spend(2 * UNTOLD));
        assert!(two.spend(UNTOLD), "it hears of the other's when it tells its own");
    }
}
