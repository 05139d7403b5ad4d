//! A plan carried out step by step.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::plan::{Move, Peer, Plan};
use crate::{Error, Result};

/// How many moves may be under way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// From one node.
    pub per_source: usize,
    /// To one node.
    pub per_target: usize,
}

impl Default for Limits {
    /// As many as there are.
    fn default() -> Self {
        Self { total: usize::MAX, per_source: usize::MAX, per_target: usize::MAX }
    }
}

/// One of a plan's moves: its place in [`Plan::moves`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MoveId(pub u32);

impl MoveId {
    /// Its place in [`Plan::moves`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MoveState {
    /// Not begun, or failed.
    Waiting,
    /// Begun.
    Running,
    /// Completed: its hashes are the new owner's.
    Done,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many moves have not begun, or failed.
    pub waiting: usize,
    /// How many moves are under way.
    pub running: usize,
    /// How many moves are completed.
    pub done: usize,
    /// How many hashes the completed ones moved.
    pub moved: u128,
}

/// Who answers for a hash during a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// One node, or nobody where there are no nodes.
    Settled(Option<Peer>),
    /// The hash is being moved: reads go to the source, which has all data until the move is completed; writes go to both, so that nothing
    /// that is written meanwhile is missing from the copy.
    Moving {
        /// Who owns it until the move is completed.
        source: Option<Peer>,
        /// Who owns it from then on.
        target: Option<Peer>,
    },
}

/// A [`Plan`] under way: which moves to begin without passing the [`Limits`], and who owns a hash at any moment.
///
/// A state machine without input or output: the caller copies the data, and says what came of it. Nodes take turns. A move costs O(1), and as
/// much each time that it had its turn while the other of its two nodes was busy; lookups cost O(log moves).
///
/// ```
/// use hash_ring::{Limits, Placement, Ring, Weight, plan};
///
/// let mut before = Ring::default();
/// before.add("a", Weight::ONE)?;
/// let mut after = before.clone();
/// after.add("b", Weight::ONE)?;
///
/// let mut migration = plan(&before, &after)?.steps(Limits { per_target: 2, ..Limits::default() })?;
/// while !migration.is_done() {
///     let mut copying = Vec::new();
///     while let Some((id, one)) = migration.start() {
///         copying.push((id, one.range)); // begin to copy the range
///     }
///     assert!(copying.len() <= 2);
///     for (id, _) in copying {
///         migration.complete(id)?; // or `fail`, to have it again later
///     }
/// }
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Migration {
    plan: Plan,
    limits: Limits,
    states: Vec<MoveState>,
    running: usize,
    done: usize,
    moved: u128,
    /// For each node as a source and as a target.
    ends: Vec<End>,
    /// Ends that have waiting moves and may have room. An end with both is here, always.
    open: VecDeque<usize>,
}

/// A node as the source, or as the target, of moves.
#[derive(Clone, Debug, Default)]
struct End {
    running: usize,
    /// Moves that wait for room here. Each waiting move waits at one end: its source, or the end that was full when it was looked at.
    waiting: VecDeque<MoveId>,
    open: bool,
}

const fn source(peer: Peer) -> usize {
    2 * peer.index()
}

const fn target(peer: Peer) -> usize {
    2 * peer.index() + 1
}

/// The ends of a move, its source first; one at least.
fn ends(one: Move) -> impl Iterator<Item = usize> {
    one.from.map(source).into_iter().chain(one.to.map(target))
}

impl Migration {
    pub(super) fn new(
        plan: Plan,
        limits: Limits,
        done: impl IntoIterator<Item = MoveId>,
    ) -> Result<Self> {
        for (parameter, limit) in [
            ("limit on all moves", limits.total),
            ("limit on moves from a node", limits.per_source),
            ("limit on moves to a node", limits.per_target),
        ] {
            if limit == 0 {
                let allowed = "at least 1";
                return Err(Error::InvalidParameter {
                    parameter,
                    found: format!("{limit}"),
                    allowed,
                });
            }
        }
        let mut states = vec![MoveState::Waiting; plan.moves().len()];
        for id in done {
            *states.get_mut(id.index()).ok_or_else(|| bad_move(id, "not in the plan"))? =
                MoveState::Done;
        }
        let mut ends_of_nodes = Vec::new();
        ends_of_nodes.resize_with(2 * plan.nodes().len(), End::default);
        let mut migration = Self {
            plan,
            limits,
            states,
            running: 0,
            done: 0,
            moved: 0,
            ends: ends_of_nodes,
            open: VecDeque::new(),
        };
        for at in 0..migration.states.len() {
            let one = migration.plan.moves()[at];
            if migration.states[at] == MoveState::Done {
                migration.done += 1;
                migration.moved += one.range.len();
            } else {
                migration.wait(MoveId(at as u32));
            }
        }
        Ok(migration)
    }

    /// What is carried out.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The next move to begin, if the limits allow one now. It counts as running from here on.
    pub fn start(&mut self) -> Option<(MoveId, Move)> {
        if self.running >= self.limits.total {
            return None;
        }
        // Each end has one move looked at, then the others have their turn.
        while let Some(end) = self.open.pop_front() {
            self.ends[end].open = false;
            if !self.has_room(end) {
                continue;
            }
            let Some(id) = self.ends[end].waiting.pop_front() else { continue };
            let one = self.plan.moves()[id.index()];
            let full = ends(one).find(|end| !self.has_room(*end));
            if let Some(full) = full {
                self.ends[full].waiting.push_back(id);
            } else {
                self.states[id.index()] = MoveState::Running;
                self.running += 1;
                ends(one).for_each(|end| self.ends[end].running += 1);
            }
            self.reopen(end);
            if full.is_none() {
                return Some((id, one));
            }
        }
        None
    }

    /// A move is completed: its hashes are the new owner's.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a move that is not running.
    pub fn complete(&mut self, id: MoveId) -> Result<()> {
        let one = self.stop(id)?;
        self.states[id.index()] = MoveState::Done;
        self.done += 1;
        self.moved += one.range.len();
        Ok(())
    }

    /// A move failed: its hashes stay the old owner's, and [`start`](Self::start) returns it again, after the others from that node.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a move that is not running.
    pub fn fail(&mut self, id: MoveId) -> Result<()> {
        self.stop(id)?;
        self.states[id.index()] = MoveState::Waiting;
        self.wait(id);
        Ok(())
    }

    /// How far a move is; `None` if the plan does not have it.
    #[must_use]
    pub fn state(&self, id: MoveId) -> Option<MoveState> {
        self.states.get(id.index()).copied()
    }

    /// How far all is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            waiting: self.states.len() - self.running - self.done,
            running: self.running,
            done: self.done,
            moved: self.moved,
        }
    }

    /// Whether all moves are completed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done == self.states.len()
    }

    /// The owner of a hash now: the old one until its move is completed.
    #[must_use]
    pub fn owner(&self, hash: u64) -> Option<Peer> {
        match self.route(hash) {
            Route::Settled(owner) => owner,
            Route::Moving { source, .. } => source,
        }
    }

    /// Who answers for a hash now, for reads and for writes.
    #[must_use]
    pub fn route(&self, hash: u64) -> Route {
        let (source, target, id) = self.plan.owners(hash);
        match id.and_then(|id| self.state(id)) {
            Some(MoveState::Waiting) => Route::Settled(source),
            Some(MoveState::Running) => Route::Moving { source, target },
            Some(MoveState::Done) | None => Route::Settled(target),
        }
    }

    fn has_room(&self, end: usize) -> bool {
        let limit =
            if end.is_multiple_of(2) { self.limits.per_source } else { self.limits.per_target };
        self.ends[end].running < limit
    }

    /// Queues a move at its first end.
    fn wait(&mut self, id: MoveId) {
        if let Some(end) = ends(self.plan.moves()[id.index()]).next() {
            self.ends[end].waiting.push_back(id);
            self.reopen(end);
        }
    }

    /// Notes that moves may start at an end.
    fn reopen(&mut self, end: usize) {
        if !self.ends[end].open && !self.ends[end].waiting.is_empty() && self.has_room(end) {
            self.ends[end].open = true;
            self.open.push_back(end);
        }
    }

    /// Takes a running move off its ends.
    fn stop(&mut self, id: MoveId) -> Result<Move> {
        match self.state(id) {
            Some(MoveState::Running) => {}
            Some(MoveState::Waiting) => return Err(bad_move(id, "not running")),
            Some(MoveState::Done) => return Err(bad_move(id, "done")),
            None => return Err(bad_move(id, "not in the plan")),
        }
        let one = self.plan.moves()[id.index()];
        self.running -= 1;
        for end in ends(one) {
            self.ends[end].running -= 1;
            self.reopen(end);
        }
        Ok(one)
    }
}

fn bad_move(id: MoveId, found: &str) -> Error {
    Error::InvalidParameter {
        parameter: "move",
        found: format!("{}, which is {found}", id.0),
        allowed: "one of the plan's; to end it, one that start() returned and that was neither completed nor failed since",
    }
}
