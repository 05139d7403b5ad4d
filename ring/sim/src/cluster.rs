//! Nodes, and a scheme that places keys on them.

use hash_ring::{Balance, NodeId, Placement, Weight, plan};

use crate::scheme::Scheme;
use crate::settings::Settings;
use crate::{Error, Result};

/// Nodes under one scheme. Nodes are known by the order in which they joined: 0, 1, 2 and so on, and no number is given out twice.
#[derive(Clone, Debug)]
pub struct Cluster {
    scheme: Scheme,
    placed: Placed,
}

#[derive(Clone, Debug)]
enum Placed {
    Modulo { nodes: Vec<u32>, joined: u32 },
    By { placement: Box<dyn Placement>, ids: Vec<NodeId> },
}

impl Cluster {
    /// A cluster of named and weighted nodes.
    ///
    /// # Errors
    /// When the scheme knows no weights and one is not 1; when the library does not take the settings or the nodes.
    pub fn new(scheme: Scheme, nodes: &[(String, Weight)], settings: &Settings) -> Result<Self> {
        let placed = match scheme {
            Scheme::Modulo if nodes.iter().any(|(_, weight)| *weight != Weight::ONE) => {
                return Err(Error::NoWeights);
            }
            Scheme::Modulo => {
                let joined = nodes.len() as u32;
                Placed::Modulo { nodes: (0..joined).collect(), joined }
            }
            Scheme::Of(algorithm) => {
                let placement = settings.build(algorithm, nodes)?;
                let ids = placement.roster().iter().map(|(id, _)| id).collect();
                Placed::By { placement, ids }
            }
        };
        Ok(Self { scheme, placed })
    }

    /// A cluster of nodes of weight 1, named by their numbers.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(nodes: u64, scheme: Scheme, settings: &Settings) -> Result<Self> {
        let nodes: Vec<_> = (0..nodes as u32).map(|node| (name(node), Weight::ONE)).collect();
        Self::new(scheme, &nodes, settings)
    }

    /// The same with so many nodes: the youngest leave, or new ones of weight 1 join.
    ///
    /// # Errors
    /// As [`join`](Self::join) and [`leave`](Self::leave).
    pub fn resized(&self, nodes: u64) -> Result<Self> {
        let mut cluster = self.clone();
        for _ in self.len()..nodes {
            cluster.join(&name(cluster.joined()))?;
        }
        for node in self.nodes().into_iter().rev().take(self.len().saturating_sub(nodes) as usize) {
            cluster.leave(node)?;
        }
        Ok(cluster)
    }

    /// A node of weight 1 joins.
    ///
    /// # Errors
    /// When the name is taken, or there are too many nodes.
    pub fn join(&mut self, name: &str) -> Result<()> {
        match &mut self.placed {
            Placed::Modulo { nodes, joined } => {
                nodes.push(*joined);
                *joined += 1;
            }
            Placed::By { placement, ids } => ids.push(placement.add(name, Weight::ONE)?),
        }
        Ok(())
    }

    /// A node leaves.
    ///
    /// # Errors
    /// When the library says no.
    pub fn leave(&mut self, node: u32) -> Result<()> {
        match &mut self.placed {
            Placed::Modulo { nodes, .. } => nodes.retain(|other| *other != node),
            Placed::By { placement, ids } => placement.remove(ids[node as usize])?,
        }
        Ok(())
    }

    /// A node gets another weight.
    ///
    /// # Errors
    /// When the scheme knows none.
    pub fn reweight(&mut self, node: u32, weight: Weight) -> Result<()> {
        match &mut self.placed {
            Placed::Modulo { .. } => Err(Error::NoWeights),
            Placed::By { placement, ids } => Ok(placement.reweight(ids[node as usize], weight)?),
        }
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The library's placement, unless this is the bad example.
    pub fn placement(&self) -> Option<&dyn Placement> {
        match &self.placed {
            Placed::Modulo { .. } => None,
            Placed::By { placement, .. } => Some(placement.as_ref()),
        }
    }

    /// A copy of the library's placement, for what is built over it.
    pub fn boxed_placement(&self) -> Option<Box<dyn Placement>> {
        match &self.placed {
            Placed::Modulo { .. } => None,
            Placed::By { placement, .. } => Some(placement.clone()),
        }
    }

    /// How many nodes there are.
    pub fn len(&self) -> u64 {
        match &self.placed {
            Placed::Modulo { nodes, .. } => nodes.len() as u64,
            Placed::By { placement, .. } => placement.roster().len() as u64,
        }
    }

    /// How many nodes ever joined: one more than the highest number.
    pub fn joined(&self) -> u32 {
        match &self.placed {
            Placed::Modulo { joined, .. } => *joined,
            Placed::By { ids, .. } => ids.len() as u32,
        }
    }

    /// The numbers of the nodes that are there, ascending.
    pub fn nodes(&self) -> Vec<u32> {
        match &self.placed {
            Placed::Modulo { nodes, .. } => nodes.clone(),
            Placed::By { placement, .. } => {
                placement.roster().iter().map(|(id, _)| id.index() as u32).collect()
            }
        }
    }

    /// The owner of a hash; 0 if there are no nodes.
    pub fn owner(&self, hash: u64) -> u32 {
        match &self.placed {
            Placed::Modulo { nodes, .. } => {
                let at = hash.checked_rem(nodes.len() as u64).unwrap_or(0);
                nodes.get(at as usize).copied().unwrap_or(0)
            }
            Placed::By { placement, .. } => {
                placement.locate(hash).map_or(0, |id| id.index() as u32)
            }
        }
    }

    /// The share of all hashes that each node owns, by its number, if ownership goes by ranges.
    pub fn shares(&self) -> Option<Vec<f64>> {
        shares(self.placement()?)
    }

    /// The share of all hashes that another node owns in the other cluster, if in both ownership goes by ranges.
    pub fn moved_share(&self, after: &Self) -> Option<f64> {
        plan(self.placement()?, after.placement()?).ok().map(|plan| plan.moved_share())
    }

    /// Bytes that it holds for lookups.
    pub fn heap_bytes(&self) -> u64 {
        match &self.placed {
            Placed::Modulo { nodes, .. } => (nodes.len() * size_of::<u32>()) as u64,
            Placed::By { placement, .. } => placement.heap_bytes() as u64,
        }
    }
}

/// The share of all hashes that each node owns, by its index; nothing if nodes do not own ranges.
fn shares(placement: &dyn Placement) -> Option<Vec<f64>> {
    let mut shares = vec![0.0; placement.roster().id_bound()];
    for node in Balance::of(placement).ok()?.nodes() {
        shares[node.node.index()] = node.share;
    }
    Some(shares)
}

/// What the node of that number is called.
pub fn name(node: u32) -> String {
    format!("node-{node}")
}
