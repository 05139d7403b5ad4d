//! What all contestants of a kind are given: nodes, and the parameters that make them as even as each other.

use std::fmt;

use hash_ring::{Maglev, virtual_nodes_for};

use super::Result;

/// The numbers of nodes.
pub const SIZES: [usize; 3] = [10, 100, 1000];

/// The highest load in relation to the mean that a ring, a table and the probes of multi-probe hashing may have.
pub const IMBALANCE: f64 = 1.05;

/// Points a node of our ring.
pub const ALLOCATED_POINTS: u32 = 32;

/// What sort of algorithm: contestants are compared within a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Rings of virtual nodes.
    Ring,
    /// Jump hash.
    Jump,
    /// Maglev's tables.
    Maglev,
    /// AnchorHash.
    Anchor,
    /// Multi-probe consistent hashing.
    MultiProbe,
    /// Highest random weight.
    Rendezvous,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ring, Self::Jump, Self::Maglev, Self::Anchor, Self::MultiProbe, Self::Rendezvous];

    /// As the ids of gates have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Jump => "jump",
            Self::Maglev => "maglev",
            Self::Anchor => "anchor",
            Self::MultiProbe => "multi-probe",
            Self::Rendezvous => "rendezvous",
        }
    }

    /// Whether its rivals hold nodes. Those of jump hash are functions from a hash to a number: they have nothing to build, to add to
    /// or to weigh.
    #[must_use]
    pub const fn holds_nodes(self) -> bool {
        !matches!(self, Self::Jump)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A kind, a number of nodes, and all that contestants need to know.
#[derive(Clone, Debug)]
pub struct Case {
    /// The kind.
    pub kind: Kind,
    /// The nodes.
    pub names: Vec<String>,
    /// The node that is added to them.
    pub newcomer: String,
    /// Random points a node with which a ring is as likely as not to keep to [`IMBALANCE`]: what rivals' rings get, since all of them
    /// place points at random.
    pub random_points: u32,
    /// Slots of a Maglev table: the first prime from 100 a node on, which is the default of both rivals and what the paper advises. No
    /// node then has more than 1 % too much.
    pub slots: u32,
    /// Nodes that AnchorHash has room for: twice as many as there are.
    pub capacity: u16,
    /// Probes a key where their number can be chosen: as few as keep ours to [`IMBALANCE`] with these names, but at least the 23 that
    /// mpchash makes always.
    pub probes: u32,
}

impl Case {
    /// The case of a kind and a number of nodes, at most 10,000.
    ///
    /// # Errors
    /// None for [`SIZES`].
    pub fn new(kind: Kind, nodes: usize) -> Result<Self> {
        let name = |number: usize| format!("cache-{number:04}:11211");
        Ok(Self {
            kind,
            names: (0..nodes).map(name).collect(),
            newcomer: name(nodes),
            random_points: virtual_nodes_for(nodes, IMBALANCE, 0.5)?,
            slots: Maglev::prime_from(u32::try_from(100 * nodes)?),
            capacity: u16::try_from(2 * nodes)?,
            probes: match nodes {
                0..100 => 23,
                100..1000 => 36,
                _ => 44,
            },
        })
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.names.len()
    }

    /// How many nodes, as jump hash takes it.
    #[must_use]
    pub fn buckets(&self) -> u32 {
        // 10,000 at most.
        self.names.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_what_they_say() {
        for nodes in SIZES {
            let case = Case::new(Kind::Ring, nodes).unwrap();
            assert_eq!(case.nodes(), nodes);
            assert!(!case.names.contains(&case.newcomer));
            assert!(case.slots as usize >= 100 * nodes && (case.slots as usize) < 102 * nodes);
        }
        let points = SIZES.map(|nodes| Case::new(Kind::Ring, nodes).unwrap().random_points);
        assert_eq!(points, [992, 2_701, 4_457]);
    }
}
