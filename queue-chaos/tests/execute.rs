//! Plans done on a cluster that only writes down what it is told.

#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use queue_chaos::broker::{Cluster, NewTopic, NodeState};
use queue_chaos::history::{Event, Memory, Outcome, What};
use queue_chaos::id::NodeId;
use queue_chaos::schedule::{
    Action, Executed, OnFailure, Options, Plan, RandomFault, RandomOptions, Target, Timeline,
    UNDO_ALL, check_supported, execute, undo_all,
};
use queue_chaos::{Error, Result};

/// Nodes with states, and what was done to them.
struct Fake {
    nodes: BTreeMap<u32, NodeState>,
    leader: Option<u32>,
    done: Vec<String>,
    refuses: Option<fn(&Action) -> bool>,
    heals: bool,
}

impl Fake {
    fn new(nodes: u32) -> Self {
        let nodes = (1..=nodes).map(|n| (n, NodeState::Up)).collect();
        Self { nodes, leader: None, done: Vec::new(), refuses: None, heals: true }
    }
}

impl Cluster for Fake {
    fn kind(&self) -> &'static str {
        "fake"
    }

    fn bootstrap(&self) -> String {
        String::new()
    }

    fn direct(&self) -> String {
        String::new()
    }

    fn nodes(&self) -> Vec<(NodeId, NodeState)> {
        self.nodes.iter().map(|(n, state)| (NodeId(*n), *state)).collect()
    }

    fn create_topic(&mut self, _: &NewTopic, _: Duration) -> Result<()> {
        Ok(())
    }

    fn resolve(&self, target: Target) -> Option<NodeId> {
        self.leader.filter(|_| target == Target::Leader).map(NodeId)
    }

    fn supports(&self, action: &Action) -> Result<()> {
        let refused = self.refuses.is_some_and(|refuses| refuses(action))
            || matches!(action, Action::Forget | Action::Mark(_));
        if refused {
            let why = "it is a fake: take the embedded one".to_owned();
            return Err(Error::Unsupported { action: action.to_string(), cluster: "fake", why });
        }
        Ok(())
    }

    fn apply(&mut self, action: &Action) -> Result<()> {
        self.done.push(action.to_string());
        let Some(Target::Node(NodeId(node))) = action.target() else { return Ok(()) };
        let state = self.nodes.get_mut(&node).unwrap();
        let (from, to) = match action {
            Action::Stop(_) | Action::Kill(_) => (NodeState::Up, NodeState::Down),
            Action::Start(_) => (NodeState::Down, NodeState::Up),
            Action::Pause(_) => (NodeState::Up, NodeState::Paused),
            Action::Resume(_) => (NodeState::Paused, NodeState::Up),
            _ => return Ok(()),
        };
        if *state != from {
            let (what, why) = (action.to_string(), format!("node {node} is {state:?}"));
            return Err(Error::Broker { what, why });
        }
        *state = to;
        Ok(())
    }

    fn heal(&mut self) -> Result<()> {
        if !self.heals {
            return Err(Error::Broker { what: "heal".into(), why: "node 1 is gone".into() });
        }
        self.nodes.values_mut().for_each(|state| *state = NodeState::Up);
        Ok(())
    }
}

fn faults(events: &[Event]) -> Vec<(u64, String, Outcome, u32)> {
    let fault = |event: &Event| match &event.what {
        What::Fault { what, is, n } => Some((event.at, what.clone(), is.clone(), *n)),
        _ => None,
    };
    events.iter().filter_map(fault).collect()
}

/// Steps in a line, with milliseconds of a plan of 200 ms.
fn timeline(line: &str, seed: u64) -> Timeline {
    let mut plan = Plan::steps(line).unwrap().seed(seed);
    plan.duration = Duration::from_millis(200);
    plan.timeline()
}

fn run(timeline: &Timeline, fake: &mut Fake, options: &Options) -> (Executed, Vec<Event>) {
    let sink = Memory::new();
    let executed =
        execute(timeline, fake, &sink, &AtomicBool::new(false), options, |_| {}).unwrap();
    (executed, sink.events())
}

#[test]
fn each_action_at_its_time_and_in_the_history() {
    let timeline = timeline("at 20ms kill 2; at 60ms start 2; at 40ms mark half way", 0);
    let (mut fake, sink, mut told) = (Fake::new(3), Memory::new(), Vec::new());
    let options = Options { first: 5, ..Options::default() };
    let executed = execute(&timeline, &mut fake, &sink, &AtomicBool::new(false), &options, |p| {
        told.push((p.index, p.of, p.planned, p.action.to_string(), p.outcome.clone()));
    })
    .unwrap();
    assert_eq!(executed, Executed { done: 3, next: 8, ..Executed::default() });
    assert_eq!(fake.done, ["kill 2", "start 2"]);
    let faults = faults(&sink.events());
    let expected = [(20, "kill 2", 5), (40, "mark half way", 6), (60, "start 2", 7)];
    assert_eq!((faults.len(), told.len()), (6, 6));
    for (index, (at, what, n)) in expected.into_iter().enumerate() {
        let [begin, end] = &faults[2 * index..2 * index + 2] else { unreachable!() };
        assert_eq!((begin.1.as_str(), &begin.2, begin.3), (what, &Outcome::Invoke, n));
        assert_eq!((end.1.as_str(), &end.2, end.3), (what, &Outcome::Ok, n));
        assert!(begin.0 >= at * 1000 && end.0 >= begin.0, "{begin:?} {end:?}");
        let planned = Duration::from_millis(at);
        assert_eq!(told[2 * index], (index, 3, planned, what.to_owned(), Outcome::Invoke));
        assert_eq!(told[2 * index + 1], (index, 3, planned, what.to_owned(), Outcome::Ok));
    }
}

#[test]
fn it_ends_when_the_plan_does() {
    let sink = Memory::new();
    let mut fake = Fake::new(1);
    let timeline = timeline("at 1ms mark x", 0);
    execute(&timeline, &mut fake, &sink, &AtomicBool::new(false), &Options::default(), |_| {})
        .unwrap();
    assert!(queue_chaos::history::Sink::now(&sink) >= 200_000);
}

#[test]
fn what_a_cluster_cannot_take_is_told_before_the_first_action() {
    let timeline = timeline("at 1ms kill 1; at 2ms forget", 0);
    let (mut fake, sink) = (Fake::new(1), Memory::new());
    let stop = AtomicBool::new(false);
    let e = execute(&timeline, &mut fake, &sink, &stop, &Options::default(), |_| {}).unwrap_err();
    let said = "forget: not on this cluster (fake): it is a fake: take the embedded one";
    assert_eq!(e.to_string(), said);
    assert!(fake.done.is_empty() && sink.events().is_empty());
    assert_eq!(check_supported(&timeline, &fake).unwrap_err().to_string(), said);
}

#[test]
fn a_failure_is_written_down_and_the_run_goes_on_or_ends() {
    let timeline = timeline("at 1ms start 1; at 2ms kill 1; at 3ms kill 1; at 4ms start 1", 0);
    let (executed, events) = run(&timeline, &mut Fake::new(1), &Options::default());
    assert_eq!((executed.done, executed.unknown, executed.left), (2, 2, 0));
    let why = "start 1: node 1 is Up";
    assert_eq!(executed.first_failure.as_deref(), Some(why));
    let faults_ = faults(&events);
    assert_eq!(faults_[1].2, Outcome::Unknown(why.into()));
    assert_eq!(faults_.len(), 8);

    let end = Options { on_failure: OnFailure::End, first: 0 };
    let (executed, events) = run(&timeline, &mut Fake::new(1), &end);
    assert_eq!((executed.done, executed.unknown, executed.left), (0, 1, 3));
    assert!(!executed.stopped);
    assert_eq!(faults(&events).len(), 2);
}

#[test]
fn it_stops_when_asked() {
    let mut plan = Plan::steps("at 1ms kill 1; at 1h start 1").unwrap();
    plan.duration = Duration::from_secs(7200);
    let (stop, sink, mut fake) = (AtomicBool::new(false), Memory::new(), Fake::new(1));
    let executed =
        execute(&plan.timeline(), &mut fake, &sink, &stop, &Options::default(), |progress| {
            if *progress.outcome == Outcome::Ok {
                stop.store(true, Ordering::Release);
            }
        })
        .unwrap();
    assert!(executed.stopped);
    assert_eq!((executed.done, executed.left), (1, 1));
    undo_all(&mut fake, &sink, executed.next).unwrap();
    assert_eq!(fake.nodes[&1], NodeState::Up);
    let last = faults(&sink.events());
    assert_eq!(last[last.len() - 2].1, UNDO_ALL);
    assert_eq!((last[last.len() - 1].3, &last[last.len() - 1].2), (1, &Outcome::Ok));
    fake.heals = false;
    undo_all(&mut fake, &sink, 2).unwrap_err();
    let last = faults(&sink.events());
    assert_eq!(last[last.len() - 1].2, Outcome::Unknown("heal: node 1 is gone".into()));
}

#[test]
fn the_same_node_is_undone_that_was_chosen() {
    // Two overlap: the second must not undo the first.
    let timeline = timeline("at 1ms for 30ms kill random; at 2ms for 60ms kill random", 3);
    let (executed, events) = run(&timeline, &mut Fake::new(3), &Options::default());
    assert_eq!((executed.done, executed.unknown), (4, 0));
    let begun: Vec<String> = faults(&events).into_iter().step_by(2).map(|fault| fault.1).collect();
    assert_eq!(begun[2], begun[0].replace("kill", "start"));
    assert_eq!(begun[3], begun[1].replace("kill", "start"));
    assert_ne!(begun[0], begun[1]);
    // Again with the same seed: the same nodes.
    let (_, again) = run(&timeline, &mut Fake::new(3), &Options::default());
    let again: Vec<String> = faults(&again).into_iter().step_by(2).map(|fault| fault.1).collect();
    assert_eq!(again, begun);
}

#[test]
fn a_leader_that_the_cluster_can_name_is_named() {
    let timeline = timeline("at 1ms for 3ms kill leader", 0);
    let mut fake = Fake { leader: Some(2), ..Fake::new(3) };
    run(&timeline, &mut fake, &Options::default());
    assert_eq!(fake.done, ["kill 2", "start 2"]);
    let mut fake = Fake::new(3);
    run(&timeline, &mut fake, &Options::default());
    assert_eq!(fake.done, ["kill leader", "start all"]);
}

#[test]
fn random_plans_keep_to_what_a_cluster_can_take() {
    let fake = Fake {
        refuses: Some(|action| matches!(action, Action::Net { .. } | Action::Wipe(_))),
        ..Fake::new(3)
    };
    let mut options = RandomOptions::default();
    options.faults.push((RandomFault::Wipe, 5));
    options.faults.push((RandomFault::TearTail, 1));
    options.keep_supported(&fake);
    let kept: Vec<RandomFault> = options.faults.iter().map(|(fault, _)| *fault).collect();
    assert_eq!(
        kept,
        [
            RandomFault::Kill,
            RandomFault::Stop,
            RandomFault::Pause,
            RandomFault::Restart,
            RandomFault::TearTail
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A random plan, a thousand times faster: each of its actions finds its node in the state that it needs.
    #[test]
    fn random_plans_can_be_done(seed in any::<u64>()) {
        let plan = Plan::random(seed, &RandomOptions::default()).unwrap();
        let mut fast = Plan::new("fast", plan.duration / 1000);
        for mut step in plan.steps {
            step.lasts = step.lasts.map(|lasts| lasts / 1000);
            if let queue_chaos::schedule::When::At(at) = &mut step.when {
                *at /= 1000;
            }
            fast.steps.push(step);
        }
        let mut fake = Fake::new(3);
        let (executed, _) = run(&fast.timeline(), &mut fake, &Options::default());
        prop_assert_eq!((executed.failed, executed.unknown, executed.left), (0, 0, 0), "{:?}", executed.first_failure);
        prop_assert!(fake.nodes.values().all(|state| *state == NodeState::Up));
    }
}
