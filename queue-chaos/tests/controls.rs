//! A harness that cannot fail proves nothing: what is broken on purpose must be found, and what is not must not be. On librdkafka's cluster, everywhere;
//! what it cannot show is in `controls_kafka.rs`.
#![cfg(feature = "kafka")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "what fails shall fail the test")]

mod control;

use control::Control;
use queue_chaos::broker::embedded::Embedded;
use queue_chaos::check::{AnomalyKind, Verdict};

fn run(nodes: u32, plan: &str) -> Control {
    Control::run(&mut Embedded::start(nodes).unwrap(), plan)
}

#[test]
fn a_broker_that_forgets_when_it_restarts_has_lost_writes() {
    let control = run(
        1,
        r#"
            duration = "3s"
            steps = ["at 1s stop 1", "at 1300ms forget", "at 1600ms start 1"]
            topic = [{ name = "t", partitions = 2 }]
            [workload.producer]
            rate = 500.0
        "#,
    );
    for case in control.must_find(AnomalyKind::LostWrite) {
        assert!(case.promised && !case.messages.is_empty(), "{case:?}");
    }
    // All that was acknowledged until then: what was sent in the warm-up, of a second at least, and in the first second of the plan.
    assert!(control.finished.measures.lost >= 500, "{}", control.finished.measures.lost);
}

/// Responses are dropped, then the connections are reset: what was written and not acknowledged is sent again.
const LOST_ANSWERS: &str = r#"
    duration = "3s"
    steps = ["at 1s for 900ms net all clients down black-hole", "at 1500ms for 300ms net all clients reset"]
    topic = [{ name = "t", partitions = 2 }]
"#;

#[test]
fn a_producer_that_is_not_idempotent_writes_twice() {
    let plan = format!("{LOST_ANSWERS}\n[workload.producer]\nrate = 500.0\ndelivery = \"plain\"");
    let control = run(1, &plan);
    for case in control.must_find(AnomalyKind::Duplicate) {
        assert!(!case.promised && case.offsets.len() >= 2, "{case:?}");
    }
    assert_eq!(control.count(AnomalyKind::LostWrite), 0);
}

/// The first consumer dies at work: on what had come before its group had formed (three seconds here), or what has come since, which is as much as it can do.
fn dies_at_work(commits: &str) -> Control {
    let plan = r#"
        duration = "2s"
        steps = ["at 500ms kill-client consumer 0", "at 1s start-client consumer 0"]
        topic = [{ name = "t", partitions = 2 }]
        [workload]
        consumers = 2
        [workload.producer]
        rate = 100.0
        [workload.consumer]
        work_us = 20000
        session_timeout_ms = 4000
    "#;
    run(1, &format!("{plan}\ncommits = \"{commits}\""))
}

#[test]
fn who_commits_before_the_work_loses_it() {
    let control = dies_at_work("early");
    for case in control.must_find(AnomalyKind::LostWork) {
        assert!(!case.promised && !case.messages.is_empty(), "{case:?}");
    }
    control.must_find_nothing_but(&[AnomalyKind::LostWork]);
}

#[test]
fn who_commits_after_the_work_does_it_again() {
    let control = dies_at_work("sync");
    control.must_find_nothing_but(&[]);
    assert_eq!(control.finished.judgement.verdict, Verdict::Ok);
    assert!(control.finished.judgement.counts.redelivered > 0);
}

#[test]
fn what_is_written_without_a_word_is_unknown_and_not_lost() {
    // One request at a time, which is as old as its messages when it is given up: nothing is sent twice.
    let control = run(
        1,
        r#"
            duration = "4s"
            steps = ["at 1s for 2s net all clients down black-hole"]
            topic = [{ name = "t", partitions = 2 }]
            [workload.producer]
            rate = 500.0
            delivery = "plain"
            message_timeout_ms = 1000
            client = { "max.in.flight.requests.per.connection" = "1" }
        "#,
    );
    let counts = control.finished.judgement.counts;
    assert!(counts.unknown > counts.unknown_read, "some were never sent: {counts:?}");
    assert!(counts.unknown_read > 0, "some were written: {counts:?}");
    control.must_find_nothing_but(&[]);
    assert_eq!(control.finished.judgement.verdict, Verdict::Ok);
}

#[test]
fn a_cluster_without_transactions_shows_what_was_aborted() {
    let control = run(
        1,
        r#"
            duration = "2s"
            topic = [{ name = "t", partitions = 2 }]
            [workload.producer]
            rate = 500.0
            delivery = "transactional"
            transaction = { messages = 10, abort = 0.3 }
        "#,
    );
    for case in control.must_find(AnomalyKind::AbortedRead) {
        assert!(case.promised && !case.messages.is_empty(), "{case:?}");
    }
}

#[test]
fn a_cluster_that_forgets_offsets_of_transactions_makes_loops_work_twice() {
    let control = run(
        1,
        r#"
            duration = "4s"
            steps = ["at 1s kill-client loop 0", "at 1500ms start-client loop 0"]
            topic = [{ name = "in", partitions = 2 }, { name = "out", partitions = 2 }]
            [workload]
            consumers = 0
            loops = 1
            [workload.producer]
            rate = 200.0
            [workload.loop]
            outputs = ["out"]
            session_timeout_ms = 4000
        "#,
    );
    for case in control.must_find(AnomalyKind::NotExactlyOnce) {
        assert!(case.promised && !case.messages.is_empty(), "{case:?}");
    }
}

#[test]
fn a_broker_that_stops_twice_and_keeps_what_it_has_is_all_right() {
    let control = run(
        1,
        r#"
            duration = "6s"
            steps = ["at 1s for 1s stop 1", "at 4s for 1s stop 1"]
            topic = [{ name = "t", partitions = 2 }]
            [workload]
            producers = 2
            consumers = 2
            [workload.producer]
            rate = 500.0
            message_timeout_ms = 60000
        "#,
    );
    // This cluster does not drop what an idempotent producer sends again because the answer was on its way when the broker stopped.
    control.must_find_nothing_but(&[AnomalyKind::Duplicate]);
    assert_eq!(control.finished.judgement.counts.unknown, 0);
    assert_eq!(control.finished.measures.stops, 2);
}
