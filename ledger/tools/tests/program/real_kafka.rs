//! The feed in a topic of Apache Kafka, where what is aborted is not seen.
//!
//! Without Java 17 or Kafka's jars this says so and passes, unless `QUEUE_CHAOS_KAFKA=require`.

use ledger_json::Key;
use ledger_tools::{
    Error,
    kafka::{Sink, Topic},
    target::Target,
};
use queue_chaos::broker::{
    Cluster,
    kafka::{Distribution, Kafka, KafkaOptions},
};
use serde_json::Value;

use crate::{
    kafka::{Dying, feed, make},
    support::{changes, fill, ledger, text},
};

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn kafka() -> Option<Distribution> {
    let found = Distribution::find().map_err(|error| error.to_string()).and_then(|found| {
        match Distribution::java_version(&Distribution::java()) {
            Ok(17..) => Ok(found),
            Ok(older) => Err(format!("Java is {older}, and Kafka needs 17")),
            Err(error) => Err(error.to_string()),
        }
    });
    match found {
        Ok(found) => Some(found),
        Err(error) if std::env::var("QUEUE_CHAOS_KAFKA").is_ok_and(|it| it == "require") => {
            panic!("QUEUE_CHAOS_KAFKA=require, but: {error}");
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

#[test]
fn each_change_is_committed_once_and_in_order() {
    let Some(distribution) = kafka() else { return };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let all = changes(&data);
    let mut options = KafkaOptions::new(dir.path().join("cluster"), distribution);
    (options.nodes, options.proxies) = (1, false);
    let mut cluster = Kafka::start(&options).unwrap();
    let options = make(&mut cluster, "changes", 1);
    // All that a consumer of what is committed sees: nothing twice.
    let committed = || {
        let topic = Topic::open(options.clone()).unwrap();
        let all: Result<Vec<_>, _> = topic.changes().unwrap().collect();
        all.unwrap()
    };

    // An open transaction that nobody ends: more of them than the tail that is looked at first.
    let mut dying = Dying { sink: Sink::new(options.clone()), left: 40, settle_every: 15 };
    assert!(feed(&data, &mut dying).is_err());
    let so_far = committed();
    assert!(!so_far.is_empty() && all.starts_with(&so_far));
    let mut first = Sink::new(options.clone());
    let behind = first.open().unwrap().unwrap();
    assert_eq!(Some(behind.key), so_far.last().map(Key::of));
    let rest = &all[so_far.len()..];
    for change in &rest[..300] {
        first.put(change).unwrap();
    }

    // A second sink takes over: what the first one had open is void.
    feed(&data, &mut Sink::new(options.clone())).unwrap();
    let end = first.put(&rest[300]).and_then(|()| first.settle());
    assert!(matches!(end, Err(Error::Fenced { .. })), "{end:?}");
    assert!(committed() == all);
    let (code, report) =
        ledger(&["reconcile", text(&data), "--kafka", &cluster.bootstrap(), "--topic", "changes"]);
    assert_eq!((code, &report["agrees"]), (Some(0), &Value::Bool(true)), "{report:#}");
    let said =
        ledger(&["feed", text(&data), "--kafka", &cluster.bootstrap(), "--topic", "changes"]);
    assert_eq!((said.0, &said.1["changes"]), (Some(0), &0.into()), "{}", said.1);
}
