//! The ring of virtual nodes.

mod allocate;
mod description;
mod index;
mod points;
mod settle;
mod tokens;

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::ControlFlow;

pub use tokens::Tokens;

use crate::preference::Visited;
use crate::{
    Algorithm, Arcs, Description, Error, KeyHash, NodeId, Placement, Result, Roster, Weight,
};
use allocate::Allocation;
use points::Points;
use tokens::{NO_TOKENS, bad_tokens, check_count, check_distinct};

/// A ring of virtual nodes: every node has points on the circle of hashes, and a hash belongs to the first point at or after it,
/// clockwise, from the highest hash on to the lowest.
///
/// D. Karger, E. Lehman, T. Leighton, M. Levine, D. Lewin and R. Panigrahy, "Consistent Hashing and Random Trees", 1997; points by
/// weight as in G. DeCandia and others, "Dynamo", 2007.
///
/// * **Lookup** O(1) expected, with a table over the top bits of positions; O(log points) for the worst positions.
///   [`prefer`](Placement::prefer) walks on clockwise and takes each owner once: O(points) for the last of them.
/// * **Memory** 12 to 14 bytes a point, 14 to 18 from 65,536 points on (2 more once a node's number passes 65,535).
/// * **Adding** a node moves hashes to it alone, **removing** any node moves only its own, to the owners of the points that follow;
///   both are O(points), and only the points of that node are hashed and sorted.
/// * **Weights** by the number of points, see [`Tokens`], which also says how even the shares are.
///
/// For when nodes come and go one by one, in any order; when data is kept and moved by ranges of hashes, which most other algorithms
/// scatter; or when people already run such a ring.
///
/// ```
/// use hash_ring::{KeyHash, Placement, Ring, Tokens, Weight};
///
/// let mut ring = Ring::new(Tokens::Allocated(32), KeyHash::default())?;
/// for name in ["a", "b", "c"] {
///     ring.add(name, Weight::ONE)?;
/// }
/// let before = ring.clone();
/// let d = ring.add("d", Weight::new(2.0)?)?;
/// for hash in (0..1000u64).map(|i| i << 54) {
///     assert!(ring.locate(hash) == before.locate(hash) || ring.locate(hash) == Some(d));
/// }
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ring {
    roster: Roster,
    points: Points,
    tokens: Tokens,
    key_hash: KeyHash,
}

impl Ring {
    /// The most points that a ring holds.
    pub const MAX_POINTS: usize = 1 << 28;

    /// A ring without nodes.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number of tokens outside of 1 to [`Tokens::MAX`].
    pub fn new(tokens: Tokens, key_hash: KeyHash) -> Result<Self> {
        let tokens = tokens.check()?;
        Ok(Self { roster: Roster::default(), points: Points::new(), tokens, key_hash })
    }

    /// The ring that adding each of `nodes` in turn makes, built at once: O(points log points), and O(nodes²) for allocated tokens.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`add`](Placement::add).
    pub fn with_nodes<'n>(
        tokens: Tokens,
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (&'n str, Weight)>,
    ) -> Result<Self> {
        let mut ring = Self::new(tokens, key_hash)?;
        let mut allocation = Allocation::default();
        let mut points = Vec::new();
        for (name, weight) in nodes {
            let count = ring.room_for(weight, points.len())?;
            let id = ring.roster.add(name, weight)?;
            let tokens = match ring.tokens {
                Tokens::Random(per_weight) => tokens::random(name, weight, per_weight),
                Tokens::Allocated(_) => allocation.add(&ring.roster, id, count),
                Tokens::Explicit => return Err(NO_TOKENS),
            };
            points.extend(tokens.into_iter().map(|token| (token, id)));
        }
        ring.insert(points);
        Ok(ring)
    }

    /// A ring of nodes with the tokens that each is given: a cluster that exists already, or a ring that was taken apart
    /// by [`points`](Self::points). Nodes added later get theirs as `tokens` says. O(points log points).
    ///
    /// Cassandra's and ScyllaDB's tokens are signed: cast them to `u64`. The circle is the same, and so is each key's owner with
    /// [`KeyHash::Murmur3`] of seed 0, but for keys that have bytes of 0x80 and above after the last whole 16, which their Murmur3 reads
    /// as negative numbers.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`add_with_tokens`](Self::add_with_tokens).
    pub fn with_tokens<'n, T: IntoIterator<Item = u64>>(
        tokens: Tokens,
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (&'n str, Weight, T)>,
    ) -> Result<Self> {
        let mut ring = Self::new(tokens, key_hash)?;
        ring.check_explicit()?;
        let mut points = Vec::new();
        for (name, weight, tokens) in nodes {
            let id = ring.roster.add(name, weight)?;
            let known = points.len();
            points.extend(tokens.into_iter().map(|token| (token, id)));
            check_count(points.len())?;
            if points.len() == known {
                return Err(bad_tokens(format!("none for {name:?}")));
            }
        }
        points.sort_unstable();
        check_distinct(&points)?;
        ring.insert(points);
        Ok(ring)
    }

    /// Adds a node with the tokens given, at least one, none of which is on the ring yet. O(points).
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a ring with random tokens, whose promise is that names and weights determine it;
    /// [`Error::InvalidParameter`] for no token or one that is there already; else as [`add`](Placement::add).
    pub fn add_with_tokens(
        &mut self,
        name: &str,
        weight: Weight,
        tokens: impl IntoIterator<Item = u64>,
    ) -> Result<NodeId> {
        self.check_explicit()?;
        let mut points: Vec<(u64, NodeId)> =
            tokens.into_iter().map(|token| (token, NodeId(0))).collect();
        if points.is_empty() {
            return Err(bad_tokens(format!("none for {name:?}")));
        }
        check_count(self.points.len() + points.len())?;
        points.sort_unstable();
        check_distinct(&points)?;
        if let Some((token, _)) =
            points.iter().find(|(token, _)| self.points.positions().binary_search(token).is_ok())
        {
            return Err(bad_tokens(format!("{token:#018x}, which is on the ring")));
        }
        let id = self.roster.add(name, weight)?;
        points.iter_mut().for_each(|(_, owner)| *owner = id);
        self.insert(points);
        Ok(id)
    }

    /// Where points come from.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.tokens
    }

    /// The ring with some points moved along the arcs beside them, so that nodes above their share give to neighbours on the ring that
    /// are below theirs: what to do after a node was removed, whose arcs the ring could only give to whoever came next. O(points log
    /// points).
    ///
    /// Ids and numbers of points stay. The [`plan`](crate::plan) from this ring to that one moves its
    /// [`minimum`](crate::Plan::minimum): whatever changes its owner goes from a node with too much to one with too little. Where no two such nodes
    /// are neighbours any more, it stops.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on a ring with random tokens, whose promise is that names and weights determine it.
    pub fn rebalanced(&self) -> Result<Self> {
        self.check_explicit()?;
        let mut ring = self.clone();
        ring.points = Points::new();
        ring.insert(settle::settle(&self.roster, &self.points));
        Ok(ring)
    }

    /// All points in ascending order of their positions: as many as there are virtual nodes. Of points at the same position the first
    /// owns what leads there.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (u64, NodeId)> + '_ {
        self.points.iter()
    }

    fn check_explicit(&self) -> Result<()> {
        match self.tokens {
            Tokens::Random(_) => Err(Error::Unsupported {
                algorithm: Algorithm::Ring,
                operation: "take given tokens where tokens are random",
                instead: "make the ring with Tokens::Explicit or Tokens::Allocated",
            }),
            _ => Ok(()),
        }
    }

    /// How many points a node of that weight gets, if there is room for them beside `others`.
    fn room_for(&self, weight: Weight, others: usize) -> Result<usize> {
        let count = match self.tokens {
            Tokens::Random(per_weight) | Tokens::Allocated(per_weight) => weight.times(per_weight),
            Tokens::Explicit => return Ok(0),
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        check_count(others.saturating_add(count))?;
        Ok(count)
    }

    /// Puts points in, of whatever order.
    fn insert(&mut self, mut points: Vec<(u64, NodeId)>) {
        let roster = &self.roster;
        // Which points come first where positions collide must not depend on who came first.
        let order = |a: NodeId, b: NodeId| by_name(roster, a, b);
        points.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| order(a.1, b.1)));
        self.points.insert(&points, order);
    }
}

fn by_name(roster: &Roster, a: NodeId, b: NodeId) -> Ordering {
    let name = |id| roster.get(id).map(crate::NodeRef::name);
    name(a).cmp(&name(b))
}

impl Default for Ring {
    /// 160 random tokens for a unit of weight, as many as ketama gives a server.
    fn default() -> Self {
        Self {
            roster: Roster::default(),
            points: Points::new(),
            tokens: Tokens::Random(160),
            key_hash: KeyHash::default(),
        }
    }
}

impl Placement for Ring {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ring
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        self.points.owner_of(hash)
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        let Some(start) = self.points.after(hash) else { return };
        let mut visited = Visited::new(&self.roster);
        let len = self.points.len();
        for at in (start..len).chain(0..start) {
            let owner = self.points.owner(at);
            if visited.insert(owner)
                && (visit(owner).is_break() || visited.len() == self.roster.len())
            {
                return;
            }
        }
    }

    /// With [`Tokens::Allocated`], O(points) and O(tokens log tokens).
    ///
    /// # Errors
    /// As the trait says; besides, [`Error::Unsupported`] on a ring of [`Tokens::Explicit`], and [`Error::InvalidParameter`] for
    /// more than [`Ring::MAX_POINTS`].
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        if self.tokens == Tokens::Explicit {
            return Err(NO_TOKENS);
        }
        let count = self.room_for(weight, self.points.len())?;
        let id = self.roster.add(name, weight)?;
        let tokens = match self.tokens {
            Tokens::Random(per_weight) => tokens::random(name, weight, per_weight),
            Tokens::Allocated(_) => {
                Allocation::of(&self.roster, &self.points).add(&self.roster, id, count)
            }
            Tokens::Explicit => Vec::new(),
        };
        self.insert(tokens.into_iter().map(|token| (token, id)).collect());
        Ok(id)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        self.roster.remove(node)?;
        self.points.remove(|_, owner| owner == node);
        Ok(())
    }

    /// Random tokens: as many as the new weight asks for, the others as they were. Allocated: the difference is taken from the most loaded
    /// nodes, or goes to the owners of the points that follow. Explicit: no point moves, only the ideal share changes.
    ///
    /// # Errors
    /// As the trait says; besides, [`Error::InvalidParameter`] for more than [`Ring::MAX_POINTS`].
    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        let own = self.points.iter().filter(|(_, owner)| *owner == node).count();
        let count = self.room_for(weight, self.points.len() - own)?;
        self.roster.reweight(node, weight)?;
        let tokens = match self.tokens {
            Tokens::Random(per_weight) => {
                let name = self.roster.get(node).map_or("", crate::NodeRef::name);
                let tokens = tokens::random(name, weight, per_weight);
                self.points.remove(|_, owner| owner == node);
                tokens
            }
            Tokens::Allocated(_) if count > own => {
                Allocation::of(&self.roster, &self.points).extend(&self.roster, node, count - own)
            }
            Tokens::Allocated(_) => {
                let gone = settle::release(&self.roster, &self.points, node, own - count);
                self.points.remove(|position, _| gone.binary_search(&position).is_ok());
                Vec::new()
            }
            Tokens::Explicit => Vec::new(),
        };
        self.insert(tokens.into_iter().map(|token| (token, node)).collect());
        Ok(())
    }

    fn arcs(&self) -> Option<Arcs<'_>> {
        Some(Box::new(self.points.arcs()))
    }

    fn describe(&self) -> Description {
        description::of(self)
    }

    fn heap_bytes(&self) -> usize {
        self.points.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// Who has a position must not depend on who came first; that two hashes fall on one cannot be waited for.
    #[test]
    fn collisions_go_by_name() {
        let ring = |names: [&str; 3], gone: Option<&str>| {
            let mut ring = Ring::new(Tokens::Explicit, KeyHash::default()).unwrap();
            for (name, own) in names.into_iter().zip([9u64, 20, 30]) {
                let id = ring.roster.add(name, Weight::ONE).unwrap();
                let own = if name == "a" { 9 } else { own };
                ring.insert(vec![(own, id), (10, id)]);
            }
            if let Some(node) = gone.and_then(|name| ring.roster.find(name)) {
                ring.remove(node).unwrap();
            }
            let name = |id| ring.roster.get(id).unwrap().name().to_string();
            (name(ring.locate(10).unwrap()), ring.replicas(10, 3).into_iter().map(name).collect())
        };
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        for order in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
            assert_eq!(ring(order, None), ("a".to_string(), names(&["a", "b", "c"])));
            assert_eq!(ring(order, Some("a")), ("b".to_string(), names(&["b", "c"])));
            assert_eq!(ring(order, Some("b")), ("a".to_string(), names(&["a", "c"])));
        }
    }
}
