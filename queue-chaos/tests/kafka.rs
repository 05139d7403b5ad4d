//! Apache Kafka as child processes: what is done to nodes, networks and disks takes effect, and nothing outlives its parent.
//!
//! Without Java 17 or Kafka's jars these say so and pass, unless `QUEUE_CHAOS_KAFKA=require`.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "what fails shall fail the test")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use queue_chaos::broker::external::External;
use queue_chaos::broker::kafka::{Distribution, Kafka, KafkaOptions};
use queue_chaos::broker::{Cluster, NewTopic, NodeState};
use queue_chaos::id::NodeId;
use queue_chaos::proxy::{Direction, Toxic};
use queue_chaos::schedule::{Action, Link, Peer, Target};
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

const WAIT: Duration = Duration::from_secs(120);

/// One cluster at a time: each is several processes.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kafka() -> Option<Distribution> {
    let found = Distribution::find().map_err(|error| error.to_string()).and_then(|distribution| {
        match Distribution::java_version(&Distribution::java()) {
            Ok(17..) => Ok(distribution),
            Ok(older) => Err(format!("Java is {older}, and Kafka needs 17")),
            Err(error) => Err(error.to_string()),
        }
    });
    match found {
        Ok(distribution) => Some(distribution),
        Err(error) if std::env::var("QUEUE_CHAOS_KAFKA").is_ok_and(|it| it == "require") => {
            panic!("QUEUE_CHAOS_KAFKA=require, but: {error}");
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

fn topic(name: &str, replicas: u32) -> NewTopic {
    let settings =
        vec![("min.insync.replicas".into(), if replicas > 1 { "2" } else { "1" }.into())];
    NewTopic { name: name.into(), partitions: 2, replicas, settings }
}

fn producer(kafka: &dyn Cluster) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap()).set("acks", "all");
    config.set("enable.idempotence", "true").set("message.timeout.ms", "120000");
    config.set("request.timeout.ms", "1000");
    // A frozen node lets clients connect, and says nothing.
    config.set("socket.connection.setup.timeout.ms", "3000").set("socket.timeout.ms", "10000");
    BaseProducer::from_config(&config).unwrap()
}

fn send(producer: &BaseProducer, topic: &str, numbers: std::ops::Range<u32>) {
    send_padded(producer, topic, numbers, 0);
}

fn send_padded(
    producer: &BaseProducer,
    topic: &str,
    numbers: std::ops::Range<u32>,
    padding: usize,
) {
    for number in numbers {
        let payload = format!("{number}{}", " ".repeat(padding));
        let record =
            BaseRecord::<(), _>::to(topic).payload(&payload).partition((number % 2) as i32);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
}

/// Writes numbers with acks=all, and waits for all acknowledgements.
fn write(kafka: &dyn Cluster, topic: &str, numbers: std::ops::Range<u32>) {
    let producer = producer(kafka);
    send(&producer, topic, numbers);
    producer.flush(WAIT).unwrap();
}

/// All numbers that are there, in order, and that there are so many.
fn read(kafka: &dyn Cluster, topic: &str, count: usize) -> Vec<u32> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap()).set("group.id", "reader");
    config.set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    let consumer = BaseConsumer::from_config(&config).unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..2 {
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let began = Instant::now();
    let mut read = Vec::new();
    while read.len() < count {
        assert!(began.elapsed() < WAIT, "{} of {count} after {WAIT:?}", read.len());
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(200)) {
            read.push(
                std::str::from_utf8(message.payload().unwrap()).unwrap().trim().parse().unwrap(),
            );
        }
    }
    // What comes after that is too much.
    while let Some(Ok(message)) = consumer.poll(Duration::from_millis(500)) {
        read.push(std::str::from_utf8(message.payload().unwrap()).unwrap().trim().parse().unwrap());
    }
    read.sort_unstable();
    read
}

/// Replicas in sync of each partition, as a client is told.
fn in_sync(kafka: &dyn Cluster, topic: &str) -> Vec<Vec<i32>> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.direct());
    let consumer = BaseConsumer::from_config(&config).unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), WAIT).unwrap();
    metadata.topics()[0].partitions().iter().map(|p| p.isr().to_vec()).collect()
}

/// Brokers that are alive, as another one says.
fn brokers(kafka: &dyn Cluster) -> Vec<i32> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.direct().split(',').next().unwrap());
    let consumer = BaseConsumer::from_config(&config).unwrap();
    let metadata = consumer.fetch_metadata(None, WAIT).unwrap();
    metadata.brokers().iter().map(|broker| broker.id()).collect()
}

fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < WAIT, "not after {WAIT:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn state(kafka: &dyn Cluster, node: u32) -> NodeState {
    kafka.nodes().into_iter().find(|(id, _)| *id == NodeId(node)).unwrap().1
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    eprintln!("{what}: {:.1} s", began.elapsed().as_secs_f64());
    done
}

#[test]
fn one_node_keeps_what_it_acknowledged() {
    let _alone = alone();
    let Some(distribution) = kafka() else { return };
    let directory = tempfile::tempdir().unwrap();
    let mut options = KafkaOptions::new(directory.path().join("cluster"), distribution);
    options.nodes = 1;
    let mut kafka = timed("one node", || Kafka::start(&options)).unwrap();
    kafka.create_topic(&topic("kept", 1), WAIT).unwrap();
    write(&kafka, "kept", 0..100);

    let node = Target::Node(NodeId(1));
    timed("stop", || kafka.apply(&Action::Stop(node))).unwrap();
    assert_eq!(state(&kafka, 1), NodeState::Down);
    timed("start", || kafka.apply(&Action::Start(node))).unwrap();
    assert_eq!(read(&kafka, "kept", 100), (0..100).collect::<Vec<_>>());

    timed("kill", || kafka.apply(&Action::Kill(Target::Leader))).unwrap();
    assert_eq!(state(&kafka, 1), NodeState::Down);
    timed("heal", || kafka.heal()).unwrap();
    timed("write", || write(&kafka, "kept", 100..200));
    timed("restart", || kafka.apply(&Action::Restart(Target::Controller))).unwrap();
    assert_eq!(read(&kafka, "kept", 200), (0..200).collect::<Vec<_>>());

    // Requests arrive, their acknowledgements do not. Sent again, the messages are not there twice: the producer is idempotent.
    let silence = Action::Net {
        to: node,
        from: Peer::Anybody,
        link: Link::Clients,
        direction: Direction::Down,
        toxic: Toxic::BlackHole,
    };
    let producer = producer(&kafka);
    send(&producer, "kept", 200..210);
    producer.flush(WAIT).unwrap();
    kafka.apply(&silence).unwrap();
    send(&producer, "kept", 210..220);
    assert!(producer.flush(Duration::from_secs(3)).is_err(), "nothing is acknowledged");
    kafka.apply(&Action::Heal(node)).unwrap();
    timed("acknowledge", || producer.flush(WAIT)).unwrap();
    assert_eq!(read(&kafka, "kept", 220), (0..220).collect::<Vec<_>>());

    // For somebody who has only its address, it is one that others run.
    let mut external = External::connect(&kafka.bootstrap(), Vec::new()).unwrap();
    external.create_topic(&topic("queue-chaos-one", 1), WAIT).unwrap();
    assert!(external.create_topic(&topic("queue-chaos-one", 1), WAIT).is_err(), "it is there");
    assert!(external.create_topic(&topic("two", 1), WAIT).is_err(), "not such a name");
    assert_eq!(external.own_topics(), ["queue-chaos-one"]);
    external.delete_own_topics(WAIT).unwrap();
    assert!(external.own_topics().is_empty());
    external.create_topic(&topic("queue-chaos-one", 1), WAIT).unwrap();

    // The only disk is emptied: topics are known, and all that was acknowledged is gone.
    kafka.apply(&Action::Kill(node)).unwrap();
    kafka.apply(&Action::Wipe(node)).unwrap();
    timed("start empty", || kafka.apply(&Action::Start(node))).unwrap();
    timed("write", || write(&kafka, "kept", 1000..1010));
    assert_eq!(read(&kafka, "kept", 10), (1000..1010).collect::<Vec<_>>());
}

#[test]
fn disks_fill_up_and_lose_what_was_not_synced() {
    let _alone = alone();
    let Some(distribution) = kafka() else { return };
    let directory = tempfile::tempdir().unwrap();
    let mut options = KafkaOptions::new(directory.path().join("cluster"), distribution);
    options.nodes = 1;
    options.disk_quota = Some(64 << 20);
    let mut kafka = timed("one node", || Kafka::start(&options)).unwrap();
    kafka.create_topic(&topic("kept", 1), WAIT).unwrap();
    timed("write", || write(&kafka, "kept", 0..100));

    // The last batch of each partition was written, acknowledged, and not synced.
    timed("write", || write(&kafka, "kept", 100..102));
    let all = Target::All;
    timed("stop", || kafka.apply(&Action::Stop(all))).unwrap();
    kafka.apply(&Action::TearTail { of: all, bytes: 1 }).unwrap();
    timed("start", || kafka.apply(&Action::Start(all))).unwrap();
    assert_eq!(read(&kafka, "kept", 100), (0..100).collect::<Vec<_>>());

    // A node that cannot write goes down by itself, and comes back when it can.
    kafka.apply(&Action::ReadOnlyDisk(all)).unwrap();
    let hopeless = producer(&kafka);
    send(&hopeless, "kept", 200..202);
    assert!(hopeless.flush(Duration::from_secs(1)).is_err());
    timed("down", || until(|| state(&kafka, 1) == NodeState::Down));
    let dead = kafka.apply(&Action::Kill(Target::Leader));
    assert!(dead.is_err(), "no leader is up");
    timed("heal", || kafka.heal()).unwrap();
    timed("acknowledge", || hopeless.flush(WAIT)).unwrap();

    if let Err(why) = kafka.supports(&Action::FillDisk(all)) {
        eprintln!("not tried: {why}");
        return;
    }
    kafka.apply(&Action::FillDisk(all)).unwrap();
    // More than what is left of the last page of a file.
    send_padded(&hopeless, "kept", 300..302, 100_000);
    assert!(hopeless.flush(Duration::from_secs(3)).is_err(), "there is no room");
    timed("heal", || kafka.heal()).unwrap();
    timed("acknowledge", || hopeless.flush(WAIT)).unwrap();
    let kept = (0..100).chain(200..202).chain(300..302);
    assert_eq!(read(&kafka, "kept", 104), kept.collect::<Vec<u32>>());
}

/// Only a process that is killed can tell: this is that process, which [`nothing_outlives_its_parent`] starts.
#[test]
#[ignore = "it hangs; another test starts it, and kills it"]
fn a_cluster_in_a_process_of_its_own() {
    let Ok(data) = std::env::var("QUEUE_CHAOS_TEST_DATA") else { return };
    let mut options = KafkaOptions::new(data, kafka().unwrap());
    options.nodes = 1;
    let kafka = Kafka::start(&options).unwrap();
    eprintln!("run {}", kafka.run_id());
    std::thread::sleep(Duration::from_secs(600));
    drop(kafka);
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_outlives_its_parent() {
    let _alone = alone();
    let Some(distribution) = kafka() else { return };
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("cluster");
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_cluster_in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env("QUEUE_CHAOS_TEST_DATA", &data)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(parent.stderr.take().unwrap()).lines().map_while(Result::ok);
    let run = said.filter_map(|line| line.strip_prefix("run ").map(str::to_owned)).next();
    let mark = format!("-Dqueue-chaos.run={}", run.unwrap());
    assert_eq!(processes(&mark), 1);

    // While it lives, its directory is its own.
    let mut options = KafkaOptions::new(&data, distribution);
    options.nodes = 1;
    let taken = Kafka::start(&options).map(drop).unwrap_err().to_string();
    assert!(taken.contains(&format!("process {} uses it", parent.id())), "{taken}");

    parent.kill().unwrap();
    parent.wait().unwrap();
    timed("gone", || until(|| processes(&mark) == 0));
    let kafka = timed("start where it was", || Kafka::start(&options)).unwrap();
    let mark = format!("-Dqueue-chaos.run={}", kafka.run_id());
    assert_eq!(processes(&mark), 1);
    drop(kafka);
    assert_eq!(processes(&mark), 0);
}

/// How many processes have been started with an argument.
fn processes(argument: &str) -> usize {
    let command_lines = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    command_lines
        .filter(|line| line.split(|byte| *byte == 0).any(|one| one == argument.as_bytes()))
        .count()
}

#[test]
fn a_node_that_does_not_start_says_why() {
    let _alone = alone();
    let Some(distribution) = kafka() else { return };
    let directory = tempfile::tempdir().unwrap();
    let mut options = KafkaOptions::new(directory.path().join("cluster"), distribution);
    options.nodes = 1;
    options.server_properties = vec![("log.flush.interval.messages".into(), "-5".into())];
    let error = Kafka::start(&options).map(drop).unwrap_err().to_string();
    assert!(error.contains("log.flush.interval.messages"), "{error}");
}

#[test]
fn three_nodes_take_what_is_done_to_them() {
    let _alone = alone();
    let Some(distribution) = kafka() else { return };
    let directory = tempfile::tempdir().unwrap();
    let options = KafkaOptions::new(directory.path().join("cluster"), distribution);
    let mut kafka = timed("three nodes", || Kafka::start(&options)).unwrap();
    kafka.set_seed(7);
    timed("topic", || kafka.create_topic(&topic("copied", 3), WAIT)).unwrap();
    timed("write", || write(&kafka, "copied", 0..100));

    timed("kill the leader", || kafka.apply(&Action::Kill(Target::Leader))).unwrap();
    timed("failover", || write(&kafka, "copied", 100..200));
    let dead = kafka.nodes().into_iter().find(|(_, state)| *state == NodeState::Down).unwrap().0;
    timed("wipe", || kafka.apply(&Action::Wipe(Target::Random))).unwrap();
    timed("start", || kafka.apply(&Action::Start(Target::Node(dead)))).unwrap();
    assert!(
        kafka.apply(&Action::Wipe(Target::Node(dead))).unwrap_err().to_string().contains("it runs")
    );

    timed("pause", || kafka.apply(&Action::Pause(Target::Follower))).unwrap();
    let paused =
        kafka.nodes().into_iter().find(|(_, state)| *state == NodeState::Paused).unwrap().0;
    timed("write", || write(&kafka, "copied", 200..300));
    timed("resume", || kafka.apply(&Action::Resume(Target::All))).unwrap();
    timed("whole", || until(|| in_sync(&kafka, "copied").iter().all(|ids| ids.len() == 3)));
    assert_eq!(state(&kafka, paused.0), NodeState::Up);

    timed("cut off", || {
        kafka.apply(&Action::Net {
            to: Target::All,
            from: Peer::Node(paused),
            link: Link::Replication,
            direction: Direction::Both,
            toxic: Toxic::Partition,
        })
    })
    .unwrap();
    // A follower that has all there is would stay in sync for ever: there must be something to copy.
    timed("write", || write(&kafka, "copied", 300..310));
    timed("shrink", || {
        until(|| in_sync(&kafka, "copied").iter().all(|ids| !ids.contains(&(paused.0 as i32))))
    });
    kafka.apply(&Action::Heal(Target::All)).unwrap();
    timed("whole again", || until(|| in_sync(&kafka, "copied").iter().all(|ids| ids.len() == 3)));

    timed("rolling restart", || kafka.apply(&Action::RollingRestart)).unwrap();
    timed("add", || kafka.apply(&Action::AddNode)).unwrap();
    assert_eq!(kafka.nodes().len(), 4);

    // A node that controllers do not hear from is none of the cluster's any more.
    let silenced = Action::Net {
        to: Target::All,
        from: Peer::Node(NodeId(4)),
        link: Link::Controller,
        direction: Direction::Both,
        toxic: Toxic::Partition,
    };
    kafka.apply(&silenced).unwrap();
    timed("fenced", || until(|| !brokers(&kafka).contains(&4)));
    kafka.apply(&Action::Heal(Target::All)).unwrap();
    timed("back", || until(|| brokers(&kafka).contains(&4)));

    timed("reassign", || kafka.apply(&Action::Reassign)).unwrap();
    timed("stop the controller", || kafka.apply(&Action::Stop(Target::Controller))).unwrap();
    timed("start it", || kafka.apply(&Action::Start(Target::All))).unwrap();
    timed("elect", || kafka.apply(&Action::ElectPreferred)).unwrap();
    assert_eq!(read(&kafka, "copied", 310), (0..310).collect::<Vec<_>>());
    timed("stop all", || kafka.apply(&Action::Stop(Target::All))).unwrap();
    timed("heal", || kafka.heal()).unwrap();
}
