//! Rendezvous hashing down a tree of virtual groups.
//!
//! The skeleton-based variant of HRW (Wang and Ravishankar; described in Wikipedia's "Rendezvous hashing"): nodes are gathered in
//! groups, groups in groups, and a key makes its choice level by level. Here a node's groups are the leading digits of
//! its name's hash in base `fan_out`, as many as it takes to tell it from all others: the tree is a radix tree, it exists only as
//! far as it branches, and it depends on the set of names alone. Groups are weighted by what is beneath them, so that shares are
//! by weight however unequal the groups are, where the published variant takes them for equal.
//!
//! | | |
//! |---|---|
//! | lookup | O(fan_out · log n / log fan_out): 100 ns for 100 nodes, 140 for 1,000, 210 for 10,000 |
//! | memory | 60 to 140 bytes a node |
//! | add, re-weight | O(levels · fan_out); what moves is below |
//! | remove, any node | the same, backwards |
//! | balance | that of independent draws, by weight |
//! | replicas | owners of derived hashes |
//!
//! **What adding moves.** A node of share `s` makes each of its groups heavier by as much. At each level its group draws a part of
//! about `s` of all keys from the group's siblings; they go to all nodes of the group. So adding or removing a node moves up to
//! `s` of all keys for each level, of which one `s` is the minimum and goes to the node: with a fan-out of 32, 1.7 times the minimum for
//! 100 nodes, 2.2 times for 1,000, 3 times for 10,000; with 256, 1.2, 1.8 and 2.1 times. Keys only move into the groups of the new node, or within them to other
//! groups of it. A cluster of nodes is its nodes one by one, at random places of the tree. Where a cluster should be a group, so
//! that its coming moves only what it must, it is a domain of [`Straw2`](crate::Straw2).
//!
//! Choose it for thousands of nodes where [`Rendezvous`](crate::Rendezvous) is too slow and shares must follow weights closely.

use alloc::format;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::straws::key_of;
use super::tree::{Child, StrawTree};
use crate::canonical::{Describer, Opened, room_for};
use crate::hash::mix::derive;
use crate::hash::node_hash;
use crate::preference::by_derived_hashes;
use crate::{Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// Rendezvous hashing over a tree of virtual groups: lookups in O(log n), with weights.
///
/// Where a key goes depends only on its hash, the fan-out and the set of names and weights.
///
/// ```
/// use hash_ring::{KeyHash, Placement, Skeleton, Weight};
///
/// let mut nodes = Skeleton::with_fan_out(16, KeyHash::default())?;
/// for number in 0..2_000 {
///     nodes.add(&format!("node-{number}"), Weight::ONE)?;
/// }
/// assert!(nodes.name_of(b"user:42").is_some()); // some 40 of 2,000 were asked
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Skeleton {
    roster: Roster,
    key_hash: KeyHash,
    /// Bits of a digit.
    bits: u32,
    tree: StrawTree<u16>,
}

/// What a group of one or two takes: itself, in a vector that doubles, and room for four in each of its own.
const BYTES_A_GROUP: u64 = 540;

impl Skeleton {
    /// The fan-out unless told otherwise.
    pub const FAN_OUT: usize = 32;

    /// With a fan-out of 32.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self::with_bits(Self::FAN_OUT.trailing_zeros(), key_hash)
    }

    /// With groups of up to `fan_out` children: fewer make lookups of many nodes faster, more make changes move less.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless it is a power of two from 2 to 4,096.
    pub fn with_fan_out(fan_out: usize, key_hash: KeyHash) -> Result<Self> {
        if !fan_out.is_power_of_two() || !(2..=4096).contains(&fan_out) {
            return Err(Error::InvalidParameter {
                parameter: "fan_out",
                found: format!("{fan_out}"),
                allowed: "a power of two from 2 to 4096",
            });
        }
        Ok(Self::with_bits(fan_out.trailing_zeros(), key_hash))
    }

    fn with_bits(bits: u32, key_hash: KeyHash) -> Self {
        Self { roster: Roster::default(), key_hash, bits, tree: StrawTree::new() }
    }

    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Skeleton)?;
        let fan_out = opened.number("fan-out", 2..=4096)?;
        opened.finish()?;
        let mut skeleton = Self::with_fan_out(fan_out as usize, description.key_hash())?;
        skeleton.roster = opened.roster();
        for (place, node) in (0..).zip(description.nodes()) {
            skeleton.attach(NodeId(place), node.name(), node.weight());
            // Names can be chosen so that it takes many groups to tell few nodes apart.
            let surplus = skeleton.tree.groups().saturating_sub(description.nodes().len());
            room_for(surplus as u64, BYTES_A_GROUP, memory)?;
        }
        Ok(skeleton)
    }

    /// How many children a group has at most.
    #[must_use]
    pub fn fan_out(&self) -> usize {
        1 << self.bits
    }

    /// The digit of a name at a level, and what the group of that digit draws from.
    ///
    /// Past the end of a hash its successor follows: names that are told apart by nothing else are told apart in the end.
    fn digit(&self, name_hash: u64, name: &str, level: u32) -> (u16, u64) {
        let per_word = u64::BITS / self.bits;
        let (word, digit) = (level / per_word, level % per_word);
        let (mut hash, mut above) = (name_hash, 0);
        for next in 1..=word {
            above = derive(above, hash);
            hash = KeyHash::Xxh3 { seed: u64::from(next) }.hash(name.as_bytes());
        }
        let shift = u64::BITS - self.bits * (digit + 1);
        let prefix = hash >> shift;
        let label = (prefix & ((1 << self.bits) - 1)) as u16;
        (label, derive(derive(above, prefix), u64::from(level) + 1))
    }

    /// (group, index) from the root down to the node, or to where it would be attached.
    fn path(&self, name: &str) -> (Vec<(u32, usize)>, bool) {
        let hash = node_hash(name);
        let mut path = Vec::new();
        let mut group = StrawTree::<u16>::ROOT;
        loop {
            let (label, _) = self.digit(hash, name, path.len() as u32);
            match self.tree.find(group, &label) {
                Err(index) => {
                    path.push((group, index));
                    return (path, false);
                }
                Ok(index) => {
                    path.push((group, index));
                    match self.tree.child(group, index) {
                        Child::Group(next) => group = next,
                        Child::Node(_) => return (path, true),
                    }
                }
            }
        }
    }

    fn attach(&mut self, node: NodeId, name: &str, weight: Weight) {
        let hash = node_hash(name);
        let weight = u64::from(weight.raw());
        let (mut path, occupied) = self.path(name);
        if occupied {
            // Down to where the digits of the two differ.
            loop {
                let at = path[path.len() - 1];
                let Child::Node(other) = self.tree.child(at.0, at.1) else { break };
                let other_weight = self.tree.child_weight(at.0, at.1);
                let group = self.tree.new_group();
                self.tree.replace(at, Child::Group(group));
                let other_name = self.roster.get(other).map_or("", crate::NodeRef::name);
                let level = path.len() as u32;
                let (label, seed) = self.digit(node_hash(other_name), other_name, level);
                self.tree.attach((group, 0), label, seed, other_weight, Child::Node(other));
                match self.tree.find(group, &self.digit(hash, name, level).0) {
                    Ok(index) => path.push((group, index)),
                    Err(index) => {
                        path.push((group, index));
                        break;
                    }
                }
            }
        }
        if let Some((at, above)) = path.split_last() {
            let (label, seed) = self.digit(hash, name, above.len() as u32);
            self.tree.attach(*at, label, seed, weight, Child::Node(node));
            self.tree.weigh_path(above);
        }
    }
}

impl Default for Skeleton {
    fn default() -> Self {
        Self::new(KeyHash::default())
    }
}

impl Placement for Skeleton {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Skeleton
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        self.tree.locate(key_of(hash))
    }

    /// Owners of derived hashes: when a node leaves, a place in the order changes hands as seldom as a key does.
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        by_derived_hashes(&self.roster, hash, |hash| self.locate(hash), visit);
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let node = self.roster.add(name, weight)?;
        self.attach(node, name, weight);
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let removed = self.roster.remove(node)?;
        let (mut path, found) = self.path(removed.name());
        debug_assert!(found);
        if let Some(at) = path.pop() {
            self.tree.detach(at);
            // A group of one node is that node.
            let mut group = at.0;
            while let Some(above) = path.last() {
                let [only @ Child::Node(_)] = self.tree.children(group) else { break };
                let only = *only;
                self.tree.set_weight(*above, self.tree.weight(group));
                self.tree.replace(*above, only);
                self.tree.release(group);
                group = above.0;
                path.pop();
            }
            self.tree.weigh_path(&path);
        }
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        self.roster.reweight(node, weight)?;
        if let Some(name) = self.roster.get(node).map(crate::NodeRef::name)
            && let (path, true) = self.path(name)
            && let Some((at, above)) = path.split_last()
        {
            self.tree.set_weight(*at, u64::from(weight.raw()));
            self.tree.weigh_path(above);
        }
        Ok(())
    }

    fn describe(&self) -> Description {
        Describer::new(self).number("fan-out", self.fan_out() as u64).finish()
    }

    fn heap_bytes(&self) -> usize {
        self.tree.heap_bytes()
    }
}
