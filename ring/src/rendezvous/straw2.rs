//! CRUSH's straw2 choice, down a topology.
//!
//! Weil, Brandt, Miller and Maltzahn, "CRUSH: Controlled, Scalable, Decentralized Placement of Replicated Data" (SC 2006), with the
//! straw2 buckets that Ceph has had since 2015: at each level every child draws `ln(u) / weight`, the highest wins, and a
//! child's weight is that of all nodes beneath it. The draws are those of [`Rendezvous`](crate::Rendezvous), in integers, so that a
//! flat `Straw2` places as it does; they are not Ceph's own (its hash has 32 bits of input and 16 of output).
//!
//! | | |
//! |---|---|
//! | lookup | O(children of each domain on the way down): 120 ns for 1,000 nodes in 3 zones of 10 racks |
//! | memory | some 100 bytes a node and 150 a domain, without the topology |
//! | add, re-weight | O(children of each domain around it); what moves is below |
//! | remove, any node | the same, backwards |
//! | balance | that of independent draws, by weight |
//! | replicas | owners of derived hashes, which is how CRUSH's `firstn` tries again; over domains by [`Replicas`](crate::Replicas) |
//!
//! **What adding moves.** A new domain at a level moves to it its share of the keys of the domain around it: the minimum there. But
//! each domain around the newcomer has become heavier, and draws from its siblings as much as the newcomer weighs, for all nodes in
//! it. So a node below `l` levels moves up to `l + 1` times the minimum (2.5 times in 3 zones of 10 racks), and one whose zone is new
//! or the only one moves less. Nothing moves between two nodes in domains that the change does not touch.
//!
//! Choose it where keys should follow the tree: where a change in a zone should mostly move keys within that zone, where weights of
//! whole racks are given, or where replicas go to distinct domains. With [`Rendezvous`](crate::Rendezvous) and
//! [`Replicas`](crate::Replicas) changes move less, but each lookup asks every node.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::straws::key_of;
use super::tree::{Child, StrawTree};
use crate::canonical::{Describer, Opened};
use crate::hash::node_hash;
use crate::preference::by_derived_hashes;
use crate::{
    Algorithm, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Topology, Weight,
};

/// Straw2 choices down a [`Topology`]; flat without one.
///
/// Where a key goes depends only on its hash and on the set of paths and weights.
///
/// ```
/// use hash_ring::{KeyHash, Placement, Replicas, Shortage, Straw2, Weight};
///
/// let mut cluster = Straw2::with_levels(&["zone", "rack"], KeyHash::default())?;
/// for zone in ["a", "b", "c"] {
///     for rack in 1..=2 {
///         for host in 1..=4 {
///             cluster.add(&format!("{zone}/{rack}/{host}"), Weight::ONE)?;
///         }
///     }
/// }
/// let replicas = Replicas::new(cluster.topology(), cluster.roster(), 3, "zone", Shortage::Strict)?;
/// let list = replicas.of_key(&cluster, b"user:42")?;
/// assert_eq!(list.nodes().len(), 3); // one in each zone
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Straw2 {
    roster: Roster,
    key_hash: KeyHash,
    topology: Topology,
    tree: StrawTree<Box<str>>,
}

impl Straw2 {
    /// Flat: every node is asked, as in [`Rendezvous`](crate::Rendezvous).
    #[must_use]
    pub fn new(key_hash: KeyHash) -> Self {
        Self::over(Topology::default(), key_hash)
    }

    /// With levels of domains, the outermost first. Names of nodes are paths then: see [`Topology::add`].
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) as [`Topology::new`].
    pub fn with_levels(levels: &[&str], key_hash: KeyHash) -> Result<Self> {
        Ok(Self::over(Topology::new(levels)?, key_hash))
    }

    /// All nodes of a topology, by name.
    ///
    /// # Errors
    /// As [`Placement::add`]; not for what [`Topology`] made sure of.
    pub fn of_topology(topology: &Topology, key_hash: KeyHash) -> Result<Self> {
        let levels: Vec<&str> = topology.levels().collect();
        let mut straw2 = Self::with_levels(&levels, key_hash)?;
        for (name, weight) in topology.nodes() {
            let domain = topology.around(name).next().map_or("", |(_, domain)| domain.path());
            straw2.add_in(domain, name, weight)?;
        }
        Ok(straw2)
    }

    fn over(topology: Topology, key_hash: KeyHash) -> Self {
        Self { roster: Roster::default(), key_hash, topology, tree: StrawTree::new() }
    }

    /// Where its nodes stand.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Adds a node to a domain, whatever its name: see [`Topology::add_in`].
    ///
    /// # Errors
    /// Those of [`Topology::add_in`].
    pub fn add_in(&mut self, domain: &str, name: &str, weight: Weight) -> Result<NodeId> {
        self.topology.check(domain, name)?;
        let node = self.roster.add(name, weight)?;
        self.enter(domain, node, name, weight)?;
        Ok(node)
    }

    /// Puts a node of the roster in its place.
    fn enter(&mut self, domain: &str, node: NodeId, name: &str, weight: Weight) -> Result<()> {
        self.topology.add_in(domain, name, weight)?;
        let weight = u64::from(weight.raw());
        let (mut group, mut path) = (StrawTree::<Box<str>>::ROOT, Vec::new());
        for (label, seed) in steps(domain) {
            let label = label.into();
            let index = self.tree.find(group, &label).unwrap_or_else(|index| {
                let below = self.tree.new_group();
                self.tree.attach((group, index), label, seed, weight, Child::Group(below));
                index
            });
            path.push((group, index));
            if let Child::Group(below) = self.tree.child(group, index) {
                group = below;
            }
        }
        let label = name.into();
        let (Ok(index) | Err(index)) = self.tree.find(group, &label);
        self.tree.attach((group, index), label, node_hash(name), weight, Child::Node(node));
        self.tree.weigh_path(&path);
        Ok(())
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Straw2)?;
        let levels = opened.number("levels", 0..=Topology::MAX_LEVELS as u64)? as usize;
        let levels = LEVELS[..levels].iter().map(|level| opened.text(level));
        let mut straw2 =
            Self::with_levels(&levels.collect::<Result<Vec<_>>>()?, description.key_hash())?;
        let paths = if opened.has_part("paths") { Some(opened.paths()?) } else { None };
        opened.finish()?;
        let mut domains = Vec::with_capacity(description.nodes().len());
        for (place, node) in description.nodes().iter().enumerate() {
            domains.push(match paths {
                Some(paths) => Cow::Owned(paths[place].join(SEPARATOR)),
                None => Cow::Borrowed(straw2.topology.domain_path_of(node.name())?),
            });
        }
        straw2.roster = opened.roster();
        // Domains in the order in which they stand in the tree.
        let mut order: Vec<usize> = (0..domains.len()).collect();
        let labels = |place: usize| domains[place].split(Topology::SEPARATOR);
        order.sort_by(|a, b| labels(*a).cmp(labels(*b)));
        for place in order {
            let (id, node) = (NodeId(place as u32), &description.nodes()[place]);
            straw2.enter(&domains[place], id, node.name(), node.weight())?;
        }
        Ok(straw2)
    }

    /// The domain that a node is in, with those around it.
    fn domain_of(&self, name: &str) -> &str {
        self.topology.around(name).next().map_or("", |(_, domain)| domain.path())
    }

    /// (group, index) from the root down to the node.
    fn path(&self, name: &str) -> Vec<(u32, usize)> {
        let domain = self.domain_of(name);
        let (mut group, mut path) = (StrawTree::<Box<str>>::ROOT, Vec::new());
        for label in steps(domain).map(|(label, _)| label).chain([name]) {
            let Ok(index) = self.tree.find(group, &label.into()) else { break };
            path.push((group, index));
            if let Child::Group(below) = self.tree.child(group, index) {
                group = below;
            }
        }
        path
    }
}

/// The parameters that the names of levels are.
const LEVELS: [&str; Topology::MAX_LEVELS] = [
    "level-00", "level-01", "level-02", "level-03", "level-04", "level-05", "level-06", "level-07",
    "level-08", "level-09", "level-10", "level-11", "level-12", "level-13", "level-14", "level-15",
];

/// As text, to join with.
const SEPARATOR: &str = "/";

/// The names in a domain's path, and what each draws from: the hash of the path down to it.
fn steps(domain: &str) -> impl Iterator<Item = (&str, u64)> {
    let mut start = 0;
    domain.split(Topology::SEPARATOR).filter(|label| !label.is_empty()).map(move |label| {
        let end = start + label.len();
        start = end + 1;
        (label, node_hash(&domain[..end]))
    })
}

impl Default for Straw2 {
    fn default() -> Self {
        Self::new(KeyHash::default())
    }
}

impl Placement for Straw2 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Straw2
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

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        by_derived_hashes(&self.roster, hash, |hash| self.locate(hash), visit);
    }

    /// Where there are levels, the name is a path: [`InvalidParameter`](Error::InvalidParameter) if it is none.
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let domain = self.topology.domain_path_of(name)?;
        self.add_in(domain, name, weight)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        let removed = self.roster.remove(node)?;
        let mut path = self.path(removed.name());
        self.topology.remove(removed.name())?;
        // The node, and the domains that are empty without it.
        while let Some(at) = path.pop() {
            if let Child::Group(group) = self.tree.child(at.0, at.1) {
                self.tree.release(group);
            }
            self.tree.detach(at);
            if !self.tree.children(at.0).is_empty() {
                break;
            }
        }
        self.tree.weigh_path(&path);
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        let name = self.roster.get(node).ok_or(Error::UnknownNode { node })?.name().to_owned();
        self.topology.reweight(&name, weight)?;
        self.roster.reweight(node, weight)?;
        let path = self.path(&name);
        if let Some((at, above)) = path.split_last() {
            self.tree.set_weight(*at, u64::from(weight.raw()));
            self.tree.weigh_path(above);
        }
        Ok(())
    }

    /// With paths only if there are nodes whose names do not say where they are.
    fn describe(&self) -> Description {
        let mut describer =
            Describer::new(self).number("levels", self.topology.levels().len() as u64);
        for (parameter, level) in LEVELS.iter().zip(self.topology.levels()) {
            describer = describer.text(parameter, level);
        }
        let says =
            |name| self.topology.domain_path_of(name).is_ok_and(|it| it == self.domain_of(name));
        if !self.roster.iter().all(|(_, node)| says(node.name())) {
            describer = describer.paths(|id| {
                let domain = self.roster.get(id).map_or("", |node| self.domain_of(node.name()));
                domain.split(Topology::SEPARATOR).map(ToOwned::to_owned).collect()
            });
        }
        describer.finish()
    }

    fn heap_bytes(&self) -> usize {
        let labels: usize = self.topology.nodes().map(|(name, _)| name.len()).sum();
        self.tree.heap_bytes() + labels
    }
}
