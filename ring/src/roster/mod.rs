//! Which nodes there are: their names, ids and weights.

mod names;

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::hash::node_hash;
use crate::{Error, Result, Weight};
use names::{Names, Taken};

/// A node of one placement and its descendants (clones, snapshots).
///
/// Given out in ascending order and never twice, so that a stale id can be told from a new node's. Two placements
/// that were built apart agree on names, not on ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The number behind it, for arrays that are indexed by node: below [`Roster::id_bound`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// A node of a [`Description`](crate::Description).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    name: Box<str>,
    weight: Weight,
}

impl Node {
    pub(crate) fn new(name: Box<str>, weight: Weight) -> Self {
        Self { name, weight }
    }

    /// What it is called, in every process: this is what is hashed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its share in relation to the others'.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.weight
    }
}

/// A node as the [`Roster`] knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRef<'r> {
    name: &'r str,
    weight: Weight,
}

impl<'r> NodeRef<'r> {
    /// What it is called, in every process: this is what is hashed.
    #[must_use]
    pub const fn name(self) -> &'r str {
        self.name
    }

    /// Its share in relation to the others'.
    #[must_use]
    pub const fn weight(self) -> Weight {
        self.weight
    }

    pub(crate) fn to_node(self) -> Node {
        Node::new(self.name.into(), self.weight)
    }
}

/// The nodes of a placement, in the order of their ids.
///
/// Costs the name and 9 to 14 bytes for each node, 4 more once nodes were removed, and 4 more once weights are not all 1; no lookup of
/// a key reads a name. A node enters in O(1), amortised, and leaves in O(n) of moving memory.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    names: Names,
    /// By position; empty as long as ids are positions.
    ids: Vec<NodeId>,
    /// By position; empty as long as all are [`Weight::ONE`].
    weights: Vec<Weight>,
    next: u32,
    total_weight: u64,
}

impl Roster {
    /// The most nodes that a placement holds.
    pub const MAX_NODES: usize = 1 << 20;
    /// The longest name, in bytes.
    pub const MAX_NAME_LEN: usize = 1024;

    /// With nodes that are in the order of their names and fit, as those of a description are: their places are their ids. O(n).
    pub(crate) fn of(nodes: &[Node]) -> Self {
        debug_assert!(nodes.is_sorted_by(|a, b| a.name() < b.name()));
        let mut roster = Self {
            names: Names::sorted(nodes.iter().map(Node::name)),
            next: nodes.len() as u32,
            total_weight: nodes.iter().map(|node| u64::from(node.weight().raw())).sum(),
            ..Self::default()
        };
        if nodes.iter().any(|node| node.weight() != Weight::ONE) {
            roster.weights = nodes.iter().map(Node::weight).collect();
        }
        roster
    }

    /// Makes room for nodes of those names, a sixteenth more, and one. Returns for how many that is.
    pub(crate) fn reserve<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> usize {
        let (mut count, mut bytes, mut longest) = (0, 0, 0);
        // More than there may be are refused one by one.
        for name in names.take(Self::MAX_NODES) {
            let len = name.len().min(Self::MAX_NAME_LEN);
            (count, bytes, longest) = (count + 1, bytes + len, len.max(longest));
        }
        let room = count + count / 16 + 1;
        self.names.reserve(room, bytes + longest.max(bytes / 16));
        room
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The node of an id, if it is here. O(1) as long as none was removed, else O(log n).
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<NodeRef<'_>> {
        self.at(self.position(id)?)
    }

    #[inline]
    fn at(&self, position: usize) -> Option<NodeRef<'_>> {
        let weight = self.weights.get(position).copied().unwrap_or(Weight::ONE);
        Some(NodeRef { name: self.names.get(position)?, weight })
    }

    /// Where a node is in the order of ids.
    #[inline]
    pub(crate) fn position(&self, id: NodeId) -> Option<usize> {
        if self.ids.is_empty() {
            return Some(id.index()).filter(|position| *position < self.len());
        }
        self.ids.binary_search(&id).ok()
    }

    /// The id of the node at a position, which is one.
    #[inline]
    pub(crate) fn id_at(&self, position: usize) -> NodeId {
        self.ids.get(position).copied().unwrap_or(NodeId(position as u32))
    }

    /// The id of a name. O(1), expected; O(log n) of a placement that was built of a description.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.names.find(name).map(|position| self.id_at(position))
    }

    /// All nodes, in the order of their ids.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (NodeId, NodeRef<'_>)> + ExactSizeIterator {
        // All of these positions are there.
        let nobody = NodeRef { name: "", weight: Weight::ONE };
        (0..self.len()).map(move |at| (self.id_at(at), self.at(at).unwrap_or(nobody)))
    }

    /// All nodes, in the order of their names. O(n log n).
    pub(crate) fn by_name(&self) -> impl Iterator<Item = (NodeId, NodeRef<'_>)> {
        let order = self.names.order().into_iter().map(|position| position as usize);
        order.filter_map(|at| Some((self.id_at(at), self.at(at)?)))
    }

    /// One more than the highest [`NodeId::index`] ever given out.
    #[must_use]
    pub fn id_bound(&self) -> usize {
        self.next as usize
    }

    /// The sum of all weights, in 65,536ths.
    #[must_use]
    pub fn total_weight(&self) -> u64 {
        self.total_weight
    }

    /// What a node's share is by weight, from 0 to 1; 0 if it is not here.
    #[must_use]
    pub fn ideal_share(&self, id: NodeId) -> f64 {
        self.get(id).map_or(0.0, |node| f64::from(node.weight.raw()) / self.total_weight as f64)
    }

    /// That it can be the name of a node.
    pub(crate) fn check_name(name: &str) -> Result<()> {
        if name.is_empty() || name.len() > Self::MAX_NAME_LEN {
            return Err(Error::NameLength { found: name.len() });
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        self.add_hashed(name, node_hash(name), weight)
    }

    /// The same for who has the [`node_hash`] of the name already.
    pub(crate) fn add_hashed(&mut self, name: &str, hash: u64, weight: Weight) -> Result<NodeId> {
        Self::check_name(name)?;
        let position = self.len();
        if position >= Self::MAX_NODES || self.next == u32::MAX {
            // Whoever is there already is told so.
            return Err(match self.find(name) {
                Some(_) => Error::DuplicateName { name: name.to_string() },
                None => Error::TooManyNodes { max: Self::MAX_NODES },
            });
        }
        if let Err(Taken) = self.names.push(name, hash) {
            return Err(Error::DuplicateName { name: name.to_string() });
        }
        let id = NodeId(self.next);
        self.next += 1;
        self.total_weight += u64::from(weight.raw());
        if !self.ids.is_empty() || id.index() != position {
            self.list_ids(position);
            self.ids.push(id);
        }
        if !self.weights.is_empty() || weight != Weight::ONE {
            self.list_weights(position);
            self.weights.push(weight);
        }
        Ok(id)
    }

    /// Writes down what the first `len` ids are.
    fn list_ids(&mut self, len: usize) {
        if self.ids.is_empty() {
            self.ids = (0..len as u32).map(NodeId).collect();
        }
    }

    /// Writes down what the first `len` weights are.
    fn list_weights(&mut self, len: usize) {
        if self.weights.is_empty() {
            self.weights = vec![Weight::ONE; len];
        }
    }

    pub(crate) fn remove(&mut self, id: NodeId) -> Result<Node> {
        let unknown = || Error::UnknownNode { node: id };
        let position = self.position(id).ok_or_else(unknown)?;
        let node = self.at(position).ok_or_else(unknown)?.to_node();
        self.list_ids(self.len());
        self.ids.remove(position);
        self.names.remove(position);
        if !self.weights.is_empty() {
            self.weights.remove(position);
        }
        self.total_weight -= u64::from(node.weight.raw());
        Ok(node)
    }

    /// Returns the weight it had.
    pub(crate) fn reweight(&mut self, id: NodeId, weight: Weight) -> Result<Weight> {
        let position = self.position(id).ok_or(Error::UnknownNode { node: id })?;
        self.list_weights(self.len());
        let before = core::mem::replace(&mut self.weights[position], weight);
        self.total_weight += u64::from(weight.raw());
        self.total_weight -= u64::from(before.raw());
        Ok(before)
    }
}

/// The same nodes with the same ids, and the same id for the next one.
impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        self.next == other.next && self.iter().eq(other.iter())
    }
}

impl Eq for Roster {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_never_given_out_twice() {
        let mut roster = Roster::default();
        let a = roster.add("a", Weight::ONE).unwrap();
        roster.remove(a).unwrap();
        let again = roster.add("a", Weight::ONE).unwrap();
        assert_ne!(a, again);
        assert_eq!(roster.find("a"), Some(again));
        assert_eq!(roster.remove(a), Err(Error::UnknownNode { node: a }));
        assert_eq!(roster.id_bound(), 2);
    }

    #[test]
    fn bad_names_change_nothing() {
        let mut roster = Roster::default();
        roster.add("a", Weight::ONE).unwrap();
        let before = roster.clone();
        assert!(matches!(roster.add("a", Weight::ONE), Err(Error::DuplicateName { .. })));
        assert!(matches!(roster.add("", Weight::ONE), Err(Error::NameLength { found: 0 })));
        let long = "x".repeat(Roster::MAX_NAME_LEN + 1);
        assert!(matches!(roster.add(&long, Weight::ONE), Err(Error::NameLength { .. })));
        assert_eq!(roster, before);
    }

    #[test]
    fn weights_add_up() {
        let mut roster = Roster::default();
        let a = roster.add("a", Weight::ONE).unwrap();
        let b = roster.add("b", Weight::new(3.0).unwrap()).unwrap();
        assert_eq!(roster.ideal_share(b), 0.75);
        assert_eq!(roster.reweight(b, Weight::ONE).unwrap().get(), 3.0);
        assert_eq!(roster.ideal_share(a), 0.5);
        roster.remove(b).unwrap();
        assert_eq!(roster.total_weight(), 1 << 16);
    }
}
