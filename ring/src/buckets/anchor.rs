//! AnchorHash.

use alloc::format;
use core::ops::ControlFlow;

use super::replaced::Replaced;
use super::{all_unweighted, stay_unweighted, unweighted};
use crate::canonical::{Describer, Opened, invalid, room_for};
use crate::hash::mix::scale;
use crate::preference::by_derived_hashes;
use crate::{Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// AnchorHash: any node may go, and only its hashes move; up to a number of nodes that is fixed from the start.
///
/// A hash falls on one of `capacity` buckets, all equally likely. Where that has no node, it draws among those that had one when
/// the bucket lost its own; and so on.
///
/// Lookup 1 + ln(capacity / nodes) draws, expected: 1 ns when full, 2 with a tenth of the capacity to spare, 5 with half that was never
/// used, 8 with half of the nodes removed. Four
/// bytes for each of `capacity`, and eight more for each to spare. **Removing any node** moves its 1/n, evenly to all others, and
/// nothing else; adding one moves 1/(n+1), all to it: both the least possible. Balance is perfect.
///
/// A node that is added gets the bucket of the one that was removed last: after several removals, only if the nodes come back in
/// reverse order is everything as it was. Who owns what depends on the order of all additions and removals: processes agree only if they
/// did the same in the same order. Weights are not supported.
///
/// **Choose it** where nodes fail and come back at random, and there is a bound on how many there will be. A capacity of 1.1 to 1.5
/// times the nodes costs little. [`Memento`](crate::Memento) needs no bound and is a little slower.
///
/// ```
/// use hash_ring::{Anchor, KeyHash, Placement, Weight};
///
/// let mut backends = Anchor::new(16, KeyHash::default())?;
/// for name in ["a", "b", "c"] {
///     backends.add(name, Weight::ONE)?;
/// }
/// let owner = backends.locate_key(b"some key");
/// let other = backends.roster().iter().map(|(id, _)| id).find(|id| Some(*id) != owner);
/// backends.remove(other.unwrap())?;
/// assert_eq!(backends.locate_key(b"some key"), owner);
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// G. Mendelson, S. Vargaftik, K. Barabash, D. Lorenz, I. Keslassy, A. Orda, "AnchorHash: A Scalable Consistent Hash", 2020. Two of
/// the paper's four arrays turned out not to be needed.
#[derive(Clone, Debug)]
pub struct Anchor {
    roster: Roster,
    buckets: Replaced,
    key_hash: KeyHash,
}

impl Anchor {
    /// One without nodes, for up to `capacity` of them.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) if that is 0 or above [`Roster::MAX_NODES`].
    pub fn new(capacity: usize, key_hash: KeyHash) -> Result<Self> {
        let buckets = super::capacity(capacity)?;
        Ok(Self { roster: Roster::default(), buckets: Replaced::all_removed(buckets), key_hash })
    }

    /// How many nodes it can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buckets.buckets() as usize
    }

    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Anchor)?;
        let capacity = opened.number("capacity", 1..=Roster::MAX_NODES as u64)?;
        let (owners, removed) = (opened.buckets()?, opened.removed()?);
        opened.finish()?;
        opened.one_bucket_each(owners)?;
        room_for(capacity, BYTES_A_BUCKET, memory)?;
        let capacity = capacity as u32;
        // The others never had a node: those from here on.
        let used = owners.iter().flatten().count() + removed.len();
        let sound = owners.len() <= used && removed.iter().all(|bucket| (*bucket as usize) < used);
        if used > capacity as usize || !sound {
            let found = format!("{used} of {capacity} that have or had an owner, with gaps");
            return Err(invalid("buckets", found, "used from 0 on, and no more than there are"));
        }
        let vacant = core::iter::repeat_n(None, capacity as usize - owners.len());
        let owners = owners.iter().map(|owner| owner.map(NodeId)).chain(vacant);
        let unused = (used as u32..capacity).rev();
        Ok(Self {
            roster: all_unweighted(Algorithm::Anchor, opened.roster())?,
            buckets: Replaced::of(owners, unused.chain(removed.iter().copied())),
            key_hash: description.key_hash(),
        })
    }
}

/// What a bucket takes while the history is being played: 4 for itself, 8 for its removal, in vectors that double.
const BYTES_A_BUCKET: u64 = 36;

impl Placement for Anchor {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Anchor
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        if self.roster.is_empty() {
            return None;
        }
        let bucket = scale(hash, u64::from(self.buckets.buckets()));
        Some(self.buckets.resolve(bucket as u32, hash))
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        by_derived_hashes(&self.roster, hash, |hash| self.locate(hash), visit);
    }

    /// Besides the trait's: [`TooManyNodes`](Error::TooManyNodes) beyond the capacity.
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        unweighted(Algorithm::Anchor, weight)?;
        if self.buckets.removed() == 0 || self.roster.id_bound() >= Replaced::ID_BOUND {
            return Err(Error::TooManyNodes { max: self.capacity() });
        }
        let node = self.roster.add(name, weight)?;
        self.buckets.restore(node);
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let bucket = self.buckets.bucket_of(node).ok_or(Error::UnknownNode { node })?;
        self.roster.remove(node)?;
        self.buckets.remove(bucket);
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        stay_unweighted(Algorithm::Anchor, &self.roster, node, weight)
    }

    /// Without the buckets that never had an owner: they are the last ones, and were removed from the last on.
    fn describe(&self) -> Description {
        let unused = self.buckets.history().zip((0..self.buckets.buckets()).rev());
        let unused = unused.take_while(|(removed, last)| removed == last).count();
        Describer::new(self)
            .number("capacity", self.buckets.buckets().into())
            .buckets(self.buckets.owners())
            .removed(self.buckets.history().skip(unused))
            .finish()
    }

    fn heap_bytes(&self) -> usize {
        self.buckets.heap_bytes()
    }
}
