//! Lag: Burrow's rules, changes of clusters, metrics that can be read back, and a monitor of a group of the in-process cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use queue_chaos::lag::metrics::{escape, looks, render};
use queue_chaos::lag::replication::{Broker, Changes, Cluster, Replicas};
use queue_chaos::lag::status::{Commit, Status, Window, evaluate};
use queue_chaos::lag::{Observation, PartitionLag, messages, seconds};

#[test]
fn lag_in_messages_and_seconds() {
    assert_eq!(messages(0, 10, Some(4)), 6);
    assert_eq!(messages(3, 10, None), 7, "all that is there");
    assert_eq!(messages(0, 10, Some(12)), 0, "ends are asked for after commits, or before");
    assert_eq!(seconds(0, None, 5_000), Some(0.0));
    assert_eq!(seconds(0, Some(1_000), 5_000), Some(0.0));
    assert_eq!(seconds(3, Some(1_500), 5_000), Some(3.5));
    assert_eq!(seconds(3, Some(9_000), 5_000), Some(0.0), "clocks differ");
    assert_eq!(seconds(3, None, 5_000), None);
    assert_eq!(seconds(1, Some(i64::MIN), 0), Some(i64::MAX as f64 / 1e3));
}

#[test]
fn a_cluster_that_does_not_answer_is_told() {
    assert!(looks(true, 3).contains("\nqueue_chaos_cluster_answers 1\n"));
    let text = looks(false, 4);
    assert!(text.contains("# TYPE queue_chaos_look_failures_total counter\n"), "{text}");
    assert!(text.contains("\nqueue_chaos_look_failures_total 4\n"), "{text}");
    assert!(text.contains("\nqueue_chaos_cluster_answers 0\n"), "{text}");
}

fn commits(of: &[(u64, u64, u64)]) -> Vec<Commit> {
    of.iter().map(|&(at, offset, lag)| Commit { at: at * 1_000, offset, lag }).collect()
}

/// What, commits (time, offset, lag), ends of the partition, the lag now, the time now, and what comes of it.
type Row<'a> = (&'a str, &'a [(u64, u64, u64)], &'a [u64], u64, u64, Status);

/// Each rule, at its edge. Times are seconds; commits are (time, offset, lag).
#[test]
fn burrows_rules() {
    let steady = [(100, 1000, 50), (200, 2000, 100), (300, 3000, 150), (400, 4000, 200)];
    let caught_up_once = [(100, 1000, 0), (200, 2000, 50), (300, 3000, 100), (400, 4000, 200)];
    let stuck = [(100, 1000, 50), (200, 1000, 100), (300, 1000, 150), (400, 1000, 200)];
    let catching_up = [(100, 1000, 200), (200, 2000, 250), (300, 3000, 240), (400, 4000, 300)];
    let back = [(100, 1000, 50), (200, 2000, 50), (300, 500, 900), (400, 700, 900)];
    let recovered = [(100, 1000, 50), (200, 2000, 50), (300, 500, 900), (400, 2000, 60)];
    let table: &[Row<'_>] = &[
        ("no lag now", &stuck, &[1000], 0, 450, Status::Ok),
        ("nothing known", &[], &[], 9, 450, Status::Ok),
        ("progress, and the lag grows", &steady, &[4200], 200, 500, Status::Warn),
        ("lag was zero in the window", &caught_up_once, &[4200], 200, 500, Status::Ok),
        ("as long silent as the window is long", &steady, &[4200], 200, 700, Status::Warn),
        ("silent for longer", &steady, &[4200], 200, 701, Status::Stop),
        (
            "silent, though it was at the end in the window",
            &caught_up_once,
            &[4200],
            200,
            701,
            Status::Stop,
        ),
        (
            "silent, but nothing came until just now",
            &caught_up_once,
            &[4000, 4200],
            200,
            701,
            Status::Ok,
        ),
        ("the same again and again", &stuck, &[1200], 200, 450, Status::Stall),
        ("lag became less somewhere", &catching_up, &[4300], 300, 450, Status::Ok),
        ("went back", &back, &[1600], 900, 450, Status::Rewind),
        ("went back, and stopped", &back, &[1600], 900, 1_000, Status::Stop),
        ("went back, and has come there again", &recovered, &[2060], 60, 450, Status::Ok),
    ];
    for &(what, window, ends, lag, now, expected) in table {
        assert_eq!(evaluate(&commits(window), ends, lag, now * 1_000, 0), expected, "{what}");
    }
    // Small lags can be allowed.
    assert_eq!(evaluate(&commits(&steady), &[4200], 200, 500_000, 200), Status::Ok);
    assert_eq!(evaluate(&commits(&steady), &[4200], 200, 500_000, 50), Status::Ok);
    assert_eq!(evaluate(&commits(&steady), &[4200], 200, 500_000, 49), Status::Warn);
}

#[test]
fn windows_tell_stall_from_stop_by_members() {
    let run = |members: bool| {
        let mut window = Window::new(5);
        let mut seen = Vec::new();
        for second in 0..20u64 {
            // It comes to 30 and stays there.
            let offset = (second * 10).min(30);
            window.saw(second * 1_000, offset, second * 20, members);
            seen.push(window.status(second * 1_000, second * 20 - offset, 0));
        }
        seen
    };
    let with = run(true);
    assert_eq!(with[0], Status::Ok);
    assert_eq!(*with.last().unwrap(), Status::Stall);
    let without = run(false);
    assert_eq!(without[0], Status::Ok);
    assert_eq!(*without.last().unwrap(), Status::Stop);
    // One commit only, seen for as long as the window is.
    let mut window = Window::new(5);
    let mut last = Status::Ok;
    for second in 0..6u64 {
        window.saw(second * 1_000, 7, 100, false);
        last = window.status(second * 1_000, 93, 0);
        assert_eq!(last == Status::Ok, second < 4, "{second}");
    }
    assert_eq!(last, Status::Stop);
}

fn windows() -> impl Strategy<Value = Vec<Commit>> {
    let commit = (0u64..50, 0u64..100, 0u64..20);
    proptest::collection::vec(commit, 0..12).prop_map(|steps| {
        let mut at = 0;
        let commit = |(later, offset, lag)| {
            at += later;
            Commit { at, offset, lag }
        };
        steps.into_iter().map(commit).collect()
    })
}

proptest! {
    #[test]
    fn rules_hold_for_all_windows(commits in windows(), ends in proptest::collection::vec(0u64..120, 0..12), lag in 0u64..20, later in 0u64..200, allowed in 0u64..5) {
        let now = commits.last().map_or(0, |last| last.at) + later;
        let status = evaluate(&commits, &ends, lag, now, allowed);
        if lag <= allowed || commits.is_empty() {
            prop_assert_eq!(status, Status::Ok);
            return Ok(());
        }
        let monotone = commits.windows(2).all(|pair| pair[0].offset <= pair[1].offset);
        let span = now - commits[0].at - later;
        prop_assert!(status != Status::Rewind || !monotone);
        prop_assert!(status != Status::Stop || later > span);
        prop_assert!(status != Status::Stall || commits.iter().all(|it| it.offset == commits[0].offset));
        prop_assert!(status != Status::Warn || commits.iter().all(|it| it.lag > allowed));
        // Who commits, moves on and gets closer is fine.
        let first = commits[0];
        let better = Commit { at: now + 1, offset: 1_000, lag: 0 };
        let moved: Vec<Commit> = [first, better].to_vec();
        prop_assert_eq!(evaluate(&moved, &ends, lag, now + 1, allowed), Status::Ok);
    }
}

fn cluster(partitions: &[(i32, &[i32], &[i32])]) -> Cluster {
    let replicas = partitions.iter().enumerate().map(|(at, (leader, all, in_sync))| {
        let leader = Some(*leader).filter(|&leader| leader >= 0);
        (at as i32, Replicas { leader, all: all.to_vec(), in_sync: in_sync.to_vec() })
    });
    let broker = |id| Broker { id, host: "localhost".to_owned(), port: 9092 };
    Cluster {
        brokers: [1, 2, 3].map(broker).to_vec(),
        topics: BTreeMap::from([("t".to_owned(), replicas.collect())]),
    }
}

#[test]
fn changes_of_a_cluster() {
    let healthy = cluster(&[(1, &[1, 2, 3], &[1, 2, 3]), (2, &[2, 3, 1], &[2, 3, 1])]);
    let one_down = cluster(&[(2, &[1, 2, 3], &[2, 3]), (2, &[2, 3, 1], &[2, 3])]);
    let offline = cluster(&[(-1, &[1, 2, 3], &[2]), (2, &[2, 3, 1], &[2])]);
    assert_eq!((healthy.under_replicated(), healthy.offline()), (0, 0));
    assert_eq!((one_down.under_replicated(), one_down.offline()), (2, 0));
    assert_eq!((offline.under_replicated(), offline.offline()), (2, 1));
    assert_eq!(healthy.since(&healthy), Changes::default());
    assert_eq!(one_down.since(&healthy), Changes { shrinks: 2, expands: 0, elections: 1 });
    assert_eq!(offline.since(&one_down), Changes { shrinks: 2, expands: 0, elections: 0 });
    assert_eq!(healthy.since(&offline), Changes { shrinks: 0, expands: 2, elections: 1 });
    // The order of replicas in sync means nothing.
    let shuffled = cluster(&[(1, &[1, 2, 3], &[3, 1, 2]), (2, &[2, 3, 1], &[1, 2, 3])]);
    assert_eq!(shuffled.since(&healthy), Changes::default());
    assert!(healthy.topics["t"][&0].leader_is_preferred());
    assert!(!one_down.topics["t"][&0].leader_is_preferred());
    // Another one in the place of one that left: both.
    let moved = cluster(&[(1, &[1, 2, 4], &[1, 2, 4]), (2, &[2, 3, 1], &[2, 3, 1])]);
    assert_eq!(moved.since(&healthy), Changes { shrinks: 1, expands: 1, elections: 0 });
}

fn observation(group: &str, topic: &str, offsets: &[(u64, u64, Option<u64>)]) -> Observation {
    let partitions = offsets.iter().enumerate().map(|(at, &(low, high, committed))| {
        let lag = messages(low, high, committed);
        PartitionLag {
            topic: topic.to_owned(),
            partition: at as i32,
            low: Some(low),
            high: Some(high),
            stable: Some(high),
            committed,
            lag: Some(lag),
            seconds: Some(lag as f64 / 4.0),
            status: if lag > 100 { Status::Warn } else { Status::Ok },
        }
    });
    let rows: Vec<_> = offsets.iter().map(|_| (1, &[1, 2, 3][..], &[1, 2][..])).collect();
    let mut cluster = cluster(&rows);
    let of = cluster.topics.remove("t").unwrap();
    cluster.topics.insert(topic.to_owned(), of);
    Observation {
        at: 0,
        group: group.to_owned(),
        members: Some(2),
        partitions: partitions.collect(),
        cluster,
        changes: Changes::default(),
        total: Changes { shrinks: 1, expands: 2, elections: 3 },
    }
}

type Labels = BTreeMap<String, String>;

/// Reads the text format, strictly.
fn parse(text: &str) -> BTreeMap<String, Vec<(Labels, f64)>> {
    let mut all: BTreeMap<String, Vec<(Labels, f64)>> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a name and a help");
            assert!(!help.is_empty());
            assert!(all.insert(name.to_owned(), Vec::new()).is_none(), "{name}: one group only");
            current = Some(name.to_owned());
            continue;
        }
        let name = current.clone().expect("HELP first");
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let expected = if name.ends_with("_total") { "counter" } else { "gauge" };
            assert_eq!(kind, format!("{name} {expected}"));
            continue;
        }
        let rest = line.strip_prefix(&name).expect("a line of its group");
        let mut labels = Labels::new();
        let value = if let Some(mut rest) = rest.strip_prefix('{') {
            loop {
                let (label, tail) = rest.split_once("=\"").unwrap();
                let mut value = String::new();
                let mut letters = tail.char_indices();
                let end = loop {
                    match letters.next().expect("an end of the value") {
                        (at, '"') => break at,
                        (_, '\\') => match letters.next().unwrap().1 {
                            'n' => value.push('\n'),
                            other @ ('"' | '\\') => value.push(other),
                            other => panic!("escape {other}"),
                        },
                        (_, other) => value.push(other),
                    }
                };
                assert!(labels.insert(label.to_owned(), value).is_none(), "{label} twice");
                rest = &tail[end + 1..];
                match rest.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break rest.strip_prefix("} ").unwrap(),
                }
            }
        } else {
            rest.strip_prefix(' ').unwrap()
        };
        let lines = all.get_mut(&name).unwrap();
        assert!(lines.iter().all(|(of, _)| *of != labels), "{line}: twice");
        lines.push((labels, value.parse().unwrap()));
    }
    all
}

fn labels(of: &[(&str, &str)]) -> Labels {
    of.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back(group in "\\PC{1,8}[\n\"\\\\]?\\PC{0,3}", topic in "[a-z\"\\\\\n{},= ]{1,10}", offsets in proptest::collection::vec((0u64..50, 50u64..1_000, proptest::option::of(50u64..900)), 1..5)) {
        let seen = observation(&group, &topic, &offsets);
        let all = parse(&render(std::slice::from_ref(&seen)));
        let consumed = offsets.iter().any(|it| it.2.is_some());
        for it in &seen.partitions {
            let number = it.partition.to_string();
            let find = |name: &str, of: &[(&str, &str)]| {
                let lines = all.get(name)?;
                lines.iter().find(|(found, _)| *found == labels(of)).map(|it| it.1)
            };
            let of_topic = [("topic", topic.as_str()), ("partition", &number)];
            prop_assert_eq!(find("kafka_topic_partition_current_offset", &of_topic), it.high.map(|it| it as f64));
            prop_assert_eq!(find("kafka_topic_partition_oldest_offset", &of_topic), it.low.map(|it| it as f64));
            let of_group = [("consumergroup", group.as_str()), ("topic", &topic), ("partition", &number)];
            let lag = match (consumed, it.committed) {
                (false, _) => None,
                (true, None) => Some(-1.0),
                (true, Some(committed)) => Some(it.high.unwrap().saturating_sub(committed) as f64),
            };
            prop_assert_eq!(find("kafka_consumergroup_lag", &of_group), lag);
            let kminion = [("group_id", group.as_str()), ("topic_name", &topic), ("partition_id", &number)];
            let lag = lag.filter(|&lag| lag >= 0.0);
            prop_assert_eq!(find("kminion_kafka_consumer_group_topic_partition_lag", &kminion), lag);
        }
    }

    #[test]
    fn escaped_values_have_no_loose_ends(value in any::<String>()) {
        let escaped = escape(&value);
        prop_assert!(!escaped.contains('\n'));
        let plain = escaped.replace("\\\\", "").replace("\\\"", "").replace("\\n", "");
        prop_assert!(!plain.contains('"') && !plain.contains('\\'));
    }
}

/// The names and labels that dashboards of kafka_exporter and KMinion ask for.
#[test]
fn the_names_are_those_of_the_exporters() {
    let seen = [
        observation("g", "t", &[(0, 100, Some(40)), (5, 50, None)]),
        observation("h", "t", &[(0, 100, Some(100)), (5, 50, Some(50))]),
    ];
    let all = parse(&render(&seen));
    let names = |of: &str| -> Vec<&str> { all[of][0].0.keys().map(String::as_str).collect() };
    assert_eq!(names("kafka_brokers"), [""; 0]);
    assert_eq!(names("kafka_broker_info"), ["address", "id"]);
    assert_eq!(names("kafka_topic_partitions"), ["topic"]);
    for name in [
        "kafka_topic_partition_current_offset",
        "kafka_topic_partition_oldest_offset",
        "kafka_topic_partition_leader",
        "kafka_topic_partition_leader_is_preferred",
        "kafka_topic_partition_replicas",
        "kafka_topic_partition_in_sync_replica",
        "kafka_topic_partition_under_replicated_partition",
    ] {
        assert_eq!(names(name), ["partition", "topic"], "{name}");
        assert_eq!(all[name].len(), 2, "{name}: once a partition, with however many groups");
    }
    assert_eq!(
        names("kafka_consumergroup_current_offset"),
        ["consumergroup", "partition", "topic"]
    );
    assert_eq!(names("kafka_consumergroup_lag"), ["consumergroup", "partition", "topic"]);
    assert_eq!(names("kafka_consumergroup_current_offset_sum"), ["consumergroup", "topic"]);
    assert_eq!(names("kafka_consumergroup_lag_sum"), ["consumergroup", "topic"]);
    assert_eq!(names("kafka_consumergroup_members"), ["consumergroup"]);
    let partition = ["partition_id", "topic_name"];
    assert_eq!(names("kminion_kafka_topic_partition_high_water_mark"), partition);
    assert_eq!(names("kminion_kafka_topic_partition_low_water_mark"), partition);
    assert_eq!(names("kminion_kafka_topic_high_water_mark_sum"), ["topic_name"]);
    assert_eq!(names("kminion_kafka_topic_low_water_mark_sum"), ["topic_name"]);
    assert_eq!(names("kminion_kafka_consumer_group_members"), ["group_id"]);
    let group = ["group_id", "partition_id", "topic_name"];
    assert_eq!(names("kminion_kafka_consumer_group_topic_partition_lag"), group);
    assert_eq!(names("kminion_kafka_consumer_group_topic_lag"), ["group_id", "topic_name"]);
    assert_eq!(names("kminion_kafka_consumer_group_topic_offset_sum"), ["group_id", "topic_name"]);

    let value = |name: &str, of: &[(&str, &str)]| {
        let line = all[name].iter().find(|(found, _)| *found == labels(of));
        line.unwrap_or_else(|| panic!("{name}{of:?}")).1
    };
    assert_eq!(
        value("kafka_consumergroup_lag_sum", &[("consumergroup", "g"), ("topic", "t")]),
        60.0
    );
    let of_g = |partition| [("consumergroup", "g"), ("topic", "t"), ("partition", partition)];
    assert_eq!(value("kafka_consumergroup_lag", &of_g("0")), 60.0);
    assert_eq!(value("kafka_consumergroup_lag", &of_g("1")), -1.0);
    assert_eq!(value("kafka_consumergroup_current_offset", &of_g("1")), -1.0);
    assert_eq!(value("queue_chaos_consumergroup_lag_seconds", &of_g("0")), 15.0);
    assert_eq!(value("kminion_kafka_topic_high_water_mark_sum", &[("topic_name", "t")]), 150.0);
    assert_eq!(value("kafka_brokers", &[]), 3.0);
    assert_eq!(value("queue_chaos_leader_elections_total", &[]), 3.0);
    assert_eq!(seen[0].lag(), 60 + 45);
    assert_eq!(seen[0].seconds(), 15.0);
    assert!(render(&[]).is_empty());
}

/// Prometheus' own judge. It dislikes gauges that end in `_sum`; those are the exporters' names.
#[test]
fn promtool_reads_it() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let seen = observation("g \"1\"", "t\\\n", &[(0, 100, Some(40)), (5, 50, None)]);
    let text = render(&[seen]);
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match spawned {
        Ok(promtool) => promtool,
        Err(error) => {
            println!("skipped: promtool: {error}; Debian's package prometheus has it");
            return;
        }
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(matches!(output.status.code(), Some(0 | 3)), "it cannot be read: {said}");
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| !line.contains("_sum non-histogram and non-summary metrics"))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[cfg(feature = "kafka")]
mod monitor {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use queue_chaos::Error;
    use queue_chaos::history::{Isolation, Memory, Sink, Topic};
    use queue_chaos::lag::replication::Observer;
    use queue_chaos::lag::status::Status;
    use queue_chaos::lag::{Monitor, groups};
    use queue_chaos::workload::{
        Consumer, ConsumerOptions, Ids, Partitions, Producer, ProducerOptions, Role, Settings, Site,
    };
    use rdkafka::mocking::MockCluster;

    const LONG: Duration = Duration::from_secs(60);

    fn site(
        cluster: &MockCluster<'static, rdkafka::producer::DefaultProducerContext>,
    ) -> Arc<Site> {
        cluster.create_topic("t", 2, 3).unwrap();
        let topic = Topic { name: "t".to_owned(), partitions: 2, replicas: 3 };
        Arc::new(Site {
            bootstrap: cluster.bootstrap_servers(),
            client: Settings::new(),
            partitions: Partitions::new(&[topic]),
            ids: Arc::new(Ids::new()),
            sink: Arc::new(Memory::new()) as Arc<dyn Sink>,
        })
    }

    fn produce(site: &Arc<Site>, count: u64) {
        let to = site.partitions.ids().collect();
        let role = Role { seed: count, transactional_id: String::new(), to };
        let options = ProducerOptions { count: Some(count), ..Default::default() };
        Producer::start(site, &options, role).unwrap().join();
    }

    #[test]
    fn a_group_falls_behind_and_catches_up() {
        let cluster = MockCluster::new(3).unwrap();
        let site = site(&cluster);
        let topics = ["t".to_owned()];
        for isolation in [Isolation::ReadUncommitted, Isolation::ReadCommitted] {
            let group = format!("g-{isolation:?}");
            let mut monitor =
                Monitor::new(&site.bootstrap, &site.client, &group, &topics, isolation).unwrap();
            produce(&site, 100);
            let before = monitor.observe(LONG).unwrap();
            let there: u64 = before.partitions.iter().map(|it| it.high.unwrap()).sum();
            assert_eq!(before.lag(), there, "nothing is committed");
            assert!(before.partitions.iter().all(|it| it.committed.is_none()));
            assert_eq!(before.cluster.brokers.len(), 3);
            // As old as its oldest message.
            std::thread::sleep(Duration::from_millis(30));
            let later = monitor.observe(LONG).unwrap();
            assert!(later.seconds() >= 0.03, "{}", later.seconds());
            assert!(later.seconds() > before.seconds());

            let consumer =
                Consumer::start(&site, &ConsumerOptions::default(), &group, &topics, &[]).unwrap();
            let until = Instant::now() + LONG;
            loop {
                let now = monitor.observe(LONG).unwrap();
                if now.lag() == 0 {
                    assert_eq!(now.seconds(), 0.0);
                    assert_eq!(now.status(), Status::Ok);
                    assert!(now.partitions.iter().all(|it| it.committed == it.high));
                    break;
                }
                assert!(Instant::now() < until, "{now:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
            drop(consumer);
            // Nobody reads any more.
            produce(&site, 50);
            let mut last = monitor.observe(LONG).unwrap();
            assert_eq!(last.lag(), 50);
            let cached = last.seconds();
            for _ in 0..12 {
                std::thread::sleep(Duration::from_millis(5));
                last = monitor.observe(LONG).unwrap();
            }
            assert!(last.seconds() > cached, "it gets older");
            assert_eq!(last.status(), Status::Stop);
            // All topics that it has committed something of.
            let mut all =
                Monitor::new(&site.bootstrap, &site.client, &group, &[], isolation).unwrap();
            assert_eq!(all.observe(LONG).unwrap().lag(), 50);
        }
    }

    #[test]
    fn leaders_that_move_are_seen_and_missing_ones_do_not_block() {
        let cluster = MockCluster::new(3).unwrap();
        let site = site(&cluster);
        let mut observer = Observer::new(&site.bootstrap, &site.client, &[]).unwrap();
        let (seen, changes) = observer.observe(LONG).unwrap();
        assert_eq!((changes.elections, seen.offline(), seen.under_replicated()), (0, 0, 0));
        let leader = seen.leader("t", 0).unwrap();
        let other = if leader == 1 { 2 } else { 1 };
        cluster.partition_leader("t", 0, Some(other)).unwrap();
        let (seen, changes) = observer.observe(LONG).unwrap();
        assert_eq!((changes.elections, seen.leader("t", 0)), (1, Some(other)));
        cluster.partition_leader("t", 0, None).unwrap();
        let (seen, _) = observer.observe(LONG).unwrap();
        assert_eq!(seen.offline(), 1);
        // The other partition is still measured.
        let topics = ["t".to_owned()];
        let isolation = Isolation::ReadUncommitted;
        let mut monitor =
            Monitor::new(&site.bootstrap, &site.client, "g", &topics, isolation).unwrap();
        let now = monitor.observe(LONG).unwrap();
        assert_eq!(now.partitions[0].lag, None);
        assert_eq!(now.partitions[1].lag, Some(0));
        assert_eq!(observer.total().elections, 1);
    }

    #[test]
    fn a_cluster_that_cannot_list_groups_says_so() {
        let cluster = MockCluster::new(1).unwrap();
        let time = Duration::from_secs(5);
        let error = groups(&cluster.bootstrap_servers(), &Settings::new(), time).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("Apache Kafka"), "{error}");
    }

    #[test]
    fn nobody_there_is_an_error() {
        let topics = ["t".to_owned()];
        let isolation = Isolation::ReadUncommitted;
        let mut monitor =
            Monitor::new("127.0.0.1:1", &Settings::new(), "g", &topics, isolation).unwrap();
        let error = monitor.observe(Duration::from_millis(300)).unwrap_err();
        assert!(matches!(error, Error::Kafka { .. }), "{error}");
    }
}
