//! Which nodes hold the copies of a key: distinct ones, in distinct failure domains, whatever the placement.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::{DomainId, Topology};
use crate::{Error, NodeId, Placement, Result, Roster};

/// What to do where there are fewer domains than copies, or fewer nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shortage {
    /// An error that says how many there are.
    Strict,
    /// As few repeats as possible, and the list says how many: copies are spread evenly over the domains, and in
    /// each of them evenly over the domains of the next level, and so on. Where there are fewer nodes than copies, each gets one.
    Relax,
}

/// A rule for the copies of a key: how many, and what they must not share.
///
/// Takes nodes in the order in which a placement [prefers](Placement::prefer) them, and passes over those whose domain has a
/// copy already. So the first is the owner, the list depends on the hash alone, and when a node leaves only its place is filled
/// anew, but where the placement's order itself changes.
///
/// Made for one set of nodes: after a change of the placement or of the topology, make a new one (O(nodes · log nodes)).
///
/// ```
/// use hash_ring::{KeyHash, Placement, Rendezvous, Replicas, Shortage, Topology, Weight};
///
/// let mut nodes = Rendezvous::new(KeyHash::default());
/// let mut topology = Topology::new(&["zone"])?;
/// for (zone, name) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("b", "b2")] {
///     nodes.add(name, Weight::ONE)?;
///     topology.add_in(zone, name, Weight::ONE)?;
/// }
///
/// let three = Replicas::new(&topology, nodes.roster(), 3, "zone", Shortage::Strict)?;
/// assert!(three.of_key(&nodes, b"user:42").is_err()); // two zones
///
/// let three = Replicas::new(&topology, nodes.roster(), 3, "zone", Shortage::Relax)?;
/// let list = three.of_key(&nodes, b"user:42")?;
/// assert_eq!(list.nodes().len(), 3);
/// assert_eq!(list.repeats(), 1); // one of the three shares its zone
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replicas {
    count: usize,
    level: usize,
    shortage: Shortage,
    level_names: Vec<String>,
    /// Of each node by id: its domains, the outermost first, as numbers; `NOWHERE` for ids that are not here.
    of_nodes: Vec<u32>,
    domains: Vec<Branch>,
    /// The domains of `level`.
    tops: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

/// A domain, as far as choosing nodes in it goes.
#[derive(Clone, Debug)]
struct Branch {
    nodes: u32,
    children: Vec<u32>,
}

impl Replicas {
    /// `count` copies in distinct domains of `level`, over the nodes of a placement's roster.
    ///
    /// # Errors
    /// [`UnknownName`](Error::UnknownName) for a node of the roster that the topology does not know;
    /// [`InvalidParameter`](Error::InvalidParameter) for a level that it does not have, or a `count` of 0.
    pub fn new(
        topology: &Topology,
        roster: &Roster,
        count: usize,
        level: &str,
        shortage: Shortage,
    ) -> Result<Self> {
        if count == 0 {
            return Err(Error::InvalidParameter {
                parameter: "count",
                found: "0".to_string(),
                allowed: "at least 1 copy",
            });
        }
        let mut replicas = Self {
            count,
            level: topology.level(level)?,
            shortage,
            level_names: topology.levels().map(ToString::to_string).collect(),
            of_nodes: vec![NOWHERE; roster.id_bound() * topology.levels().len()],
            domains: Vec::new(),
            tops: Vec::new(),
        };
        let mut numbers = BTreeMap::new();
        for (node, entry) in roster.iter() {
            replicas.bind(topology, node, entry.name(), &mut numbers)?;
        }
        Ok(replicas)
    }

    fn bind(
        &mut self,
        topology: &Topology,
        node: NodeId,
        name: &str,
        numbers: &mut BTreeMap<DomainId, u32>,
    ) -> Result<()> {
        let levels = self.level_names.len();
        let mut around = [None; Topology::MAX_LEVELS];
        for (id, domain) in topology.around(name) {
            around[domain.level()] = Some(id);
        }
        let mut parent: Option<u32> = None;
        for (level, id) in around.into_iter().take(levels).enumerate() {
            let id = id.ok_or_else(|| Error::UnknownName { name: name.to_string() })?;
            let number = *numbers.entry(id).or_insert_with(|| {
                let number = self.domains.len() as u32;
                self.domains.push(Branch { nodes: 0, children: Vec::new() });
                if let Some(parent) = parent {
                    self.domains[parent as usize].children.push(number);
                }
                if level == self.level {
                    self.tops.push(number);
                }
                number
            });
            self.domains[number as usize].nodes += 1;
            self.of_nodes[node.index() * levels + level] = number;
            parent = Some(number);
        }
        Ok(())
    }

    /// How many copies there shall be.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many domains of its level have nodes.
    #[must_use]
    pub fn domains(&self) -> usize {
        self.tops.len()
    }

    /// The copies of a key.
    ///
    /// # Errors
    /// As [`of_hash`](Self::of_hash).
    pub fn of_key<P: Placement + ?Sized>(
        &self,
        placement: &P,
        key: &[u8],
    ) -> Result<PreferenceList> {
        self.of_hash(placement, placement.key_hash().hash(key))
    }

    /// The copies of a key of that hash. Costs as much of the placement's order as it takes; where there are fewer domains than
    /// copies, up to all of it.
    ///
    /// # Errors
    /// [`TooFewDomains`](Error::TooFewDomains), [`TooFewNodes`](Error::TooFewNodes) if [`Strict`](Shortage::Strict);
    /// [`UnknownNode`](Error::UnknownNode) if the placement has a node that was not there when this was made.
    pub fn of_hash<P: Placement + ?Sized>(
        &self,
        placement: &P,
        hash: u64,
    ) -> Result<PreferenceList> {
        // Those that are not there are not looked for.
        if self.shortage == Shortage::Strict {
            self.enough(placement.roster().len(), self.tops.len())?;
        }
        let mut choice = Choice::new(self);
        let mut stranger = None;
        placement.prefer(hash, &mut |node| {
            if choice.around(node).is_none() {
                stranger = Some(node);
                return ControlFlow::Break(());
            }
            choice.consider(node);
            if choice.chosen.len() == self.count {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if let Some(node) = stranger {
            return Err(Error::UnknownNode { node });
        }
        choice.finish();
        let list = choice.list();
        if self.shortage == Shortage::Strict {
            // Nodes may have left since this was made.
            self.enough(list.nodes.len(), list.nodes.len() - list.repeats())?;
        }
        Ok(list)
    }

    fn enough(&self, nodes: usize, domains: usize) -> Result<()> {
        let wanted = self.count;
        if domains < wanted && domains < nodes {
            let level = self.level_names[self.level].clone();
            return Err(Error::TooFewDomains { level, found: domains, wanted });
        }
        if nodes < wanted {
            return Err(Error::TooFewNodes { found: nodes, wanted });
        }
        Ok(())
    }
}

/// Copies being chosen.
///
/// The next one is always the node whose domain has the fewest copies; of those the one whose domain of the next level has the
/// fewest, and so on; of those the one that comes first. As long as there are domains without a copy that is the next node of
/// another domain.
struct Choice<'a> {
    rule: &'a Replicas,
    chosen: Vec<NodeId>,
    /// Copies in each domain.
    copies: Vec<u32>,
    /// Nodes that came and were passed over.
    waiting: Vec<NodeId>,
    /// How many domains of the rule's level have a copy.
    used: usize,
    /// The fewest copies, level by level from the rule's down, that a node which was not chosen yet may have around it; as
    /// long as there are domains without a copy, none on all levels.
    best: Vec<u32>,
}

impl<'a> Choice<'a> {
    fn new(rule: &'a Replicas) -> Self {
        Self {
            rule,
            chosen: Vec::with_capacity(rule.count.min(rule.of_nodes.len())),
            copies: vec![0; rule.domains.len()],
            waiting: Vec::new(),
            used: 0,
            best: Vec::new(),
        }
    }

    /// Whether nobody can be better than `node`.
    fn is_best(&self, node: NodeId) -> bool {
        if self.used < self.rule.tops.len() {
            return self.crowd(node).next() == Some(0);
        }
        self.crowd(node).eq(self.best.iter().copied())
    }

    /// The domains around a node, the outermost first.
    fn around(&self, node: NodeId) -> Option<&'a [u32]> {
        let levels = self.rule.level_names.len();
        let start = node.index().checked_mul(levels)?;
        let around = self.rule.of_nodes.get(start..start + levels)?;
        (around.first() != Some(&NOWHERE)).then_some(around)
    }

    /// The copies around a node, from the rule's level down.
    fn crowd(&self, node: NodeId) -> impl Iterator<Item = u32> + '_ {
        let around = self.around(node).unwrap_or_default();
        around.iter().skip(self.rule.level).map(|domain| self.copies[*domain as usize])
    }

    fn find_best(&mut self) {
        let mut best = core::mem::take(&mut self.best);
        best.clear();
        // Of all domains that are the best so far, their children are the next to compare.
        let mut domains = self.rule.tops.clone();
        loop {
            let has_room = |domain: &&u32| {
                self.copies[**domain as usize] < self.rule.domains[**domain as usize].nodes
            };
            let copies = |domain: &u32| self.copies[*domain as usize];
            let Some(least) = domains.iter().filter(has_room).map(copies).min() else { break };
            best.push(least);
            domains = domains
                .iter()
                .filter(has_room)
                .filter(|domain| copies(domain) == least)
                .flat_map(|domain| self.rule.domains[*domain as usize].children.iter().copied())
                .collect();
        }
        self.best = best;
    }

    fn consider(&mut self, node: NodeId) {
        if !self.is_best(node) {
            self.waiting.push(node);
            return;
        }
        self.choose(node);
        // Whoever was passed over may be the best now.
        while self.chosen.len() < self.rule.count
            && let Some(next) = self.waiting.iter().position(|node| self.is_best(*node))
        {
            let node = self.waiting.remove(next);
            self.choose(node);
        }
    }

    fn choose(&mut self, node: NodeId) {
        self.chosen.push(node);
        let is_first = self.crowd(node).next() == Some(0);
        self.used += usize::from(is_first);
        for domain in self.around(node).unwrap_or_default() {
            self.copies[*domain as usize] += 1;
        }
        if self.used == self.rule.tops.len() {
            self.find_best();
        }
    }

    /// All nodes came, and some that were to be expected did not.
    fn finish(&mut self) {
        while self.chosen.len() < self.rule.count
            && let Some(next) = (0..self.waiting.len())
                .min_by(|a, b| self.crowd(self.waiting[*a]).cmp(self.crowd(self.waiting[*b])))
        {
            let node = self.waiting.remove(next);
            self.choose(node);
        }
    }

    fn list(mut self) -> PreferenceList {
        let mut list = PreferenceList {
            wanted: self.rule.count,
            level: self.rule.level,
            levels: self.rule.level_names.len(),
            nodes: core::mem::take(&mut self.chosen),
            largest: [0; Topology::MAX_LEVELS],
            distinct: [0; Topology::MAX_LEVELS],
        };
        for node in &list.nodes {
            for (level, domain) in self.around(*node).unwrap_or_default().iter().enumerate() {
                // Taken, so that each domain counts once.
                let copies = core::mem::take(&mut self.copies[*domain as usize]);
                list.largest[level] = copies.max(list.largest[level]);
                list.distinct[level] += u32::from(copies > 0);
            }
        }
        list
    }
}

/// The nodes that hold the copies of a key, the owner first, and how well they are spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceList {
    nodes: Vec<NodeId>,
    wanted: usize,
    level: usize,
    levels: usize,
    /// Of each level, copies in the domain that has most.
    largest: [u32; Topology::MAX_LEVELS],
    /// Of each level, domains with a copy.
    distinct: [u32; Topology::MAX_LEVELS],
}

impl PreferenceList {
    /// The nodes: distinct, the owner first.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// How many copies are missing, because there are fewer nodes.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.wanted - self.nodes.len()
    }

    /// How many copies share a domain of the rule's level with one before them: 0 if all domains are distinct.
    #[must_use]
    pub fn repeats(&self) -> usize {
        self.repeats_at(self.level)
    }

    /// How many copies share a domain of `level` (an index, 0 is the outermost) with one before them. 0 for levels that there are
    /// not: nodes are distinct.
    #[must_use]
    pub fn repeats_at(&self, level: usize) -> usize {
        if level < self.levels { self.nodes.len() - self.distinct[level] as usize } else { 0 }
    }

    /// How many copies are lost, at worst, with one domain of `level`; with one node for levels that there are not.
    #[must_use]
    pub fn worst_loss(&self, level: usize) -> usize {
        if level < self.levels { self.largest[level] as usize } else { self.nodes.len().min(1) }
    }
}

#[cfg(test)]
#[path = "replicas_tests.rs"]
mod tests;
