//! Algorithms that number the nodes: a hash falls on a bucket, and a table says which node that is.
//!
//! Who owns what depends on the order in which nodes came and went, not only on who is there: but for [`Dx`], and that in part, none of
//! them looks at names. None knows weights.

mod anchor;
mod dense;
mod dx;
mod jump;
mod jump_back;
mod memento;
mod replaced;

pub use anchor::Anchor;
pub use dx::Dx;
pub use jump::{Jump, jump_hash, jump_hash_batch};
pub use jump_back::{JumpBack, jump_back_hash};
pub use memento::Memento;

use alloc::string::ToString;

use crate::{Algorithm, Error, NodeId, Result, Roster, Weight};

/// `bits` times an odd number, the halves of the product folded together: each bit of the result depends on all of `bits`.
#[inline]
const fn fold(bits: u64, multiplier: u64) -> u64 {
    let product = bits as u128 * multiplier as u128;
    (product >> 64) as u64 ^ product as u64
}

/// A number of buckets, from 1 to as many as there may be nodes.
fn capacity(found: usize) -> Result<u32> {
    if (1..=Roster::MAX_NODES).contains(&found) {
        return Ok(found as u32);
    }
    Err(Error::InvalidParameter {
        parameter: "capacity",
        found: found.to_string(),
        allowed: "1 to 1048576",
    })
}

/// Lets no weight pass but [`Weight::ONE`].
fn unweighted(algorithm: Algorithm, weight: Weight) -> Result<()> {
    if weight == Weight::ONE {
        return Ok(());
    }
    Err(Error::Unsupported {
        algorithm,
        operation: "weight a node",
        instead: "Ring, Rendezvous, Maglev and Slots can",
    })
}

/// Lets no roster pass but of nodes of [`Weight::ONE`].
fn all_unweighted(algorithm: Algorithm, roster: Roster) -> Result<Roster> {
    roster.iter().try_for_each(|(_, node)| unweighted(algorithm, node.weight()))?;
    Ok(roster)
}

/// What `reweight` does where all weights are [`Weight::ONE`].
fn stay_unweighted(
    algorithm: Algorithm,
    roster: &Roster,
    node: NodeId,
    weight: Weight,
) -> Result<()> {
    if roster.get(node).is_none() {
        return Err(Error::UnknownNode { node });
    }
    unweighted(algorithm, weight)
}
