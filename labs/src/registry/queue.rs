//! The labs over queues.

use std::time::Duration;

use super::{Lab, at_least, between, binary};
use crate::check::{Check, Must};

/// What labs over queues have in common: the command, the artefacts, and that nothing is lost.
fn queue_lab(
    id: &str,
    title: &str,
    objective: &str,
    arguments: &[&str],
    checks: Vec<Check>,
) -> Lab {
    let out = format!("out/lab/{id}");
    let none =
        |measure: &str, what: &str, unit: &str| Check::new(measure, what, unit, Must::Equal(0.0));
    let mut all = vec![
        none("messages_lost", "acknowledged messages that are not there afterwards", "messages"),
        none(
            "gaps",
            "records that a consumer or its group went past without getting them",
            "records",
        ),
        none("duplicates", "messages that are there twice", "messages"),
        none("anomalies", "anything else that the checker has found", "anomalies"),
        none("unknowns", "reasons why the checker could not say so for certain", "reasons"),
        none("final_lag", "messages that were not committed in the end", "messages"),
    ];
    all.extend(checks);
    Lab {
        id: id.into(),
        title: title.into(),
        module: "1".into(),
        objective: objective.into(),
        command: binary("queue-chaos", &[arguments, &["--out", &out, "--json"]].concat()),
        artefacts: ["timeline.svg", "report.html", "summary.json", "run.cast", "history.jsonl"]
            .map(str::to_owned)
            .to_vec(),
        checks: all,
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}

/// A broker that goes away once.
pub(super) fn lab_00_b() -> Lab {
    let checks = vec![
        at_least(
            "messages_acknowledged",
            "messages that the broker has acknowledged",
            "messages",
            20_000.0,
        ),
        Check::new("broker_stops", "times that the broker was stopped", "stops", Must::Equal(1.0)),
        // It is away for three seconds.
        at_least(
            "max_lag_seconds",
            "the oldest message that was not read, at its oldest",
            "s",
            1.0,
        ),
    ];
    let objective = "A producer and a consumer go on working through a broker that goes away and comes back: the consumer resumes where it was, \
                     and how far it is behind is measured in seconds.";
    Lab {
        module: "0".into(),
        ..queue_lab("00-B", "Kafka hello-world", objective, &["hello"], checks)
    }
}

/// A broker that goes away twice, under load.
pub(super) fn lab_1_1() -> Lab {
    let checks = vec![
        at_least(
            "messages_acknowledged",
            "messages that the broker has acknowledged",
            "messages",
            100_000.0,
        ),
        Check::new("broker_stops", "times that the broker was stopped", "stops", Must::Equal(2.0)),
        between(
            "lag_over_backlog",
            "the group's lag / what producers had sent and it had not committed, at its highest",
            "ratio",
            0.0,
            1.0,
        ),
        at_least(
            "max_lag_seconds",
            "the oldest message that was not read, at its oldest",
            "s",
            1.0,
        ),
    ];
    let objective = "The broker is stopped and started twice under load. Nothing acknowledged is lost, no consumer skips a record, and the group is \
                     never further behind than what has piled up.";
    queue_lab("1-1", "Queue chaos", objective, &["hello", "--twice"], checks)
}

/// A broker that joins, through a thin line.
pub(super) fn lab_1_5() -> Lab {
    let checks = vec![
        at_least(
            "max_under_replicated",
            "partitions with fewer replicas in sync than they have, at most",
            "partitions",
            1.0,
        ),
        at_least("under_replicated_seconds", "for so long", "s", 5.0),
        Check::new("last_under_replicated", "in the end", "partitions", Must::Equal(0.0)),
        at_least("max_lag", "messages that consumers were behind, at most", "messages", 500.0),
    ];
    let objective = "A broker joins a cluster, and what is copied between nodes comes through a line of 200 kbit/s: partitions are under-replicated, \
                     producers wait, consumers fall behind, and all of it recovers.";
    queue_lab("1-5", "Replication lag", objective, &["replicate"], checks)
}
