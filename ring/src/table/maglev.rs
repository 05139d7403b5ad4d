//! Maglev hashing: a lookup table that nodes fill in turns.
//!
//! Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016), section 3.4: each node has its own
//! order of all slots, and nodes take turns to claim the first in their order that is still free. With weights, heavier nodes have
//! more turns, as in Envoy, but counted in integers. The slot of a hash is its place in the space of hashes (the paper takes the
//! hash modulo the size), so that slots are ranges of hashes and movement can be told exactly.
//!
//! | | |
//! |---|---|
//! | lookup | O(1): a multiplication and a load, about 1 ns |
//! | memory | 2 bytes a slot (4 once ids pass 65,535): 128 KiB for 65,537 slots, whatever the number of nodes |
//! | add, remove, re-weight | O(slots · log slots): milliseconds; what moves is below |
//! | balance | every node less than one slot from its share by weight |
//! | replicas | owners of derived hashes |
//!
//! **What changes move**, in slots: of [`MinimalDisruption`](MaglevBuild::MinimalDisruption) exactly the least that leads to such a
//! balance; of [`Classic`](MaglevBuild::Classic) more, since one slot claimed earlier makes others claim other slots: of 65,537 slots,
//! 3 % more than the least when one node of ten comes or goes, 1.6 times the least of a hundred, 6.5 times of a thousand.
//!
//! Choose it where lookups must cost next to nothing and balance must be exact: load balancers, proxies. Take a hundred slots a
//! node or more.

use alloc::collections::BinaryHeap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::ControlFlow;

use super::{Redistribution, SlotTable};
use crate::canonical::{Describer, Opened, invalid, room_for};
use crate::hash::mix::{derive, scale};
use crate::hash::node_hash;
use crate::preference::by_derived_hashes;
use crate::{
    Algorithm, Arcs, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight,
};

/// What becomes of a [`Maglev`] table when its nodes change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MaglevBuild {
    /// Slots stay with their owners as long as these are entitled to as many: a change moves the least number of slots that makes
    /// every share less than one slot from that by weight. Nodes claim what moves in the paper's way.
    ///
    /// The table depends on the order of all changes. Processes that do not share that history must share the table.
    #[default]
    MinimalDisruption,
    /// The paper's: filled from scratch at each change. The table depends on the set of names and weights alone; changes move
    /// more than they must.
    Classic,
}

/// What they are called in descriptions.
const BUILDS: [(&str, MaglevBuild); 2] =
    [("classic", MaglevBuild::Classic), ("minimal-disruption", MaglevBuild::MinimalDisruption)];

/// What a slot takes while it is being claimed: four bytes twice, and a bit.
const BYTES_A_SLOT: u64 = 9;

/// Maglev's lookup table, with weights.
///
/// ```
/// use hash_ring::{KeyHash, Maglev, MaglevBuild, Placement, Weight};
///
/// let backends = (0..10).map(|number| (format!("10.0.0.{number}:80"), Weight::ONE));
/// let mut maglev = Maglev::of_nodes(65_537, MaglevBuild::Classic, KeyHash::default(), backends)?;
/// assert!(maglev.name_of(b"10.1.2.3:55555 -> 10.0.1.1:80 tcp").is_some());
///
/// // Shares are as equal as whole slots allow.
/// let counts: Vec<usize> = maglev.roster().iter().map(|(node, _)| maglev.slots_of(node)).collect();
/// assert!(counts.iter().all(|count| (6553..=6554).contains(count)));
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Maglev {
    roster: Roster,
    key_hash: KeyHash,
    build: MaglevBuild,
    size: u32,
    table: SlotTable,
}

impl Maglev {
    /// The number of slots unless told otherwise: the smaller of the paper's, and Envoy's default.
    pub const SIZE: u32 = 65_537;
    /// The most slots, and nodes are at most as many: 2^28.
    pub const MAX_SIZE: u32 = 1 << 28;

    /// With 65,537 slots, and [`MinimalDisruption`](MaglevBuild::MinimalDisruption).
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self {
            roster: Roster::default(),
            key_hash,
            build: MaglevBuild::default(),
            size: Self::SIZE,
            table: SlotTable::new(),
        }
    }

    /// With `size` slots.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless `size` is a prime of at most 2^28.
    pub fn with_size(size: u32, build: MaglevBuild, key_hash: KeyHash) -> Result<Self> {
        if !is_prime(size) || size > Self::MAX_SIZE {
            return Err(Error::InvalidParameter {
                parameter: "size",
                found: format!("{size}"),
                allowed: "a prime of at most 2^28 (Maglev::prime_from finds one)",
            });
        }
        Ok(Self { build, size, ..Self::new(key_hash) })
    }

    /// With `size` slots and those nodes: one build, where adding them one by one is a build for each. The table is the paper's,
    /// for either way to build.
    ///
    /// # Errors
    /// As [`with_size`](Self::with_size) and [`add`](Placement::add).
    pub fn of_nodes<N: AsRef<str>>(
        size: u32,
        build: MaglevBuild,
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (N, Weight)>,
    ) -> Result<Self> {
        let mut maglev = Self::with_size(size, build, key_hash)?;
        for (name, weight) in nodes {
            maglev.check_room()?;
            maglev.roster.add(name.as_ref(), weight)?;
        }
        maglev.rebuild();
        Ok(maglev)
    }

    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Maglev)?;
        let size = opened.number("slots", 2..=Self::MAX_SIZE.into())?;
        let build = BUILDS[opened.word("build", &BUILDS.map(|(word, _)| word))?].1;
        let mut maglev = Self::with_size(size as u32, build, description.key_hash())?;
        maglev.roster = opened.roster();
        if maglev.roster.len() as u64 > size {
            return Err(Error::TooManyNodes { max: size as usize });
        }
        // Also without nodes: the first one fills the table.
        room_for(size, BYTES_A_SLOT, memory)?;
        match build {
            MaglevBuild::Classic => {
                opened.finish()?;
                maglev.rebuild();
            }
            MaglevBuild::MinimalDisruption => {
                let owners = opened.buckets()?;
                opened.finish()?;
                if owners.len() as u64 != if maglev.roster.is_empty() { 0 } else { size } {
                    let found = format!("{} of {size}", owners.len());
                    return Err(invalid("buckets", found, "all slots, or none without nodes"));
                }
                let owners = owners.iter().map(|owner| opened.owner("slot", *owner));
                let owners: Vec<NodeId> = owners.collect::<Result<_>>()?;
                maglev.table = SlotTable::of(owners.iter().copied());
            }
        }
        Ok(maglev)
    }

    /// With those nodes, and an owner for each slot in turn: an index into `nodes`. For processes that share the table of
    /// [`MinimalDisruption`](MaglevBuild::MinimalDisruption), as [`slots`](Self::slots) gave it; changes go on from there.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless the number of slots is a prime of at most 2^28 and every owner is one of
    /// `nodes`; those of [`add`](Placement::add).
    pub fn from_assignment<N: AsRef<str>>(
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (N, Weight)>,
        owners: &[u32],
    ) -> Result<Self> {
        // Longer than any prime that is allowed is refused as the longest is.
        let size = u32::try_from(owners.len()).unwrap_or(u32::MAX);
        let mut maglev = Self::with_size(size, MaglevBuild::MinimalDisruption, key_hash)?;
        for (name, weight) in nodes {
            maglev.check_room()?;
            maglev.roster.add(name.as_ref(), weight)?;
        }
        maglev.table = SlotTable::read(owners, maglev.roster.len())?;
        Ok(maglev)
    }

    /// The least prime from `least` on: sizes of tables.
    ///
    /// ```
    /// assert_eq!(hash_ring::Maglev::prime_from(65_536), 65_537);
    /// ```
    #[must_use]
    pub fn prime_from(least: u32) -> u32 {
        // 4,294,967,291 is the last one below 2^32.
        (least.min(4_294_967_291)..=u32::MAX).find(|n| is_prime(*n)).unwrap_or(4_294_967_291)
    }

    /// How many slots there are.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// What becomes of the table when nodes change.
    #[must_use]
    pub fn build(&self) -> MaglevBuild {
        self.build
    }

    /// The owner of each slot in turn; nothing without nodes.
    pub fn slots(&self) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.table.iter()
    }

    /// How many slots a node has. O(slots).
    #[must_use]
    pub fn slots_of(&self, node: NodeId) -> usize {
        self.slots().filter(|owner| *owner == node).count()
    }

    fn check_room(&self) -> Result<()> {
        let max = Roster::MAX_NODES.min(self.size as usize);
        if self.roster.len() >= max { Err(Error::TooManyNodes { max }) } else { Ok(()) }
    }

    fn rebuild(&mut self) {
        if self.roster.is_empty() {
            self.table = SlotTable::new();
            return;
        }
        let before = match self.build {
            MaglevBuild::MinimalDisruption => &self.table,
            MaglevBuild::Classic => &SlotTable::new(),
        };
        let mut slots = Redistribution::new(&self.roster, self.size as usize, before);
        let turns = slots.nodes.iter().map(|id| {
            let name = self.roster.get(*id).map_or("", crate::NodeRef::name);
            Claims::new(node_hash(name), self.size)
        });
        let turns = turns.collect();
        claim_in_turns(&mut slots, turns);
        self.table = slots.table();
    }
}

/// The order in which a node would have the slots: the paper's `permutation`.
struct Claims {
    next: u32,
    skip: u32,
    taken: u64,
}

impl Claims {
    fn new(node_hash: u64, size: u32) -> Self {
        Self {
            next: scale(derive(node_hash, 0), u64::from(size)) as u32,
            skip: 1 + scale(derive(node_hash, 1), u64::from(size.max(2) - 1)) as u32,
            taken: 0,
        }
    }
}

/// Nodes take turns until all have what they should: the `k`-th of a node of weight `w` comes in round `k · heaviest / w`.
fn claim_in_turns(slots: &mut Redistribution, mut claims: Vec<Claims>) {
    let size = slots.owners.len() as u32;
    // Whether a slot may yet be claimed; at once cheaper to ask, and 16 times smaller, than the table.
    let mut open = vec![u64::MAX; slots.owners.len().div_ceil(64)];
    let mut claim = |slots: &mut Redistribution, index: usize, claims: &mut Claims| {
        loop {
            let slot = claims.next as usize;
            claims.next = match claims.next.checked_sub(size - claims.skip) {
                Some(wrapped) => wrapped,
                None => claims.next + claims.skip,
            };
            if open[slot / 64] & 1 << (slot % 64) != 0 {
                open[slot / 64] &= !(1 << (slot % 64));
                // Who was passed over keeps its slot: it has none to give away any more, and never will.
                if slots.release(slot) {
                    slots.owners[slot] = index as u32;
                    claims.taken += 1;
                    return;
                }
            }
        }
    };
    let takers = (0..claims.len()).filter(|index| slots.deficit[*index] > 0);
    let heaviest = takers.clone().map(|index| slots.weights[index]).max().unwrap_or(0);
    if takers.clone().all(|index| slots.weights[index] == heaviest) {
        let mut takers: Vec<usize> = takers.collect();
        while !takers.is_empty() {
            for index in &takers {
                claim(slots, *index, &mut claims[*index]);
            }
            takers.retain(|index| claims[*index].taken < slots.deficit[*index]);
        }
        return;
    }
    let mut turns: BinaryHeap<Reverse<(u64, usize)>> =
        takers.map(|index| Reverse((0, index))).collect();
    while let Some(mut turn) = turns.peek_mut() {
        let index = turn.0.1;
        let node = &mut claims[index];
        claim(slots, index, node);
        if node.taken < slots.deficit[index] {
            turn.0.0 = node.taken * u64::from(heaviest) / u64::from(slots.weights[index]);
        } else {
            alloc::collections::binary_heap::PeekMut::pop(turn);
        }
    }
}

fn is_prime(n: u32) -> bool {
    n >= 2
        && (2..)
            .take_while(|d| u64::from(*d) * u64::from(*d) <= u64::from(n))
            .all(|d| !n.is_multiple_of(d))
}

impl Default for Maglev {
    fn default() -> Self {
        Self::new(KeyHash::default())
    }
}

impl Placement for Maglev {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Maglev
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        self.table.locate(hash)
    }

    /// Nodes that are too light for a slot come last.
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        by_derived_hashes(&self.roster, hash, |hash| self.locate(hash), visit);
    }

    /// [`TooManyNodes`](Error::TooManyNodes) also where there are as many nodes as slots.
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        self.check_room()?;
        let node = self.roster.add(name, weight)?;
        self.rebuild();
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        self.roster.remove(node)?;
        self.rebuild();
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        if self.roster.reweight(node, weight)? != weight {
            self.rebuild();
        }
        Ok(())
    }

    fn arcs(&self) -> Option<Arcs<'_>> {
        Some(self.table.arcs())
    }

    /// With the owner of each slot only where it depends on what was before: neighbours seldom have the same, so not by runs.
    fn describe(&self) -> Description {
        let describer = Describer::new(self).number("slots", self.size.into());
        match self.build {
            MaglevBuild::Classic => describer.text("build", "classic"),
            MaglevBuild::MinimalDisruption => {
                describer.text("build", "minimal-disruption").buckets(self.table.iter().map(Some))
            }
        }
        .finish()
    }

    fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
    }
}

#[cfg(test)]
#[path = "maglev_tests.rs"]
mod tests;
