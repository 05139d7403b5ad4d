//! How much data a plan moves.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::plan::{Peer, Plan};
use crate::{Error, HashRange, Result};

/// What is known of where the data lies.
#[derive(Clone, Copy)]
pub enum Density<'a> {
    /// So many bytes in all, spread evenly over the hashes.
    Uniform(u64),
    /// So many bytes in each of these ranges, spread evenly over each, and none elsewhere.
    Ranges(&'a [(HashRange, u64)]),
    /// Whatever the function says of a range; it is asked once a move.
    By(&'a dyn Fn(HashRange) -> u64),
}

/// The bytes that a [`Plan`] moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    moves: Vec<u64>,
    nodes: Vec<NodeVolume>,
    total: u128,
}

/// The bytes that one node receives and gives away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeVolume {
    /// Bytes received.
    pub incoming: u128,
    /// Bytes given away.
    pub outgoing: u128,
}

impl Volume {
    /// Bytes of each move, in the order of [`Plan::moves`].
    #[must_use]
    pub fn moves(&self) -> &[u64] {
        &self.moves
    }

    /// Bytes that each node receives and gives away, in the order of [`Plan::nodes`].
    #[must_use]
    pub fn nodes(&self) -> &[NodeVolume] {
        &self.nodes
    }

    /// Bytes of all moves.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.total
    }
}

impl Plan {
    /// How many bytes move. O(moves + ranges log ranges).
    ///
    /// Bytes are rounded such that those of ranges that make up a longer one add up to that one's.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for [`Density::Ranges`] that overlap.
    pub fn volume(&self, density: Density<'_>) -> Result<Volume> {
        let moves = match density {
            Density::Uniform(bytes) => self.prorated(&[(HashRange::FULL, bytes)]),
            Density::Ranges(ranges) => {
                let mut sorted = ranges.to_vec();
                sorted.sort_unstable_by_key(|(range, _)| *range);
                if let Some(pair) =
                    sorted.windows(2).find(|pair| pair[0].0.last() >= pair[1].0.first())
                {
                    return Err(Error::InvalidParameter {
                        parameter: "ranges of a density",
                        found: format!("{} and {}", pair[0].0, pair[1].0),
                        allowed: "ranges without a common hash",
                    });
                }
                self.prorated(&sorted)
            }
            Density::By(bytes) => self.moves().iter().map(|one| bytes(one.range)).collect(),
        };
        let mut nodes = vec![NodeVolume::default(); self.nodes().len()];
        let mut total = 0;
        for (one, bytes) in self.moves().iter().zip(&moves) {
            let bytes = u128::from(*bytes);
            let at = |peer: Option<Peer>| peer.map(Peer::index);
            if let Some(node) = at(one.from).and_then(|at| nodes.get_mut(at)) {
                node.outgoing += bytes;
            }
            if let Some(node) = at(one.to).and_then(|at| nodes.get_mut(at)) {
                node.incoming += bytes;
            }
            total += bytes;
        }
        Ok(Volume { moves, nodes, total })
    }

    /// Of ranges in ascending order without overlaps.
    fn prorated(&self, ranges: &[(HashRange, u64)]) -> Vec<u64> {
        let mut start = 0;
        let bytes_of = |range: HashRange| {
            // Moves ascend, too: what ended before this one matters to none that follows.
            start += ranges[start..]
                .iter()
                .take_while(|(whole, _)| whole.last() < range.first())
                .count();
            let within =
                ranges[start..].iter().take_while(|(whole, _)| whole.first() <= range.last());
            within
                .fold(0, |sum: u64, (whole, bytes)| sum.saturating_add(part(*whole, *bytes, range)))
        };
        self.moves().iter().map(|one| one.range).map(bytes_of).collect()
    }
}

/// The bytes of those hashes of `range` that are in `whole`, of which all have `bytes`.
fn part(whole: HashRange, bytes: u64, range: HashRange) -> u64 {
    let first = whole.first().max(range.first()) - whole.first();
    let last = whole.last().min(range.last()) - whole.first();
    // Bytes before a hash; below 2^128, since no product passes 2^64 · (2^64 - 1), and at most `bytes`.
    let before = |hashes: u128| (u128::from(bytes) * hashes / whole.len()) as u64;
    before(u128::from(last) + 1) - before(u128::from(first))
}
