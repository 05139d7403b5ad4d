//! Rendezvous hashing: every node draws a score for a key, and the highest has it.
//!
//! Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous" (1996), and "Using Name-Based Mappings to Increase Hit
//! Rates" (IEEE/ACM Transactions on Networking, 1998): highest random weight, HRW. With weights: the logarithm method of
//! Schindelhauer and Schomaker, "Weighted Distributed Hash Tables" (SPAA 2005), in integers.
//!
//! | | |
//! |---|---|
//! | lookup | O(n): 8 ns and a third of a nanosecond a node (SSE2; half of that with AVX-512); twice that if weights differ |
//! | memory | 20 bytes a node, 24 once weights differed |
//! | add, re-weight | O(n); moves keys only to (or from) that node, its share of them: the minimum |
//! | remove, any node | O(n); moves only its keys, to all others by weight: the minimum |
//! | balance | that of independent draws, at any number of nodes: no virtual nodes, nothing to tune |
//! | replicas | the next best scores; exactly who takes over when nodes ahead of them leave |
//!
//! Choose it for up to some hundred nodes: nothing balances or moves less, and its state is the set of names and weights alone.
//! For thousands there is [`Skeleton`](crate::Skeleton).

mod skeleton;
mod straw2;
pub(crate) mod straws;
mod tree;

pub use skeleton::Skeleton;
pub use straw2::Straw2;

use alloc::vec::Vec;
use core::ops::ControlFlow;

use crate::canonical::{Describer, Opened};
use crate::hash::node_hash;
use crate::{Algorithm, Description, KeyHash, NodeId, Placement, Result, Roster, Weight};
use straws::{Straws, key_of};

/// Highest random weight: rendezvous hashing with every node asked, plain or weighted.
///
/// Where a key goes depends only on its hash and on the set of names and weights; not on their order nor on what was before.
/// While all weights are equal no logarithm is taken, which decides the same: giving one node another weight moves keys to or
/// from that node alone.
///
/// **Resolution.** Scores have 48 bits. With weights, shares are exact to 2^-32 of the total weight or better; if scores
/// are equal, the name that sorts first wins.
///
/// ```
/// use hash_ring::{KeyHash, Placement, Rendezvous, Weight};
///
/// let mut caches = Rendezvous::new(KeyHash::default());
/// caches.add("cache-1", Weight::ONE)?;
/// caches.add("cache-2", Weight::ONE)?;
/// caches.add("cache-3", Weight::new(2.0)?)?; // twice the keys
/// let owner = caches.name_of(b"user:42");
/// assert!(owner.is_some());
///
/// // Whoever leaves, only its keys move.
/// let gone = caches.roster().find("cache-1").unwrap();
/// let before = caches.locate_key(b"user:42");
/// caches.remove(gone)?;
/// assert!(before == Some(gone) || caches.locate_key(b"user:42") == before);
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rendezvous {
    roster: Roster,
    key_hash: KeyHash,
    straws: Straws,
    /// Whose straws they are: by name, so that the first wins a tie.
    nodes: Vec<NodeId>,
}

impl Rendezvous {
    /// Without nodes.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self { key_hash, ..Self::default() }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let opened = Opened::new(description, Algorithm::Rendezvous)?;
        opened.finish()?;
        let mut rendezvous = Self::new(description.key_hash());
        rendezvous.roster = opened.roster();
        for (place, (id, node)) in rendezvous.roster.iter().enumerate() {
            rendezvous.nodes.push(id);
            let weight = node.weight().raw().into();
            rendezvous.straws.insert(place, node_hash(node.name()), weight);
        }
        Ok(rendezvous)
    }

    /// Where the straw of `name` is, or would be.
    fn place_of(&self, name: &str) -> usize {
        self.nodes.partition_point(|node| self.roster.get(*node).is_some_and(|n| n.name() < name))
    }
}

impl Placement for Rendezvous {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rendezvous
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        self.nodes.get(self.straws.first(key_of(hash))?).copied()
    }

    /// By score: exactly the order in which nodes take over. Little more than a lookup for the first four; all of them
    /// in O(n log n).
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        let _ = self.straws.in_order(key_of(hash), |index| visit(self.nodes[index]));
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let place = self.place_of(name);
        let node = self.roster.add(name, weight)?;
        self.nodes.insert(place, node);
        self.straws.insert(place, node_hash(name), u64::from(weight.raw()));
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let removed = self.roster.remove(node)?;
        // Those that remain are in order all the same.
        let place = self.nodes.iter().position(|other| *other == node);
        if let Some(place) = place {
            self.nodes.remove(place);
            self.straws.remove(place);
        }
        debug_assert!(place.is_some(), "{removed:?}");
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        self.roster.reweight(node, weight)?;
        if let Some(place) = self.nodes.iter().position(|other| *other == node) {
            self.straws.set_weight(place, u64::from(weight.raw()));
        }
        Ok(())
    }

    fn describe(&self) -> Description {
        Describer::new(self).finish()
    }

    fn heap_bytes(&self) -> usize {
        self.straws.heap_bytes() + self.nodes.capacity() * size_of::<NodeId>()
    }
}
