//! MementoHash, over JumpBackHash.

use alloc::format;
use core::ops::ControlFlow;

use super::jump_back::jump_back_hash;
use super::replaced::Replaced;
use super::{all_unweighted, stay_unweighted, unweighted};
use crate::canonical::{Describer, Opened, invalid};
use crate::preference::by_derived_hashes;
use crate::{Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// MementoHash: any node may go, and only its hashes move; no bound on the nodes, and no memory but for those that went.
///
/// A hash falls on a bucket by [`jump_back_hash`] (the paper takes jump hash). If that was removed, it draws
/// among those that were left then; and so on. Only removals that no addition has undone are remembered.
///
/// Lookup 1 + ln(most nodes / nodes) draws, expected: as [`JumpBack`](crate::JumpBack) while nothing is removed, 7 to 8 ns with a tenth
/// of the nodes removed, 12 to 15 with half. Four bytes a
/// node (the table of nodes, in which removed buckets are marked as well), and eight more for each removed one. **Removing any node**
/// moves its 1/n, evenly to all others, and nothing else; adding one moves 1/(n+1), all to it: both the least possible. Balance is
/// perfect.
///
/// A node that is added gets the bucket of the one that was removed last: after several removals, only if the nodes come back in
/// reverse order is everything as it was. Who owns what depends on the order of all additions and removals: processes agree only if they
/// did the same in the same order. Weights are not supported.
///
/// **Choose it** where nodes of equal size come, go and fail at random, and every process sees the same history. If most of the nodes
/// are removed for good, build a new one: lookups remember.
///
/// ```
/// use hash_ring::{Memento, Placement, Weight};
///
/// let mut backends = Memento::default();
/// let a = backends.add("a", Weight::ONE)?;
/// backends.add("b", Weight::ONE)?;
/// backends.add("c", Weight::ONE)?;
/// assert_eq!(backends.name_of(b"some key"), Some("c"));
/// backends.remove(a)?;
/// assert_eq!(backends.name_of(b"some key"), Some("c"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// M. Coluzzi, A. Brocco, A. Antonucci, T. Leidi, "MementoHash: A Stateful, Minimal Memory, Best Performing Consistent Hash
/// Algorithm", 2024.
#[derive(Clone, Debug, Default)]
pub struct Memento {
    roster: Roster,
    buckets: Replaced,
    key_hash: KeyHash,
}

impl Memento {
    /// One without nodes.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self { roster: Roster::default(), buckets: Replaced::default(), key_hash }
    }

    /// How many removals are remembered.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.buckets.removed()
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Memento)?;
        let (owners, removed) = (opened.buckets()?, opened.removed()?);
        opened.finish()?;
        opened.one_bucket_each(owners)?;
        let buckets = description.nodes().len() + removed.len();
        let sound =
            owners.len() <= buckets && removed.iter().all(|bucket| (*bucket as usize) < buckets);
        if buckets > Roster::MAX_NODES || !sound || description.nodes().is_empty() && buckets > 0 {
            let found = format!("{} removed, beside {}", removed.len(), description.nodes().len());
            return Err(invalid(
                "buckets",
                found,
                "owned or removed, without gaps, at most 1048576",
            ));
        }
        let vacant = core::iter::repeat_n(None, buckets - owners.len());
        let owners = owners.iter().map(|owner| owner.map(NodeId)).chain(vacant);
        Ok(Self {
            roster: all_unweighted(Algorithm::Memento, opened.roster())?,
            buckets: Replaced::of(owners, removed.iter().copied()),
            key_hash: description.key_hash(),
        })
    }
}

impl Placement for Memento {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Memento
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        if self.buckets.buckets() == 0 {
            return None;
        }
        Some(self.buckets.resolve(jump_back_hash(hash, self.buckets.buckets()), hash))
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        by_derived_hashes(&self.roster, hash, |hash| self.locate(hash), visit);
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        unweighted(Algorithm::Memento, weight)?;
        if self.roster.id_bound() >= Replaced::ID_BOUND {
            return Err(Error::TooManyNodes { max: Roster::MAX_NODES });
        }
        let node = self.roster.add(name, weight)?;
        if !self.buckets.restore(node) {
            self.buckets.push(node);
        }
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let bucket = self.buckets.bucket_of(node).ok_or(Error::UnknownNode { node })?;
        self.roster.remove(node)?;
        if self.roster.is_empty() {
            // Nothing is left that could stay where it is.
            self.buckets = Replaced::default();
        } else if self.buckets.removed() == 0 && bucket == self.buckets.buckets() - 1 {
            self.buckets.pop();
        } else {
            self.buckets.remove(bucket);
        }
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        stay_unweighted(Algorithm::Memento, &self.roster, node, weight)
    }

    fn describe(&self) -> Description {
        Describer::new(self).buckets(self.buckets.owners()).removed(self.buckets.history()).finish()
    }

    fn heap_bytes(&self) -> usize {
        self.buckets.heap_bytes()
    }
}
