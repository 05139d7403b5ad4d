//! Tokens chosen so that every node's share comes near to its weight.
//!
//! A token that is put into an arc takes the part of it that leads there from the arc's owner, and that part may have any length. So
//! tokens are chosen by amount: from whom to take, how much, then from which of its arcs. The nodes with the most for their weight
//! are lowered to one level (water-filling), such that what is taken is what the new node should have. With at least as many tokens as
//! nodes, that makes all shares right, but for arcs that are too short to give so much. With k tokens and more nodes, k of them are
//! touched; in the long run the most loaded node has some 1 + 1/2k times its share, since a node gives 1/k of its share at a time and
//! waits until it is the most loaded again.
//!
//! Cassandra has two allocators with this aim: one that levels what nodes own as replicas, too, trying the middles of arcs one token at a
//! time (CASSANDRA-7032), and one that levels the most loaded nodes as is done here, and takes one proportion of each arc it cuts
//! (CASSANDRA-12777). With equal weights and more nodes than tokens the second is as even as this one. Here weights count; what an arc is too
//! short to give is asked of others, so that few nodes have exactly their shares; and nothing is drawn at random.
//!
//! Each piece is cut from the longest arc of the node that gives it, so that arcs keep between about half and one and a half times the mean length:
//! where arcs of θ times the mean are cut into 1 and θ - 1 while all of them grow in relation to the mean, θ is 1.54.

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::points::{Points, SPACE};
use crate::{NodeId, Roster};

/// No piece and no rest is shorter than the mean arc divided by this, unless a piece matters to the node that gives it.
const SLIVER: u128 = 6;
/// A piece of this part of a node's load matters to it, however short it is.
const MATTERS: u128 = 32;

/// The arcs of each node while tokens are chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Allocation {
    /// In the order of names, by which those of equal load are asked: not of ids, which other processes do not have.
    holders: Vec<Holder>,
    arcs: usize,
}

/// A node and what it owns.
#[derive(Clone, Debug)]
struct Holder {
    node: NodeId,
    weight: u128,
    /// How many hashes it owns.
    load: u128,
    /// The longest on top.
    arcs: BinaryHeap<Span>,
}

/// The hashes from `first` to `last`, both included, possibly around the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first: u64,
    last: u64,
}

impl Span {
    fn len(self) -> u128 {
        u128::from(self.last.wrapping_sub(self.first)) + 1
    }
}

impl Ord for Span {
    fn cmp(&self, other: &Self) -> Ordering {
        self.len().cmp(&other.len()).then(other.first.cmp(&self.first))
    }
}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What one node should give, and in how many pieces.
struct Demand {
    holder: usize,
    amount: u128,
    pieces: usize,
}

impl Allocation {
    /// Of a ring as it is. O(points).
    pub(super) fn of(roster: &Roster, points: &Points) -> Self {
        let mut number = vec![0; roster.id_bound()];
        let mut arcs: Vec<Vec<Span>> = Vec::with_capacity(roster.len());
        for (at, (id, _)) in roster.by_name().enumerate() {
            number[id.index()] = at;
            arcs.push(Vec::new());
        }
        let mut before = points.positions().last().copied().unwrap_or(0);
        for (at, (position, owner)) in points.iter().enumerate() {
            // A point on top of another owns nothing.
            if at == 0 || position != before {
                arcs[number[owner.index()]]
                    .push(Span { first: before.wrapping_add(1), last: position });
            }
            before = position;
        }
        // Without those that have nothing to give: the one who is about to get tokens.
        let here = roster.by_name().zip(arcs).filter(|(_, arcs)| !arcs.is_empty());
        let holders = here.map(|((node, entry), arcs)| Holder {
            node,
            weight: u128::from(entry.weight().raw()),
            load: arcs.iter().map(|arc| arc.len()).sum(),
            arcs: arcs.into(),
        });
        Self { holders: holders.collect(), arcs: points.len() }
    }

    /// The tokens of a node that `roster` has and the ring has not, sorted: at least one, at most `count`. O(nodes + count log count), and what it
    /// takes to find the longest arcs.
    pub(super) fn add(&mut self, roster: &Roster, node: NodeId, count: usize) -> Vec<u64> {
        let pieces = if self.holders.is_empty() {
            self.arcs = count;
            evenly(count)
        } else {
            let mut pieces = self.take(roster, share(roster, node), count, None);
            if pieces.is_empty() {
                // The most loaded have nothing but slivers, and a node must have a point: off the longest arc of all.
                let longest =
                    self.holders.iter_mut().max_by_key(|holder| holder.arcs.peek().copied());
                pieces.extend(longest.and_then(|holder| holder.cut(1)));
            }
            pieces
        };
        let tokens = tokens(&pieces);
        let load = pieces.iter().map(|piece| piece.len()).sum();
        let holder = Holder { node, weight: weight(roster, node), load, arcs: pieces.into() };
        let name = |node| roster.get(node).map(crate::NodeRef::name);
        let place = self.holders.partition_point(|holder| name(holder.node) < name(node));
        self.holders.insert(place, holder);
        tokens
    }

    /// Tokens that bring a node which is here already to its share, sorted: at most `count`, none if it has its share.
    pub(super) fn extend(&mut self, roster: &Roster, node: NodeId, count: usize) -> Vec<u64> {
        let holder = self.holders.iter().find(|holder| holder.node == node);
        let load = holder.map_or(0, |holder| holder.load);
        let need = share(roster, node).saturating_sub(load);
        if need == 0 { Vec::new() } else { tokens(&self.take(roster, need, count, Some(node))) }
    }

    /// Cuts `need` hashes in `count` pieces from the nodes with the most for their weight. Less only if no arc can be cut any more.
    fn take(
        &mut self,
        roster: &Roster,
        need: u128,
        count: usize,
        except: Option<NodeId>,
    ) -> Vec<Span> {
        self.arcs += count;
        let sliver = (SPACE / self.arcs as u128).min(need / count as u128) / SLIVER;
        let mut taken = self.relieve_light(roster, need, count, except);
        let mut need = need - taken.iter().map(|piece| piece.len()).sum::<u128>();
        let light = 2 * need / count as u128;
        let may = |holder: &Holder| Some(holder.node) != except;
        let mut pool = self.most_loaded(2 * count, |holder| holder.load >= light && may(holder));
        if pool.is_empty() {
            pool = self.most_loaded(2 * count, may);
        }
        while taken.len() < count && need > 0 && !pool.is_empty() {
            let demands = self.demands(&pool, need, count - taken.len(), sliver);
            // Who cannot give what is asked gives what it can, and the others are asked again.
            let short = demands.iter().any(|demand| {
                demand.amount / demand.pieces as u128 > self.holders[demand.holder].most(sliver)
            });
            let mut exhausted = Vec::new();
            for demand in demands {
                let holder = &mut self.holders[demand.holder];
                if !holder.give(&demand, sliver, short, &mut need, &mut taken) {
                    exhausted.push(demand.holder);
                }
            }
            exhausted.sort_unstable();
            pool.retain(|holder| exhausted.binary_search(holder).is_err());
            pool.sort_by(|a, b| self.by_relative_load(*a, *b));
        }
        taken
    }

    /// Pieces of nodes that own too little to be lowered with the others, since one token's worth is more than half of it, where they have a
    /// sixteenth too much: exactly that. For half of the tokens at most.
    fn relieve_light(
        &mut self,
        roster: &Roster,
        need: u128,
        count: usize,
        except: Option<NodeId>,
    ) -> Vec<Span> {
        let light = 2 * need / count as u128;
        let light = self.most_loaded(count / 2, |holder| {
            let over = |share: u128| holder.load > share + share / 16;
            holder.load < light && over(share(roster, holder.node)) && Some(holder.node) != except
        });
        let mut left = need / 2;
        let mut taken = Vec::new();
        for at in light {
            let holder = &mut self.holders[at];
            let excess = holder.load - share(roster, holder.node);
            let length = excess.min(holder.most(1)).min(left);
            if length > 0 {
                taken.extend(holder.cut(length));
                left -= length;
            }
        }
        taken
    }

    /// Up to `most` of the holders that `may` be asked, in descending order of load for their weight.
    fn most_loaded(&self, most: usize, may: impl Fn(&Holder) -> bool) -> Vec<usize> {
        let mut pool: Vec<usize> =
            (0..self.holders.len()).filter(|at| may(&self.holders[*at])).collect();
        if most < pool.len() {
            pool.select_nth_unstable_by(most, |a, b| self.by_relative_load(*a, *b));
            pool.truncate(most);
        }
        pool.sort_unstable_by(|a, b| self.by_relative_load(*a, *b));
        pool
    }

    fn by_relative_load(&self, a: usize, b: usize) -> Ordering {
        let (x, y) = (&self.holders[a], &self.holders[b]);
        (y.load * x.weight).cmp(&(x.load * y.weight)).then(a.cmp(&b))
    }

    /// Whom to ask for how much: the first of `pool`, which is in descending order of relative load, as many as `count` tokens can
    /// reach, lowered to one level. Without those of whom that asks less than a token is worth, if there are others.
    fn demands(&self, pool: &[usize], need: u128, count: usize, sliver: u128) -> Vec<Demand> {
        let mut demands = self.lowered(pool, need, count);
        loop {
            let worth =
                |demand: &Demand| demand.amount >= self.holders[demand.holder].least(sliver);
            let rest: Vec<usize> =
                demands.iter().filter(|demand| worth(demand)).map(|demand| demand.holder).collect();
            if rest.len() == demands.len() || rest.is_empty() {
                break;
            }
            demands = self.lowered(&rest, need, count);
        }
        let givers = demands.len();
        let spare = count - givers;
        let asked: u128 = demands.iter().map(|demand| demand.amount).sum::<u128>().max(1);
        let mut left = spare;
        for demand in &mut demands {
            let more = (spare as u128 * demand.amount / asked) as usize;
            demand.pieces += more;
            left -= more;
        }
        // What the rounding left, to those with the longest pieces.
        let mut longest: Vec<usize> = (0..givers).collect();
        let piece = |demand: &Demand| demand.amount / demand.pieces as u128;
        longest.sort_by_key(|at| (core::cmp::Reverse(piece(&demands[*at])), *at));
        for at in longest.into_iter().take(left) {
            demands[at].pieces += 1;
        }
        demands
    }

    /// The first of `pool` that stand above the level to which they are lowered together, at most `count`.
    fn lowered(&self, pool: &[usize], need: u128, count: usize) -> Vec<Demand> {
        let (mut load, mut weight, mut givers) = (0u128, 0u128, 0);
        for at in pool.iter().take(count) {
            let holder = &self.holders[*at];
            // The level without this one is (load - need) / weight; it gives only if it stands higher.
            if holder.load * weight + need * holder.weight <= load * holder.weight {
                break;
            }
            load += holder.load;
            weight += holder.weight;
            givers += 1;
        }
        let level = load.saturating_sub(need);
        let demand = |at: &usize| {
            let holder = &self.holders[*at];
            let amount = holder.load.saturating_sub(level * holder.weight / weight);
            Demand { holder: *at, amount, pieces: 1 }
        };
        pool[..givers].iter().map(demand).collect()
    }
}

impl Holder {
    /// Cuts what is demanded off its arcs, but for slivers and not beyond `need`; if `only_short`, then one piece, and only where all that it can
    /// give is less than demanded. Returns whether it has anything left to cut.
    fn give(
        &mut self,
        demand: &Demand,
        sliver: u128,
        only_short: bool,
        need: &mut u128,
        taken: &mut Vec<Span>,
    ) -> bool {
        let mut amount = demand.amount.min(*need);
        for left in (1..=demand.pieces as u128).rev() {
            let (least, most) = (self.least(sliver), self.most(sliver));
            if only_short && amount / left <= most {
                break;
            }
            if most < least {
                return false;
            }
            let length = (amount / left).clamp(least, most).min(*need);
            if length == 0 {
                break;
            }
            taken.extend(self.cut(length));
            amount = amount.saturating_sub(length);
            *need -= length;
            if only_short {
                break;
            }
        }
        true
    }

    /// The longest piece that it can give without a sliver left over.
    fn most(&self, sliver: u128) -> u128 {
        self.arcs.peek().map_or(0, |arc| arc.len().saturating_sub(self.least(sliver)))
    }

    /// The shortest piece worth a token.
    fn least(&self, sliver: u128) -> u128 {
        sliver.min(self.load / MATTERS).max(1)
    }

    /// Cuts the first `length` hashes off its longest arc, if that is longer.
    fn cut(&mut self, length: u128) -> Option<Span> {
        let mut arc = self.arcs.peek_mut().filter(|arc| arc.len() > length)?;
        let piece = Span { first: arc.first, last: arc.first.wrapping_add((length - 1) as u64) };
        arc.first = piece.last.wrapping_add(1);
        self.load -= length;
        Some(piece)
    }
}

/// How many hashes a node should own.
pub(super) fn share(roster: &Roster, node: NodeId) -> u128 {
    SPACE * weight(roster, node) / u128::from(roster.total_weight().max(1))
}

fn weight(roster: &Roster, node: NodeId) -> u128 {
    roster.get(node).map_or(1, |node| u128::from(node.weight().raw()))
}

/// All hashes in `count` equal pieces.
fn evenly(count: usize) -> Vec<Span> {
    let first = |piece: usize| (SPACE * piece as u128 / count as u128) as u64;
    (0..count)
        .map(|piece| Span { first: first(piece), last: first(piece + 1).wrapping_sub(1) })
        .collect()
}

fn tokens(pieces: &[Span]) -> Vec<u64> {
    let mut tokens: Vec<u64> = pieces.iter().map(|piece| piece.last).collect();
    tokens.sort_unstable();
    tokens
}
