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
    /// By slot. From `end` on there are none, but the highest hash, so that each search ends: at least one, and one less than [`AHEAD`] behind
    /// the homes.
    pub(super) points: Vec<u64>,
    /// By slot: whose point it is. What is from `end` on does not matter.
    pub(super) owners: Vec<NodeId>,
    /// Slots that are homes; those behind are for who finds no place there.
    pub(super) homes: usize,
    /// One more than the last slot with a point.
    pub(super) end: usize,
    pub(super) len: usize,
}

/// Slots that a search looks at together: more are seldom needed.
const AHEAD: usize = 3;

/// Slots behind the homes. With half of the homes taken it is seldom that more are needed.
const SPARE: usize = AHEAD;

/// Slots after which a search no longer believes in chance.
const CROWD: usize = 16;

/// Of a slot without a point, before there are copies. No node has this id.
pub(super) const NOBODY: NodeId = NodeId(u32::MAX);

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
        let Some(ahead) = self.points[home..].first_chunk::<AHEAD>() else { return self.end };
        // They are in order, so as many as are below are passed: no branch to mispredict.
        let below = ahead.iter().map(|point| usize::from(*point < hash)).sum::<usize>();
        if below == AHEAD { self.beyond(hash, home + AHEAD) } else { home + below }
    }

    /// The same from a slot on.
    #[inline]
    fn beyond(&self, hash: u64, from: usize) -> usize {
        let mut at = from;
        while self.points[at] < hash {
            at += 1;
            if at == from + CROWD {
                return at + self.points[at..].partition_point(|point| *point < hash);
            }
        }
        at
    }

    #[inline]
    pub(super) fn home(&self, hash: u64) -> usize {
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
            self.lay_anew(len);
        }
    }

    /// Of points in order. O(points).
    pub(super) fn of(points: impl ExactSizeIterator<Item = (u64, NodeId)>) -> Self {
        let mut circle = Self::for_len(points.len());
        circle.lay(points);
        circle
    }

    /// Without points, and with no slots but with room for those of so many.
    pub(super) fn for_len(len: usize) -> Self {
        let homes = Self::homes_for(len);
        let slots = if len == 0 { 0 } else { homes + SPARE };
        let (points, owners) = (Vec::with_capacity(slots), Vec::with_capacity(slots));
        Self { points, owners, homes, end: 0, len: 0 }
    }

    /// Lays points that are in order into slots that are not there yet.
    fn lay(&mut self, points: impl Iterator<Item = (u64, NodeId)>) {
        for (point, owner) in points {
            let slot = self.home(point).max(self.end);
            self.end = slot + 1;
            self.len += 1;
            self.resize(self.end, point, owner);
        }
        self.finish();
    }

    /// Puts behind the points what has to be there.
    pub(super) fn finish(&mut self) {
        if self.homes > 0 {
            self.resize((self.end + 1).max(self.homes + AHEAD - 1), u64::MAX, NOBODY);
        }
    }

    #[inline]
    pub(super) fn resize(&mut self, slots: usize, point: u64, owner: NodeId) {
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

    /// With homes for so many points.
    #[cold]
    fn lay_anew(&mut self, len: usize) {
        let before = core::mem::replace(self, Self::for_len(len));
        let slots = (0..before.end).filter(|slot| !before.is_copy(*slot));
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
            self.lay_anew(self.len);
        }
    }
}

#[cfg(test)]
#[path = "circle_tests.rs"]
mod tests;
