//! Points on a circle, found by where they would be if they were even: in a table with gaps, kept in order.
//!
//! A point has its home in the slot that its hash scales to, and lies there or as little behind it as the points before it allow: linear probing
//! that keeps the order (Amble and Knuth, "Ordered hash tables", 1974). Slots without a point hold a copy of the point that follows.
//! So whoever looks for the first point from a hash on starts in the slot of that hash, and is there, or after a step or two: in
//! O(1), expected, whatever the number of points, one place of memory, and no second index. A point enters by moving the few that crowd
//! behind it.
//!
//! Points may crowd because somebody chose the names: then a search halves what is left, and takes O(log points).

use alloc::vec::Vec;

use crate::NodeId;
use crate::hash::mix::scale;

/// Points in order, each of a node. A node has each point once.
#[derive(Clone, Debug, Default)]
pub(super) struct Circle {
    /// By slot. From `end` on there are none, but the highest hash, so that each search ends: at least one.
    points: Vec<u64>,
    /// By slot: whose point it is. What is from `end` on does not matter.
    owners: Vec<NodeId>,
    /// Slots that are homes; those behind are for who finds no place there.
    homes: usize,
    /// One more than the last slot with a point.
    end: usize,
    len: usize,
}

/// Slots behind the homes: with half of the slots taken it is seldom that more are needed.
const SPARE: usize = 4;

/// Steps after which a search no longer believes in chance.
const STEPS: usize = 16;

impl Circle {
    /// How many points there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The point in a slot.
    #[inline]
    pub(super) fn point(&self, slot: usize) -> u64 {
        self.points[slot]
    }

    /// Whose point it is.
    #[inline]
    pub(super) fn owner(&self, slot: usize) -> NodeId {
        self.owners[slot]
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.points.capacity() * size_of::<u64>() + self.owners.capacity() * size_of::<NodeId>()
    }

    /// A slot of the first point from `hash` on, round the end. There is one.
    #[inline]
    pub(super) fn successor(&self, hash: u64) -> usize {
        let at = self.from(hash);
        if at >= self.end { 0 } else { at }
    }

    /// A slot of the point behind that of `slot`, round the end.
    pub(super) fn next(&self, slot: usize) -> usize {
        let behind = self.last(slot) + 1;
        if behind == self.end { 0 } else { behind }
    }

    /// The first slot, from the home of `hash` on, of a point that is not below; or one from `end` on.
    #[inline]
    fn from(&self, hash: u64) -> usize {
        let home = self.home(hash);
        // Two steps are all that most searches take: no branch to mispredict until then.
        let mut at = home + usize::from(self.points[home] < hash);
        at += usize::from(self.points[at] < hash);
        while self.points[at] < hash {
            at += 1;
            if at > home + STEPS {
                return at + self.points[at..].partition_point(|point| *point < hash);
            }
        }
        at
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        scale(hash, self.homes as u64) as usize
    }

    /// Whether a slot, which is before the end, has a copy only.
    #[inline]
    fn is_copy(&self, slot: usize) -> bool {
        let behind = slot + 1;
        behind < self.end
            && self.points[slot] == self.points[behind]
            && self.owners[slot] == self.owners[behind]
    }

    /// Where the point of which there is a copy is itself.
    fn last(&self, mut slot: usize) -> usize {
        while self.is_copy(slot) {
            slot += 1;
        }
        slot
    }

    /// How many homes so many points get.
    const fn homes_for(len: usize) -> usize {
        2 * len
    }

    /// Makes room for so many points more, so that none moves much when they come.
    pub(super) fn reserve(&mut self, more: usize) {
        let len = self.len + more;
        if len > self.homes - self.homes / 3 {
            self.lay_anew(Self::homes_for(len));
        }
    }

    /// Of points in order. O(points).
    pub(super) fn of(points: impl ExactSizeIterator<Item = (u64, NodeId)>) -> Self {
        let mut circle = Self::default();
        if points.len() > 0 {
            circle.start(Self::homes_for(points.len()));
            circle.lay(points);
        }
        circle
    }

    /// Makes it a table without points.
    fn start(&mut self, homes: usize) {
        let slots = homes + SPARE;
        let (points, owners) = (Vec::with_capacity(slots), Vec::with_capacity(slots));
        *self = Self { points, owners, homes, end: 0, len: 0 };
    }

    /// Lays points that are in order into a table without points.
    fn lay(&mut self, points: impl Iterator<Item = (u64, NodeId)>) {
        for (point, owner) in points {
            let slot = self.home(point).max(self.end);
            self.end = slot + 1;
            self.len += 1;
            self.resize(self.end, point, owner);
        }
        self.resize(self.end.max(self.homes) + 1, u64::MAX, NodeId(0));
    }

    #[inline]
    fn resize(&mut self, slots: usize, point: u64, owner: NodeId) {
        if slots > self.points.capacity() {
            self.make_room(slots);
        }
        self.points.resize(slots, point);
        self.owners.resize(slots, owner);
    }

    /// Not twice as much as before, as vectors would.
    #[cold]
    fn make_room(&mut self, slots: usize) {
        let more = slots + slots / 16 - self.points.len();
        self.points.reserve_exact(more);
        self.owners.reserve_exact(more);
    }

    /// With so many homes.
    #[cold]
    fn lay_anew(&mut self, homes: usize) {
        let before = core::mem::take(self);
        let slots = (0..before.end).filter(|slot| !before.is_copy(*slot));
        self.start(homes);
        self.lay(slots.map(|slot| (before.points[slot], before.owners[slot])));
    }

    /// Adds a point. Of equal ones, it comes before those of nodes that are `behind`.
    #[inline]
    pub(super) fn insert(&mut self, point: u64, owner: NodeId, behind: impl Fn(NodeId) -> bool) {
        self.reserve(1);
        let mut at = self.from(point);
        while at < self.end && self.points[at] == point && !behind(self.owners[at]) {
            at += 1;
        }
        self.len += 1;
        if at >= self.end {
            let begin = core::mem::replace(&mut self.end, at + 1);
            if self.end == self.points.len() {
                self.resize(self.end + 1, u64::MAX, owner);
            }
            self.points[begin..=at].fill(point);
            self.owners[begin..=at].fill(owner);
            return;
        }
        // Copies of what comes next become copies of this.
        let (next, nodes) = (self.points[at], self.owners[at]);
        let mut slot = at;
        while slot > 0 && self.points[slot - 1] == next && self.owners[slot - 1] == nodes {
            slot -= 1;
            (self.points[slot], self.owners[slot]) = (point, owner);
        }
        // Those that have no gap before them move to the next one.
        let mut gap = at;
        while gap < self.end && !self.is_copy(gap) {
            gap += 1;
        }
        if gap == self.end {
            self.end += 1;
            if self.end == self.points.len() {
                self.resize(self.end + 1, u64::MAX, owner);
            }
        }
        if gap > at {
            self.points.copy_within(at..gap, at + 1);
            self.owners.copy_within(at..gap, at + 1);
        }
        (self.points[at], self.owners[at]) = (point, owner);
    }

    /// Takes a point out that is there.
    pub(super) fn remove(&mut self, point: u64, owner: NodeId) {
        let mut slot = if self.is_empty() { self.end } else { self.from(point) };
        while slot < self.end && self.points[slot] == point && self.owners[slot] != owner {
            slot += 1;
        }
        if slot >= self.end || self.points[slot] != point {
            debug_assert!(false, "{point:x} of {owner} is not there");
            return;
        }
        let last = self.last(slot);
        let mut first = slot;
        while first > 0 && self.points[first - 1] == point && self.owners[first - 1] == owner {
            first -= 1;
        }
        self.len -= 1;
        // Those behind it that are not at home move up.
        let mut gap = last + 1;
        while gap < self.end && !self.is_copy(gap) && self.home(self.points[gap]) < gap {
            gap += 1;
        }
        self.points.copy_within(last + 1..gap, last);
        self.owners.copy_within(last + 1..gap, last);
        let hole = if gap == last + 1 {
            first..gap
        } else {
            let (point, owner) = (self.points[last], self.owners[last]);
            self.points[first..last].fill(point);
            self.owners[first..last].fill(owner);
            gap - 1..gap
        };
        if gap == self.end {
            self.end = hole.start;
            self.points[hole].fill(u64::MAX);
        } else {
            // What is not a point now is a copy of what follows.
            let (point, owner) = (self.points[gap], self.owners[gap]);
            self.points[hole.clone()].fill(point);
            self.owners[hole].fill(owner);
        }
        if self.homes > 9 * self.len / 2 + 8 {
            self.lay_anew(Self::homes_for(self.len));
        }
    }
}

#[cfg(test)]
#[path = "circle_tests.rs"]
mod tests;
