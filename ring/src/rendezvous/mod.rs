//! Rendezvous hashing: every node draws a score for a key, and the highest has it.
//!
//! Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous" (1996), and "Using Name-Based Mappings to Increase Hit
//! Rates" (IEEE/ACM Transactions on Networking, 1998): highest random weight, HRW. With weights: the logarithm method of
//! Schindelhauer and Schomaker, "Weighted Distributed Hash Tables" (SPAA 2005), in integers.
//!
//! | | |
//! |---|---|
//! | lookup | O(n): 8 ns and a third of a nanosecond a node (SSE2; half of that with AVX-512); twice that if weights differ |
//! | memory | 8 bytes a node, 20 once weights differed |
//! | add, re-weight | O(n); moves keys only to (or from) that node, its share of them: the minimum |
//! | remove, any node | O(n); moves only its keys, to all others by weight: the minimum |
//! | balance | that of independent draws, at any number of nodes: no virtual nodes, nothing to tune |
//! | replicas | the next best scores; exactly who takes over when nodes ahead of them leave |
//!
//! Choose it for up to some hundred nodes: nothing balances or moves less, and its state is the set of names and weights alone.
//! For thousands there is [`Skeleton`](crate::Skeleton).

mod podium;
mod skeleton;
mod straw2;
pub(crate) mod straws;
mod tree;

pub use skeleton::Skeleton;
pub use straw2::Straw2;

use core::ops::ControlFlow;

use crate::canonical::{Describer, Opened};
use crate::hash::node_hash;
use crate::{Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight};
use straws::{Straws, key_of};

/// Highest random weight: rendezvous hashing with every node asked, plain or weighted.
///
/// Where a key goes depends only on its hash and on the set of names and weights; not on their order nor on what was before.
/// While all weights are equal no logarithm is taken, which decides the same: giving one node another weight moves keys to or
/// from that node alone.
///
/// **Resolution.** Scores have 48 bits and logarithms 57: nodes a million times lighter than the rest still get their share (measured). If
/// scores are equal, 16 bits more decide. (If these are equal, too, the one that was added first has the key: about once in 2^62 keys, or with
/// names that somebody chose so.)
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
    /// In the order of the roster.
    straws: Straws,
}

impl Rendezvous {
    /// Without nodes.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self { key_hash, ..Self::default() }
    }

    /// With those nodes, and room for a sixteenth more: what [`add`](Placement::add)ing each in turn makes, at half the cost.
    ///
    /// # Errors
    /// As [`add`](Placement::add).
    pub fn with_nodes<'n>(
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (&'n str, Weight), IntoIter: Clone>,
    ) -> Result<Self> {
        let nodes = nodes.into_iter();
        let mut rendezvous = Self::new(key_hash);
        let count = rendezvous.roster.reserve(nodes.clone().map(|(name, _)| name));
        rendezvous.straws.reserve(count);
        for (name, weight) in nodes {
            rendezvous.add(name, weight)?;
        }
        Ok(rendezvous)
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let opened = Opened::new(description, Algorithm::Rendezvous)?;
        opened.finish()?;
        let mut rendezvous = Self::new(description.key_hash());
        rendezvous.roster = opened.roster();
        for (_, node) in rendezvous.roster.iter() {
            let weight = node.weight().raw().into();
            rendezvous.straws.push(node_hash(node.name()), weight);
        }
        Ok(rendezvous)
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
        Some(self.roster.id_at(self.straws.first(key_of(hash))?))
    }

    /// By score: exactly the order in which nodes take over. Little more than a lookup for the first four; all of them
    /// in O(n log n).
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        let _ = self.straws.in_order(key_of(hash), |index| visit(self.roster.id_at(index)));
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let hash = node_hash(name);
        let node = self.roster.add_hashed(name, hash, weight)?;
        self.straws.push(hash, u64::from(weight.raw()));
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let place = self.roster.position(node).ok_or(Error::UnknownNode { node })?;
        self.roster.remove(node)?;
        self.straws.remove(place);
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        let place = self.roster.position(node).ok_or(Error::UnknownNode { node })?;
        self.roster.reweight(node, weight)?;
        self.straws.set_weight(place, u64::from(weight.raw()));
        Ok(())
    }

    fn describe(&self) -> Description {
        Describer::new(self).finish()
    }

    fn heap_bytes(&self) -> usize {
        self.straws.heap_bytes()
    }
}
