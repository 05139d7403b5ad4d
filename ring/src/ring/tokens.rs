//! Where the points of a node come from.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::hash::mix::derive;
use crate::hash::node_hash;
use crate::{Algorithm, Error, NodeId, Result, Weight};

/// Where a [`Ring`](crate::Ring)'s points (tokens, virtual nodes) come from. The numbers are points for each unit of weight, 1 to 65,536.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tokens {
    /// Hashes of the node's name. Who knows the names and weights knows the ring, whatever happened before.
    ///
    /// Shares scatter: with 160 points a node, of 100 nodes the most loaded has 1.2 times its share; 1.05 takes some
    /// 2,700 points ([`virtual_nodes_for`](crate::virtual_nodes_for)).
    Random(u32),
    /// Chosen when a node is added, so that all shares come as near to the weights as that many points can bring them: 1.03 times
    /// its share is the most that any node of up to 1,000 has with 32 points, added one at a time; 1.06 with 16. What nodes hold as
    /// replicas is not looked at: with three of them, 32 points and 100 nodes, 1.12 times the mean is the most.
    ///
    /// **When a node fails**, few take over from it, since its arcs are few and long: of 10 nodes with 32 points 7 do (4 in the worst
    /// case), one of them a quarter of the lost keys (half), so that the most loaded has 1.12 times the mean after it (1.36), where
    /// random points have 9 heirs, a fifth, and 1.10. More points do not help there. Of 100 nodes 31 take over, and the most loaded has 1.07
    /// (1.14); random points are at 1.2 before and after. [`Ring::rebalanced`](crate::Ring::rebalanced) evens that out.
    ///
    /// The ring depends on the order of additions and removals: all who use it must see the same ones, or receive the ring whole.
    Allocated(u32),
    /// Given by the caller, as those who run Cassandra or ScyllaDB have them: [`Ring::add_with_tokens`](crate::Ring::add_with_tokens).
    Explicit,
}

impl Tokens {
    /// The most points for a unit of weight.
    pub const MAX: u32 = 1 << 16;

    pub(super) fn check(self) -> Result<Self> {
        match self {
            Self::Random(count) | Self::Allocated(count) if count == 0 || count > Self::MAX => {
                Err(Error::InvalidParameter {
                    parameter: "tokens for a unit of weight",
                    found: format!("{count}"),
                    allowed: "1 to 65536",
                })
            }
            valid => Ok(valid),
        }
    }
}

/// The random tokens of a node, sorted, each once. A prefix of them is what it has with less weight.
pub(super) fn random(name: &str, weight: Weight, per_weight: u32) -> Vec<u64> {
    let node = node_hash(name);
    let mut tokens: Vec<u64> =
        (0..weight.times(per_weight)).map(|index| derive(node, index)).collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Of a ring that is told all tokens.
pub(super) const NO_TOKENS: Error = Error::Unsupported {
    algorithm: Algorithm::Ring,
    operation: "add a node without tokens where all tokens are explicit",
    instead: "use add_with_tokens, or make the ring with Tokens::Random or Tokens::Allocated",
};

pub(super) fn bad_tokens(found: String) -> Error {
    Error::InvalidParameter {
        parameter: "tokens",
        found,
        allowed: "at least one a node, all at different positions",
    }
}

pub(super) fn check_count(points: usize) -> Result<()> {
    if points > super::Ring::MAX_POINTS {
        return Err(Error::InvalidParameter {
            parameter: "number of points",
            found: format!("{points}"),
            allowed: "at most 268435456 on a ring",
        });
    }
    Ok(())
}

/// Of sorted points.
pub(super) fn check_distinct(points: &[(u64, NodeId)]) -> Result<()> {
    match points.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(bad_tokens(format!("{:#018x} twice", pair[0].0))),
        None => Ok(()),
    }
}
