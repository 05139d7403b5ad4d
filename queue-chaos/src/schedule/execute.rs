//! Doing what a plan says.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::prng::Prng;
use super::{Action, Planned, Target, Timeline};
use crate::broker::{Cluster, NodeState};
use crate::history::{Outcome, Sink, What};
use crate::id::NodeId;
use crate::{Error, Result};

/// What [`undo_all`] writes into a history.
pub const UNDO_ALL: &str = "undo all";

/// How often a wait looks whether it shall stop.
const LOOK: Duration = Duration::from_millis(10);

/// What to do when an action fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Write it down and go on.
    #[default]
    GoOn,
    /// Write it down and end.
    End,
}

/// How [`execute`] does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What to do when an action fails.
    pub on_failure: OnFailure,
    /// The number of the first action in the history; that of the next one is in [`Executed::next`].
    pub first: u32,
}

/// An action begins or has come to an end.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Its place among the planned ones, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
    /// When it should have begun.
    pub planned: Duration,
    /// Microseconds since the run began, now.
    pub at: u64,
    /// What; with the node where one was chosen.
    pub action: &'a Action,
    /// How it goes: [`Outcome::Invoke`] when it begins.
    pub outcome: &'a Outcome,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// Actions that were done.
    pub done: usize,
    /// Actions that are certain not to have been done.
    pub failed: usize,
    /// Actions of which nobody knows whether they were done.
    pub unknown: usize,
    /// Actions that were not begun: it was asked to stop, or ended with a failure.
    pub left: usize,
    /// Whether it was asked to stop.
    pub stopped: bool,
    /// The first failure.
    pub first_failure: Option<String>,
    /// The number of the next action in the history.
    pub next: u32,
}

/// Whether a cluster can take all actions of a plan.
///
/// # Errors
/// [`Error::Unsupported`] with the first that it cannot take.
pub fn check_supported(timeline: &Timeline, cluster: &dyn Cluster) -> Result<()> {
    let actions = timeline.planned().iter().map(|planned| &planned.action);
    actions
        .filter(|action| !matches!(action, Action::Mark(_)))
        .try_for_each(|a| cluster.supports(a))
}

/// Does what a plan says, each action at its time (counted from now by a clock that never goes back) or as soon after it as the ones before are done, and
/// then waits until the plan ends. Writes each into the history. [`Target::Random`] is chosen here, from the plan's seed and the nodes' states; the history
/// names the node.
///
/// It looks every 10 ms whether it shall stop, but an action that has begun is waited for. It undoes nothing that the plan does not undo: call
/// [`undo_all`] then.
///
/// # Errors
/// [`Error::Unsupported`] before anything is done, if the cluster cannot take one of the actions. What fails later is in [`Executed`] and in the history.
pub fn execute(
    timeline: &Timeline,
    cluster: &mut dyn Cluster,
    sink: &dyn Sink,
    stop: &AtomicBool,
    options: &Options,
    mut on_action: impl FnMut(&Progress<'_>),
) -> Result<Executed> {
    check_supported(timeline, cluster)?;
    let began = Instant::now();
    let mut executed = Executed { next: options.first, ..Executed::default() };
    let mut prng = Prng::new(timeline.seed());
    let planned = timeline.planned();
    // What was really done, for those that undo it.
    let mut done: Vec<Option<Action>> = Vec::with_capacity(planned.len());
    for (index, item) in planned.iter().enumerate() {
        executed.stopped = wait(began + item.at, stop);
        let ends = executed.first_failure.is_some() && options.on_failure == OnFailure::End;
        if executed.stopped || ends {
            executed.left = planned.len() - index;
            return Ok(executed);
        }
        let action = resolve(item, &done, cluster, &mut prng);
        let n = executed.next;
        let mut write = |outcome: &Outcome| {
            let at = sink.now();
            sink.record(at, What::Fault { what: action.to_string(), is: outcome.clone(), n });
            let (of, planned) = (planned.len(), item.at);
            on_action(&Progress { index, of, planned, at, action: &action, outcome });
        };
        write(&Outcome::Invoke);
        let outcome = apply(cluster, &action);
        write(&outcome);
        executed.count(&action, &outcome);
        done.push(Some(action));
    }
    executed.stopped = wait(began + timeline.duration(), stop);
    Ok(executed)
}

/// Has the cluster undo all faults, and writes that into the history.
///
/// # Errors
/// What the cluster says.
pub fn undo_all(cluster: &mut dyn Cluster, sink: &dyn Sink, number: u32) -> Result<()> {
    let write = |is| {
        sink.record(sink.now(), What::Fault { what: UNDO_ALL.to_owned(), is, n: number });
    };
    write(Outcome::Invoke);
    let healed = cluster.heal();
    write(outcome(&healed));
    healed
}

fn outcome(result: &Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Ok,
        Err(e @ (Error::Unsupported { .. } | Error::Plan { .. })) => Outcome::Fail(e.to_string()),
        Err(e) => Outcome::Unknown(e.to_string()),
    }
}

fn apply(cluster: &mut dyn Cluster, action: &Action) -> Outcome {
    match action {
        Action::Mark(_) => Outcome::Ok,
        _ => outcome(&cluster.apply(action)),
    }
}

impl Executed {
    fn count(&mut self, action: &Action, outcome: &Outcome) {
        self.next += 1;
        let (count, why) = match outcome {
            Outcome::Fail(why) => (&mut self.failed, Some(why)),
            Outcome::Unknown(why) => (&mut self.unknown, Some(why)),
            Outcome::Ok | Outcome::Invoke => (&mut self.done, None),
        };
        *count += 1;
        if let Some(why) = why {
            // Most errors begin with what was wanted.
            let action = action.to_string();
            let told = why.starts_with(&action);
            self.first_failure
                .get_or_insert_with(|| if told { why.clone() } else { format!("{action}: {why}") });
        }
    }
}

/// Waits until a time. Returns whether it was asked to stop.
fn wait(until: Instant, stop: &AtomicBool) -> bool {
    loop {
        if stop.load(Ordering::Acquire) {
            return true;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(left.min(LOOK));
    }
}

/// The action with its nodes chosen, as far as they can be told.
fn resolve(
    item: &Planned,
    done: &[Option<Action>],
    cluster: &dyn Cluster,
    prng: &mut Prng,
) -> Action {
    if let Some(undone) = item.undoes.and_then(|at| done.get(at)?.as_ref()) {
        return match undone.target() {
            Some(node @ Target::Node(_)) => item.action.with_target(node),
            _ => item.action.clone(),
        };
    }
    let node = match item.action.target() {
        Some(Target::Random) => random(&item.action, cluster, prng),
        Some(target @ (Target::Leader | Target::Follower | Target::Controller)) => {
            cluster.resolve(target)
        }
        _ => None,
    };
    node.map_or_else(|| item.action.clone(), |node| item.action.with_target(Target::Node(node)))
}

/// A node that such an action can be done to.
fn random(action: &Action, cluster: &dyn Cluster, prng: &mut Prng) -> Option<NodeId> {
    let state = match action {
        Action::Start(_) | Action::Wipe(_) | Action::TearTail { .. } => NodeState::Down,
        Action::Resume(_) => NodeState::Paused,
        _ => NodeState::Up,
    };
    let nodes = cluster.nodes();
    let able: Vec<NodeId> =
        nodes.into_iter().filter(|(_, is)| *is == state).map(|(node, _)| node).collect();
    // The draw is made in any case: later choices do not depend on states of now.
    let draw = prng.next();
    let at = ((u128::from(draw) * able.len() as u128) >> 64) as usize;
    able.get(at).copied()
}
