//! Which nodes there are: their names, ids and weights.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use crate::{Error, Result, Weight};

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

/// A node as the [`Roster`] knows it.
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

/// The nodes of a placement, in the order of their ids.
///
/// Costs 32 bytes and the name for each node; no lookup of a key touches it. Nodes enter and leave in O(n) of moving memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// In the order of ids.
    nodes: Vec<(NodeId, Node)>,
    /// In the order of names.
    by_name: Vec<NodeId>,
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
        let ids = (0..).map(NodeId);
        Self {
            nodes: ids.clone().zip(nodes.iter().cloned()).collect(),
            by_name: ids.take(nodes.len()).collect(),
            next: nodes.len() as u32,
            total_weight: nodes.iter().map(|node| u64::from(node.weight().raw())).sum(),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node of an id, if it is here.
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.position(id).ok().map(|at| &self.nodes[at].1)
    }

    fn position(&self, id: NodeId) -> Result<usize, usize> {
        self.nodes.binary_search_by_key(&id, |(id, _)| *id)
    }

    /// Where a name is in the order of names, or would be.
    fn rank(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|id| self.get(*id).map_or("", Node::name).cmp(name))
    }

    /// The id of a name. O(log^2 n).
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.rank(name).ok().map(|rank| self.by_name[rank])
    }

    /// All nodes, in the order of their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> + ExactSizeIterator {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    /// All nodes, in the order of their names.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.by_name.iter().filter_map(|id| self.get(*id).map(|node| (*id, node)))
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

    pub(crate) fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        Self::check_name(name)?;
        let Err(rank) = self.rank(name) else {
            return Err(Error::DuplicateName { name: name.to_string() });
        };
        if self.len() >= Self::MAX_NODES || self.next == u32::MAX {
            return Err(Error::TooManyNodes { max: Self::MAX_NODES });
        }
        let id = NodeId(self.next);
        self.next += 1;
        self.total_weight += u64::from(weight.raw());
        self.by_name.insert(rank, id);
        self.nodes.push((id, Node { name: name.into(), weight }));
        Ok(id)
    }

    pub(crate) fn remove(&mut self, id: NodeId) -> Result<Node> {
        let at = self.position(id).map_err(|_| Error::UnknownNode { node: id })?;
        if let Ok(rank) = self.rank(&self.nodes[at].1.name) {
            self.by_name.remove(rank);
        }
        let (_, node) = self.nodes.remove(at);
        self.total_weight -= u64::from(node.weight.raw());
        Ok(node)
    }

    /// Returns the weight it had.
    pub(crate) fn reweight(&mut self, id: NodeId, weight: Weight) -> Result<Weight> {
        let at = self.position(id).map_err(|_| Error::UnknownNode { node: id })?;
        let before = core::mem::replace(&mut self.nodes[at].1.weight, weight);
        self.total_weight += u64::from(weight.raw());
        self.total_weight -= u64::from(before.raw());
        Ok(before)
    }
}

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
