//! The feed in a topic of librdkafka's cluster, which is in this process. It shows consumers what was aborted, too: as to one that reads what is not committed.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ledger::query::Change;
use ledger_api::keys::Keys;
use ledger_json::Key;
use ledger_tools::{
    Error, Result,
    carry::{Carried, carry, follow},
    kafka::{KafkaOptions, Sink, Topic},
    source::{Directory, Source},
    target::{Position, Target},
};
use queue_chaos::{
    broker::{Cluster, NewTopic, embedded::Embedded},
    schedule::{Action, Target as Nodes},
};
use rdkafka::{
    ClientConfig,
    producer::{BaseProducer, BaseRecord, Producer},
};
use serde_json::Value;

use crate::support::{Child, Running, changes, commit_round, fill, ledger, open, text, until};

const WAIT: Duration = Duration::from_secs(60);

fn cluster() -> Embedded {
    Embedded::start(1).unwrap()
}

pub fn make(cluster: &mut dyn Cluster, topic: &str, partitions: u32) -> KafkaOptions {
    let new = NewTopic { name: topic.into(), partitions, replicas: 1, settings: Vec::new() };
    cluster.create_topic(&new, WAIT).unwrap();
    KafkaOptions { patience: WAIT, ..KafkaOptions::new(cluster.bootstrap(), topic) }
}

/// What a consumer has after reading the topic by the rule.
pub fn consumed(options: &KafkaOptions) -> Vec<Change> {
    let topic = Topic::open(options.clone()).unwrap();
    let mut all: Vec<Change> = Vec::new();
    for change in topic.changes().unwrap() {
        let change = change.unwrap();
        if all.last().is_none_or(|last| Key::of(&change) > Key::of(last)) {
            all.push(change);
        }
    }
    all
}

/// Carries a directory's changes as a new process would.
pub fn feed(dir: &Path, target: &mut dyn Target) -> Result<Carried> {
    let (node, _) = open(dir);
    let mut carried = Carried::default();
    let behind = target.open()?;
    let from = behind.as_ref().map_or(1, |it| it.key.op);
    let mut source = Directory::new(&node, from, node.state().op());
    let stop = AtomicBool::new(false);
    carry(&mut source, target, behind.as_ref(), &stop, &mut carried)?;
    Ok(carried)
}

/// Dies after some changes; settles now and then before that.
pub struct Dying {
    pub sink: Sink,
    pub left: u32,
    pub settle_every: u32,
}

impl Target for Dying {
    fn open(&mut self) -> Result<Option<Position>> {
        self.sink.open()
    }

    fn put(&mut self, change: &Change) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| Error::Asked("died".to_owned()))?;
        self.sink.put(change)?;
        if (self.left + 1).is_multiple_of(self.settle_every) { self.sink.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<()> {
        self.sink.settle()
    }
}

#[test]
fn a_topic_has_what_happened_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let mut cluster = cluster();
    let options = make(&mut cluster, "changes", 1);
    let to = ["--kafka", &options.brokers, "--topic", "changes"];
    let feed = [&["feed", text(&data)][..], &to].concat();
    let reconcile = [&["reconcile", text(&data)][..], &to].concat();

    let (code, said) = ledger(&feed);
    let all = changes(&data);
    assert_eq!((code, &said["changes"]), (Some(0), &all.len().into()), "{said}");
    assert_eq!(said["last"], Key::of(all.last().unwrap()).to_string());
    let (code, report) = ledger(&reconcile);
    assert_eq!((code, &report["agrees"]), (Some(0), &Value::Bool(true)), "{report:#}");

    // Again, with nothing new, and with something.
    let (code, again) = ledger(&feed);
    assert_eq!((code, &again["changes"], &again["last"]), (Some(0), &0.into(), &said["last"]));
    let (mut node, _) = open(&data);
    commit_round(&mut node, 60);
    node.close().unwrap();
    let now = changes(&data);
    // The consumer is behind: that is seen.
    assert_eq!(ledger(&reconcile).0, Some(1));
    let (_, more) = ledger(&feed);
    assert_eq!(more["changes"], now.len() - all.len());
    assert_eq!(ledger(&reconcile).0, Some(0));
    let topic = Topic::open(options).unwrap();
    let records: Vec<Change> = topic.changes().unwrap().map(Result::unwrap).collect();
    assert!(records == now);
}

#[test]
fn a_sink_that_dies_anywhere_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let all = changes(&data);
    let mut cluster = cluster();
    let options = make(&mut cluster, "changes", 1);
    for (left, settle_every) in [(1, 1000), (7, 1000), (40, 15), (1, 1), (100, 99)] {
        let mut dying = Dying { sink: Sink::new(options.clone()), left, settle_every };
        assert!(matches!(feed(&data, &mut dying), Err(Error::Asked(says)) if says == "died"));
        let so_far = consumed(&options);
        assert!(all.starts_with(&so_far));
    }
    feed(&data, &mut Sink::new(options.clone())).unwrap();
    assert!(consumed(&options) == all);
    let said =
        ledger(&["reconcile", text(&data), "--kafka", &options.brokers, "--topic", "changes"]);
    assert_eq!((said.0, &said.1["agrees"]), (Some(0), &Value::Bool(true)), "{:#}", said.1);
}

#[test]
fn a_second_sink_harms_no_consumer_that_keeps_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let all = changes(&data);
    let mut cluster = cluster();
    let options = make(&mut cluster, "changes", 1);
    let mut first = Sink::new(options.clone());
    assert_eq!(first.open().unwrap(), None);
    first.put(&all[0]).unwrap();
    first.settle().unwrap();
    first.put(&all[1]).unwrap();
    let mut second = Sink::new(options.clone());
    feed(&data, &mut second).unwrap();
    // This cluster shuts nobody out; Apache Kafka does.
    first.put(&all[2]).and_then(|()| first.settle()).unwrap();
    assert!(consumed(&options) == all);
}

#[test]
fn a_sink_follows_a_server_until_it_is_stopped_or_killed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let mut cluster = cluster();
    let options = make(&mut cluster, "changes", 1);
    let server = Running::start(&data, Keys::open());
    let asked = [
        "feed",
        "--server",
        &server.url,
        "--follow",
        "--kafka",
        &options.brokers,
        "--topic",
        "changes",
    ];
    let has = |id: u128| consumed(&options).iter().any(|it| it.entry.id() == Some(id));
    let child = Child::start(&asked);
    until("the last of what was there", || has(599));
    server.transfer(1 << 100);
    until("the first new one", || has(1 << 100));
    child.kill();
    server.transfer(1 << 101);
    let child = Child::start(&asked);
    until("the second new one", || has(1 << 101));
    let said = child.interrupt();
    // By the mock cluster's coordinator the first sink may have had what it did not know to be committed.
    assert!(said["changes"].as_u64().unwrap() >= 1, "{said}");
    drop(server);
    assert!(consumed(&options) == changes(&data));
    let (code, report) =
        ledger(&["reconcile", text(&data), "--kafka", &options.brokers, "--topic", "changes"]);
    assert_eq!((code, &report["agrees"]), (Some(0), &Value::Bool(true)), "{report:#}");
}

#[test]
fn brokers_that_are_away_are_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let all = changes(&data);
    let (node, _) = open(&data);
    let mut cluster = cluster();
    let mut options = make(&mut cluster, "changes", 1);
    options.patience = Duration::from_secs(2);
    cluster.apply(&Action::Stop(Nodes::All)).unwrap();
    let mut sink = Sink::new(options.clone());
    let away = sink.open().unwrap_err();
    assert!(away.may_pass() && away.to_string().contains(&options.brokers), "{away}");

    let (stop, mut carried) = (AtomicBool::new(false), Carried::default());
    let mut reports = 0;
    let through = node.state().op();
    // A source that is not the sink's: the directory's changes, once more for each attempt.
    struct Changes(std::vec::IntoIter<Change>);
    impl Source for Changes {
        fn hear(&mut self, _: Duration) -> Result<ledger_tools::source::Heard> {
            use ledger_tools::source::Heard;
            Ok(self.0.next().map_or(Heard::End, |it| Heard::Change(Box::new(it))))
        }
    }
    let mut listen = |behind: Option<&Position>| {
        let from = behind.map_or(1, |it| it.key.op);
        let changes: Vec<Change> = Directory::new(&node, from, through).collect::<Result<_>>()?;
        Ok(Box::new(Changes(changes.into_iter())) as Box<dyn Source>)
    };
    let mut report = |error: &Error, _| {
        assert!(error.may_pass());
        reports += 1;
        if reports == 1 {
            cluster.apply(&Action::Start(Nodes::All)).unwrap();
        }
        // It does not wait for ever: nobody stops it.
        assert!(reports < 60, "{error}");
    };
    follow(&mut listen, &mut sink, &stop, &mut carried, &mut report).unwrap();
    assert!(reports >= 1 && !stop.load(Ordering::Relaxed));
    assert_eq!(carried.last, all.last().map(Key::of));
    options.patience = WAIT;
    assert!(consumed(&options) == all);
}

#[test]
fn what_is_no_place_for_a_feed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let mut cluster = cluster();
    let brokers = cluster.bootstrap();
    let fails = |topic: &str, more: &[&str], says: &str| {
        for command in ["feed", "reconcile"] {
            let asked = [&[command, text(&data), "--kafka", &brokers, "--topic", topic], more];
            let (code, said) = ledger(&asked.concat());
            assert_eq!(code, Some(2), "{said}");
            assert!(said.as_str().unwrap().contains(says), "{says}: {said}");
        }
    };
    fails("nowhere", &[], "kafka-topics.sh");
    make(&mut cluster, "wide", 3);
    fails("wide", &[], "3 partitions");
    fails("wide", &["--kafka-set", "acks=1"], "leave it away");
    fails("wide", &["--kafka-set", "acks"], "NAME=VALUE");
    fails("wide", &["--kafka-set", "no.such.setting=1"], "no.such.setting");
    // Somebody else's records.
    let strange = make(&mut cluster, "strange", 1);
    send(&strange, "7.0", "hello");
    fails("strange", &[], "no change of a ledger");
    let change = &changes(&data)[0];
    let swapped = make(&mut cluster, "swapped", 1);
    send(&swapped, "7.0", &ledger_json::write(change));
    fails("swapped", &[], "its key is not");
    let (code, said) =
        ledger(&["feed", text(&data), "--kafka", "127.0.0.1:1", "--topic", "x", "--patience", "1"]);
    assert!(code == Some(2) && said.as_str().unwrap().contains("127.0.0.1:1"), "{said}");
}

#[test]
fn the_topic_of_another_ledger_is_not_continued() {
    let dir = tempfile::tempdir().unwrap();
    let (data, other) = (dir.path().join("data"), dir.path().join("other"));
    fill(&data);
    let mut cluster = cluster();
    let options = make(&mut cluster, "changes", 1);
    // The same keys, another content; and a copy that is older than the topic.
    let all = changes(&data);
    let mut sink = Sink::new(options.clone());
    sink.open().unwrap();
    let mut lie = all[3].clone();
    if let ledger::model::Entry::Transfer(posted) = &mut lie.entry {
        posted.transfer.code += 1;
    }
    sink.put(&lie).unwrap();
    sink.settle().unwrap();
    let said = feed(&data, &mut sink).unwrap_err().to_string();
    assert!(said.contains("another ledger"), "{said}");

    let options = make(&mut cluster, "ahead", 1);
    fill(&other);
    let (mut node, _) = open(&other);
    commit_round(&mut node, 60);
    node.close().unwrap();
    feed(&other, &mut Sink::new(options.clone())).unwrap();
    let said = feed(&data, &mut Sink::new(options.clone())).unwrap_err().to_string();
    assert!(said.contains("older copy"), "{said}");
    assert!(consumed(&options) == changes(&other));
}

fn send(options: &KafkaOptions, key: &str, value: &str) {
    let mut config = ClientConfig::new();
    let producer: BaseProducer =
        config.set("bootstrap.servers", &options.brokers).create().unwrap();
    producer.send(BaseRecord::to(&options.topic).key(key).payload(value)).ok().unwrap();
    producer.flush(WAIT).unwrap();
}
