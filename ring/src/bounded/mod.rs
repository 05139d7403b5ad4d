//! Consistent hashing with bounded loads: no node gets more than its fair share times a factor.
//!
//! Vahab Mirrokni, Mikkel Thorup and Morteza Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016 (SODA 2018). A placement
//! balances keys, not requests: one popular key is one node's trouble. Here each node has a capacity of c times its share of all
//! requests that are open at the moment, and a request goes to the first node in its order of preference that is below its own. With
//! c = 1.25 no node ever does more than a quarter more than its part; with a great c it is the placement below. HAProxy
//! (`hash-balance-factor`) and Envoy have it for their rings; this one goes over any [`Placement`] and takes weights.
//!
//! **Cost.** Two atomic additions and two multiplications a request on top of the lookup, and one addition and one subtraction at
//! its end: the count of the node, and the count of all. That is some 8 ns for one thread; the count of all is one cache line, for which
//! threads that do nothing else wait some 50 ns (two threads, 100 nodes). Nothing is allocated and no lock is taken. A request whose owner is full asks the next ones in order: few, unless c is next to 1 (for c below 2, the paper
//! bounds what one change moves by O(1/(c-1)^2)). Memory: 16 bytes for each id ever given out.
//!
//! **When to choose it.** Requests that any node can serve and that are dearer than a lookup: caches, proxies, sessions at their
//! beginning. Not for data that has one home, since a key's node depends on the load of the moment.
//!
//! Needs 64-bit atomics; no feature and no standard library.

mod counters;
mod factor;
mod lease;
#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;
use core::ops::ControlFlow;

use counters::Counters;
pub use factor::CapacityFactor;
pub use lease::Lease;

use crate::{Algorithm, Arcs, Description, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// A placement whose nodes have capacities: see the [paper](https://arxiv.org/abs/1608.01350).
///
/// A request is counted from [`acquire`](Self::acquire) until the [`Lease`] is dropped, or from [`assign`](Self::assign) to
/// [`release`](Self::release). As a [`Placement`] it is the one below: [`locate`](Placement::locate), [`prefer`](Placement::prefer),
/// [`describe`](Placement::describe) and the like do not look at loads.
///
/// # What holds
/// The capacity of a node is ceil(c * total * weight / sum of weights), where `total` counts every request open, this one
/// included.
///
/// - **No claim exceeds a capacity.** A request is first counted into the total, then takes its place on a node by compare-and-exchange,
///   and only if that leaves the node at most at its capacity, computed from a total that was read during this very call. So as long
///   as nothing is released and nobody leaves, no node is above its capacity at any moment, with any number of threads.
/// - **The total may be ahead** of the requests that have a place: by those that are looking for one, which is at most one a
///   thread. It may have been lowered between the moment it was read and the claim.
/// - **Releases lower the total**, and with it all capacities; requests that are open stay where they are. The nodes that are then
///   over get nothing new until they are below. (The paper moves them; a request cannot be moved.)
/// - **Every request finds a place** if there are nodes: c above 1 makes the sum of capacities larger than the total. It is lock-free:
///   who finds all nodes full, one after the other, was overtaken by others who found room, and looks again.
///
/// # When nodes come and go
/// [Clones](Clone) count together: they are snapshots of one placement, and requests counted through one are released through it or any
/// later one. A node that comes has a count of 0 and its capacity at once. A node that leaves gets nothing new from this placement on; the
/// requests that it has can be released still, but no longer count into the total that capacities are computed from. Those who still use an
/// older snapshot may give it more. Ids are never given out twice, so a late release never hits another node.
///
/// Two clones that are *both* changed are no longer snapshots of one placement, and give out the same ids for different nodes: one of
/// them has to be made [`independent`](Self::independent) first.
///
/// # Example
/// ```
/// use hash_ring::{Bounded, CapacityFactor, Memento, Placement, Weight};
///
/// let mut nodes = Bounded::new(Memento::default(), CapacityFactor::new(1.25)?);
/// for name in ["a", "b", "c", "d"] {
///     nodes.add(name, Weight::ONE)?;
/// }
/// if let Some(lease) = nodes.acquire_key(b"GET /popular") {
///     assert_eq!(Some(lease.node()), nodes.locate_key(b"GET /popular"));
///     assert_eq!(nodes.load(lease.node()), 1);
///     // ... send the request to nodes.roster().get(lease.node()) ...
/// } // counted until here
///
/// // Eight requests for one key: its node serves no more than ceil(1.25 * 8 / 4) of them.
/// let leases: Vec<_> = (0..8).filter_map(|_| nodes.acquire_key(b"GET /popular")).collect();
/// assert_eq!(leases.len(), 8);
/// assert!(nodes.roster().iter().all(|(node, _)| nodes.load(node) <= 3));
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone)]
pub struct Bounded<P> {
    placement: P,
    factor: CapacityFactor,
    counters: Counters,
    /// The factor times the weight, by [`NodeId::index`]; 0 for those that are not here.
    shares: Vec<u64>,
    total_weight: u64,
    /// Nodes that left, and may have requests open.
    departed: Vec<NodeId>,
}

impl<P: Placement> Bounded<P> {
    /// Over a placement, with all counts at 0.
    #[must_use]
    pub fn new(placement: P, factor: CapacityFactor) -> Self {
        let mut bounded = Self {
            placement,
            factor,
            counters: Counters::default(),
            shares: Vec::new(),
            total_weight: 0,
            departed: Vec::new(),
        };
        bounded.follow_all();
        bounded
    }

    /// Takes a place on the first node in the order which `hash` prefers that has room, until the lease is dropped. `None`
    /// only if there are no nodes.
    pub fn acquire(&self, hash: u64) -> Option<Lease<'_>> {
        self.assign(hash).map(|node| Lease::new(&self.counters, node))
    }

    /// As [`acquire`](Self::acquire), for a key.
    pub fn acquire_key(&self, key: &[u8]) -> Option<Lease<'_>> {
        self.acquire(self.placement.key_hash().hash(key))
    }

    /// As [`acquire`](Self::acquire), for those who count themselves: the place is taken until [`release`](Self::release) is called with
    /// the node.
    #[inline]
    pub fn assign(&self, hash: u64) -> Option<NodeId> {
        let owner = self.placement.locate(hash)?;
        let total = self.members(self.counters.count());
        if self.claim(owner, total) { Some(owner) } else { Some(self.assign_next(hash, total)) }
    }

    /// Gives back a place on a node, also on one that left. Whether there was one: `false` is a release too many, or one through a snapshot
    /// that is older than the node.
    pub fn release(&self, node: NodeId) -> bool {
        self.counters.release(node)
    }

    /// How many requests are open on a node, also on one that left.
    #[must_use]
    pub fn load(&self, node: NodeId) -> u64 {
        self.counters.of(node)
    }

    /// How many requests are open on all nodes that are here, with those that are just looking for a place.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.members(self.counters.total())
    }

    /// How many requests a node may have when one more comes now: ceil(c * (total + 1) * weight / sum of weights), and 0 if it is not
    /// here.
    #[must_use]
    pub fn capacity(&self, node: NodeId) -> u64 {
        let Some(share @ 1..) = self.shares.get(node.index()).copied() else { return 0 };
        let total = u128::from(self.total()) + 1;
        u64::try_from((u128::from(share) * total).div_ceil(self.whole(1))).unwrap_or(u64::MAX)
    }

    /// The capacity factor.
    #[must_use]
    pub fn factor(&self) -> CapacityFactor {
        self.factor
    }

    /// Takes another capacity factor, for requests that come from now on. O(ids).
    pub fn set_factor(&mut self, factor: CapacityFactor) {
        self.factor = factor;
        self.follow_all();
    }

    /// The placement below.
    #[must_use]
    pub fn placement(&self) -> &P {
        &self.placement
    }

    /// Does something to the placement below that [`Placement`] has no method for, and follows with the nodes and weights that are
    /// then there. O(ids) on top.
    ///
    /// The placement must stay a descendant of what it was: another one has other nodes behind the same ids.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut P) -> T) -> T {
        let changed = change(&mut self.placement);
        self.follow_all();
        changed
    }

    /// The placement below, without the counts.
    #[must_use]
    pub fn into_placement(self) -> P {
        self.placement
    }

    /// The same with counts of its own, all 0.
    #[must_use]
    pub fn independent(self) -> Self {
        Self::new(self.placement, self.factor)
    }

    /// The owner is full: asks all others in order, until there is room.
    #[cold]
    fn assign_next(&self, hash: u64, mut total: u64) -> NodeId {
        loop {
            let mut taken = None;
            self.placement.prefer(hash, &mut |node| {
                if self.claim(node, total) {
                    taken = Some(node);
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
            if let Some(node) = taken {
                return node;
            }
            core::hint::spin_loop();
            total = self.members(self.counters.total());
        }
    }

    /// Takes a place if the node is below its capacity, computed from `total` with the request in it.
    #[inline]
    fn claim(&self, node: NodeId, total: u64) -> bool {
        let share = self.shares.get(node.index()).copied().unwrap_or(0);
        // load < ceil(x) is load < x for an integer load: no division.
        let room = u128::from(share) * u128::from(total);
        self.counters.claim(node, |load| self.whole(load) < room)
    }

    /// What `load` is in the unit in which share times total is.
    #[inline]
    fn whole(&self, load: u64) -> u128 {
        // The sum of weights is below 2^52 (2^20 nodes of 2^32), a load of 2^60 is never reached.
        (u128::from(load) * u128::from(self.total_weight)) << CapacityFactor::FRACTION_BITS
    }

    /// Of all requests open, those on nodes that are here.
    #[inline]
    fn members(&self, total: u64) -> u64 {
        if self.departed.is_empty() {
            return total;
        }
        let gone: u64 = self.departed.iter().map(|node| self.counters.of(*node)).sum();
        total.saturating_sub(gone)
    }

    /// Takes over which nodes there are, and their weights.
    fn follow_all(&mut self) {
        let before = core::mem::take(&mut self.shares);
        self.forget_idle();
        let ids: Vec<NodeId> = self.placement.roster().iter().map(|(id, _)| id).collect();
        self.grow();
        for id in &ids {
            self.follow(*id);
        }
        let here_before = before.iter().zip(0..).filter(|(share, _)| **share > 0);
        let gone = |id: &NodeId| self.shares.get(id.index()).is_none_or(|share| *share == 0);
        self.departed.extend(here_before.map(|(_, id)| NodeId(id)).filter(gone));
    }

    /// Takes over the weight of a node.
    fn follow(&mut self, node: NodeId) {
        let roster = self.placement.roster();
        self.total_weight = roster.total_weight();
        self.shares[node.index()] =
            roster.get(node).map_or(0, |node| self.factor.times(node.weight()));
    }

    /// Makes room for all ids.
    fn grow(&mut self) {
        let ids = self.placement.roster().id_bound();
        self.counters.grow(ids);
        self.shares.resize(ids, 0);
    }

    /// Forgets who left before the last change and has no request left: nobody is taken to use so old a snapshot still.
    fn forget_idle(&mut self) {
        self.departed.retain(|node| self.counters.of(*node) > 0);
    }
}

/// The placement below, whatever the loads.
impl<P: Placement + Clone + 'static> Placement for Bounded<P> {
    fn algorithm(&self) -> Algorithm {
        self.placement.algorithm()
    }

    fn roster(&self) -> &Roster {
        self.placement.roster()
    }

    fn key_hash(&self) -> KeyHash {
        self.placement.key_hash()
    }

    fn locate(&self, hash: u64) -> Option<NodeId> {
        self.placement.locate(hash)
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        self.placement.prefer(hash, visit);
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let node = self.placement.add(name, weight)?;
        self.forget_idle();
        self.grow();
        self.follow(node);
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        self.placement.remove(node)?;
        self.forget_idle();
        self.follow(node);
        self.departed.push(node);
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        self.placement.reweight(node, weight)?;
        self.follow(node);
        Ok(())
    }

    fn describe(&self) -> Description {
        self.placement.describe()
    }

    fn arcs(&self) -> Option<Arcs<'_>> {
        self.placement.arcs()
    }

    fn heap_bytes(&self) -> usize {
        let own = self.shares.capacity() * size_of::<u64>()
            + self.departed.capacity() * size_of::<NodeId>();
        self.placement.heap_bytes() + self.counters.heap_bytes() + own
    }
}

impl<P: fmt::Debug> fmt::Debug for Bounded<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded")
            .field("placement", &self.placement)
            .field("factor", &self.factor)
            .field("total", &self.counters.total())
            .finish_non_exhaustive()
    }
}
