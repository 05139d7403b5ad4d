//! A fixed number of slots, each assigned to a node explicitly.
//!
//! What Redis Cluster does with 16,384 "hash slots", Couchbase with 1,024 "vBuckets" and many a database with its partitions:
//! hashes are divided into equal ranges once and for all, and a table, which somebody keeps, says who has which.
//!
//! | | |
//! |---|---|
//! | lookup | O(1): a multiplication and a load, about 1 ns |
//! | memory | 2 bytes a slot (4 once ids pass 65,535), whatever the number of nodes |
//! | add, remove, re-weight | O(slots + nodes · log nodes); moves exactly the least number of slots that makes every share less than one slot from that by weight |
//! | balance | every node less than one slot from its share by weight, until somebody [assigns](Slots::assign) slots |
//! | replicas | the owner, then the others by highest random weight of the slot: the same for all keys of a slot |
//!
//! The table depends on the order of all changes: it is state, to be stored and shared.
//! Slots that move are the highest of who gives, so that what a node has stays in few ranges.
//!
//! Choose it where data moves in whole partitions, and where an operator or a coordinator decides what is where.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::{Redistribution, SlotTable};
use crate::canonical::{Describer, Opened, invalid, room_for};
use crate::hash::mix::{first_of, scale};
use crate::hash::node_hash;
use crate::rendezvous::straws::{Straws, key_of};
use crate::{
    Algorithm, Arcs, Description, Error, HashRange, KeyHash, NodeId, Placement, Result, Roster,
    Weight,
};

/// A fixed number of equal ranges of hashes, assigned to nodes.
///
/// With [`KeyHash::RedisSlot`] and 16,384 slots these are Redis Cluster's.
///
/// ```
/// use hash_ring::{KeyHash, Placement, Slots, Weight};
///
/// let mut cluster = Slots::new(KeyHash::RedisSlot);
/// let a = cluster.add("redis-a", Weight::ONE)?;
/// let b = cluster.add("redis-b", Weight::ONE)?;
/// assert_eq!(cluster.slots_of(a).count(), 8192);
///
/// let slot = cluster.slot_of(KeyHash::RedisSlot.hash(b"{user1000}.following"));
/// assert_eq!(slot, 3443); // CLUSTER KEYSLOT says the same
/// cluster.assign(slot, b)?;
/// assert_eq!(cluster.locate_key(b"{user1000}.followers"), Some(b));
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Slots {
    roster: Roster,
    key_hash: KeyHash,
    count: u32,
    table: SlotTable,
    /// Who comes after the owner.
    straws: Straws,
    /// Whose straws they are: by name, so that the first wins a tie.
    nodes: Vec<NodeId>,
}

/// What a slot takes while it is being filled: four bytes twice.
const BYTES_A_SLOT: u64 = 8;

impl Slots {
    /// The number of slots unless told otherwise: Redis Cluster's.
    pub const COUNT: u32 = 16_384;
    /// The most slots: 2^24.
    pub const MAX_COUNT: u32 = 1 << 24;

    /// With 16,384 slots.
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self {
            roster: Roster::default(),
            key_hash,
            count: Self::COUNT,
            table: SlotTable::new(),
            straws: Straws::default(),
            nodes: Vec::new(),
        }
    }

    /// With `count` slots.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless it is from 1 to 2^24.
    pub fn with_count(count: u32, key_hash: KeyHash) -> Result<Self> {
        if !(1..=Self::MAX_COUNT).contains(&count) {
            return Err(Self::invalid_count(count as usize));
        }
        Ok(Self { count, ..Self::new(key_hash) })
    }

    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Slots)?;
        let count = opened.number("slots", 1..=Self::MAX_COUNT.into())?;
        let runs = opened.slots()?;
        opened.finish()?;
        let owned: u64 = runs.iter().map(|run| u64::from(run.length)).sum();
        if owned != if description.nodes().is_empty() { 0 } else { count } {
            let found = format!("{owned} of {count} of them");
            return Err(invalid("slots that nodes own", found, "all, or none without nodes"));
        }
        // Also without nodes: the first one gets them all.
        room_for(count, BYTES_A_SLOT, memory)?;
        let mut owners = Vec::with_capacity(owned as usize);
        for run in runs {
            let owner = opened.owner("slot", run.owner)?;
            owners.resize(owners.len() + run.length as usize, owner);
        }
        let mut slots = Self::with_count(count as u32, description.key_hash())?;
        slots.roster = opened.roster();
        slots.table = SlotTable::of(owners.iter().copied());
        for (place, (id, node)) in slots.roster.iter().enumerate() {
            slots.nodes.push(id);
            slots.straws.insert(place, node_hash(node.name()), node.weight().raw().into());
        }
        Ok(slots)
    }

    fn invalid_count(found: usize) -> Error {
        Error::InvalidParameter {
            parameter: "count",
            found: format!("{found}"),
            allowed: "from 1 to 2^24 slots",
        }
    }

    /// With those nodes, and an owner for each slot in turn: an index into `nodes`. What
    /// [`assignment`](Self::assignment) gave, for one.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless there are 1 to 2^24 slots and every owner is one of `nodes`; those of
    /// [`add`](Placement::add).
    pub fn from_assignment<N: AsRef<str>>(
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (N, Weight)>,
        owners: &[u32],
    ) -> Result<Self> {
        let count = u32::try_from(owners.len()).map_err(|_| Self::invalid_count(owners.len()))?;
        let mut slots = Self::with_count(count, key_hash)?;
        for (name, weight) in nodes {
            slots.enter(name.as_ref(), weight)?;
        }
        slots.table = SlotTable::read(owners, slots.nodes.len())?;
        Ok(slots)
    }

    /// How many slots there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The slot of a hash.
    #[inline]
    #[must_use]
    pub fn slot_of(&self, hash: u64) -> u32 {
        scale(hash, u64::from(self.count)) as u32
    }

    /// The hashes of a slot; `None` if there is no such slot.
    #[must_use]
    pub fn range(&self, slot: u32) -> Option<HashRange> {
        if slot >= self.count {
            return None;
        }
        let first_of = |slot| first_of(u64::from(slot), u64::from(self.count));
        HashRange::new(first_of(slot) as u64, (first_of(slot + 1) - 1) as u64)
    }

    /// The owner of a slot; `None` if there is no such slot, or no node.
    #[must_use]
    pub fn owner(&self, slot: u32) -> Option<NodeId> {
        self.table.get(slot as usize)
    }

    /// The owner of each slot in turn; nothing without nodes.
    pub fn assignment(&self) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.table.iter()
    }

    /// The slots of a node, in order. O(slots).
    pub fn slots_of(&self, node: NodeId) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(self.table.iter()).filter(move |(_, owner)| *owner == node).map(|(slot, _)| slot)
    }

    /// Gives a slot to a node, whatever its share. The next change of nodes or weights evens shares out again. O(slots).
    ///
    /// # Errors
    /// [`UnknownNode`](Error::UnknownNode); [`InvalidParameter`](Error::InvalidParameter) if there is no such slot.
    pub fn assign(&mut self, slot: u32, node: NodeId) -> Result<()> {
        self.assign_range(slot, slot, node)
    }

    /// Gives the slots from `first` to `last`, both included, to a node, as [`assign`](Self::assign) one. O(slots).
    ///
    /// # Errors
    /// [`UnknownNode`](Error::UnknownNode); [`InvalidParameter`](Error::InvalidParameter) if those are not slots in order.
    pub fn assign_range(&mut self, first: u32, last: u32, node: NodeId) -> Result<()> {
        if self.roster.get(node).is_none() {
            return Err(Error::UnknownNode { node });
        }
        if first > last || last >= self.count {
            return Err(Error::InvalidParameter {
                parameter: "slot",
                found: format!("{first} to {last}, of {} slots", self.count),
                allowed: "slots that there are, in order",
            });
        }
        let slots = first as usize..=last as usize;
        match &mut self.table {
            SlotTable::Narrow(owners) if node.0 <= u32::from(u16::MAX) => {
                owners[slots].fill(node.0 as u16);
            }
            SlotTable::Wide(owners) => owners[slots].fill(node.0),
            SlotTable::Narrow(_) => {
                let mut owners: Vec<u32> = self.table.iter().map(|owner| owner.0).collect();
                owners[slots].fill(node.0);
                self.table = SlotTable::Wide(owners);
            }
        }
        Ok(())
    }

    /// Evens shares out again after slots were assigned: what every change of nodes or weights does. Returns how many slots moved, the
    /// least number that makes every share less than one slot from that by weight.
    pub fn rebalance(&mut self) -> u32 {
        let mut slots = Redistribution::new(&self.roster, self.count as usize, &self.table);
        let given: BTreeSet<usize> =
            (0..slots.owners.len()).rev().filter(|slot| slots.release(*slot)).collect();
        let mut taker = 0;
        for slot in &given {
            while slots.deficit.get(taker) == Some(&0) {
                taker += 1;
            }
            if let Some(deficit) = slots.deficit.get_mut(taker) {
                *deficit -= 1;
                slots.owners[*slot] = taker as u32;
            }
        }
        self.table = slots.table();
        given.len() as u32
    }

    fn enter(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let node = self.roster.add(name, weight)?;
        let name_of = |node: &NodeId| self.roster.get(*node).map(crate::NodeRef::name);
        let place = self.nodes.partition_point(|node| name_of(node) < Some(name));
        self.nodes.insert(place, node);
        self.straws.insert(place, node_hash(name), u64::from(weight.raw()));
        Ok(node)
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self::new(KeyHash::default())
    }
}

impl Placement for Slots {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Slots
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

    /// The owner, then all others by highest random weight of the slot: when nodes leave, the rest keep their order.
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        let Some(owner) = self.locate(hash) else { return };
        if visit(owner).is_break() {
            return;
        }
        let _ = self.straws.in_order(key_of(u64::from(self.slot_of(hash))), |index| {
            if self.nodes[index] == owner {
                return ControlFlow::Continue(());
            }
            visit(self.nodes[index])
        });
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let node = self.enter(name, weight)?;
        self.rebalance();
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        self.roster.remove(node)?;
        if let Some(place) = self.nodes.iter().position(|other| *other == node) {
            self.nodes.remove(place);
            self.straws.remove(place);
        }
        self.rebalance();
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        self.roster.reweight(node, weight)?;
        if let Some(place) = self.nodes.iter().position(|other| *other == node) {
            self.straws.set_weight(place, u64::from(weight.raw()));
        }
        self.rebalance();
        Ok(())
    }

    fn arcs(&self) -> Option<Arcs<'_>> {
        Some(self.table.arcs())
    }

    fn describe(&self) -> Description {
        Describer::new(self)
            .number("slots", self.count.into())
            .slots(self.table.iter().map(Some))
            .finish()
    }

    fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
            + self.straws.heap_bytes()
            + self.nodes.capacity() * size_of::<NodeId>()
    }
}
