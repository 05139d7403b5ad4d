//! Reports: what a history says over time, as numbers, as a picture, as a page.

#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use queue_chaos::check::{Anomaly, AnomalyKind, Counts, Judgement, Verdict};
use queue_chaos::history::{Event, Outcome, Record, Run, Sample, Topic, What};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};
use queue_chaos::report::{FaultState, Recovery, Report, Timeline, svg};

const SECOND: u64 = 1_000_000;

fn event(at: u64, what: What) -> Event {
    Event { at, what }
}

fn run(name: &str) -> Run {
    Run {
        version: 1,
        name: name.into(),
        seed: 7,
        cluster: "kafka".into(),
        started: 1_764_144_000_000_000,
        topics: vec![Topic { name: "orders".into(), partitions: 3, replicas: 3 }],
        partitions: vec![(0, 0), (0, 1), (0, 2)],
    }
}

fn fault(events: &mut Vec<Event>, n: u32, what: &str, begin: u64, end: u64, is: Outcome) {
    events.push(event(begin, What::Fault { what: what.into(), is: Outcome::Invoke, n }));
    events.push(event(end, What::Fault { what: what.into(), is, n }));
}

fn timeline(events: &[Event]) -> Timeline {
    Timeline::from_history(events.iter().cloned().map(Ok), 600).unwrap()
}

fn judgement(verdict: Verdict) -> Judgement {
    Judgement {
        verdict,
        found: BTreeMap::new(),
        not_promised: BTreeMap::new(),
        anomalies: Vec::new(),
        unknowns: Vec::new(),
        counts: Counts::default(),
    }
}

/// A run of 120 s with samples, in which a node dies and comes back, replication is slow, and some more.
fn sampled() -> Vec<Event> {
    let mut events = vec![event(0, What::Run(run("slow replicas, then a dead leader")))];
    let mut lag = 0.0f64;
    let mut noise = 1u64;
    for second in 1..=120u64 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let wobble = (noise >> 40) as f64 / (1u64 << 24) as f64 - 0.5;
        let dead = (20..30).contains(&second);
        let electing = (20..23).contains(&second);
        let slow = (55..80).contains(&second);
        let sent = if second > 112 { 0.0 } else { 5000.0 + 300.0 * wobble };
        let acked = if electing {
            150.0
        } else if dead {
            sent * 0.95
        } else {
            sent
        };
        let read = if electing {
            0.0
        } else {
            (acked + lag).min(acked.max(3000.0) * if slow { 0.9 } else { 1.4 })
        };
        lag = (lag + acked - read).max(0.0);
        let p50 = if electing {
            900_000
        } else if slow {
            45_000
        } else {
            2_500 + (wobble * 900.0) as i64
        };
        let sample = Sample {
            sent,
            acked,
            read,
            lag: lag as u64 + 40,
            lag_seconds: (lag + 40.0) / 5000.0,
            under_replicated: if dead || (31..34).contains(&second) {
                2
            } else if (61..86).contains(&second) {
                3
            } else {
                0
            },
            leaderless: u32::from(second == 20 || second == 21),
            elections: u32::from(second == 22),
            p50: p50 as u64,
            p99: p50 as u64 * if electing { 3 } else { 6 },
        };
        events.push(event(second * SECOND, What::Sample(sample)));
    }
    fault(&mut events, 0, "kill 2", 19 * SECOND, 19 * SECOND + 4_000, Outcome::Ok);
    fault(&mut events, 1, "start 2", 27 * SECOND, 30 * SECOND, Outcome::Ok);
    fault(
        &mut events,
        2,
        "fill-disk 3",
        42 * SECOND,
        42 * SECOND + 9000,
        Outcome::Fail(
            "fill-disk 3: not on this cluster (kafka): no directory of limited size here".into(),
        ),
    );
    fault(
        &mut events,
        3,
        "net 1 replication down bandwidth 200kbit/s",
        55 * SECOND,
        55 * SECOND + 1000,
        Outcome::Ok,
    );
    fault(&mut events, 4, "mark half way", 60 * SECOND, 60 * SECOND, Outcome::Ok);
    fault(&mut events, 5, "heal 1", 80 * SECOND, 80 * SECOND + 1000, Outcome::Ok);
    fault(&mut events, 6, "rolling-restart", 95 * SECOND, 108 * SECOND, Outcome::Ok);
    fault(
        &mut events,
        7,
        "net 3 clients latency 150ms jitter 50ms",
        100 * SECOND,
        100 * SECOND + 100,
        Outcome::Ok,
    );
    fault(&mut events, 8, "undo all", 114 * SECOND, 115 * SECOND, Outcome::Ok);
    events.push(event(72 * SECOND, What::ConsumerGone { c: ConsumerId(1), killed: true }));
    events.sort_by_key(|event| event.at);
    let count = events.len() as u64;
    events.push(event(120 * SECOND, What::End { events: count }));
    events
}

fn wrong() -> Judgement {
    let lost = Anomaly {
        kind: AnomalyKind::LostWrite,
        promised: true,
        what: "message 0/95123 was acknowledged at 20.4 s with offset 31702, and partition 1 was read to its end at 118 s without it".into(),
        partition: Some(PartitionId(1)),
        messages: Vec::new(),
        consumer: Some(ConsumerId(2)),
        offsets: vec![31_702],
        times: vec![20_391_000, 20_402_113, 118_000_000],
    };
    let doubled = Anomaly {
        kind: AnomalyKind::Duplicate,
        promised: false,
        what: "message 1/20077 is at offsets 8120 and 8133".into(),
        consumer: None,
        offsets: vec![8120, 8133],
        times: vec![66_000_000],
        ..lost.clone()
    };
    Judgement {
        not_promised: BTreeMap::from([(AnomalyKind::Duplicate, 3)]),
        found: BTreeMap::from([(AnomalyKind::LostWrite, 214), (AnomalyKind::Duplicate, 3)]),
        anomalies: vec![lost, doubled],
        unknowns: vec![
            "partition 2 was not read to its end: what is missing there may still come".into(),
        ],
        counts: Counts {
            events: 1_812_345,
            sent: 560_123,
            acked: 559_800,
            failed: 12,
            unknown: 311,
            unknown_read: 290,
            read: 559_876,
            distinct: 559_873,
            redelivered: 1_200,
        },
        ..judgement(Verdict::Anomaly)
    }
}

#[test]
fn a_report_is_written() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    let timeline = timeline(&sampled());
    let judgement = wrong();
    let report = Report::new(&timeline, &judgement)
        .replay("queue-chaos run --plan plans/slow-replica.toml --seed 7")
        .plan("name = \"slow replicas\"\nsteps = [\"at 15s for 45s net 1 replication down bandwidth 200kbit/s\"]\n");
    let written = report.write(&dir).unwrap();
    let page = std::fs::read_to_string(written.page).unwrap();
    assert_eq!(page, report.html());
    assert_eq!(std::fs::read_to_string(written.picture).unwrap(), report.svg());
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(written.summary).unwrap()).unwrap();
    assert_eq!(summary["verdict"], "anomaly");
}
