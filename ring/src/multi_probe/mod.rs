//! Multi-probe consistent hashing: nodes have one point on the circle, keys have many.
//!
//! Appleton and O'Reilly, "Multi-probe consistent hashing" (2015): a key is hashed `k` times, and of all `k` the hash that lies
//! closest before a point of a node decides. What balance a ring has from hundreds of points a node, this has from `k`
//! probes a lookup: 21 of them for loads at most 5 % over the mean, with high probability.
//!
//! The probes are `hash + i (i + 1) / 2 · step`, with a step drawn from the hash: two additions a probe, and loads as even as of
//! independent probes. (At equal distances, `hash + i · step`, they lie too evenly where the step is short: 100 nodes were up to 9 % over the
//! mean rather than 5 %.) Points are found through an index of their leading bits, a probe in O(1) on average.
//!
//! | | |
//! |---|---|
//! | lookup | O(probes), whatever the number of nodes: some 2 ns a probe |
//! | memory | about 24 bytes a node |
//! | add | O(nodes), without sorting; moves keys only to the new node: the minimum |
//! | remove, any node | O(nodes); moves only its keys, to all others: the minimum |
//! | re-weight | as adding or removing points; moves keys only to or from that node |
//! | balance | with k probes, the most loaded node about 1/k over the mean: 5 % with 21, 10 % with 11; of 100 nodes 7 % with 21 on average, 14 % in the worst set of eight |
//! | replicas | the nodes next closest; exactly who takes over when nodes ahead of them leave |
//!
//! **Weights** are numbers of points: `points` for each unit of weight, rounded, at least one. Shares follow the numbers of points.
//!
//! Choose it where memory counts more than lookups: many nodes, or many placements.

use alloc::collections::BinaryHeap;
use alloc::format;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::ControlFlow;

use crate::canonical::{Describer, Opened, room_for};
use crate::hash::mix::{derive, mix};
use crate::hash::node_hash;
use crate::preference::Visited;
use crate::{Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// Consistent hashing with many probes a key and few points a node.
///
/// Where a key goes depends only on its hash, the parameters, and the set of names and weights.
///
/// ```
/// use hash_ring::{KeyHash, MultiProbe, Placement, Weight};
///
/// let mut nodes = MultiProbe::new(KeyHash::default());
/// for number in 0..1_000 {
///     nodes.add(&format!("node-{number}"), Weight::ONE)?;
/// }
/// assert!(nodes.name_of(b"user:42").is_some());
/// assert!(nodes.heap_bytes() < 32_000);
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiProbe {
    roster: Roster,
    key_hash: KeyHash,
    probes: u32,
    points_a_unit: u32,
    /// Ascending, and the highest hash behind them so that every hash has a successor.
    points: Vec<u64>,
    /// Whose points they are.
    owners: Vec<NodeId>,
    /// For each value of the leading bits the first point with at least that value.
    index: Vec<u32>,
    shift: u32,
}

/// What a point takes while it is being placed: 16 bytes to be sorted, 12 in vectors that double, and up to 16 of the index.
const BYTES_A_POINT: u64 = 16 + 3 * 12 + 16;

impl MultiProbe {
    /// The number of probes unless told otherwise: the paper's for loads at most 5 % over the mean.
    pub const PROBES: u32 = 21;
    /// The most probes.
    pub const MAX_PROBES: u32 = 1024;
    /// The most points of all nodes together: 2^28.
    pub const MAX_POINTS: usize = 1 << 28;

    /// With 21 probes, and one point for each unit of weight.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self {
            roster: Roster::default(),
            key_hash,
            probes: Self::PROBES,
            points_a_unit: 1,
            points: Vec::new(),
            owners: Vec::new(),
            index: Vec::new(),
            shift: 0,
        }
    }

    /// With `probes` a lookup, and `points` for each unit of weight: weights are rounded to whole points.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless `probes` and `points` are from 1 to 1,024.
    pub fn with_probes(probes: u32, points: u32, key_hash: KeyHash) -> Result<Self> {
        for (parameter, value) in [("probes", probes), ("points", points)] {
            if !(1..=Self::MAX_PROBES).contains(&value) {
                return Err(Error::InvalidParameter {
                    parameter,
                    found: format!("{value}"),
                    allowed: "from 1 to 1024",
                });
            }
        }
        Ok(Self { probes, points_a_unit: points, ..Self::new(key_hash) })
    }

    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::MultiProbe)?;
        let probes = opened.number("probes", 1..=Self::MAX_PROBES.into())? as u32;
        let points = opened.number("points", 1..=Self::MAX_PROBES.into())? as u32;
        opened.finish()?;
        let mut placement = Self::with_probes(probes, points, description.key_hash())?;
        let counts = description.nodes().iter().map(|node| node.weight().times(points));
        let total = counts.fold(0, u64::saturating_add);
        placement.check_points(0, total)?;
        room_for(total, BYTES_A_POINT, memory)?;
        placement.roster = opened.roster();
        // All at once: the order of ids is that of names.
        let mut all = Vec::with_capacity(total as usize);
        for (id, node) in placement.roster.iter() {
            let hash = node_hash(node.name());
            let numbers = 0..node.weight().times(points);
            all.extend(numbers.map(|number| (derive(hash, number), id)));
        }
        all.sort_unstable();
        (placement.points, placement.owners) = all.into_iter().unzip();
        placement.build_index();
        Ok(placement)
    }

    /// How many probes a lookup makes.
    #[must_use]
    pub fn probes(&self) -> u32 {
        self.probes
    }

    /// How many points a node has for each unit of weight.
    #[must_use]
    pub fn points_a_unit(&self) -> u32 {
        self.points_a_unit
    }

    /// How many points all nodes have together.
    #[must_use]
    pub fn points(&self) -> usize {
        self.owners.len()
    }

    /// What is hashed in place of a key, in turn.
    #[inline]
    fn probes_of(&self, hash: u64) -> impl Iterator<Item = u64> {
        let step = mix(hash) | 1;
        let (mut next, mut stride) = (hash, 0u64);
        (0..self.probes).map(move |_| {
            let probe = next;
            stride = stride.wrapping_add(step);
            next = next.wrapping_add(stride);
            probe
        })
    }

    /// The index of the first point from `probe` on, round the end. There is one.
    #[inline]
    fn successor(&self, probe: u64) -> usize {
        let mut at = self.index[(probe >> self.shift) as usize] as usize;
        // Two points are all that most values of the leading bits have before a probe: no branch to mispredict until then.
        at += usize::from(self.points[at] < probe);
        at += usize::from(self.points[at] < probe);
        while self.points[at] < probe {
            at += 1;
        }
        if at == self.owners.len() { 0 } else { at }
    }

    fn check_points(&self, before: u64, after: u64) -> Result<()> {
        let total = self.owners.len() as u64 - before + after;
        if total > Self::MAX_POINTS as u64 {
            return Err(Error::InvalidParameter {
                parameter: "weight",
                found: format!("{total} points of all nodes together"),
                allowed: "at most 2^28 points",
            });
        }
        Ok(())
    }

    /// Gives a node the points from the `from`-th to before the `to`-th.
    fn insert(&mut self, node: NodeId, from: u64, to: u64) {
        let Some(name) = self.roster.get(node).map(crate::NodeRef::name) else { return };
        let hash = node_hash(name);
        let mut new: Vec<u64> = (from..to).map(|number| derive(hash, number)).collect();
        new.sort_unstable();
        self.points.pop();
        // From the highest down, each old point to where it stays.
        let (mut old, mut at) = (self.owners.len(), self.owners.len() + new.len());
        self.points.resize(at, 0);
        self.owners.resize(at, node);
        while let Some(point) = new.last().copied() {
            at -= 1;
            // Of equal points, that of the first name comes first.
            let name_of = |id: NodeId| self.roster.get(id).map(crate::NodeRef::name);
            let is_behind =
                |old: usize| (self.points[old], name_of(self.owners[old])) > (point, Some(name));
            if old > 0 && is_behind(old - 1) {
                old -= 1;
                self.points[at] = self.points[old];
                self.owners[at] = self.owners[old];
            } else {
                self.points[at] = point;
                self.owners[at] = node;
                new.pop();
            }
        }
        self.build_index();
    }

    /// Takes all but the first `keep` points from a node.
    fn withdraw(&mut self, node: NodeId, name: &str, keep: u64, before: u64) {
        let hash = node_hash(name);
        let mut gone: Vec<u64> = (keep..before).map(|number| derive(hash, number)).collect();
        gone.sort_unstable();
        let stays =
            |(owner, point): (&NodeId, &u64)| *owner != node || gone.binary_search(point).is_err();
        let keeps: Vec<bool> = self.owners.iter().zip(&self.points).map(stays).collect();
        let mut keep = keeps.iter().copied().chain([false]);
        self.points.retain(|_| keep.next().unwrap_or(false));
        let mut keep = keeps.iter().copied();
        self.owners.retain(|_| keep.next().unwrap_or(false));
        self.build_index();
    }

    /// Puts the end behind the points, and indexes them.
    fn build_index(&mut self) {
        let points = self.owners.len();
        if points == 0 {
            self.points.clear();
            self.index.clear();
            return;
        }
        let bits = (2 * points).next_power_of_two().trailing_zeros();
        self.shift = u64::BITS - bits;
        self.index.clear();
        self.index.reserve_exact(1 << bits);
        let mut at = 0;
        for value in 0..1u64 << bits {
            while at < points && self.points[at] >> self.shift < value {
                at += 1;
            }
            self.index.push(at as u32);
        }
        self.points.push(u64::MAX);
    }
}

impl Default for MultiProbe {
    fn default() -> Self {
        Self::new(KeyHash::default())
    }
}

impl Placement for MultiProbe {
    fn algorithm(&self) -> Algorithm {
        Algorithm::MultiProbe
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        if self.owners.is_empty() {
            return None;
        }
        let mut best = (u64::MAX, 0);
        for probe in self.probes_of(hash) {
            let at = self.successor(probe);
            let distance = self.points[at].wrapping_sub(probe);
            best = if distance < best.0 { (distance, at) } else { best };
        }
        self.owners.get(best.1).copied()
    }

    /// By distance from the probes: exactly the order in which nodes take over. Allocates.
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        if self.owners.is_empty() {
            return;
        }
        let points = self.owners.len();
        let probes: Vec<u64> = self.probes_of(hash).collect();
        // (distance, number of the probe, point), the next of each probe.
        let next_of = |(number, probe): (usize, &u64)| {
            let at = self.successor(*probe);
            Reverse((self.points[at].wrapping_sub(*probe), number, at))
        };
        let mut next: BinaryHeap<_> = probes.iter().enumerate().map(next_of).collect();
        let mut visited = Visited::new(&self.roster);
        while visited.len() < self.roster.len()
            && let Some(mut nearest) = next.peek_mut()
        {
            let Reverse((distance, number, at)) = &mut *nearest;
            let node = self.owners[*at];
            *at = if *at + 1 == points { 0 } else { *at + 1 };
            *distance = self.points[*at].wrapping_sub(probes[*number]);
            drop(nearest);
            if visited.insert(node) && visit(node).is_break() {
                return;
            }
        }
    }

    /// [`InvalidParameter`](Error::InvalidParameter) also for weights that make more than 2^28 points.
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let count = weight.times(self.points_a_unit);
        self.check_points(0, count)?;
        let node = self.roster.add(name, weight)?;
        self.insert(node, 0, count);
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let removed = self.roster.remove(node)?;
        self.withdraw(node, removed.name(), 0, removed.weight().times(self.points_a_unit));
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        let entry = self.roster.get(node).ok_or(Error::UnknownNode { node })?;
        let before = entry.weight().times(self.points_a_unit);
        let after = weight.times(self.points_a_unit);
        self.check_points(before, after)?;
        let name = alloc::string::String::from(entry.name());
        self.roster.reweight(node, weight)?;
        if after > before {
            self.insert(node, before, after);
        } else if after < before {
            self.withdraw(node, &name, after, before);
        }
        Ok(())
    }

    fn describe(&self) -> Description {
        Describer::new(self)
            .number("probes", self.probes.into())
            .number("points", self.points_a_unit.into())
            .finish()
    }

    fn heap_bytes(&self) -> usize {
        self.points.capacity() * size_of::<u64>()
            + self.owners.capacity() * size_of::<NodeId>()
            + self.index.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests;
