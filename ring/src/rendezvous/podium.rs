//! The best of those who drew.

use core::cmp::Ordering;

/// A straw that was drawn; the least is the best.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    /// What score lacks of the highest, or its logarithm.
    pub(super) cost: u64,
    /// 1 if all weights are equal.
    pub(super) weight: u64,
    /// The product's highest bits, which decide between equal costs: the most wins.
    pub(super) rank: u16,
    pub(super) index: u32,
}

impl Ord for Draw {
    fn cmp(&self, other: &Self) -> Ordering {
        let ours = u128::from(self.cost) * u128::from(other.weight);
        let theirs = u128::from(other.cost) * u128::from(self.weight);
        ours.cmp(&theirs).then(other.rank.cmp(&self.rank)).then(self.index.cmp(&other.index))
    }
}

impl PartialOrd for Draw {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Draw {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Draw {}

/// The best `K` draws so far, in order.
pub(super) struct Podium<const K: usize> {
    draws: [Draw; K],
    len: usize,
}

impl<const K: usize> Podium<K> {
    pub(super) const fn new() -> Self {
        Self { draws: [Draw { cost: 0, weight: 1, rank: 0, index: 0 }; K], len: 0 }
    }

    pub(super) fn draws(&self) -> &[Draw] {
        &self.draws[..self.len]
    }

    /// Whom to beat, once all places are taken.
    pub(super) fn last(&self) -> Option<&Draw> {
        if self.len == K { self.draws.last() } else { None }
    }

    pub(super) fn offer(&mut self, draw: Draw) {
        let mut place = self.len;
        if self.len < K {
            self.len += 1;
        } else if self.draws[K - 1] < draw {
            return;
        } else {
            place = K - 1;
        }
        while place > 0 && draw < self.draws[place - 1] {
            self.draws[place] = self.draws[place - 1];
            place -= 1;
        }
        self.draws[place] = draw;
    }
}
