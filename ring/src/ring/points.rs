//! The points of a ring, sorted.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::index::Index;
use crate::{Arc, HashRange, NodeId};

/// How many hashes there are.
pub(super) const SPACE: u128 = 1 << 64;

/// How many points a lookup compares with its hash before it looks whether that was enough. It seldom is not: with half a point to a
/// point in a bucket on average, one bucket in 270 or fewer holds more.
const WINDOW: usize = 4;

/// Positions and their owners, in the order of the positions; at the same position, in an order that the caller keeps, and the first
/// owns what leads there.
///
/// Takes 8 bytes a position, 2 bytes an owner (4 once a node's number passes 65,535), and 2 to 4 bytes of index (4 to
/// 8 from 65,536 points on).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Points {
    /// Followed by [`WINDOW`] times the highest hash, which no hash passes.
    positions: Vec<u64>,
    /// Followed by the first once more: who owns what lies after the last position.
    owners: Owners,
    index: Index,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Owners {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

impl Points {
    pub(super) fn new() -> Self {
        Self {
            positions: vec![u64::MAX; WINDOW],
            owners: Owners::Narrow(Vec::new()),
            index: Index::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.positions.len() - WINDOW
    }

    pub(super) fn positions(&self) -> &[u64] {
        &self.positions[..self.len()]
    }

    /// All points in order.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (u64, NodeId)> + '_ {
        (0..self.len()).map(|at| (self.positions[at], self.owner(at)))
    }

    /// The owner of the point `at`, which is below [`len`](Self::len).
    pub(super) fn owner(&self, at: usize) -> NodeId {
        self.owners.get(at).unwrap_or(NodeId(0))
    }

    /// The number of the first point at or after `hash`, [`len`](Self::len) if that is the first of all; `None` if there are none.
    #[inline]
    pub(super) fn after(&self, hash: u64) -> Option<usize> {
        let bucket = self.index.bucket(hash);
        let start = self.index.start(bucket)?;
        let window: &[u64; WINDOW] =
            self.positions.get(start..start + WINDOW)?.first_chunk::<WINDOW>()?;
        // Without a branch: which comparison fails first is as random as the hash.
        let passed: usize = window.iter().map(|position| usize::from(*position < hash)).sum();
        if passed < WINDOW { Some(start + passed) } else { self.after_many(hash, bucket, start) }
    }

    /// The same where many points share a bucket: O(log of them).
    #[cold]
    fn after_many(&self, hash: u64, bucket: usize, start: usize) -> Option<usize> {
        let end = self.index.start(bucket + 1)?;
        let rest = self.positions.get(start..end)?;
        Some(start + rest.partition_point(|position| *position < hash))
    }

    /// Who owns `hash`.
    #[inline]
    pub(super) fn owner_of(&self, hash: u64) -> Option<NodeId> {
        self.owners.get(self.after(hash)?)
    }

    /// The arcs in ascending order: what leads to each point from the one before, and what lies after the last.
    pub(super) fn arcs(&self) -> impl Iterator<Item = Arc> + '_ {
        let mut next = Some(0);
        let mut at = 0;
        core::iter::from_fn(move || {
            let first = next?;
            while at < self.len() && self.positions[at] < first {
                at += 1;
            }
            let owner = self.owners.get(at)?;
            let last = self.positions.get(at).copied().unwrap_or(u64::MAX);
            next = last.checked_add(1);
            Some(Arc { range: HashRange::new(first, last)?, owner })
        })
    }

    /// Puts in `new` points, sorted as the others are; `order` decides between owners at the same position. O(all points), and no less.
    pub(super) fn insert(
        &mut self,
        new: &[(u64, NodeId)],
        order: impl Fn(NodeId, NodeId) -> Ordering,
    ) {
        if new.is_empty() {
            return;
        }
        let mut old = self.open();
        let mut to = old + new.len();
        // No more than is needed: rings live long and change seldom.
        self.positions.reserve_exact(new.len() + WINDOW);
        self.owners.reserve_exact(new.len() + 1);
        self.positions.resize(to, 0);
        self.owners.resize(to, new.iter().map(|(_, owner)| owner.0).max().unwrap_or(0));
        let mut left = new;
        // From the end, so that nothing is overwritten before it has moved.
        while let Some(((position, owner), rest)) = left.split_last() {
            to -= 1;
            let later = old > 0 && {
                let other = self.positions[old - 1];
                other.cmp(position).then_with(|| order(self.owner(old - 1), *owner)).is_gt()
            };
            if later {
                old -= 1;
                self.positions[to] = self.positions[old];
                self.owners.set(to, self.owner(old));
            } else {
                self.positions[to] = *position;
                self.owners.set(to, *owner);
                left = rest;
            }
        }
        self.close();
    }

    /// Takes out all points of which `gone` is true. O(all points).
    pub(super) fn remove(&mut self, gone: impl Fn(u64, NodeId) -> bool) {
        let len = self.open();
        let mut to = 0;
        for at in 0..len {
            let (position, owner) = (self.positions[at], self.owner(at));
            if !gone(position, owner) {
                self.positions[to] = position;
                self.owners.set(to, owner);
                to += 1;
            }
        }
        self.positions.truncate(to);
        self.owners.truncate(to);
        self.close();
    }

    /// Takes off what follows the points; returns how many there are.
    fn open(&mut self) -> usize {
        let len = self.len();
        self.positions.truncate(len);
        self.owners.truncate(len);
        len
    }

    fn close(&mut self) {
        self.index = Index::of(&self.positions);
        self.positions.resize(self.positions.len() + WINDOW, u64::MAX);
        if let Some(first) = self.owners.get(0) {
            self.owners.push(first);
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<u64>() * self.positions.capacity()
            + self.owners.heap_bytes()
            + self.index.heap_bytes()
    }
}

impl Owners {
    #[inline]
    fn get(&self, at: usize) -> Option<NodeId> {
        let number = match self {
            Self::Narrow(owners) => u32::from(*owners.get(at)?),
            Self::Wide(owners) => *owners.get(at)?,
        };
        Some(NodeId(number))
    }

    fn set(&mut self, at: usize, owner: NodeId) {
        match self {
            Self::Narrow(owners) => owners[at] = owner.0 as u16,
            Self::Wide(owners) => owners[at] = owner.0,
        }
    }

    fn push(&mut self, owner: NodeId) {
        match self {
            Self::Narrow(owners) => owners.push(owner.0 as u16),
            Self::Wide(owners) => owners.push(owner.0),
        }
    }

    fn reserve_exact(&mut self, more: usize) {
        match self {
            Self::Narrow(owners) => owners.reserve_exact(more),
            Self::Wide(owners) => owners.reserve_exact(more),
        }
    }

    /// To `len` places, wide enough for node `highest`.
    fn resize(&mut self, len: usize, highest: u32) {
        if let Self::Narrow(owners) = self
            && highest > u32::from(u16::MAX)
        {
            *self = Self::Wide(owners.iter().map(|owner| u32::from(*owner)).collect());
        }
        match self {
            Self::Narrow(owners) => owners.resize(len, 0),
            Self::Wide(owners) => owners.resize(len, 0),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::Narrow(owners) => owners.truncate(len),
            Self::Wide(owners) => owners.truncate(len),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Narrow(owners) => size_of::<u16>() * owners.capacity(),
            Self::Wide(owners) => size_of::<u32>() * owners.capacity(),
        }
    }
}
