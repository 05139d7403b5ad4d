//! Plans: what is written is read, what is wrong is told, what a seed draws is safe.

#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use queue_chaos::id::NodeId;
use queue_chaos::proxy::{Direction, Toxic};
use queue_chaos::schedule::{
    Action, Client, ClusterKind, ClusterPlan, Link, Peer, Plan, RandomFault, RandomOptions,
    Setting, Step, Target, TopicPlan, When,
};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn node(n: u32) -> Target {
    Target::Node(NodeId(n))
}

fn time() -> impl Strategy<Value = Duration> {
    let micros = prop_oneof![0..10_000u64, 0..100_000_000u64, any::<u32>().prop_map(u64::from)];
    micros.prop_map(Duration::from_micros)
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        any::<u32>().prop_map(node),
        Just(Target::Leader),
        Just(Target::Follower),
        Just(Target::Controller),
        Just(Target::Random),
        Just(Target::All),
    ]
}

fn toxic() -> impl Strategy<Value = Toxic> {
    prop_oneof![
        (time(), time()).prop_map(|(delay, jitter)| Toxic::Latency { delay, jitter }),
        any::<u64>().prop_map(|bits_per_second| Toxic::Bandwidth { bits_per_second }),
        time().prop_map(|delay| Toxic::SlowClose { delay }),
        time().prop_map(|after| Toxic::Reset { after }),
        Just(Toxic::BlackHole),
        Just(Toxic::Partition),
        (1..=usize::MAX, any::<usize>(), time())
            .prop_map(|(size, variation, delay)| Toxic::Slicer { size, variation, delay }),
        any::<u64>().prop_map(|bytes| Toxic::LimitData { bytes }),
    ]
}

fn net() -> impl Strategy<Value = Action> {
    let from = prop_oneof![Just(Peer::Anybody), any::<u32>().prop_map(|n| Peer::Node(NodeId(n)))];
    let link = prop_oneof![
        Just(Link::Clients),
        Just(Link::Replication),
        Just(Link::Controller),
        Just(Link::All)
    ];
    let direction = prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Both)];
    (target(), from, link, direction, toxic()).prop_map(|(to, from, link, direction, toxic)| {
        Action::Net { to, from, link, direction, toxic }
    })
}

fn client() -> impl Strategy<Value = Client> {
    (0..3, any::<u32>()).prop_map(|(kind, at)| match kind {
        0 => Client::Producer(at),
        1 => Client::Consumer(at),
        _ => Client::Loop(at),
    })
}

fn action() -> impl Strategy<Value = Action> {
    let for_nodes = (target(), 0..12usize).prop_map(|(to, which)| match which {
        0 => Action::Stop(to),
        1 => Action::Start(to),
        2 => Action::Kill(to),
        3 => Action::Pause(to),
        4 => Action::Resume(to),
        5 => Action::Restart(to),
        6 => Action::Wipe(to),
        7 => Action::Heal(to),
        8 => Action::FillDisk(to),
        9 => Action::FreeDisk(to),
        10 => Action::ReadOnlyDisk(to),
        _ => Action::WritableDisk(to),
    });
    prop_oneof![
        4 => for_nodes,
        4 => net(),
        1 => Just(Action::RollingRestart),
        1 => Just(Action::AddNode),
        1 => Just(Action::Reassign),
        1 => Just(Action::BeginReassign),
        1 => Just(Action::ElectPreferred),
        1 => Just(Action::Forget),
        1 => (target(), any::<u64>()).prop_map(|(of, bytes)| Action::TearTail { of, bytes }),
        1 => (target(), time()).prop_map(|(of, delay)| Action::RoundTrip { of, delay }),
        1 => any::<u32>().prop_map(|count| Action::ProduceErrors { count }),
        1 => client().prop_map(Action::KillClient),
        1 => client().prop_map(Action::StartClient),
        1 => (any::<u32>(), any::<u32>())
            .prop_map(|(partition, n)| Action::MoveLeader { partition, to: NodeId(n) }),
        2 => any::<String>().prop_map(Action::Mark),
        1 => "[a-z;\" \\\\\n\t]{0,12}".prop_map(Action::Mark),
    ]
}

prop_compose! {
    fn step()(
        action in action(),
        at in time(),
        every in any::<bool>(),
        period in time(),
        from in proptest::option::of(time()),
        until in proptest::option::of(time()),
        lasts in proptest::option::of(time()),
    ) -> Step {
        let period = period + Duration::from_millis(100);
        let first = from.unwrap_or(period);
        let until = until.map(|until| first + until + Duration::from_micros(1));
        let when = if every { When::Every { period, from, until } } else { When::At(at) };
        let lasts = lasts.filter(|lasts| action.inverse().is_some() && !lasts.is_zero());
        Step { when, lasts, action }
    }
}

prop_compose! {
    fn plan()(
        name in any::<String>(),
        seed in proptest::option::of(any::<u64>()),
        steps in vec(step(), 0..8),
        nodes in proptest::option::of(Just(u32::MAX)),
        min_insync_replicas in proptest::option::of(1..3u32),
        text in any::<String>(),
        number in any::<i64>(),
        partitions in 1..10u32,
        workload in proptest::option::of(any::<String>()),
    ) -> Plan {
        let mut plan = Plan::new(name, seconds(5000));
        plan.seed = seed;
        let settings = BTreeMap::from([
            ("a.text".to_owned(), Setting::Text(text.clone())),
            ("a.number".to_owned(), Setting::Number(number)),
            ("a.truth".to_owned(), Setting::Bool(true)),
        ]);
        plan.cluster = ClusterPlan {
            kind: ClusterKind::Kafka,
            nodes,
            min_insync_replicas,
            bootstrap: Some(text),
            settings: settings.clone(),
        };
        plan.topics = vec![
            TopicPlan { name: "a".into(), partitions, replicas: 3, min_insync_replicas, settings },
            TopicPlan {
                name: "b".into(), partitions, replicas: 1, min_insync_replicas: None, settings: BTreeMap::new(),
            },
        ];
        if let Some(workload) = workload {
            plan.workload.insert("who".into(), workload.into());
        }
        // Those that make sense in this plan.
        for step in steps {
            let more = plan.clone().step(step);
            if more.check().is_ok() {
                plan = more;
            }
        }
        plan
    }
}

proptest! {
    #[test]
    fn an_action_that_is_written_is_read(action in action()) {
        let text = action.to_string();
        prop_assert_eq!(text.parse::<Action>().unwrap(), action);
    }

    #[test]
    fn a_step_that_is_written_is_read(step in step()) {
        let text = step.to_string();
        prop_assert_eq!(text.parse::<Step>().unwrap(), step);
    }

    #[test]
    fn targets_and_links_that_are_written_are_read(target in target(), net in net()) {
        prop_assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        let Action::Net { link, .. } = net else { unreachable!() };
        prop_assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
    }

    #[test]
    fn a_plan_that_is_written_is_read(plan in plan()) {
        let text = plan.to_toml().unwrap();
        prop_assert_eq!(Plan::parse(&text, "plan.toml").unwrap(), plan, "{}", text);
    }

    #[test]
    fn steps_in_a_line_are_those_of_a_list(steps in vec(step(), 1..6)) {
        let line: Vec<String> = steps.iter().map(ToString::to_string).collect();
        match Plan::steps(&line.join(" ; ")) {
            Ok(plan) => prop_assert_eq!(plan.steps, steps),
            Err(e) => prop_assert!(e.to_string().contains("it happens more than"), "{}", e),
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,60}|((at|every|for|until|from|3s|net|2|all|kill|latency|mark|\"|;|é) ?){0,12}") {
        let _ = text.parse::<Action>();
        let _ = text.parse::<Step>();
        let _ = Plan::steps(&text);
        let _ = Plan::parse(&text, "p");
        let _ = Plan::parse(&format!("steps = [{text:?}]"), "p");
    }

    #[test]
    fn what_ends_an_action_is_told_by_its_inverse(action in action(), other in action()) {
        match action.inverse() {
            Some(inverse) => {
                prop_assert!(inverse.ends(&action));
                prop_assert!(inverse.inverse().is_none());
                prop_assert!(inverse.with_target(Target::All).ends(&action));
            }
            None => prop_assert!(!other.ends(&action)),
        }
    }

    /// A timeline is sorted, has each step as often as it says, and undoes each action that lasts, once and not before it began.
    #[test]
    fn timelines_are_whole(plan in plan()) {
        let timeline = plan.timeline();
        prop_assert_eq!(&timeline, &plan.timeline());
        let planned = timeline.planned();
        prop_assert!(planned.is_sorted_by_key(|planned| planned.at));
        prop_assert!(planned.iter().all(|planned| planned.at <= plan.duration));
        let lasting = plan.steps.iter().filter(|step| step.lasts.is_some());
        let lasting: usize = lasting.map(|step| begins(step, plan.duration).len()).sum();
        prop_assert_eq!(planned.iter().filter(|planned| planned.undoes.is_some()).count(), lasting);
        for (at, item) in planned.iter().enumerate() {
            if let Some(undoes) = item.undoes {
                prop_assert!(undoes < at);
                let ends = item.action.ends(&planned[undoes].action);
                prop_assert!(ends, "{} {}", item.action, planned[undoes].action);
            }
        }
        let begun = planned.iter().filter(|planned| planned.undoes.is_none());
        let mut begun: Vec<_> = begun.map(|item| (item.at, item.action.to_string())).collect();
        let mut expected: Vec<_> = plan
            .steps
            .iter()
            .flat_map(|step| {
                begins(step, plan.duration).into_iter().map(|at| (at, step.action.to_string()))
            })
            .collect();
        begun.sort();
        expected.sort();
        prop_assert_eq!(begun, expected);
    }
}

/// When a step happens, counted one by one.
fn begins(step: &Step, duration: Duration) -> Vec<Duration> {
    match step.when {
        When::At(at) => vec![at],
        When::Every { period, from, until } => {
            let mut times = Vec::new();
            let mut at = from.unwrap_or(period);
            while at < until.unwrap_or(duration).min(duration) {
                times.push(at);
                at += period;
            }
            times
        }
    }
}

#[test]
fn the_words_of_actions() {
    let net = |to, from, link, direction, toxic| Action::Net { to, from, link, direction, toxic };
    let milliseconds = Duration::from_millis;
    for (text, action) in [
        ("stop 2", Action::Stop(node(2))),
        ("kill leader", Action::Kill(Target::Leader)),
        ("resume all", Action::Resume(Target::All)),
        ("rolling-restart", Action::RollingRestart),
        ("tear-tail 1 100", Action::TearTail { of: node(1), bytes: 100 }),
        ("round-trip 1 200ms", Action::RoundTrip { of: node(1), delay: milliseconds(200) }),
        ("produce-errors 5", Action::ProduceErrors { count: 5 }),
        ("move-leader 0 2", Action::MoveLeader { partition: 0, to: NodeId(2) }),
        ("mark half way", Action::Mark("half way".into())),
        ("mark \"a; b\"", Action::Mark("a; b".into())),
        (
            "net 1 replication down from 2 latency 100ms jitter 20ms",
            net(
                node(1),
                Peer::Node(NodeId(2)),
                Link::Replication,
                Direction::Down,
                Toxic::Latency { delay: milliseconds(100), jitter: milliseconds(20) },
            ),
        ),
        (
            "net all clients bandwidth 200kbit/s",
            net(
                Target::All,
                Peer::Anybody,
                Link::Clients,
                Direction::Both,
                Toxic::Bandwidth { bits_per_second: 200_000 },
            ),
        ),
        (
            "net controller partition",
            net(Target::Controller, Peer::Anybody, Link::All, Direction::Both, Toxic::Partition),
        ),
    ] {
        assert_eq!(text.parse::<Action>().unwrap(), action, "{text}");
        assert_eq!(action.to_string(), text);
    }
    // What goes without saying may be said, in another order, and with other blanks.
    for (text, same) in [
        (" kill   3 ", "kill 3"),
        ("net 1 both from 2 all reset", "net 1 from 2 reset"),
        ("net 1 down clients reset", "net 1 clients down reset"),
        ("mark  two  blanks ", "mark two  blanks"),
        ("mark \"plain\"", "mark plain"),
    ] {
        assert_eq!(text.parse::<Action>().unwrap().to_string(), same);
    }
}

#[test]
fn errors_say_what_where_and_what_would_be_right() {
    for (text, place, what) in [
        ("at 3s kil 2", "word 3", "\"kil\" is not an action: did you mean \"kill\"?"),
        ("at 3s", "at its end", "an action is missing: write one of stop, start, kill,"),
        ("kill 2", "word 1", "a step begins with when it happens: \"at 3s kill 2\""),
        ("on 3s kill 2", "word 1", "\"on\" is not a beginning of a step:"),
        ("evry 3s kill 2", "word 1", "did you mean \"every\"?"),
        ("at 3 kill 2", "word 2", "it has no unit"),
        ("at 3s kill ledaer", "word 4", "did you mean \"leader\"? (or the number of a node)"),
        ("at 3s kill", "at its end", "a node is missing"),
        ("at 3s kill 2 3", "word 5", "\"3\" is one word too many"),
        ("at 3s net 1 replicaton down latency 1s", "word 5", "did you mean \"replication\"?"),
        ("at 3s net 1 up down reset", "word 6", "says again"),
        ("at 3s net 1 latncy 1s", "word 5", "did you mean \"latency\"?"),
        ("at 3s net 1", "at its end", "what can be done to connections is missing: write one of"),
        ("at 3s net 1 latency fast", "word 5", "no duration"),
        ("at 3s net 1 from two reset", "word 6", "\"two\" is not the number of a node"),
        ("at 3s tear-tail 1 many", "word 5", "\"many\" is not how many bytes are torn off"),
        ("at 3s produce-errors", "at its end", "how many errors is missing"),
        ("at 3s from 1s kill 2", "word 3", "`from` and `until` are for steps with `every`"),
        ("every 3s for 1s for 2s kill 2", "word 5", "a second `for`"),
        ("at 3s for 1s restart 2", "word 1", "nothing undoes \"restart 2\""),
        ("at 3s for 0s kill 2", "word 1", "at once"),
        ("every 0s kill 2", "word 1", "never comes to an end"),
        ("every 10s until 5s kill 2", "word 1", "the first time would be at 10s"),
        ("at 3s mark 5\" disk", "word 4", "stands in quotes as a whole"),
        ("at 3s mark \"open", "word 4", "not a JSON string"),
        ("at 3s KILL 2", "word 3", "did you mean \"kill\"?"),
    ] {
        let said = text.parse::<Step>().unwrap_err().to_string();
        let place = format!("\"{text}\", {place}: ");
        assert!(said.starts_with(&place) && said[place.len()..].contains(what), "{text}: {said}");
    }
}

#[test]
fn errors_of_files_name_the_line() {
    for (text, begins, what) in [
        (
            "name = 'a'\nsteps = [\n  'at 3s kill 2',\n  'at 8s strat 2',\n]",
            "p.toml:4: \"at 8s strat 2\", word 3: ",
            "did you mean \"start\"?",
        ),
        (
            "steps = '''\nat 3s kill 2;\n\nat 8s strat 2;'''",
            "p.toml:4: ",
            "did you mean \"start\"?",
        ),
        (
            "\n\nduraton = '3s'",
            "p.toml:3: ",
            "unknown field `duraton`, expected one of `name`, `duration`",
        ),
        ("duration = '3'", "p.toml:1: ", "it has no unit"),
        (
            "[cluster]\nkind = 'kaffka'",
            "p.toml:2: ",
            "unknown variant `kaffka`, expected one of `embedded`, `kafka`, `external`",
        ),
        ("[cluster]\nnodes = 3\nnode = 3", "p.toml:3: ", "unknown field `node`"),
        ("[[topic]]\npartitions = 3", "p.toml:1: ", "missing field `name`"),
        ("name = 'a'\nname = 'b'", "p.toml:2: ", "duplicate key"),
        ("steps = 3", "p.toml:1: ", "a list of texts, or a text with semicolons"),
        ("seed = -1", "p.toml:1: ", "a seed: a number from 0"),
        (
            "duration = '5s'\nsteps = ['at 1s kill 1',\n'at 6s start 1']",
            "p.toml:3: ",
            "the plan ends at 5s",
        ),
        ("duration = '1h'\nsteps = ['every 1ms kill 1']", "p.toml:2: ", "more than 100000 times"),
        (
            "steps = ['at 1s kill 4']\n[cluster]\nnodes = 3",
            "p.toml:1: ",
            "there is no node 4: the nodes are 1 to 3",
        ),
        (
            "steps = ['at 1s net 1 from 5 reset', 'at 1s add-node']\n[cluster]\nnodes = 3",
            "p.toml:1: ",
            "there is no node 5: the nodes are 1 to 4",
        ),
    ] {
        let said = Plan::parse(text, "p.toml").unwrap_err().to_string();
        assert!(said.starts_with(begins) && said.contains(what), "{text}\n{said}");
    }
}

#[test]
fn a_file_with_everything() {
    let text = r#"
name = "all of it"
duration = "1m"
seed = 7
steps = "at 1s kill 1; at 2s for 3s pause random"

[cluster]
kind = "kafka"
nodes = 3
min_insync_replicas = 2
settings = { "replica.lag.time.max.ms" = 5000, "log.dirs" = "x", "unclean.leader.election.enable" = true }

[[topic]]
name = "a"
partitions = 4
replicas = 3

[[topic]]
name = "b"
min_insync_replicas = 1
settings = { "retention.ms" = -1 }

[workload]
producers = 2
[workload.keys]
skew = 0.9
"#;
    let plan = Plan::parse(text, "x/y.toml").unwrap();
    assert_eq!((plan.name.as_str(), plan.duration, plan.seed), ("all of it", seconds(60), Some(7)));
    assert_eq!(plan.cluster.settings["replica.lag.time.max.ms"].to_string(), "5000");
    assert_eq!(plan.workload["keys"]["skew"].as_float(), Some(0.9));
    let topics = plan.new_topics();
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!((topics[0].partitions, topics[0].replicas), (4, 3));
    assert_eq!(topics[0].settings, [setting("min.insync.replicas", "2")]);
    let expected = [setting("retention.ms", "-1"), setting("min.insync.replicas", "1")];
    assert_eq!(topics[1].settings, expected);
    assert_eq!(Plan::parse(&plan.to_toml().unwrap(), "z").unwrap(), plan);
    // Nothing must be told.
    let empty = Plan::parse("", "dir/quiet.toml").unwrap();
    assert_eq!((empty.name.as_str(), empty.duration), ("quiet", seconds(10)));
}

#[test]
fn a_line_has_a_duration_of_its_own() {
    let duration = |line: &str| Plan::steps(line).unwrap().duration;
    assert_eq!(duration("at 3s kill 2; at 8s start 2"), seconds(18));
    assert_eq!(duration("at 3s for 9s kill 2"), seconds(22));
    assert_eq!(duration("every 5s until 20s kill 2"), seconds(30));
    assert_eq!(duration("every 5s net random reset"), seconds(60));
    assert!(Plan::steps(" ; ").unwrap_err().to_string().contains("there are none"));
}

#[test]
fn a_timeline_as_one_would_write_it() {
    let line = "every 10s for 10s pause random; at 20s mark x; at 35s for 20s net 1 clients reset";
    let mut plan = Plan::steps(line).unwrap();
    plan.duration = seconds(40);
    let text: Vec<String> =
        plan.timeline().actions().iter().map(|(at, a)| format!("{} {a}", at.as_secs())).collect();
    assert_eq!(
        text,
        [
            "10 pause random",
            "20 resume all",
            "20 pause random",
            "20 mark x",
            "30 resume all",
            "30 pause random",
            "35 net 1 clients reset",
            "40 resume all",
            "40 heal 1",
        ]
    );
}

#[test]
fn every_plan_of_this_crate_is_read() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let plan = Plan::parse(&text, name).unwrap_or_else(|e| panic!("{e}"));
        // A soak draws its steps.
        let is_drawn = name.starts_with("soak");
        assert_eq!(plan.timeline().planned().is_empty(), is_drawn, "{name}");
        assert!(!plan.new_topics().is_empty(), "{name}");
        assert_eq!(Plan::parse(&plan.to_toml().unwrap(), name).unwrap(), plan);
        names.push(name.trim_end_matches(".toml").to_owned());
    }
    names.sort();
    let expected = [
        "flaky-clients",
        "full-disk",
        "kill-leader",
        "lone-leader",
        "one-way-partition",
        "rolling-restart",
        "slow-replica",
        "soak",
        "soak-transactions",
        "torn-tail",
    ];
    assert_eq!(names, expected);
}

const ALL_FAULTS: [RandomFault; 17] = [
    RandomFault::Stop,
    RandomFault::Kill,
    RandomFault::Pause,
    RandomFault::Restart,
    RandomFault::Wipe,
    RandomFault::TearTail,
    RandomFault::Partition,
    RandomFault::OneWay,
    RandomFault::Reset,
    RandomFault::Latency,
    RandomFault::Bandwidth,
    RandomFault::Slicer,
    RandomFault::FillDisk,
    RandomFault::ReadOnlyDisk,
    RandomFault::RoundTrip,
    RandomFault::ProduceErrors,
    RandomFault::MoveLeader,
];

prop_compose! {
    fn options()(
        duration in 5..300u64,
        nodes in 1..8u32,
        weights in vec(0..4u32, ALL_FAULTS.len()),
        links in proptest::sample::subsequence(vec![Link::Clients, Link::Replication, Link::All], 0..=3),
        quorum_safe in any::<bool>(),
        pause in 2..9_000u64,
        shortest in 0..4_000u64,
        more in 1..9_000u64,
        recovery in 0..8_000u64,
    ) -> RandomOptions {
        RandomOptions {
            duration: seconds(duration),
            nodes,
            partitions: 3,
            faults: ALL_FAULTS.into_iter().zip(weights).collect(),
            links,
            quorum_safe,
            pause: Duration::from_millis(pause.max(duration)),
            lasts: (Duration::from_millis(shortest), Duration::from_millis(shortest + more)),
            recovery: Duration::from_millis(recovery),
        }
    }
}

/// What is wrong with a node, as a reader of the timeline sees it.
#[derive(Clone, Default)]
struct Health {
    down: bool,
    paused: bool,
    cut: bool,
    slow: bool,
    disk: bool,
    /// When what took it out was undone.
    well_since: Option<Duration>,
}

impl Health {
    fn out(&self) -> bool {
        self.down || self.paused || self.cut || self.disk
    }

    fn ill(&self) -> bool {
        self.out() || self.slow
    }

    fn apply(&mut self, action: &Action, at: Duration) {
        let was_out = self.out();
        let begins = action.inverse().is_some() || matches!(action, Action::Restart(_));
        assert!(!(begins && self.ill()), "{action}: something is done to it already");
        match action {
            Action::Stop(_) | Action::Kill(_) => self.down = true,
            Action::Start(_) => {
                assert!(self.down, "{action}: it is up");
                self.down = false;
            }
            Action::Wipe(_) | Action::TearTail { .. } => assert!(self.down, "{action}: it is up"),
            Action::Pause(_) => self.paused = true,
            Action::Resume(_) => self.paused = false,
            Action::Net { toxic, link, .. } => match toxic {
                Toxic::Latency { .. } | Toxic::Bandwidth { .. } | Toxic::Slicer { .. }
                    if *link != Link::All =>
                {
                    self.slow = true;
                }
                _ => self.cut = true,
            },
            Action::Heal(_) => {
                self.cut = false;
                self.slow = false;
            }
            Action::FillDisk(_) | Action::ReadOnlyDisk(_) => self.disk = true,
            Action::FreeDisk(_) | Action::WritableDisk(_) => self.disk = false,
            Action::RoundTrip { delay, .. } => self.slow = !delay.is_zero(),
            Action::ProduceErrors { .. } | Action::MoveLeader { .. } | Action::Restart(_) => {}
            other => panic!("{other} is not for random plans"),
        }
        if was_out && !self.out() || matches!(action, Action::Restart(_)) {
            self.well_since = Some(at);
        }
    }
}

proptest! {
    #[test]
    fn random_plans_are_the_same_again_and_safe(seed in any::<u64>(), options in options()) {
        prop_assume!(options.faults.iter().any(|(_, weight)| *weight > 0));
        let plan = Plan::random(seed, &options).unwrap();
        prop_assert_eq!(&Plan::random(seed, &options).unwrap(), &plan);
        prop_assert_eq!(&Plan::parse(&plan.to_toml().unwrap(), "r").unwrap(), &plan);
        plan.check().unwrap();
        let mut nodes = vec![Health::default(); options.nodes as usize];
        for (at, action) in plan.timeline().actions() {
            prop_assert!(at + options.recovery <= options.duration, "{:?} {}", at, action);
            let number = match (action.target(), &action) {
                (Some(Target::Node(node)), _) => node,
                (None, Action::MoveLeader { to, .. }) => *to,
                (None, _) => continue,
                (Some(other), _) => panic!("{other}: only nodes by their numbers are replayable"),
            };
            prop_assert!((1..=options.nodes).contains(&number.0));
            nodes[number.0 as usize - 1].apply(&action, at);
            if options.quorum_safe {
                let recovering = |since| at < since + options.recovery;
                let out = nodes.iter().filter(|health| health.out() || health.well_since.is_some_and(recovering));
                prop_assert!(out.count() <= (options.nodes as usize - 1) / 2, "at {:?}: {}", at, plan.to_toml().unwrap());
            }
        }
        prop_assert!(nodes.iter().all(|health| !health.ill()), "not all is healed at the end");
    }
}

/// A seed that has found something must find it again years later: no change of the drawing goes unseen.
#[test]
fn a_seed_draws_this_plan_for_ever() {
    let steps = |options: &RandomOptions| -> Vec<String> {
        Plan::random(7, options).unwrap().steps.iter().map(ToString::to_string).collect()
    };
    let default = steps(&RandomOptions::default());
    assert_eq!(default, GOLDEN_DEFAULT, "{default:#?}");
    let all = steps(&RandomOptions {
        faults: ALL_FAULTS.into_iter().map(|fault| (fault, 1)).collect(),
        quorum_safe: false,
        pause: seconds(2),
        partitions: 4,
        ..RandomOptions::default()
    });
    assert_eq!(all, GOLDEN_ALL, "{all:#?}");
}

const GOLDEN_DEFAULT: &[&str] = &[
    "at 4.449s for 7.306s kill 2",
    "at 9.211s for 4.276s net 1 clients latency 212ms jitter 11ms",
    "at 16.511s for 7.1s net 3 replication slicer 903 vary 294 pause 650us",
    "at 22.798s for 1.746s net 1 replication reset after 451ms",
    "at 30.1s for 3.849s kill 3",
    "at 34.675s for 1.379s net 1 clients slicer 578 vary 350 pause 50us",
    "at 41.851s for 2.232s stop 2",
    "at 48.951s for 1.409s net 1 clients latency 270ms jitter 112ms",
];
const GOLDEN_ALL: &[&str] = &[
    "at 1.78s for 7.306s stop 2",
    "at 3.685s stop 1",
    "at 4.953s for 1.725s net 3 down black-hole",
    "at 5.823s wipe 1",
    "at 7.696s move-leader 1 3",
    "at 7.961s start 1",
    "at 9.934s move-leader 1 1",
    "at 11.781s produce-errors 5",
    "at 14.585s for 7.798s net 1 up black-hole",
    "at 16.15s for 5.248s net 3 clients latency 113ms jitter 10ms",
    "at 18.438s produce-errors 1",
    "at 20.077s for 6.796s net 2 latency 339ms jitter 61ms",
    "at 21.206s produce-errors 5",
    "at 22.877s move-leader 1 2",
    "at 25.626s produce-errors 8",
    "at 28.182s move-leader 0 2",
    "at 30.236s for 5.588s net 1 reset after 178ms",
    "at 32.293s for 5.352s fill-disk 2",
    "at 34.832s kill 3",
    "at 35.382s tear-tail 3 2621",
    "at 35.932s start 3",
    "at 36.42s move-leader 0 3",
    "at 38.303s move-leader 0 2",
    "at 41.084s move-leader 0 3",
    "at 42.348s kill 3",
    "at 45.004s for 7.855s fill-disk 2",
    "at 46.224s tear-tail 3 2641",
    "at 46.423s for 5.503s net 1 reset after 198ms",
    "at 49.387s produce-errors 7",
    "at 50.1s start 3",
    "at 50.803s move-leader 3 1",
    "at 53.071s move-leader 3 3",
];

/// What is drawn for a cluster can be done to it.
#[test]
#[cfg(feature = "kafka")]
fn plans_for_the_embedded_cluster_are_of_what_it_can_take() {
    let cluster = queue_chaos::broker::embedded::Embedded::start(3).unwrap();
    let mut options =
        RandomOptions { faults: ALL_FAULTS.map(|fault| (fault, 1)).into(), ..Default::default() };
    options.keep_supported(&cluster);
    assert_eq!(options.links, [Link::Clients, Link::All]);
    for seed in 0..50 {
        let plan = Plan::random(seed, &options).unwrap();
        queue_chaos::schedule::check_supported(&plan.timeline(), &cluster).unwrap();
    }
}

#[test]
fn nothing_to_draw_from_is_told() {
    let said = |options: RandomOptions| Plan::random(1, &options).unwrap_err().to_string();
    let default = RandomOptions::default;
    assert!(said(RandomOptions { nodes: 0, ..default() }).contains("without nodes"));
    assert!(said(RandomOptions { faults: vec![], ..default() }).contains("nothing that may"));
    assert!(said(RandomOptions { pause: Duration::ZERO, ..default() }).contains("2 ms"));
    let lasts = (seconds(2), seconds(1));
    assert!(said(RandomOptions { lasts, ..default() }).contains("shortest"));
    // Two nodes are no quorum without one of them: only what takes out none is left.
    let two = Plan::random(1, &RandomOptions { nodes: 2, ..default() }).unwrap();
    let only_slow = |step: &Step| matches!(step.action, Action::Net { .. });
    assert!(!two.steps.is_empty() && two.steps.iter().all(only_slow));
}
