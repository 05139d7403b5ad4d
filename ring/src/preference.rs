//! Orders of preference for algorithms that only know one owner.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::ControlFlow;

use crate::hash::{mix::derive, node_hash};
use crate::{NodeId, Roster};

/// Nodes that were visited, for up to [`INLINE`](Self::INLINE) of them without the heap.
pub(crate) struct Visited {
    first: [NodeId; Self::INLINE],
    len: usize,
    bits: Vec<u64>,
    id_bound: usize,
}

impl Visited {
    const INLINE: usize = 8;

    pub(crate) fn new(roster: &Roster) -> Self {
        Self {
            first: [NodeId(0); Self::INLINE],
            len: 0,
            bits: Vec::new(),
            id_bound: roster.id_bound(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn contains(&self, node: NodeId) -> bool {
        if self.bits.is_empty() {
            return self.first[..self.len].contains(&node);
        }
        self.bits[node.index() / 64] & 1 << (node.index() % 64) != 0
    }

    /// Whether it is new.
    pub(crate) fn insert(&mut self, node: NodeId) -> bool {
        if self.contains(node) {
            return false;
        }
        if self.len < Self::INLINE {
            self.first[self.len] = node;
        } else {
            if self.bits.is_empty() {
                self.bits = vec![0; self.id_bound.div_ceil(64)];
                for node in self.first {
                    self.bits[node.index() / 64] |= 1 << (node.index() % 64);
                }
            }
            self.bits[node.index() / 64] |= 1 << (node.index() % 64);
        }
        self.len += 1;
        true
    }
}

/// The owner of `hash`, the owner of a hash derived from it, of a second one, and so on, each node once. Whoever draws badly is
/// appended at the end by highest random weight, so that all are visited.
///
/// When a node leaves, a derived hash changes its owner only if it was the one who left: the others keep their order, but where the new
/// owner of that hash now comes earlier than it did.
pub(crate) fn by_derived_hashes(
    roster: &Roster,
    hash: u64,
    locate: impl Fn(u64) -> Option<NodeId>,
    visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>,
) {
    let mut visited = Visited::new(roster);
    // Drawing all of n takes some n ln n draws; the last few are not worth them.
    let draws = 3 * roster.len() as u64 + 16;
    for index in 0..draws {
        if visited.len() == roster.len() {
            return;
        }
        let drawn = if index == 0 { hash } else { derive(hash, index) };
        let Some(node) = locate(drawn) else { return };
        if visited.insert(node) && visit(node).is_break() {
            return;
        }
    }
    // By name, and sorted so that equal ones stay so: not by ids, which differ from one process to another.
    let mut rest: Vec<(Reverse<u64>, NodeId)> = roster
        .by_name()
        .filter(|(id, _)| !visited.contains(*id))
        .map(|(id, node)| (Reverse(derive(hash, node_hash(node.name()))), id))
        .collect();
    rest.sort_by_key(|(rank, _)| *rank);
    for (_, node) in rest {
        if visit(node).is_break() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weight;

    fn roster(nodes: u32) -> Roster {
        let mut roster = Roster::default();
        for node in 0..nodes {
            roster.add(&format!("n{node}"), Weight::ONE).unwrap();
        }
        roster
    }

    /// Also where `locate` never finds most of them.
    #[test]
    fn all_nodes_once() {
        for nodes in [0, 1, 2, 7, 8, 9, 64, 65, 300] {
            let roster = roster(nodes);
            let ids: Vec<NodeId> = roster.iter().map(|(id, _)| id).collect();
            let owners = [ids.len() as u64, 3.min(ids.len() as u64), 1.min(ids.len() as u64)];
            for owners in owners {
                let mut seen = Vec::new();
                let locate = |hash: u64| ids.get((hash % owners.max(1)) as usize).copied();
                by_derived_hashes(&roster, 77, locate, &mut |node| {
                    seen.push(node);
                    ControlFlow::Continue(())
                });
                assert_eq!(seen.first().copied(), locate(77));
                seen.sort();
                assert_eq!(seen, ids);
            }
        }
    }
}
