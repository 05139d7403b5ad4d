//! A fixed number of ranges over any placement.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use crate::hash::mix::derive;
use crate::{
    Arc, Arcs, Error, HashRange, KeyHash, NodeId, Owners, Ownership, Placement, Result, Roster,
};

/// The hashes in 2^bits equal ranges, of which each as a whole belongs to whom a placement gives the number of the range.
///
/// So any algorithm has ranges, and thereby exact [`Balance`](crate::Balance) and [`plan`](crate::plan())s, and data can be kept, moved and
/// repaired by partition: strategy 3 of G. DeCandia and others, "Dynamo: Amazon's Highly Available Key-value Store", 2007; placement groups of
/// S. Weil and others, "Ceph: A Scalable, High-Performance Distributed File System", 2006.
///
/// * **Lookup** a shift and a load. **Memory** 4 bytes a partition.
/// * **Balance**: whatever the algorithm's, besides each of n nodes has a whole number of the p partitions: with an algorithm that is
///   perfectly even by itself, the standard deviation of the load is √(n/p).
/// * **Adding and removing** is done on the placement; then a new view is made: one lookup a partition.
///
/// ```
/// use hash_ring::{Balance, Partitions, Placement, Ring, Tokens, Weight, plan};
///
/// // Any placement will do; `plan(&before, &after)` fails for those that scatter hashes.
/// let mut nodes = Ring::default();
/// for name in ["a", "b", "c"] {
///     nodes.add(name, Weight::ONE)?;
/// }
/// let before = Partitions::of(&nodes, 12)?;
/// let mut more = nodes.clone();
/// more.add("d", Weight::ONE)?;
/// let after = Partitions::of(&more, 12)?;
/// let plan = plan(&before, &after)?;
/// assert_eq!(plan.moved() % (1 << 52), 0); // whole partitions
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Partitions<'a> {
    roster: &'a Roster,
    key_hash: KeyHash,
    bits: u32,
    /// Of each partition; none if there are no nodes.
    owners: Vec<NodeId>,
}

impl<'a> Partitions<'a> {
    /// The most bits: 16,777,216 partitions.
    pub const MAX_BITS: u32 = 24;

    /// Asks `placement` for the owner of each of 2^`bits` partitions.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for more than [`MAX_BITS`](Self::MAX_BITS).
    pub fn of<P: Placement + ?Sized>(placement: &'a P, bits: u32) -> Result<Self> {
        if bits > Self::MAX_BITS {
            return Err(Error::InvalidParameter {
                parameter: "bits of a partition's number",
                found: format!("{bits}"),
                allowed: "0 to 24",
            });
        }
        let owners = (0..1u64 << bits).map_while(|number| placement.locate(Self::hash_of(number)));
        Ok(Self {
            roster: placement.roster(),
            key_hash: placement.key_hash(),
            bits,
            owners: owners.collect(),
        })
    }

    /// The hash by which a placement is asked for a partition: for its replicas, ask the placement for those of this hash.
    #[must_use]
    pub fn hash_of(partition: u64) -> u64 {
        derive(0x7061_7274_6974_696F, partition)
    }

    /// How many partitions there are.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    #[must_use]
    pub fn len(&self) -> usize {
        1 << self.bits
    }

    /// The partition of a hash: its highest bits.
    #[inline]
    #[must_use]
    pub fn partition(&self, hash: u64) -> u64 {
        // In two steps, since no shift is by 64.
        hash >> 1 >> (u64::BITS - 1 - self.bits)
    }

    /// The hashes of a partition; `None` if there is no such partition.
    #[must_use]
    pub fn range(&self, partition: u64) -> Option<HashRange> {
        if partition >= self.len() as u64 {
            return None;
        }
        let rest = u64::MAX.checked_shr(self.bits).unwrap_or(0);
        let first = partition.checked_shl(u64::BITS - self.bits).unwrap_or(0);
        HashRange::new(first, first | rest)
    }

    /// Who owns a partition; `None` if there is no such partition, or there are no nodes.
    #[must_use]
    pub fn owner(&self, partition: u64) -> Option<NodeId> {
        self.owners.get(usize::try_from(partition).ok()?).copied()
    }

    /// Who owns a hash; `None` only if there are no nodes.
    #[inline]
    #[must_use]
    pub fn locate(&self, hash: u64) -> Option<NodeId> {
        self.owners.get(self.partition(hash) as usize).copied()
    }

    /// Who owns a key, hashed as the placement hashes keys.
    #[must_use]
    pub fn locate_key(&self, key: &[u8]) -> Option<NodeId> {
        self.locate(self.key_hash.hash(key))
    }

    /// The nodes.
    #[must_use]
    pub fn roster(&self) -> &'a Roster {
        self.roster
    }

    /// The ranges in ascending order, one a partition; none if there are no nodes.
    #[must_use]
    pub fn arcs(&self) -> Arcs<'_> {
        let arcs = self.owners.iter().zip(0..).filter_map(|(owner, partition)| {
            Some(Arc { range: self.range(partition)?, owner: *owner })
        });
        Box::new(arcs)
    }
}

impl Ownership for Partitions<'_> {
    fn owners(&self) -> Result<Owners<'_>> {
        Ok(Owners { roster: self.roster, arcs: self.arcs() })
    }
}
