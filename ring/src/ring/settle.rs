//! Points that move or go, so that shares come nearer to the weights.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::allocate::share;
use super::points::{Points, SPACE};
use crate::{NodeId, Roster};

/// No arc becomes shorter than the mean arc divided by this.
const SLIVER: u128 = 6;

/// How many hashes lead to the point `at`.
fn arc_len(positions: &[u64], at: usize) -> u128 {
    let before = positions[if at == 0 { positions.len() - 1 } else { at - 1 }];
    let len = positions[at].wrapping_sub(before);
    if positions.len() == 1 { SPACE } else { u128::from(len) }
}

/// The points of `node` to take away, `count` of those that it has, sorted, so that what it owns comes nearest to its share; none if that is more
/// than it owns already.
pub(super) fn release(roster: &Roster, points: &Points, node: NodeId, count: usize) -> Vec<u64> {
    let mut own: Vec<(u128, u64)> = points
        .iter()
        .enumerate()
        .filter(|(_, (_, owner))| *owner == node)
        .map(|(at, (position, _))| (arc_len(points.positions(), at), position))
        .collect();
    let load: u128 = own.iter().map(|(len, _)| len).sum();
    let excess = load.saturating_sub(share(roster, node));
    // A node keeps a point, or it would not be on the ring.
    let count = count.min(own.len().saturating_sub(1));
    if excess == 0 || count == 0 {
        return Vec::new();
    }
    own.sort_unstable();
    // Of arcs in the order of their lengths, the `count` neighbours whose sum is nearest.
    let mut sum: u128 = own[..count].iter().map(|(len, _)| len).sum();
    let (mut best, mut start) = (sum.abs_diff(excess), 0);
    for at in count..own.len() {
        sum = sum + own[at].0 - own[at - count].0;
        if sum.abs_diff(excess) < best {
            (best, start) = (sum.abs_diff(excess), at + 1 - count);
        }
    }
    let mut gone: Vec<u64> = own[start..start + count].iter().map(|(_, at)| *at).collect();
    gone.sort_unstable();
    gone
}

/// All points, some of them moved along the arcs beside them, so that nodes above their share give to neighbours on the ring that are
/// below theirs. O(points log points).
///
/// Every hash that changes its owner goes from a node above its share to one below, and neither crosses it: no plan to the same loads moves
/// less.
pub(super) fn settle(roster: &Roster, points: &Points) -> Vec<(u64, NodeId)> {
    let len = points.len();
    let mut positions = points.positions().to_vec();
    let owners: Vec<NodeId> = points.iter().map(|(_, owner)| owner).collect();
    if len < 2 {
        return points.iter().collect();
    }
    let mut excess = vec![0i128; roster.id_bound()];
    for (at, owner) in owners.iter().enumerate() {
        excess[owner.index()] += arc_len(&positions, at) as i128;
    }
    for (node, _) in roster.iter() {
        excess[node.index()] -= share(roster, node) as i128;
    }
    let sliver = (SPACE / len as u128 / SLIVER).max(1);
    let mut own: Vec<Vec<u32>> = vec![Vec::new(); roster.id_bound()];
    for (at, owner) in owners.iter().enumerate() {
        own[owner.index()].push(at as u32);
    }
    let mut givers: Vec<NodeId> =
        roster.by_name().map(|(node, _)| node).filter(|node| excess[node.index()] > 0).collect();
    givers.sort_by_key(|node| Reverse(excess[node.index()]));
    for giver in givers {
        // Each of its arcs can be cut at its start, by the point before it, and at its end, by its own.
        let mut cuts: Vec<(NodeId, usize, bool)> = own[giver.index()]
            .iter()
            .flat_map(|at| {
                let at = *at as usize;
                let (before, after) = ((at + len - 1) % len, (at + 1) % len);
                [(owners[before], at, true), (owners[after], at, false)]
            })
            .filter(|(taker, ..)| excess[taker.index()] < 0)
            .collect();
        cuts.sort_by_key(|(taker, at, _)| (excess[taker.index()], *at));
        for (taker, at, at_start) in cuts {
            let room = arc_len(&positions, at).saturating_sub(sliver) as i128;
            let amount = excess[giver.index()].min(-excess[taker.index()]).min(room);
            if amount <= 0 {
                continue;
            }
            let point = if at_start { (at + len - 1) % len } else { at };
            // Below 2^64: an arc of two points or more.
            let by = amount as u64;
            positions[point] = if at_start {
                positions[point].wrapping_add(by)
            } else {
                positions[point].wrapping_sub(by)
            };
            excess[giver.index()] -= amount;
            excess[taker.index()] += amount;
        }
    }
    positions.into_iter().zip(owners).collect()
}
