//! How even the load is.

mod virtual_nodes;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

pub use virtual_nodes::{virtual_nodes_for, virtual_nodes_of};

use crate::{NodeId, Ownership, Placement, Result, Roster};

/// The load of each node beside what its weight makes ideal.
///
/// ```
/// use hash_ring::{Balance, Placement, Ring, Weight};
///
/// let mut ring = Ring::default();
/// for name in ["a", "b", "c"] {
///     ring.add(name, Weight::ONE)?;
/// }
/// let balance = Balance::of(&ring)?;
/// assert_eq!(balance.nodes().iter().map(|node| node.owned).sum::<u128>(), 1 << 64);
/// assert!(balance.max_over_mean() < 1.2);
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    nodes: Vec<NodeLoad>,
}

/// What one node has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NodeLoad {
    /// The node.
    pub node: NodeId,
    /// Its name.
    pub name: Box<str>,
    /// How many hashes it owns; of a sample, how many of the sampled ones.
    pub owned: u128,
    /// Which part of all that is, from 0 to 1.
    pub share: f64,
    /// What its share is by weight.
    pub ideal: f64,
}

impl NodeLoad {
    /// Its share in relation to the ideal: 1.2 is a fifth too much.
    #[must_use]
    pub fn relative(&self) -> f64 {
        self.share / self.ideal
    }
}

impl Balance {
    /// Exactly, by the lengths of the ranges that each node owns. O(arcs).
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::Error::Unsupported) for a placement without arcs.
    pub fn of<O: Ownership + ?Sized>(ownership: &O) -> Result<Self> {
        let owners = ownership.owners()?;
        let mut owned = vec![0; owners.roster.id_bound()];
        for arc in owners.arcs {
            owned[arc.owner.index()] += arc.range.len();
        }
        Ok(Self::new(owners.roster, &owned))
    }

    /// By a sample of hashes: for algorithms that scatter, and for keys that are not spread evenly. Off by about 1 / √(samples a node).
    pub fn sampled<P: Placement + ?Sized>(
        placement: &P,
        hashes: impl IntoIterator<Item = u64>,
    ) -> Self {
        let mut owned = vec![0; placement.roster().id_bound()];
        for hash in hashes {
            if let Some(owner) = placement.locate(hash) {
                owned[owner.index()] += 1;
            }
        }
        Self::new(placement.roster(), &owned)
    }

    fn new(roster: &Roster, owned: &[u128]) -> Self {
        let total = owned.iter().sum::<u128>().max(1) as f64;
        let nodes = roster.iter().map(|(id, node)| NodeLoad {
            node: id,
            name: node.name().into(),
            owned: owned[id.index()],
            share: owned[id.index()] as f64 / total,
            ideal: roster.ideal_share(id),
        });
        Self { nodes: nodes.collect() }
    }

    /// Each node, in the order of the ids.
    #[must_use]
    pub fn nodes(&self) -> &[NodeLoad] {
        &self.nodes
    }

    /// The highest load in relation to the ideal. Where all weights are equal, that is maximum over mean. 1 without nodes.
    #[must_use]
    pub fn max_over_mean(&self) -> f64 {
        self.nodes.iter().map(NodeLoad::relative).reduce(f64::max).unwrap_or(1.0)
    }

    /// The lowest load in relation to the ideal. 1 without nodes.
    #[must_use]
    pub fn min_over_mean(&self) -> f64 {
        self.nodes.iter().map(NodeLoad::relative).reduce(f64::min).unwrap_or(1.0)
    }

    /// The standard deviation of the loads in relation to the ideal, around 1. 0 without nodes.
    #[must_use]
    pub fn standard_deviation(&self) -> f64 {
        let squares =
            self.nodes.iter().map(|node| (node.relative() - 1.0) * (node.relative() - 1.0));
        square_root(squares.sum::<f64>() / self.nodes.len().max(1) as f64)
    }
}

/// By Newton's method: core has no square root.
fn square_root(square: f64) -> f64 {
    // No NaN, no endless loop: what is not above 0 has the root 0 here.
    if square.is_nan() || square <= 0.0 {
        return 0.0;
    }
    let mut root = if square > 1.0 { square } else { 1.0 };
    loop {
        // From above it falls until it is as near as the numbers allow.
        let next = (root + square / root) / 2.0;
        if next >= root {
            return root;
        }
        root = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots() {
        for square in [0.0, 1e-300, 1e-9, 0.25, 1.0, 2.0, 1e10, 1e300] {
            let root = square_root(square);
            assert!((root - square.sqrt()).abs() <= square.sqrt() * 1e-15, "{square}: {root}");
        }
    }
}
