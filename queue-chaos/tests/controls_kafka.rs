//! The negative controls that need real brokers, and the promises that real brokers keep: `controls.rs` says why.
//!
//! Without Java 17 or Kafka's jars these say so and pass, unless `QUEUE_CHAOS_KAFKA=require`.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "what fails shall fail the test")]

mod control;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use control::Control;
use queue_chaos::broker::kafka::{Distribution, Kafka, KafkaOptions};
use queue_chaos::check::{AnomalyKind, Verdict};
use queue_chaos::history::{Outcome, Reader, What};

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

/// A control of a cluster: its name, and what is done and must be seen.
type Case = (&'static str, fn(&mut Kafka));

/// Runs controls on one cluster after the other: it takes long to start. Those after one that has failed run, too.
fn on_a_cluster(nodes: u32, cases: &[Case]) {
    // One cluster at a time: each is several processes.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(distribution) = kafka() else { return };
    let directory = tempfile::tempdir().unwrap();
    let mut options = KafkaOptions::new(directory.path().join("cluster"), distribution);
    options.nodes = nodes;
    let begun = Instant::now();
    let mut cluster = Kafka::start(&options).unwrap();
    eprintln!("{nodes} nodes: {:.1} s", begun.elapsed().as_secs_f64());
    let mut failed = Vec::new();
    for (name, case) in cases {
        let begun = Instant::now();
        eprintln!("-- {name}");
        if catch_unwind(AssertUnwindSafe(|| case(&mut cluster))).is_err() {
            failed.push(*name);
        }
        eprintln!("-- {name}: {:.1} s", begun.elapsed().as_secs_f64());
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

#[test]
fn one_node() {
    on_a_cluster(
        1,
        &[
            ("a plain producer writes twice", a_plain_producer_writes_twice),
            ("an idempotent producer does not", an_idempotent_producer_does_not),
            ("a log without its end has lost writes", a_log_without_its_end_has_lost_writes),
        ],
    );
}

#[test]
fn three_nodes() {
    on_a_cluster(
        3,
        &[
            ("acks=all outlives the leader", acks_all_outlives_the_leader),
            ("transactions are whole", transactions_are_whole),
            ("loops work exactly once", loops_work_exactly_once),
            ("a leader alone loses what it alone has", a_leader_alone_loses_what_it_alone_has),
        ],
    );
}

/// Responses are dropped, then the connections are reset: what was written and not acknowledged is sent again.
fn lost_answers(kafka: &mut Kafka, delivery: &str) -> Control {
    let plan = r#"
        duration = "5s"
        steps = ["at 1s for 1500ms net all clients down black-hole", "at 2s for 500ms net all clients reset"]
        topic = [{ name = "t", partitions = 2 }]
        [workload.producer]
        rate = 500.0
    "#;
    Control::run(kafka, &format!("{plan}\ndelivery = \"{delivery}\""))
}

fn a_plain_producer_writes_twice(kafka: &mut Kafka) {
    let control = lost_answers(kafka, "plain");
    for case in control.must_find(AnomalyKind::Duplicate) {
        assert!(!case.promised && case.offsets.len() >= 2, "{case:?}");
    }
    control.must_find_nothing_but(&[AnomalyKind::Duplicate, AnomalyKind::NonMonotonicSend]);
}

fn an_idempotent_producer_does_not(kafka: &mut Kafka) {
    let control = lost_answers(kafka, "idempotent");
    control.must_find_nothing_but(&[]);
    assert_eq!(control.finished.judgement.verdict, Verdict::Ok);
}

fn a_log_without_its_end_has_lost_writes(kafka: &mut Kafka) {
    let control = Control::run(
        kafka,
        r#"
            duration = "6s"
            steps = ["at 1s kill 1", "at 1500ms tear-tail 1 4096", "at 2s start 1"]
            topic = [{ name = "t", partitions = 2 }]
            [workload.producer]
            rate = 500.0
        "#,
    );
    for case in control.must_find(AnomalyKind::LostWrite) {
        assert!(case.promised && !case.messages.is_empty(), "{case:?}");
    }
}

fn acks_all_outlives_the_leader(kafka: &mut Kafka) {
    let control = Control::run(
        kafka,
        r#"
            duration = "10s"
            steps = ["at 1s for 4s kill leader"]
            topic = [{ name = "t", partitions = 3, replicas = 3, min_insync_replicas = 2 }]
            [workload.producer]
            rate = 500.0
        "#,
    );
    control.must_find_nothing_but(&[]);
    assert_eq!(control.finished.judgement.verdict, Verdict::Ok);
    assert_eq!(control.finished.measures.stops, 1);
}

/// Each node dies, so that the coordinators of transactions and groups do.
fn transactions_are_whole(kafka: &mut Kafka) {
    let control = Control::run(
        kafka,
        r#"
            duration = "34s"
            steps = ["at 1s for 3s kill 1", "at 12s for 3s kill 2", "at 23s for 3s kill 3"]
            topic = [{ name = "t", partitions = 2, replicas = 3, min_insync_replicas = 2 }]
            [workload]
            producers = 2
            consumers = 2
            [workload.producer]
            rate = 200.0
            delivery = "transactional"
            transaction = { messages = 20, abort = 0.2 }
        "#,
    );
    control.must_find_nothing_but(&[]);
    assert_eq!(control.finished.judgement.verdict, Verdict::Ok);
    let aborts = Reader::open(&control.finished.history).unwrap().filter(|event| {
        matches!(event.as_ref().unwrap().what, What::Abort { is: Outcome::Ok, .. })
    });
    assert!(aborts.count() > 0, "there was nothing to hide");
    assert_eq!(control.finished.measures.stops, 3);
}

fn loops_work_exactly_once(kafka: &mut Kafka) {
    let control = Control::run(
        kafka,
        r#"
            duration = "20s"
            steps = [
                "at 1s kill-client loop 0",
                "at 3s start-client loop 0",
                "at 5s for 4s kill leader",
                "at 15s kill-client loop 1",
                "at 16s start-client loop 1",
            ]
            topic = [
                { name = "in", partitions = 2, replicas = 3, min_insync_replicas = 2 },
                { name = "out", partitions = 2, replicas = 3, min_insync_replicas = 2 },
            ]
            [workload]
            loops = 2
            [workload.producer]
            rate = 300.0
            [workload.loop]
            outputs = ["out"]
            session_timeout_ms = 6000
        "#,
    );
    control.must_find_nothing_but(&[]);
    assert_eq!(control.finished.judgement.verdict, Verdict::Ok);
}

/// Nobody copies what the leader of the only partition has acknowledged; then its disk is gone, and another one leads that never had it.
fn a_leader_alone_loses_what_it_alone_has(kafka: &mut Kafka) {
    let control = Control::run(
        kafka,
        r#"
            duration = "22s"
            steps = [
                "at 1s net leader replication black-hole",
                "at 10s kill leader",
                "at 11s wipe all",
                "at 17s heal all",
                "at 17s start all",
            ]
            [[topic]]
            name = "t"
            partitions = 1
            replicas = 3
            min_insync_replicas = 1
            settings = { "unclean.leader.election.enable" = true }
            [workload.producer]
            rate = 300.0
            delivery = "plain"
            acks = "leader"
            # Without a group: when this leader keeps the log of the group's offsets, that one is gone too, and nobody may lead it any more.
            [workload.consumer]
            assigned = true
            commits = "never"
        "#,
    );
    control.must_find(AnomalyKind::LostWrite);
    // What was sent while nobody copied, less what a follower was given at the very end of the time that it counted as one.
    assert!(control.finished.measures.lost >= 300, "{}", control.finished.measures.lost);
}
