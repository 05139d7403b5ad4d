//! librdkafka's cluster, and what is done to it. These run everywhere.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use queue_chaos::Error;
use queue_chaos::broker::embedded::Embedded;
use queue_chaos::broker::external::External;
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
const PARTITIONS: u32 = 3;

fn cluster(nodes: u32) -> Embedded {
    let mut cluster = Embedded::start(nodes).unwrap();
    let topic = NewTopic {
        name: "t".into(),
        partitions: PARTITIONS,
        replicas: nodes.min(3),
        settings: Vec::new(),
    };
    cluster.create_topic(&topic, WAIT).unwrap();
    cluster
}

fn config(cluster: &dyn Cluster) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap());
    config.set("topic.metadata.refresh.interval.ms", "500").set("reconnect.backoff.max.ms", "500");
    config
}

fn producer(cluster: &dyn Cluster, more: &[(&str, &str)]) -> BaseProducer {
    let mut config = config(cluster);
    config.set("message.timeout.ms", "120000").set("linger.ms", "0");
    for (key, value) in more {
        config.set(*key, *value);
    }
    BaseProducer::from_config(&config).unwrap()
}

/// Sends numbers, and waits until they are acknowledged.
fn write(producer: &BaseProducer, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let payload = number.to_string();
        let partition = (number % PARTITIONS) as i32;
        let record = BaseRecord::<(), _>::to("t").payload(&payload).partition(partition);
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.poll(Duration::ZERO);
    }
    producer.flush(WAIT).unwrap();
    assert_eq!(producer.in_flight_count(), 0);
}

/// All that is in the topic now, each as often as it is there.
fn read(cluster: &dyn Cluster) -> Vec<u32> {
    let mut config = config(cluster);
    config.set("group.id", "reader").set("enable.partition.eof", "true");
    config.set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    let consumer = BaseConsumer::from_config(&config).unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset("t", partition as i32, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let began = Instant::now();
    let (mut ends, mut read) = (BTreeSet::new(), Vec::new());
    while ends.len() < PARTITIONS as usize {
        assert!(began.elapsed() < WAIT, "partitions {ends:?} are read after {WAIT:?}");
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let payload = std::str::from_utf8(message.payload().unwrap()).unwrap();
                read.push(payload.parse().unwrap());
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(partition))) => {
                ends.insert(partition);
            }
            _ => {}
        }
    }
    read.sort_unstable();
    read
}

fn leaders(cluster: &dyn Cluster) -> Vec<i32> {
    let consumer = BaseConsumer::from_config(&config(cluster)).unwrap();
    let metadata = consumer.fetch_metadata(Some("t"), WAIT).unwrap();
    metadata.topics()[0].partitions().iter().map(|partition| partition.leader()).collect()
}

fn node(id: u32) -> Target {
    Target::Node(NodeId(id))
}

fn numbers(range: std::ops::Range<u32>) -> Vec<u32> {
    range.collect()
}

#[test]
fn it_goes_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&cluster(1));
}

#[test]
fn what_is_acknowledged_survives_stops_and_kills() {
    let mut cluster = cluster(3);
    let producer = producer(&cluster, &[("enable.idempotence", "true")]);
    write(&producer, 0..300);
    cluster.apply(&Action::Stop(Target::Leader)).unwrap();
    write(&producer, 300..600);
    cluster.apply(&Action::Start(Target::All)).unwrap();
    cluster.apply(&Action::Kill(Target::All)).unwrap();
    assert!(cluster.nodes().iter().all(|(_, state)| *state == NodeState::Down));
    cluster.heal().unwrap();
    write(&producer, 600..900);
    cluster.apply(&Action::RollingRestart).unwrap();
    assert_eq!(read(&cluster), numbers(0..900));
}

/// It does not drop doubles: an answer that is lost would be one.
#[test]
fn a_node_that_is_stopped_answers_what_it_has_taken() {
    let mut cluster = cluster(1);
    let producer = producer(&cluster, &[("enable.idempotence", "true"), ("linger.ms", "0")]);
    write(&producer, 0..10);
    // What is written is answered so much later.
    let delay = Duration::from_millis(300);
    cluster.apply(&Action::RoundTrip { of: Target::All, delay }).unwrap();
    for number in 10..40 {
        let payload = number.to_string();
        let record = BaseRecord::<(), _>::to("t").payload(&payload).partition(0);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    // Enough to arrive. Were it not, nothing would be lost, and nothing shown.
    std::thread::sleep(Duration::from_millis(100));
    cluster.apply(&Action::Stop(Target::All)).unwrap();
    cluster.apply(&Action::Start(Target::All)).unwrap();
    producer.flush(WAIT).unwrap();
    cluster.heal().unwrap();
    assert_eq!(read(&cluster), numbers(0..40));
}

#[test]
fn leaders_are_where_replicas_are_up() {
    let mut cluster = cluster(3);
    let preferred = leaders(&cluster);
    assert_eq!(preferred.iter().collect::<BTreeSet<_>>().len(), 3, "each leads one");

    cluster.apply(&Action::Kill(Target::Leader)).unwrap();
    let dead = preferred[0];
    assert!(leaders(&cluster).iter().all(|leader| *leader > 0 && *leader != dead));
    cluster.apply(&Action::Start(node(dead as u32))).unwrap();
    assert!(leaders(&cluster).iter().all(|leader| *leader != dead), "they stay where they are");
    cluster.apply(&Action::ElectPreferred).unwrap();
    assert_eq!(leaders(&cluster), preferred);

    let to = preferred[1];
    cluster.apply(&Action::MoveLeader { partition: 0, to: NodeId(to as u32) }).unwrap();
    assert_eq!(leaders(&cluster)[0], to);
    for wrong in [
        Action::MoveLeader { partition: PARTITIONS, to: NodeId(1) },
        Action::MoveLeader { partition: 0, to: NodeId(4) },
    ] {
        assert!(matches!(cluster.apply(&wrong), Err(Error::Broker { .. })), "{wrong:?}");
    }
}

#[test]
fn a_partition_without_replicas_that_are_up_has_no_leader() {
    let mut cluster = Embedded::start(2).unwrap();
    let topic =
        NewTopic { name: "t".into(), partitions: PARTITIONS, replicas: 1, settings: Vec::new() };
    cluster.create_topic(&topic, WAIT).unwrap();
    let leader = leaders(&cluster)[0];
    cluster.apply(&Action::Kill(Target::Leader)).unwrap();
    assert_eq!(leaders(&cluster)[0], -1);
    assert!(cluster.apply(&Action::Kill(Target::Leader)).is_err(), "there is none");
    cluster.apply(&Action::Start(Target::Random)).unwrap();
    assert_eq!(leaders(&cluster)[0], leader);
}

/// The control: a harness that does not see this loss sees none.
#[test]
fn a_cluster_that_forgets_has_lost_what_it_acknowledged() {
    let mut cluster = cluster(3);
    let addresses = cluster.bootstrap();
    let producer = producer(&cluster, &[]);
    write(&producer, 0..100);
    cluster.apply(&Action::Kill(node(2))).unwrap();
    cluster.apply(&Action::Forget).unwrap();
    assert_eq!(cluster.bootstrap(), addresses, "clients find it where it was");
    assert_eq!(cluster.nodes()[1], (NodeId(2), NodeState::Down));
    assert_eq!(read(&cluster), numbers(0..0));
    write(&producer, 100..200);
    assert_eq!(read(&cluster), numbers(100..200));
    cluster.apply(&Action::Start(node(2))).unwrap();
    assert_eq!(leaders(&cluster).len(), PARTITIONS as usize);
}

/// Requests arrive, their responses do not: what is written then is sent again, and is there twice. Real Kafka drops the doubles of idempotent producers; that
/// this one does not is written in its documentation, and pinned here: if it changes, that must.
#[test]
fn lost_acknowledgements_double_messages() {
    for idempotent in ["false", "true"] {
        let mut cluster = cluster(1);
        let more = [("enable.idempotence", idempotent), ("request.timeout.ms", "500")];
        let producer = producer(&cluster, &more);
        write(&producer, 0..10);
        let silence = Action::Net {
            to: Target::All,
            from: Peer::Anybody,
            link: Link::Clients,
            direction: Direction::Down,
            toxic: Toxic::BlackHole,
        };
        cluster.apply(&silence).unwrap();
        for number in 10..13 {
            let payload = number.to_string();
            let record = BaseRecord::<(), _>::to("t").payload(&payload).partition(0);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        assert!(producer.flush(Duration::from_secs(2)).is_err(), "nothing is acknowledged");
        cluster.apply(&Action::Heal(Target::All)).unwrap();
        producer.flush(WAIT).unwrap();
        let read = read(&cluster);
        let different: BTreeSet<u32> = read.iter().copied().collect();
        assert_eq!(different, (0..13).collect(), "nothing is lost");
        assert!(read.len() > different.len(), "doubles, idempotent: {idempotent}");
    }
}

/// As above: a limit of the embedded cluster, pinned.
#[test]
fn aborted_messages_are_seen() {
    let cluster = cluster(1);
    let producer =
        producer(&cluster, &[("transactional.id", "x"), ("message.timeout.ms", "30000")]);
    producer.init_transactions(WAIT).unwrap();
    producer.begin_transaction().unwrap();
    write(&producer, 0..3);
    producer.commit_transaction(WAIT).unwrap();
    producer.begin_transaction().unwrap();
    write(&producer, 3..6);
    producer.abort_transaction(WAIT).unwrap();
    assert_eq!(read(&cluster), numbers(0..6), "by a consumer of committed messages");
}

#[test]
fn produce_errors_are_tried_again_and_end() {
    let mut cluster = cluster(1);
    let producer = producer(&cluster, &[("retry.backoff.ms", "10")]);
    cluster.apply(&Action::ProduceErrors { count: 3 }).unwrap();
    write(&producer, 0..30);
    assert_eq!(read(&cluster), numbers(0..30));
}

#[test]
fn round_trips_take_as_long_as_told() {
    let mut cluster = cluster(1);
    let producer = producer(&cluster, &[]);
    write(&producer, 0..1);
    let delay = Duration::from_millis(300);
    cluster.apply(&Action::RoundTrip { of: Target::All, delay }).unwrap();
    let began = Instant::now();
    write(&producer, 1..2);
    assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    cluster.heal().unwrap();
    write(&producer, 2..3);
}

#[test]
fn the_same_seed_draws_the_same_nodes() {
    let victims = |seed| {
        let mut cluster = Embedded::start(5).unwrap();
        cluster.set_seed(seed);
        for _ in 0..4 {
            cluster.apply(&Action::Kill(Target::Random)).unwrap();
        }
        cluster.nodes()
    };
    assert_eq!(victims(1), victims(1));
    let different: BTreeSet<String> = (0..8).map(|seed| format!("{:?}", victims(seed))).collect();
    assert!(different.len() > 1);
}

#[test]
fn what_it_cannot_do_it_says_and_what_could() {
    let mut cluster = cluster(1);
    let unsupported = [
        Action::Pause(Target::All),
        Action::Resume(Target::All),
        Action::Wipe(Target::All),
        Action::AddNode,
        Action::Reassign,
        Action::FillDisk(Target::All),
        Action::FreeDisk(Target::All),
        Action::ReadOnlyDisk(Target::All),
        Action::WritableDisk(Target::All),
        Action::TearTail { of: Target::All, bytes: 1 },
    ];
    for action in unsupported {
        let error = cluster.apply(&action).unwrap_err();
        assert!(matches!(error, Error::Unsupported { cluster: "embedded", .. }), "{error}");
        assert!(error.to_string().contains("(kafka)"), "{error}");
        assert!(cluster.supports(&action).is_err());
    }
    let no_controller = cluster.apply(&Action::Stop(Target::Controller)).unwrap_err();
    assert!(no_controller.to_string().contains("(kafka)"), "{no_controller}");
    assert!(cluster.apply(&Action::Stop(node(2))).is_err());
    cluster.apply(&Action::Mark("here".into())).unwrap();
}

#[test]
fn too_many_replicas_are_refused() {
    let mut cluster = Embedded::start(1).unwrap();
    let topic = NewTopic { name: "t".into(), partitions: 1, replicas: 2, settings: Vec::new() };
    assert!(matches!(cluster.create_topic(&topic, WAIT), Err(Error::Broker { .. })));
}

#[test]
fn clusters_of_others_are_not_harmed() {
    let embedded = Embedded::start(2).unwrap();
    let mut external = External::connect(&embedded.bootstrap(), Vec::new()).unwrap();
    assert_eq!(external.nodes().len(), 2);
    let nets = Action::Net {
        to: Target::All,
        from: Peer::Anybody,
        link: Link::All,
        direction: Direction::Both,
        toxic: Toxic::BlackHole,
    };
    for action in [Action::Kill(Target::All), Action::RollingRestart, Action::Forget, nets] {
        let error = external.apply(&action).unwrap_err();
        assert!(matches!(error, Error::Unsupported { cluster: "external", .. }), "{error}");
    }
    external.apply(&Action::Mark("here".into())).unwrap();
    external.heal().unwrap();
    let topic =
        NewTopic { name: "orders".into(), partitions: 1, replicas: 1, settings: Vec::new() };
    let error = external.create_topic(&topic, WAIT).unwrap_err();
    assert!(error.to_string().contains("queue-chaos-"), "{error}");
    assert!(external.own_topics().is_empty());
    external.delete_own_topics(WAIT).unwrap();
}

#[test]
fn the_topics_of_a_run_are_those_made_since_it_began() {
    let mut cluster = cluster(3);
    cluster.begin_run();
    let later = NewTopic { name: "u".into(), partitions: 1, replicas: 3, settings: Vec::new() };
    cluster.create_topic(&later, WAIT).unwrap();
    let before = leaders(&cluster);
    for node in 1..=3 {
        cluster.apply(&Action::MoveLeader { partition: 0, to: NodeId(node) }).unwrap();
        let consumer = BaseConsumer::from_config(&config(&cluster)).unwrap();
        let metadata = consumer.fetch_metadata(Some("u"), WAIT).unwrap();
        assert_eq!(metadata.topics()[0].partitions()[0].leader(), node as i32);
    }
    // It has three partitions, and is of another run.
    assert!(cluster.apply(&Action::MoveLeader { partition: 2, to: NodeId(1) }).is_err());
    assert_eq!(leaders(&cluster), before);
}
