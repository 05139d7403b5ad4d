//! From two placements to the ranges that differ.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::migration::{Limits, Migration, MoveId};
use crate::range::SPACE;
use crate::{Arcs, HashRange, NodeId, Ownership, Result, Roster};

/// One of the nodes of a [`Plan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(u32);

impl Peer {
    /// Its place in [`Plan::nodes`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A node before and after: by its name, since placements that were built apart agree on names, not on ids.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeChange {
    /// Its name.
    pub name: Box<str>,
    /// Its id in the placement before, if it was there.
    pub before: Option<NodeId>,
    /// Its id in the placement after, if it is there.
    pub after: Option<NodeId>,
    /// How many hashes it owned.
    pub owned_before: u128,
    /// How many hashes it will own.
    pub owned_after: u128,
    /// How many hashes it receives.
    pub incoming: u128,
    /// How many hashes it gives away.
    pub outgoing: u128,
}

/// A range of hashes that changes its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Move {
    /// Which hashes.
    pub range: HashRange,
    /// Who owns them before; `None` if there were no nodes.
    pub from: Option<Peer>,
    /// Who owns them after; `None` if there are no nodes any more.
    pub to: Option<Peer>,
}

/// Which ranges of hashes move from whom to whom, so that one placement becomes another. Made by [`plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Those of before in the order of their ids, then those that are new in the order of theirs.
    nodes: Vec<NodeChange>,
    moves: Vec<Move>,
    /// What moves and what stays, in ascending order from hash 0 on: neighbours differ.
    segments: Vec<Segment>,
}

/// Hashes up to the next segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    first: u64,
    from: Option<Peer>,
    to: Option<Peer>,
    /// How many moves lie before.
    moves: u32,
}

/// What moves when `before` becomes `after`: exactly, by their ranges, not by a sample. O(arcs of both + nodes log nodes).
///
/// ```
/// use hash_ring::{Placement, Ring, Weight, plan};
///
/// let mut before = Ring::default();
/// for name in ["a", "b", "c"] {
///     before.add(name, Weight::ONE)?;
/// }
/// let mut after = before.clone();
/// after.add("d", Weight::ONE)?;
///
/// let plan = plan(&before, &after)?;
/// assert!(plan.moves().iter().all(|one| &*plan.node(one.to.unwrap()).name == "d"));
/// assert_eq!(plan.moved(), plan.minimum());
/// assert!((0.2..0.3).contains(&plan.moved_share()));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsupported`](crate::Error::Unsupported) for a placement without arcs: [`Partitions`](crate::Partitions) gives it some.
pub fn plan<A, B>(before: &A, after: &B) -> Result<Plan>
where
    A: Ownership + ?Sized,
    B: Ownership + ?Sized,
{
    let (before, after) = (before.owners()?, after.owners()?);
    let (nodes, from, to) = peers(before.roster, after.roster);
    let mut plan = Plan { nodes, moves: Vec::new(), segments: Vec::new() };
    let mut before = Cursor::new(before.arcs, from);
    let mut after = Cursor::new(after.arcs, to);
    let mut first = 0;
    loop {
        let (from, to) = (before.owner, after.owner);
        let last = before.last.min(after.last);
        if let Some(range) = HashRange::new(first, last) {
            plan.push(range, from, to);
        }
        let Some(next) = last.checked_add(1) else { break };
        first = next;
        before.advance(last);
        after.advance(last);
    }
    Ok(plan)
}

/// Owners in the order of hashes.
struct Cursor<'a> {
    arcs: Arcs<'a>,
    peers: Vec<Option<Peer>>,
    /// The owner of all hashes from the last end to `last`.
    owner: Option<Peer>,
    last: u64,
}

impl<'a> Cursor<'a> {
    fn new(arcs: Arcs<'a>, peers: Vec<Option<Peer>>) -> Self {
        let mut cursor = Self { arcs, peers, owner: None, last: 0 };
        cursor.next();
        cursor
    }

    fn next(&mut self) {
        // After the last arc, or without any, nobody owns the rest.
        (self.owner, self.last) = self.arcs.next().map_or((None, u64::MAX), |arc| {
            (self.peers.get(arc.owner.index()).copied().flatten(), arc.range.last())
        });
    }

    /// To the arc that follows, if this one ends at `last`.
    fn advance(&mut self, last: u64) {
        if self.last == last {
            self.next();
        }
    }
}

/// All nodes of both sides, and for the ids of each side which one that is.
fn peers(
    before: &Roster,
    after: &Roster,
) -> (Vec<NodeChange>, Vec<Option<Peer>>, Vec<Option<Peer>>) {
    let mut nodes = Vec::with_capacity(before.len());
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids = [vec![None; before.id_bound()], vec![None; after.id_bound()]];
    for (side, roster) in [before, after].into_iter().enumerate() {
        for (id, node) in roster.iter() {
            let at = *by_name.entry(node.name()).or_insert_with(|| {
                nodes.push(NodeChange {
                    name: node.name().into(),
                    before: None,
                    after: None,
                    owned_before: 0,
                    owned_after: 0,
                    incoming: 0,
                    outgoing: 0,
                });
                nodes.len() - 1
            });
            ids[side][id.index()] = Some(Peer(at as u32));
            if side == 0 {
                nodes[at].before = Some(id);
            } else {
                nodes[at].after = Some(id);
            }
        }
    }
    let [from, to] = ids;
    (nodes, from, to)
}

impl Plan {
    fn push(&mut self, range: HashRange, from: Option<Peer>, to: Option<Peer>) {
        let len = range.len();
        if let Some(from) = from {
            self.nodes[from.index()].owned_before += len;
        }
        if let Some(to) = to {
            self.nodes[to.index()].owned_after += len;
        }
        let moving = from != to;
        if moving {
            if let Some(from) = from {
                self.nodes[from.index()].outgoing += len;
            }
            if let Some(to) = to {
                self.nodes[to.index()].incoming += len;
            }
        }
        let goes_on = self.segments.last().is_some_and(|last| last.from == from && last.to == to);
        if !goes_on {
            let moves = self.moves.len() as u32;
            self.segments.push(Segment { first: range.first(), from, to, moves });
            if moving {
                self.moves.push(Move { range, from, to });
            }
        } else if moving
            && let Some(last) = self.moves.last_mut()
            && let Some(longer) = HashRange::new(last.range.first(), range.last())
        {
            last.range = longer;
        }
    }

    /// All nodes of both placements, by [`Peer::index`].
    #[must_use]
    pub fn nodes(&self) -> &[NodeChange] {
        &self.nodes
    }

    /// One of its nodes.
    ///
    /// # Panics
    /// May, if `peer` is another plan's.
    #[must_use]
    pub fn node(&self, peer: Peer) -> &NodeChange {
        &self.nodes[peer.index()]
    }

    /// Which of its nodes has that name. O(nodes).
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Peer> {
        self.nodes.iter().position(|node| &*node.name == name).map(|at| Peer(at as u32))
    }

    /// What moves, in ascending order of the hashes. Neighbouring ranges with the same nodes are one.
    #[must_use]
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Whether nothing moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// How many hashes move.
    #[must_use]
    pub fn moved(&self) -> u128 {
        self.moves.iter().map(|one| one.range.len()).sum()
    }

    /// Which part of all hashes moves, from 0 to 1.
    #[must_use]
    pub fn moved_share(&self) -> f64 {
        self.moved() as f64 / SPACE
    }

    /// How many hashes any plan moves that begins and ends with these loads, whichever hashes it chooses: what all nodes together
    /// have too little before, which is the total variation distance of the loads.
    #[must_use]
    pub fn minimum(&self) -> u128 {
        let gains: u128 =
            self.nodes.iter().map(|node| node.owned_after.saturating_sub(node.owned_before)).sum();
        let losses: u128 =
            self.nodes.iter().map(|node| node.owned_before.saturating_sub(node.owned_after)).sum();
        // They differ only where there are no nodes on one side.
        gains.max(losses)
    }

    /// The same as a part of all hashes, from 0 to 1.
    #[must_use]
    pub fn minimum_share(&self) -> f64 {
        self.minimum() as f64 / SPACE
    }

    /// The nodes that own `hash` before and after, and the move between them if they differ. O(log moves).
    #[must_use]
    pub fn owners(&self, hash: u64) -> (Option<Peer>, Option<Peer>, Option<MoveId>) {
        let after = self.segments.partition_point(|segment| segment.first <= hash);
        match after.checked_sub(1).map(|at| self.segments[at]) {
            Some(Segment { from, to, moves, .. }) => {
                (from, to, (from != to).then_some(MoveId(moves)))
            }
            None => (None, None, None),
        }
    }

    /// The plan carried out in steps.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a limit of 0.
    pub fn steps(self, limits: Limits) -> Result<Migration> {
        Migration::new(self, limits, [])
    }

    /// The plan carried on where an earlier process stopped: `done` are the moves that were completed. The same two placements give the
    /// same plan, with the same numbers of moves.
    ///
    /// # Errors
    /// As [`steps`](Self::steps), and [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a move that the plan does not have.
    pub fn resume(
        self,
        limits: Limits,
        done: impl IntoIterator<Item = MoveId>,
    ) -> Result<Migration> {
        Migration::new(self, limits, done)
    }
}
