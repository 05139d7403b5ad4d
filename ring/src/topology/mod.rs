//! Where nodes stand: regions, zones, racks, hosts, whatever fails together.

mod quorum;
mod replicas;

pub use quorum::{Quorum, Survives};
pub use replicas::{PreferenceList, Replicas, Shortage};

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use crate::{Error, Result, Roster, Weight};

/// A domain of one [`Topology`] and its clones. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(u32);

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "domain {}", self.0)
    }
}

/// Nodes that fail together: a region, a zone, a rack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    path: Box<str>,
    parent: Option<DomainId>,
    level: usize,
    nodes: usize,
    weight: u64,
}

impl Domain {
    /// Its name with those of the domains around it: `eu/zone-a`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The domain around it, if it is not of the outermost level.
    #[must_use]
    pub fn parent(&self) -> Option<DomainId> {
        self.parent
    }

    /// The index of its level: 0 is the outermost.
    #[must_use]
    pub fn level(&self) -> usize {
        self.level
    }

    /// How many nodes are in it, at any depth. At least 1: a domain goes with its last node.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The sum of their weights, in 65,536ths.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// The innermost.
    domain: Option<DomainId>,
    weight: Weight,
}

/// A tree of failure domains with nodes as leaves: every node has one domain of each level.
///
/// It knows nodes by name, so that one topology serves any placement of them: [`Replicas`](crate::Replicas) spreads copies over
/// it, and [`Straw2`](crate::Straw2) places keys down it.
///
/// ```
/// use hash_ring::{Topology, Weight};
///
/// let mut topology = Topology::new(&["region", "zone", "rack"])?;
/// topology.add("eu/zone-a/rack-1/host-3", Weight::ONE)?;             // by path: that is the node's name
/// topology.add_in("eu/zone-a/rack-2", "10.0.0.4:9042", Weight::ONE)?; // by place: the name is anything
///
/// let zone = topology.level("zone")?;
/// assert_eq!(topology.domain_of("10.0.0.4:9042", zone), topology.find("eu/zone-a"));
/// assert_eq!(topology.domains(zone).count(), 1);
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    levels: Vec<Box<str>>,
    domains: BTreeMap<DomainId, Domain>,
    by_path: BTreeMap<Box<str>, DomainId>,
    nodes: BTreeMap<Box<str>, Place>,
    next: u32,
}

impl Topology {
    /// What stands between the names in a path.
    pub const SEPARATOR: char = '/';
    /// The most levels.
    pub const MAX_LEVELS: usize = 16;

    /// Without nodes. `levels` are the names of the levels of domains, the outermost first; none make it flat.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) for more than 16 levels, an empty name or one given twice.
    pub fn new(levels: &[&str]) -> Result<Self> {
        let invalid = |found: &str, allowed| Error::InvalidParameter {
            parameter: "levels",
            found: found.to_string(),
            allowed,
        };
        if levels.len() > Self::MAX_LEVELS {
            return Err(invalid(&format!("{} levels", levels.len()), "at most 16"));
        }
        for (index, level) in levels.iter().enumerate() {
            if level.is_empty() || levels[..index].contains(level) {
                return Err(invalid(&format!("{level:?}"), "names that are not empty and differ"));
            }
        }
        Ok(Self { levels: levels.iter().map(|level| (*level).into()).collect(), ..Self::default() })
    }

    /// The names of the levels, the outermost first.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.levels.iter().map(|level| &**level)
    }

    /// The index of a level.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) if there is none of that name.
    pub fn level(&self, name: &str) -> Result<usize> {
        self.levels.iter().position(|level| **level == *name).ok_or_else(|| {
            Error::InvalidParameter {
                parameter: "level",
                found: if self.levels.is_empty() {
                    format!("{name:?}, in a flat topology")
                } else {
                    format!("{name:?}, where there are {}", self.levels.join(", "))
                },
                allowed: "a level of the topology",
            }
        })
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

    /// A domain, if it is here.
    #[must_use]
    pub fn get(&self, domain: DomainId) -> Option<&Domain> {
        self.domains.get(&domain)
    }

    /// The domain of a path. O(log domains).
    #[must_use]
    pub fn find(&self, path: &str) -> Option<DomainId> {
        self.by_path.get(path).copied()
    }

    /// The domains of a level, by path.
    pub fn domains(&self, level: usize) -> impl Iterator<Item = (DomainId, &Domain)> {
        self.by_path
            .values()
            .filter_map(|id| self.domains.get(id).map(|domain| (*id, domain)))
            .filter(move |(_, domain)| domain.level == level)
    }

    /// The names and weights of all nodes, by name.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, Weight)> {
        self.nodes.iter().map(|(name, place)| (&**name, place.weight))
    }

    /// The domain of a level that a node is in. O(log nodes + levels · log domains).
    #[must_use]
    pub fn domain_of(&self, node: &str, level: usize) -> Option<DomainId> {
        self.around(node).find(|(_, domain)| domain.level == level).map(|(id, _)| id)
    }

    /// The domains that a node is in, the innermost first.
    pub fn around(&self, node: &str) -> impl Iterator<Item = (DomainId, &Domain)> {
        let mut next = self.nodes.get(node).and_then(|place| place.domain);
        core::iter::from_fn(move || {
            let id = next?;
            let domain = self.domains.get(&id)?;
            next = domain.parent;
            Some((id, domain))
        })
    }

    /// Adds a node whose name is its path: `eu/zone-a/rack-1/host-3`. In a flat topology any name will do.
    ///
    /// # Errors
    /// As [`add_in`](Self::add_in).
    pub fn add(&mut self, path: &str, weight: Weight) -> Result<()> {
        let domain = self.domain_path_of(path)?;
        self.add_in(domain, path, weight)
    }

    /// The domain that a path says a node is in.
    pub(crate) fn domain_path_of<'a>(&self, path: &'a str) -> Result<&'a str> {
        if self.levels.is_empty() {
            return Ok("");
        }
        match path.rsplit_once(Self::SEPARATOR) {
            Some((domain, name)) if !name.is_empty() => Ok(domain),
            _ => Err(self.invalid_path(path)),
        }
    }

    fn invalid_path(&self, path: &str) -> Error {
        Error::InvalidParameter {
            parameter: "path",
            found: format!("{path:?}, where the levels are {:?}", self.levels),
            allowed: "a name for each level, none empty, joined by '/'; and for a node's path its name behind them",
        }
    }

    /// Adds a node to a domain: `eu/zone-a/rack-1`, or nothing at all in a flat topology. Domains that are not there yet are made.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) if the path does not name one domain for each level;
    /// [`DuplicateName`](Error::DuplicateName), [`NameLength`](Error::NameLength), [`TooManyNodes`](Error::TooManyNodes).
    pub fn add_in(&mut self, domain: &str, name: &str, weight: Weight) -> Result<()> {
        self.check(domain, name)?;
        let innermost = self.domains_down_to(domain);
        let mut next = innermost;
        while let Some(domain) = next.and_then(|id| self.domains.get_mut(&id)) {
            domain.nodes += 1;
            domain.weight += u64::from(weight.raw());
            next = domain.parent;
        }
        self.nodes.insert(name.into(), Place { domain: innermost, weight });
        Ok(())
    }

    /// Whether [`add_in`](Self::add_in) can succeed.
    pub(crate) fn check(&self, domain: &str, name: &str) -> Result<()> {
        let names = if domain.is_empty() { 0 } else { domain.split(Self::SEPARATOR).count() };
        if names != self.levels.len()
            || names > 0 && domain.split(Self::SEPARATOR).any(str::is_empty)
        {
            return Err(self.invalid_path(domain));
        }
        if name.is_empty() || name.len() > Roster::MAX_NAME_LEN {
            return Err(Error::NameLength { found: name.len() });
        }
        if domain.len() > Roster::MAX_NAME_LEN {
            return Err(Error::NameLength { found: domain.len() });
        }
        if self.nodes.contains_key(name) {
            return Err(Error::DuplicateName { name: name.to_owned() });
        }
        if self.len() >= Roster::MAX_NODES || (u32::MAX - self.next) as usize <= Self::MAX_LEVELS {
            return Err(Error::TooManyNodes { max: Roster::MAX_NODES });
        }
        Ok(())
    }

    /// The domain of that path, made if need be, with those around it.
    fn domains_down_to(&mut self, path: &str) -> Option<DomainId> {
        let ends = path.match_indices(Self::SEPARATOR).map(|(at, _)| at).chain([path.len()]);
        let mut parent = None;
        for (level, end) in ends.take(self.levels.len()).enumerate() {
            let path = &path[..end];
            let id = self.by_path.get(path).copied().unwrap_or_else(|| {
                let id = DomainId(self.next);
                self.next += 1;
                let domain = Domain { path: path.into(), parent, level, nodes: 0, weight: 0 };
                self.domains.insert(id, domain);
                self.by_path.insert(path.into(), id);
                id
            });
            parent = Some(id);
        }
        parent
    }

    /// Removes a node, and the domains that are empty without it.
    ///
    /// # Errors
    /// [`UnknownName`](Error::UnknownName).
    pub fn remove(&mut self, name: &str) -> Result<()> {
        let place = self.nodes.remove(name).ok_or_else(|| unknown(name))?;
        let mut next = place.domain;
        while let Some(id) = next
            && let Some(domain) = self.domains.get_mut(&id)
        {
            domain.nodes -= 1;
            domain.weight -= u64::from(place.weight.raw());
            next = domain.parent;
            if domain.nodes == 0
                && let Some(domain) = self.domains.remove(&id)
            {
                self.by_path.remove(&domain.path);
            }
        }
        Ok(())
    }

    /// Gives a node another weight.
    ///
    /// # Errors
    /// [`UnknownName`](Error::UnknownName).
    pub fn reweight(&mut self, name: &str, weight: Weight) -> Result<()> {
        let place = self.nodes.get_mut(name).ok_or_else(|| unknown(name))?;
        let before = core::mem::replace(&mut place.weight, weight);
        let mut next = place.domain;
        while let Some(domain) = next.and_then(|id| self.domains.get_mut(&id)) {
            domain.weight += u64::from(weight.raw());
            domain.weight -= u64::from(before.raw());
            next = domain.parent;
        }
        Ok(())
    }
}

fn unknown(name: &str) -> Error {
    Error::UnknownName { name: name.to_owned() }
}

#[cfg(test)]
mod tests;
