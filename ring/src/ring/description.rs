//! Rings to descriptions, and back.
//!
//! Random tokens are not told, since names and weights determine them; all others are, node by node.

use alloc::vec::Vec;

use super::tokens::check_count;
use super::{Ring, Tokens};
use crate::canonical::{Describer, Opened, room_for};
use crate::{Algorithm, Description, NodeId, Result};

/// What a token that derives from a name takes while the ring is being built: 16 bytes to be sorted, in a vector that doubles, and
/// what it takes on the ring.
const BYTES_A_TOKEN: u64 = 3 * 16 + 24;

/// What the kinds are called.
const KINDS: [&str; 3] = ["random", "allocated", "explicit"];

pub(super) fn of(ring: &Ring) -> Description {
    let (kind, per_weight) = match ring.tokens {
        Tokens::Random(per_weight) => (0, Some(per_weight)),
        Tokens::Allocated(per_weight) => (1, Some(per_weight)),
        Tokens::Explicit => (2, None),
    };
    let mut describer = Describer::new(ring).text("tokens", KINDS[kind]);
    if let Some(per_weight) = per_weight {
        describer = describer.number("virtual-nodes", per_weight.into());
    }
    if kind > 0 {
        let mut tokens: Vec<(NodeId, u64)> =
            ring.points().map(|(token, owner)| (owner, token)).collect();
        tokens.sort_unstable();
        describer = describer.tokens(|id| {
            let first = tokens.partition_point(|(owner, _)| *owner < id);
            let own = tokens[first..].iter().take_while(|(owner, _)| *owner == id);
            own.map(|(_, token)| *token).collect()
        });
    }
    describer.finish()
}

impl Ring {
    pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Ring)?;
        let kind = opened.word("tokens", &KINDS)?;
        let mut per_weight =
            || opened.number("virtual-nodes", 1..=Tokens::MAX.into()).map(|number| number as u32);
        let tokens = match kind {
            0 => Tokens::Random(per_weight()?),
            1 => Tokens::Allocated(per_weight()?),
            _ => Tokens::Explicit,
        };
        let (nodes, key_hash) = (description.nodes(), description.key_hash());
        if let Tokens::Random(per_weight) = tokens {
            opened.finish()?;
            let counts = nodes.iter().map(|node| node.weight().times(per_weight));
            let total = counts.fold(0, u64::saturating_add);
            check_count(usize::try_from(total).unwrap_or(usize::MAX))?;
            room_for(total, BYTES_A_TOKEN, memory)?;
            let nodes = nodes.iter().map(|node| (node.name(), node.weight()));
            return Self::with_nodes(tokens, key_hash, nodes);
        }
        let given = opened.tokens()?;
        opened.finish()?;
        let nodes = nodes.iter().zip(given);
        let nodes =
            nodes.map(|(node, tokens)| (node.name(), node.weight(), tokens.iter().copied()));
        Self::with_tokens(tokens, key_hash, nodes)
    }
}
