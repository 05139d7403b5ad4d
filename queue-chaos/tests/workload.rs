//! Producers, consumers and loops against librdkafka's in-process cluster: what they write down is what has happened.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use queue_chaos::history::{
    Acks, Commits, Delivery, Event, Isolation, Memory, Outcome, Sink, Topic, What,
};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};
use queue_chaos::workload::{
    ConsumerOptions, Ids, Keys, Partitions, Producer, ProducerOptions, Role, Settings, Site,
    TransactionOptions, Workload, committed, read_all,
};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

/// Long enough for a slow machine; nothing waits for it to pass.
const LONG: Duration = Duration::from_secs(60);

struct Stage {
    cluster: MockCluster<'static, DefaultProducerContext>,
    site: Arc<Site>,
    memory: Arc<Memory>,
}

fn stage(topics: &[(&str, u32)]) -> Stage {
    let cluster = MockCluster::new(3).unwrap();
    let topics: Vec<Topic> = topics
        .iter()
        .map(|&(name, partitions)| Topic { name: name.to_owned(), partitions, replicas: 3 })
        .collect();
    for topic in &topics {
        cluster.create_topic(&topic.name, topic.partitions as i32, 3).unwrap();
    }
    let memory = Arc::new(Memory::new());
    let site = Arc::new(Site {
        bootstrap: cluster.bootstrap_servers(),
        client: Settings::new(),
        partitions: Partitions::new(&topics),
        ids: Arc::new(Ids::new()),
        sink: Arc::clone(&memory) as Arc<dyn Sink>,
    });
    Stage { cluster, site, memory }
}

fn role(site: &Site) -> Role {
    Role { seed: 1, transactional_id: "t".to_owned(), to: site.partitions.ids().collect() }
}

impl Stage {
    fn wait(&self, what: &str, seen: impl Fn(&[Event]) -> bool) {
        let until = Instant::now() + LONG;
        while !seen(&self.memory.events()) {
            assert!(Instant::now() < until, "waiting for {what}: {:#?}", tail(&self.memory));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends so many messages, and waits for the end of that.
    fn produce(&self, options: &ProducerOptions) {
        let mut producer = Producer::start(&self.site, options, role(&self.site)).unwrap();
        producer.join();
    }
}

fn tail(memory: &Memory) -> Vec<Event> {
    let events = memory.events();
    events[events.len().saturating_sub(10)..].to_vec()
}

/// What became of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Ack(PartitionId, Option<u64>),
    Nack(String),
    Unknown(String),
}

/// Checks the rules of producers' lines, and returns the fates of messages.
fn fates(events: &[Event]) -> BTreeMap<(ProducerId, u64), Fate> {
    let mut sent: BTreeMap<(ProducerId, u64), PartitionId> = BTreeMap::new();
    let mut fates = BTreeMap::new();
    let mut next: BTreeMap<ProducerId, u64> = BTreeMap::new();
    let mut gone = BTreeSet::new();
    let mut times: BTreeMap<ProducerId, u64> = BTreeMap::new();
    for event in events {
        let (p, fate) = match &event.what {
            What::Producer { p, .. } => {
                assert_eq!(next.insert(*p, 0), None, "{p} begins twice");
                continue;
            }
            What::Send { p, s, to, .. } => {
                let next = next.get_mut(p).expect("a producer that has begun");
                assert_eq!(*s, *next, "{p}: messages are numbered without gaps");
                *next += 1;
                sent.insert((*p, *s), *to);
                (*p, None)
            }
            What::Ack { p, s, to, o } => {
                assert_eq!(sent.get(&(*p, *s)), Some(to), "acknowledged where it was sent to");
                (*p, Some((*s, Fate::Ack(*to, *o))))
            }
            What::Nack { p, s, why } => (*p, Some((*s, Fate::Nack(why.clone())))),
            What::Unknown { p, s, why } => (*p, Some((*s, Fate::Unknown(why.clone())))),
            What::ProducerGone { p, .. } => {
                assert!(gone.insert(*p));
                continue;
            }
            _ => continue,
        };
        assert!(!gone.contains(&p), "{p} is gone: {event:?}");
        let time = times.entry(p).or_default();
        assert!(*time <= event.at, "the lines of {p} are in order");
        *time = event.at;
        if let Some((s, fate)) = fate {
            assert!(sent.contains_key(&(p, s)), "{p}/{s} was never sent");
            let before = fates.insert((p, s), fate);
            assert_eq!(before, None, "{p}/{s} has two fates");
        }
    }
    for p in next.keys() {
        assert!(gone.contains(p), "{p} has no end");
    }
    assert_eq!(fates.len(), sent.len(), "each message has a fate");
    fates
}

/// What was read, by partition, in order.
fn polled(
    events: &[Event],
    of: Option<ConsumerId>,
) -> BTreeMap<PartitionId, Vec<(u64, ProducerId, u64)>> {
    let mut read: BTreeMap<PartitionId, Vec<_>> = BTreeMap::new();
    for event in events {
        if let What::Poll { c, to, r } = &event.what
            && of.is_none_or(|of| of == *c)
        {
            read.entry(*to).or_default().extend(r.iter().map(|it| (it.0, it.1, it.2)));
        }
    }
    read
}

fn count(events: &[Event], of: impl Fn(&What) -> bool) -> usize {
    events.iter().filter(|event| of(&event.what)).count()
}

#[test]
fn all_that_is_sent_is_acknowledged_and_read() {
    for (delivery, acks) in [
        (Delivery::Plain, Acks::Leader),
        (Delivery::Plain, Acks::All),
        (Delivery::Idempotent, Acks::All),
    ] {
        let stage = stage(&[("t", 4)]);
        let options = ProducerOptions { delivery, acks, count: Some(5_000), ..Default::default() };
        stage.produce(&options);
        let ids: Vec<_> = stage.site.partitions.ids().collect();
        let c = read_all(&stage.site, &ids, Isolation::ReadUncommitted, LONG).unwrap();
        let events = stage.memory.events();
        let fates = fates(&events);
        assert_eq!(fates.len(), 5_000);
        let read = polled(&events, Some(c));
        let mut ends = BTreeMap::new();
        for event in &events {
            if let What::ReadAll { to, o, .. } = event.what {
                ends.insert(to, o);
            }
        }
        assert_eq!(ends.len(), 4);
        for (to, records) in &read {
            assert_eq!(records.len() as u64, ends[to]);
            for (at, (o, p, s)) in records.iter().enumerate() {
                assert_eq!(*o, at as u64);
                assert_eq!(fates[&(*p, *s)], Fate::Ack(*to, Some(*o)), "where it is told to be");
            }
        }
        assert_eq!(read.values().map(Vec::len).sum::<usize>(), 5_000);
    }
}

#[test]
fn without_acknowledgements_there_are_no_offsets() {
    let stage = stage(&[("t", 1)]);
    let options = ProducerOptions {
        delivery: Delivery::Plain,
        acks: Acks::None,
        count: Some(100),
        ..Default::default()
    };
    stage.produce(&options);
    let fates = fates(&stage.memory.events());
    assert!(fates.values().all(|fate| matches!(fate, Fate::Ack(_, None))), "{fates:?}");
}

#[test]
fn what_a_broker_refuses_is_not_written_and_what_it_does_not_answer_is_unknown() {
    let stage = stage(&[("t", 1)]);
    // Refused for good, twice; the third batch is taken.
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD; 2];
    stage.cluster.request_errors(RDKafkaApiKey::Produce, &refusals);
    let options = ProducerOptions {
        delivery: Delivery::Plain,
        count: Some(30),
        rate: Some(100.0),
        linger_ms: 0,
        ..Default::default()
    };
    stage.produce(&options);
    let fates = fates(&stage.memory.events());
    let refused = fates.values().filter(|fate| matches!(fate, Fate::Nack(_))).count();
    assert!(refused >= 2, "{fates:?}");
    assert!(fates.values().any(|fate| matches!(fate, Fate::Ack(..))), "{fates:?}");
    assert!(!fates.values().any(|fate| matches!(fate, Fate::Unknown(_))), "{fates:?}");
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    let c = read_all(&stage.site, &ids, Isolation::ReadUncommitted, LONG).unwrap();
    let read: Vec<_> = polled(&stage.memory.events(), Some(c)).into_values().flatten().collect();
    for (_, p, s) in read {
        assert!(matches!(fates[&(p, s)], Fate::Ack(..)), "what was refused is not there");
    }
}

/// A broker that loses the leadership answers so to messages that it has written. librdkafka says "not persisted" if these time out after that.
#[test]
fn not_leader_until_the_time_is_out_is_unknown() {
    let stage = stage(&[("t", 1)]);
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 1_000];
    stage.cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    let options = ProducerOptions {
        count: Some(10),
        delivery: Delivery::Plain,
        message_timeout_ms: 500,
        ..Default::default()
    };
    stage.produce(&options);
    let fates = fates(&stage.memory.events());
    assert!(fates.values().all(|fate| matches!(fate, Fate::Unknown(_))), "{fates:?}");
}

#[test]
fn too_large_is_certain() {
    let stage = stage(&[("t", 1)]);
    let client = Settings::from([("message.max.bytes".to_owned(), "1000".to_owned())]);
    let options = ProducerOptions { count: Some(3), size: 2_000, client, ..Default::default() };
    stage.produce(&options);
    let fates = fates(&stage.memory.events());
    assert!(fates.values().all(|fate| matches!(fate, Fate::Nack(_))), "{fates:?}");
}

/// Messages without a rate are handed over in bursts. Where the client takes only some of one, the others follow in their order.
#[test]
fn a_client_without_room_for_a_burst_gets_all_of_it_in_order() {
    for delivery in [Delivery::Plain, Delivery::Idempotent] {
        let stage = stage(&[("t", 3), ("u", 2)]);
        let room = Settings::from([("queue.buffering.max.messages".to_owned(), "20".to_owned())]);
        let options = ProducerOptions {
            delivery,
            count: Some(2_000),
            linger_ms: 0,
            client: room,
            ..Default::default()
        };
        stage.produce(&options);
        let events = stage.memory.events();
        let fates = fates(&events);
        assert_eq!(fates.len(), 2_000);
        let mut last: BTreeMap<PartitionId, u64> = BTreeMap::new();
        for ((_, s), fate) in &fates {
            let Fate::Ack(to, Some(o)) = fate else { panic!("{s}: {fate:?}") };
            let before = last.insert(*to, *o);
            assert!(before.is_none_or(|before| before < *o), "{s} came before its predecessor");
        }
        assert_eq!(last.len(), 5, "both topics");
    }
}

#[test]
fn a_killed_producer_whose_client_is_full_has_an_outcome_for_each_of_a_burst() {
    let stage = stage(&[("t", 2)]);
    let room = Settings::from([("queue.buffering.max.messages".to_owned(), "20".to_owned())]);
    let options =
        ProducerOptions { client: room, message_timeout_ms: 60_000, ..Default::default() };
    stage.cluster.broker_down(-1).unwrap();
    let producer = Producer::start(&stage.site, &options, role(&stage.site)).unwrap();
    stage.wait("a full client", |events| count(events, |it| matches!(it, What::Send { .. })) == 32);
    drop(producer);
    let fates = fates(&stage.memory.events());
    let refused = fates.values().filter(|fate| matches!(fate, Fate::Nack(_))).count();
    let unknown = fates.values().filter(|fate| matches!(fate, Fate::Unknown(_))).count();
    assert_eq!((unknown, refused), (20, 12), "{fates:?}");
}

#[test]
fn messages_survive_brokers_that_are_away() {
    let stage = stage(&[("t", 3)]);
    let options =
        ProducerOptions { rate: Some(2_000.0), message_timeout_ms: 30_000, ..Default::default() };
    let mut producer = Producer::start(&stage.site, &options, role(&stage.site)).unwrap();
    let acked = |events: &[Event]| count(events, |it| matches!(it, What::Ack { .. }));
    stage.wait("the first", |events| acked(events) > 100);
    stage.cluster.broker_down(-1).unwrap();
    let before = acked(&stage.memory.events());
    std::thread::sleep(Duration::from_millis(500));
    stage.cluster.broker_up(-1).unwrap();
    stage.wait("more", |events| acked(events) > before + 1_000);
    producer.stop(Instant::now() + LONG);
    producer.join();
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    let c = read_all(&stage.site, &ids, Isolation::ReadUncommitted, LONG).unwrap();
    let events = stage.memory.events();
    let fates = fates(&events);
    let read = polled(&events, Some(c));
    let mut seen = BTreeSet::new();
    for (to, records) in read {
        for (o, p, s) in records {
            assert!(seen.insert((p, s)), "an idempotent producer doubles nothing");
            assert_eq!(fates[&(p, s)], Fate::Ack(to, Some(o)));
        }
    }
    assert_eq!(seen.len(), fates.len());
}

#[test]
fn a_killed_producer_leaves_unknown_messages_and_no_others() {
    let stage = stage(&[("t", 2)]);
    let options = ProducerOptions { message_timeout_ms: 60_000, ..Default::default() };
    let producer = Producer::start(&stage.site, &options, role(&stage.site)).unwrap();
    let acked = |events: &[Event]| count(events, |it| matches!(it, What::Ack { .. }));
    stage.wait("the first", |events| acked(events) > 100);
    stage.cluster.broker_down(-1).unwrap();
    let before = count(&stage.memory.events(), |it| matches!(it, What::Send { .. }));
    stage.wait("messages that nobody takes", |events| {
        count(events, |it| matches!(it, What::Send { .. })) > before + 100
    });
    drop(producer);
    let events = stage.memory.events();
    let fates = fates(&events);
    let unknown = fates.values().filter(|fate| matches!(fate, Fate::Unknown(_))).count();
    assert!(unknown >= 100, "{unknown}");
    // Those of one burst at most found no room.
    let refused = fates.values().filter(|fate| matches!(fate, Fate::Nack(_))).count();
    assert!(refused <= 32, "{refused}");
    let gone = count(&events, |it| matches!(it, What::ProducerGone { killed: true, .. }));
    assert_eq!(gone, 1);
}

#[test]
fn a_rate_is_not_exceeded() {
    let stage = stage(&[("t", 1)]);
    let options = ProducerOptions { rate: Some(1_000.0), count: Some(300), ..Default::default() };
    stage.produce(&options);
    let events = stage.memory.events();
    let sends = events.iter().filter(|it| matches!(it.what, What::Send { .. }));
    let times: Vec<u64> = sends.map(|it| it.at).collect();
    assert!(times[299] - times[0] >= 299_000 - 1_000, "{}", times[299] - times[0]);
}

#[test]
fn skewed_keys_make_a_skewed_log() {
    let stage = stage(&[("t", 8)]);
    let keys = Keys::Zipf { keys: 1_000, exponent: 2.0 };
    stage.produce(&ProducerOptions { keys, count: Some(4_000), ..Default::default() });
    let mut of = BTreeMap::new();
    for event in stage.memory.events() {
        if let What::Send { to, .. } = event.what {
            *of.entry(to).or_insert(0u32) += 1;
        }
    }
    // The first of all keys has 6/pi^2 = 61 % of them.
    assert!(of.values().any(|&n| n > 2_200), "{of:?}");
}

#[test]
fn transactions_are_written_down_with_their_ends() {
    let stage = stage(&[("t", 2)]);
    let options = ProducerOptions {
        delivery: Delivery::Transactional,
        transaction: TransactionOptions { messages: 10, abort: 0.3, timeout_ms: 15_000 },
        count: Some(500),
        ..Default::default()
    };
    stage.produce(&options);
    let events = stage.memory.events();
    let fates = fates(&events);
    assert_eq!(fates.len(), 500);
    assert!(fates.values().all(|fate| matches!(fate, Fate::Ack(..))), "{fates:?}");
    let mut open = None;
    let (mut committed, mut aborted) = (0, 0);
    for event in &events {
        match &event.what {
            What::Begin { .. } => {
                assert_eq!(open, None, "one at a time");
                open = Some(0);
            }
            What::Send { .. } => *open.as_mut().expect("an open transaction") += 1,
            What::Commit { is: Outcome::Ok, .. } => {
                assert_eq!(open.take(), Some(10));
                committed += 1;
            }
            What::Abort { is: Outcome::Ok, .. } => {
                assert_eq!(open.take(), Some(10));
                aborted += 1;
            }
            What::Commit { is, .. } | What::Abort { is, .. } => {
                assert_eq!(*is, Outcome::Invoke);
            }
            _ => {}
        }
    }
    assert_eq!(committed + aborted, 50);
    assert!((5..=25).contains(&aborted), "{aborted} of 50, and 30 % are wanted");
}

#[test]
fn a_fenced_producer_is_replaced() {
    let stage = stage(&[("t", 1)]);
    let options = ProducerOptions {
        delivery: Delivery::Transactional,
        transaction: TransactionOptions { messages: 5, ..Default::default() },
        rate: Some(500.0),
        ..Default::default()
    };
    let committed =
        |events: &[Event]| count(events, |it| matches!(it, What::Commit { is: Outcome::Ok, .. }));
    let mut producer = Producer::start(&stage.site, &options, role(&stage.site)).unwrap();
    stage.wait("a transaction", |events| committed(events) >= 2);
    let fence = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_PRODUCER_FENCED];
    stage.cluster.request_errors(RDKafkaApiKey::EndTxn, &fence);
    let second = |events: &[Event]| {
        count(events, |it| matches!(it, What::Begin { p } if *p == ProducerId(1))) > 2
    };
    stage.wait("another producer", second);
    producer.stop(Instant::now() + LONG);
    producer.join();
    let events = stage.memory.events();
    fates(&events);
    let unknown = count(&events, |it| matches!(it, What::Commit { is: Outcome::Unknown(_), .. }));
    let unknown =
        unknown + count(&events, |it| matches!(it, What::Abort { is: Outcome::Unknown(_), .. }));
    assert_eq!(unknown, 1, "nobody knows what became of the transaction");
}

/// For each partition of a group: what its members had done and what it has committed.
fn check_group(events: &[Event], commits: Commits) {
    let mut done: BTreeMap<PartitionId, BTreeSet<u64>> = BTreeMap::new();
    let mut read: BTreeMap<PartitionId, BTreeSet<u64>> = BTreeMap::new();
    let mut invoked: BTreeMap<ConsumerId, Vec<Vec<(PartitionId, u64)>>> = BTreeMap::new();
    for event in events {
        match &event.what {
            What::Poll { to, r, .. } => {
                read.entry(*to).or_default().extend(r.iter().map(|it| it.0));
            }
            What::Done { to, o, .. } => {
                assert!(read[to].contains(o), "done before it was read");
                done.entry(*to).or_default().insert(*o);
            }
            What::Offsets { c, is: Outcome::Invoke, to, .. } => {
                if commits != Commits::Early {
                    for (partition, next) in to {
                        let last = done.get(partition).and_then(|it| it.last());
                        assert!(last.is_some_and(|last| last + 1 >= *next), "after the work");
                    }
                }
                invoked.entry(*c).or_default().push(to.clone());
            }
            What::Offsets { c, to, .. } => {
                let open = invoked.get_mut(c).unwrap();
                let at = open.iter().position(|of| of == to).expect("it was asked for");
                open.remove(at);
            }
            What::ConsumerGone { c, .. } => {
                assert!(invoked.remove(c).is_none_or(|it| it.is_empty()), "outcomes of all");
            }
            _ => {}
        }
    }
    assert!(invoked.values().all(Vec::is_empty));
}

#[test]
fn groups_read_all_and_commit_it() {
    for (commits, cooperative) in [
        (Commits::Sync, false),
        (Commits::Async, true),
        (Commits::Early, false),
        (Commits::Never, false),
    ] {
        let stage = stage(&[("a", 2), ("b", 2)]);
        let workload = Workload {
            producers: 2,
            consumers: 2,
            producer: ProducerOptions { count: Some(1_000), ..Default::default() },
            consumer: ConsumerOptions { commits, cooperative, ..Default::default() },
            ..Default::default()
        };
        let mut running = workload.start(&stage.site).unwrap();
        stage.wait("the producers", |_| running.producers_finished());
        running.stop_producers(LONG);
        running.drain(LONG).unwrap();
        let statistics = running.statistics();
        assert_eq!((statistics.sent, statistics.acked), (2_000, 2_000));
        assert!(statistics.read >= 2_000);
        assert_eq!(statistics.latency.len(), 2_000);
        assert_eq!(running.statistics().latency.len(), 0, "since the last call");
        running.stop(LONG);
        let ids: Vec<_> = stage.site.partitions.ids().collect();
        let What::Committed { group, to } =
            committed(&stage.site, "queue-chaos", &ids, LONG).unwrap()
        else {
            panic!("another event")
        };
        assert_eq!(group, "queue-chaos");
        let events = stage.memory.events();
        check_group(&events, commits);
        let unknown = |it: &What| matches!(it, What::Offsets { is: Outcome::Unknown(_), .. });
        assert_eq!(count(&events, unknown), 0, "{commits:?}: all are answered");
        let read = polled(&events, None);
        let all: BTreeSet<_> = read.values().flatten().map(|(_, p, s)| (*p, *s)).collect();
        assert_eq!(all.len(), 2_000, "{commits:?}");
        let assigned = count(&events, |it| matches!(it, What::Assign { to, .. } if !to.is_empty()));
        assert!(assigned >= 2, "{commits:?}: both take a part");
        if commits == Commits::Never {
            assert_eq!(to, []);
        } else {
            for (id, next) in to {
                let last = read[&id].iter().map(|it| it.0).max().unwrap();
                assert_eq!(next, last + 1, "{commits:?}");
            }
        }
        assert_eq!(count(&events, |it| matches!(it, What::ConsumerGone { killed: false, .. })), 2);
    }
}

#[test]
fn assigned_consumers_share_the_partitions_out() {
    let stage = stage(&[("t", 4)]);
    let workload = Workload {
        consumers: 2,
        producer: ProducerOptions { count: Some(1_000), ..Default::default() },
        consumer: ConsumerOptions { assigned: true, commits: Commits::Never, ..Default::default() },
        ..Default::default()
    };
    let mut running = workload.start(&stage.site).unwrap();
    stage.wait("the producer", |_| running.producers_finished());
    running.stop_producers(LONG);
    running.drain(LONG).unwrap();
    running.stop(LONG);
    let events = stage.memory.events();
    for c in [0, 1] {
        let read = polled(&events, Some(ConsumerId(c)));
        let of: Vec<u32> = read.keys().map(|id| id.0 % 2).collect();
        assert_eq!(of, [c, c]);
        for records in read.values() {
            assert!(records.iter().enumerate().all(|(at, it)| it.0 == at as u64), "all, in order");
        }
    }
    assert_eq!(count(&events, |it| matches!(it, What::Done { .. })), 0);
    let unnamed = count(&events, |it| matches!(it, What::Consumer { group: None, .. }));
    assert_eq!(unnamed, 2);
}

/// A crash: nothing is committed after it, its group is not told, and another one gets the same again after the session is over.
#[test]
fn a_killed_consumer_does_not_say_goodbye() {
    let stage = stage(&[("t", 1)]);
    stage.produce(&ProducerOptions { count: Some(200), ..Default::default() });
    let workload = Workload {
        producers: 0,
        consumers: 1,
        consumer: ConsumerOptions {
            commits: Commits::Sync,
            work_us: 20_000,
            session_timeout_ms: 6_000,
            ..Default::default()
        },
        ..Default::default()
    };
    let mut running = workload.start(&stage.site).unwrap();
    // In the middle of a batch.
    let done = |events: &[Event]| count(events, |it| matches!(it, What::Done { .. }));
    stage.wait("some work", |events| done(events) > 3);
    running.kill_consumer(0).unwrap();
    let killed = stage.memory.events();
    let at = killed.iter().position(|it| matches!(it.what, What::ConsumerGone { .. })).unwrap();
    assert!(matches!(killed[at].what, What::ConsumerGone { killed: true, .. }));
    assert_eq!(killed.len(), at + 1, "nothing after its end");
    assert_eq!(count(&killed, |it| matches!(it, What::Revoke { .. })), 0);
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    let before = committed(&stage.site, "queue-chaos", &ids, LONG).unwrap();
    let last = killed.iter().rev().find_map(|it| match &it.what {
        What::Offsets { is: Outcome::Ok, to, .. } => Some(to.clone()),
        _ => None,
    });
    let What::Committed { to, .. } = before else { panic!("another event") };
    assert_eq!(to, last.unwrap_or_default(), "what was written down last");

    running.restart_consumer(0).unwrap();
    running.drain(LONG).unwrap();
    running.stop(LONG);
    let events = stage.memory.events();
    check_group(&events, Commits::Sync);
    // It had to wait for the other's session to run out.
    let begins = events.iter().rposition(|it| matches!(it.what, What::Consumer { .. })).unwrap();
    let given = events[begins..].iter().find(|it| matches!(it.what, What::Assign { .. })).unwrap();
    let waited = given.at - killed[at].at;
    assert!(waited >= 2_000_000, "the group knew after {waited} us: it was told");
    let again = polled(&events, Some(ConsumerId(1)));
    let from = to.first().map_or(0, |it| it.1);
    assert_eq!(again[&PartitionId(0)].first().unwrap().0, from, "from what was committed");
    let all: BTreeSet<u64> = polled(&events, None)[&PartitionId(0)].iter().map(|it| it.0).collect();
    assert_eq!(all.len(), 200);
}

/// The negative control: who commits before the work loses some of it in a crash.
#[test]
fn early_commits_and_a_kill_lose_work() {
    let stage = stage(&[("t", 1)]);
    stage.produce(&ProducerOptions { count: Some(200), ..Default::default() });
    let workload = Workload {
        producers: 0,
        consumers: 1,
        consumer: ConsumerOptions {
            commits: Commits::Early,
            work_us: 20_000,
            ..Default::default()
        },
        ..Default::default()
    };
    let mut running = workload.start(&stage.site).unwrap();
    stage.wait("some work", |events| count(events, |it| matches!(it, What::Done { .. })) > 3);
    running.kill_consumer(0).unwrap();
    running.restart_consumer(0).unwrap();
    let goes_on = |events: &[Event]| {
        count(events, |it| matches!(it, What::Assign { c, .. } if *c == ConsumerId(1))) > 0
    };
    stage.wait("the next", goes_on);
    running.drain(LONG).unwrap();
    running.stop(LONG);
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    let What::Committed { to, .. } = committed(&stage.site, "queue-chaos", &ids, LONG).unwrap()
    else {
        panic!("another event")
    };
    let events = stage.memory.events();
    let done: BTreeSet<u64> = events
        .iter()
        .filter_map(|it| if let What::Done { o, .. } = it.what { Some(o) } else { None })
        .collect();
    let lost = (0..to[0].1).filter(|o| !done.contains(o)).count();
    assert!(lost > 0, "committed up to {}, and all of it done", to[0].1);
}

#[test]
fn foreign_and_damaged_records_are_corrupt() {
    use rdkafka::ClientConfig;
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

    let stage = stage(&[("t", 1)]);
    stage.produce(&ProducerOptions { count: Some(5), ..Default::default() });
    let other: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &stage.site.bootstrap).create().unwrap();
    other.send(BaseRecord::<(), str>::to("t").payload("hello").partition(0)).unwrap();
    other.flush(LONG).unwrap();
    stage.produce(&ProducerOptions { count: Some(5), ..Default::default() });
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    let c = read_all(&stage.site, &ids, Isolation::ReadCommitted, LONG).unwrap();
    let mut read = Vec::new();
    for event in stage.memory.events() {
        match event.what {
            What::Poll { c: of, r, .. } if of == c => {
                read.extend(r.iter().map(|it| (it.0, true)));
            }
            What::Corrupt { c: of, o, why, .. } if of == c => {
                assert!(why.contains("5 bytes"), "{why}");
                read.push((o, false));
            }
            _ => {}
        }
    }
    let expected: Vec<(u64, bool)> = (0..11).map(|o| (o, o != 5)).collect();
    assert_eq!(read, expected, "in the order of the log");
}

#[test]
fn reading_all_says_how_far_it_got() {
    let stage = stage(&[("t", 2)]);
    stage.produce(&ProducerOptions { count: Some(100), ..Default::default() });
    stage.cluster.broker_down(-1).unwrap();
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    let time = Duration::from_millis(500);
    let error = read_all(&stage.site, &ids, Isolation::ReadUncommitted, time).unwrap_err();
    assert!(!error.to_string().is_empty());
    stage.cluster.broker_up(-1).unwrap();
    read_all(&stage.site, &ids, Isolation::ReadUncommitted, LONG).unwrap();
}

#[test]
fn an_empty_topic_is_read_to_its_end() {
    let stage = stage(&[("t", 2), ("u", 1)]);
    let ids: Vec<_> = stage.site.partitions.ids().collect();
    read_all(&stage.site, &ids, Isolation::ReadCommitted, LONG).unwrap();
    let events = stage.memory.events();
    assert_eq!(count(&events, |it| matches!(it, What::ReadAll { o: 0, .. })), 3);
    assert_eq!(count(&events, |it| matches!(it, What::Watermarks { low: 0, high: 0, .. })), 3);
}

fn loops(count: u64, seed: u64) -> Workload {
    let mut workload = Workload {
        producers: 1,
        consumers: 0,
        loops: 2,
        seed,
        producer: ProducerOptions { count: Some(count), ..Default::default() },
        ..Default::default()
    };
    workload.transform.outputs = vec!["out".to_owned()];
    workload.transform.session_timeout_ms = 6_000;
    workload
}

/// Inputs of outputs in transactions that were committed. (The embedded cluster shows aborted ones, too: it knows no isolation.)
fn transformed(events: &[Event]) -> Vec<(PartitionId, u64)> {
    let mut open: BTreeMap<ProducerId, Vec<(PartitionId, u64)>> = BTreeMap::new();
    let mut outputs = Vec::new();
    for event in events {
        match &event.what {
            What::Send { p, of: Some(of), .. } => open.entry(*p).or_default().push(*of),
            What::Begin { p } => {
                open.remove(p);
            }
            What::Commit { p, is: Outcome::Ok } => {
                outputs.extend(open.remove(p).unwrap_or_default());
            }
            _ => {}
        }
    }
    outputs
}

#[test]
fn loops_make_one_output_of_each_input() {
    let stage = stage(&[("in", 4), ("out", 2)]);
    let mut workload = loops(2_000, 1);
    // The embedded cluster does not keep the offsets of transactions: a second one that joins would begin anew.
    workload.loops = 1;
    let mut running = workload.start(&stage.site).unwrap();
    stage.wait("the producer", |_| running.producers_finished());
    running.stop_producers(LONG);
    running.drain(LONG).unwrap();
    running.stop(LONG);
    let events = stage.memory.events();
    let inputs = stage.site.partitions.of_topic("in");
    let mut outputs = transformed(&events);
    outputs.sort_unstable();
    let all = outputs.len();
    outputs.dedup();
    assert_eq!((all, outputs.len()), (2_000, 2_000));
    assert!(outputs.iter().all(|(id, _)| inputs.contains(id)));
    // What was sent says what it was made of, and so does what is read.
    let ids = stage.site.partitions.of_topic("out");
    let c = read_all(&stage.site, &ids, Isolation::ReadCommitted, LONG).unwrap();
    let read: usize = polled(&stage.memory.events(), Some(c)).values().map(Vec::len).sum();
    assert_eq!(read, 2_000);
    let within = |it: &What| matches!(it, What::Offsets { within: Some(_), .. });
    assert!(count(&events, within) > 0);
    let plain = |it: &What| matches!(it, What::Offsets { within: None, .. });
    assert_eq!(count(&events, plain), 0);
    // What became of offsets is told while their transaction is open: else they are of none.
    let mut open = BTreeSet::new();
    for event in &events {
        match &event.what {
            What::Begin { p } => assert!(open.insert(*p)),
            What::Commit { is: Outcome::Invoke, .. } => {}
            What::Commit { p, .. } => assert!(open.remove(p)),
            What::Offsets { within: Some(p), .. } => assert!(open.contains(p), "{event:?}"),
            _ => {}
        }
    }
    fates(&events);
}

/// What loops write is nobody's input: they keep up without anybody who reads it.
#[test]
fn those_keep_up_who_read_what_they_are_to_read() {
    let stage = stage(&[("in", 4), ("out", 2)]);
    let mut workload = loops(500, 1);
    (workload.loops, workload.consumers) = (1, 0);
    let mut running = workload.start(&stage.site).unwrap();
    assert!(!running.keeps_up(), "nothing is acknowledged yet");
    let until = Instant::now() + LONG;
    while !running.keeps_up() || !running.producers_finished() {
        assert!(Instant::now() < until, "{:?}", running.counts());
        std::thread::sleep(Duration::from_millis(10));
    }
    running.stop_producers(LONG);
    running.drain(LONG).unwrap();
    let counts = running.counts();
    assert!(counts.read < counts.acked, "outputs are acknowledged, too: {counts:?}");
    running.stop(LONG);
}

#[test]
fn a_loop_whose_transaction_fails_takes_its_inputs_again() {
    let stage = stage(&[("in", 2), ("out", 2)]);
    // The inputs are there before, so that only the loop produces.
    let mut inputs = role(&stage.site);
    inputs.to = stage.site.partitions.of_topic("in");
    let options = ProducerOptions { count: Some(1_500), ..Default::default() };
    Producer::start(&stage.site, &options, inputs).unwrap().join();
    let mut workload = loops(1, 2);
    (workload.producers, workload.loops, workload.transform.messages) = (0, 1, 50);
    stage.cluster.broker_round_trip_time(-1, Duration::from_millis(20)).unwrap();
    let running = workload.start(&stage.site).unwrap();
    let committed =
        |events: &[Event]| count(events, |it| matches!(it, What::Commit { is: Outcome::Ok, .. }));
    stage.wait("a transaction", |events| committed(events) >= 2);
    // One that must be aborted, then one whose producer is fenced.
    let abort = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD];
    stage.cluster.request_errors(RDKafkaApiKey::Produce, &abort);
    let aborted = |it: &What| matches!(it, What::Abort { is: Outcome::Ok, .. });
    stage.wait("the abort", |events| count(events, aborted) > 0);
    let before = committed(&stage.memory.events());
    stage.wait("that it goes on", |events| committed(events) >= before + 2);
    let fence = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_PRODUCER_FENCED];
    stage.cluster.request_errors(RDKafkaApiKey::EndTxn, &fence);
    let replaced = |it: &What| matches!(it, What::ProducerGone { p: ProducerId(1), .. });
    stage.wait("the fence", |events| count(events, replaced) > 0);
    running.drain(LONG).unwrap();
    running.stop(LONG);
    let events = stage.memory.events();
    fates(&events);
    let seeks = count(&events, |it| matches!(it, What::Seek { .. }));
    assert!(seeks >= 2, "it went back twice");
    let unknown = count(&events, |it| matches!(it, What::Commit { is: Outcome::Unknown(_), .. }));
    assert_eq!(unknown, 1);
    let failed = count(&events, |it| matches!(it, What::Commit { is: Outcome::Fail(_), .. }));
    assert!(failed >= 1);
    // All inputs are sent on. (Not each in a committed transaction: the embedded cluster makes offsets valid before the commit.)
    let sources: BTreeSet<_> = events
        .iter()
        .filter_map(|it| if let What::Send { of, .. } = it.what { of } else { None })
        .collect();
    assert_eq!(sources.len(), 1_500);
    let offsets = |it: &What| matches!(it, What::Offsets { is: Outcome::Invoke, .. });
    let outcomes = |it: &What| matches!(it, What::Offsets { .. }) && !offsets(it);
    assert_eq!(count(&events, offsets), count(&events, outcomes));
}

/// Whatever they wait for: told to stop, or dropped, they end, and nothing is left open in the history.
#[test]
fn all_end_while_no_broker_answers() {
    for stop in [true, false] {
        let stage = stage(&[("in", 2), ("out", 1)]);
        let mut workload = loops(1, 3);
        workload.producers = 2;
        workload.consumers = 2;
        workload.producer.count = None;
        workload.producer.rate = Some(1_000.0);
        let mut running = workload.start(&stage.site).unwrap();
        let done = |events: &[Event]| {
            let read = count(events, |it| {
                matches!(it, What::Offsets { is: Outcome::Ok, within: None, .. })
            });
            let made = count(events, |it| matches!(it, What::Commit { is: Outcome::Ok, .. }));
            read > 2 && made > 2
        };
        stage.wait("all at work", done);
        stage.cluster.broker_down(-1).unwrap();
        // Those who commit wait for answers now.
        let sent = count(&stage.memory.events(), |it| matches!(it, What::Send { .. }));
        stage.wait("more", |events| {
            count(events, |it| matches!(it, What::Send { .. })) > sent + 100
        });
        if stop {
            running.stop_producers(Duration::from_millis(500));
            let error = running.drain(Duration::from_millis(500)).unwrap_err();
            assert!(!error.to_string().is_empty());
            running.stop(Duration::from_millis(500));
        } else {
            drop(running);
        }
        let events = stage.memory.events();
        let fates = fates(&events);
        assert!(fates.values().any(|fate| matches!(fate, Fate::Unknown(_))));
        let begun = count(&events, |it| matches!(it, What::Consumer { .. }));
        assert_eq!(count(&events, |it| matches!(it, What::ConsumerGone { .. })), begun);
        let asked = |it: &What| matches!(it, What::Offsets { is: Outcome::Invoke, .. });
        let told = |it: &What| matches!(it, What::Offsets { .. }) && !asked(it);
        assert_eq!(count(&events, asked), count(&events, told), "stop: {stop}");
        let asked = |it: &What| matches!(it, What::Commit { is: Outcome::Invoke, .. });
        let told = |it: &What| matches!(it, What::Commit { .. }) && !asked(it);
        assert_eq!(count(&events, asked), count(&events, told), "stop: {stop}");
    }
}

/// A member that joins takes a part of the partitions, with what is committed; nothing is skipped.
#[test]
fn partitions_change_hands_without_a_gap() {
    for cooperative in [false, true] {
        let stage = stage(&[("t", 4)]);
        let mut workload = Workload {
            consumers: 2,
            producer: ProducerOptions { rate: Some(2_000.0), ..Default::default() },
            ..Default::default()
        };
        workload.consumer.cooperative = cooperative;
        workload.consumer.session_timeout_ms = 6_000;
        let mut running = workload.start(&stage.site).unwrap();
        running.kill_consumer(1).unwrap();
        let work = |events: &[Event], c: u32| {
            count(events, |it| matches!(it, What::Done { c: of, .. } if of.0 == c))
        };
        stage.wait("the first", |events| work(events, 0) > 500);
        running.restart_consumer(1).unwrap();
        stage.wait("the second", |events| work(events, 2) > 500);
        running.stop_producers(LONG);
        running.drain(LONG).unwrap();
        running.stop(LONG);
        let events = stage.memory.events();
        check_group(&events, Commits::Sync);
        let fates = fates(&events);
        let read: BTreeSet<_> =
            polled(&events, None).into_values().flatten().map(|(_, p, s)| (p, s)).collect();
        assert_eq!(read.len(), fates.len(), "cooperative: {cooperative}");
        // Each begins where it is told to, and goes on from there without gaps.
        let mut at: BTreeMap<(ConsumerId, PartitionId), u64> = BTreeMap::new();
        for event in &events {
            match &event.what {
                What::Assign { c, to } => {
                    at.extend(to.iter().map(|&(id, o)| ((*c, id), o.unwrap_or(0))));
                }
                What::Poll { c, to, r } => {
                    let next = at.get_mut(&(*c, *to)).unwrap();
                    for record in r {
                        assert_eq!(record.0, *next, "{c} {to}, cooperative: {cooperative}");
                        *next += 1;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Not a test of correctness: how much one thread sends, with its history, told for the report.
#[test]
#[ignore = "measures; run by hand with --release -- --ignored --nocapture"]
fn throughput() {
    struct Counting(Memory, std::sync::atomic::AtomicU64);
    impl Sink for Counting {
        fn now(&self) -> u64 {
            self.0.now()
        }
        fn record(&self, _: u64, what: What) {
            std::hint::black_box(&what);
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let stage = stage(&[("t", 4)]);
    let site = Arc::new(Site {
        bootstrap: stage.site.bootstrap.clone(),
        client: Settings::new(),
        partitions: stage.site.partitions.clone(),
        ids: Arc::new(Ids::new()),
        sink: Arc::new(Counting(Memory::new(), 0.into())),
    });
    for (delivery, acks) in [(Delivery::Plain, Acks::Leader), (Delivery::Idempotent, Acks::All)] {
        let options =
            ProducerOptions { delivery, acks, count: Some(2_000_000), ..Default::default() };
        let began = Instant::now();
        let mut producer = Producer::start(&site, &options, role(&site)).unwrap();
        producer.join();
        let took = began.elapsed().as_secs_f64();
        let statistics = producer.statistics();
        println!(
            "{delivery:?}: {:.0} messages/s, acked {}, p50 {} us, p99 {} us",
            2e6 / took,
            statistics.acked,
            statistics.latency.value_at_quantile(0.5),
            statistics.latency.value_at_quantile(0.99),
        );
    }
}
