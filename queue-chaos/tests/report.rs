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
        version: queue_chaos::history::VERSION,
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
            seen: true,
            took: 0,
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

#[test]
fn numbers_of_samples() {
    let timeline = timeline(&sampled());
    assert_eq!((timeline.samples, timeline.complete, timeline.end), (120, true, 120 * SECOND));
    assert!(
        timeline.points.len() <= 600
            && timeline.width * timeline.points.len() as u64 > timeline.end
    );
    let point = |second: u64| &timeline.points[(second * SECOND / timeline.width) as usize];
    assert_eq!(point(21).acked, Some(150.0));
    assert_eq!((point(21).leaderless, point(21).under_replicated), (Some(1), Some(2)));
    assert_eq!((point(21).p50, point(21).p99), (Some(900_000), Some(2_700_000)));
    // 10 s of the dead leader, 3 s more, 25 s of slow replication: each sample holds until the next.
    assert_eq!(timeline.under_replicated_for, 38 * SECOND);
    assert_eq!(timeline.elections, 1);
    let marks: Vec<&str> = timeline.marks.iter().map(|mark| mark.text.as_str()).collect();
    assert_eq!(marks, ["half way", "consumer 1 is killed"]);
}

#[test]
fn what_was_done_from_when_to_when() {
    let timeline = timeline(&sampled());
    let spans: Vec<(&str, u64, Option<u64>)> = timeline
        .faults
        .iter()
        .map(|fault| (fault.what.as_str(), fault.begin / SECOND, fault.end.map(|end| end / SECOND)))
        .collect();
    assert_eq!(
        spans,
        [
            ("kill 2", 19, Some(30)),
            ("fill-disk 3", 42, Some(42)),
            ("net 1 replication down bandwidth 200kbit/s", 55, Some(80)),
            ("rolling-restart", 95, Some(108)),
            ("net 3 clients latency 150ms jitter 50ms", 100, Some(115)),
        ]
    );
    assert!(
        matches!(&timeline.faults[1].state, FaultState::Failed(why) if why.contains("no directory"))
    );
    let recoveries = timeline.recoveries();
    assert_eq!(recoveries[0], Recovery::After(0));
    assert_eq!(recoveries[1], Recovery::NotDone);
    assert!(matches!(recoveries[2], Recovery::After(4_000_000..=6_000_000)), "{recoveries:?}");
    assert_eq!(recoveries[3..], [Recovery::Disturbed, Recovery::NotSeen]);
}

#[test]
fn beginnings_and_ends_of_faults() {
    let spans = |faults: &[(&str, u64, Outcome)]| -> Vec<(String, u64, Option<u64>)> {
        let mut events = Vec::new();
        for (n, (what, at, is)) in faults.iter().enumerate() {
            fault(&mut events, n as u32, what, *at, *at + 1, is.clone());
        }
        let faults = timeline(&events).faults.into_iter();
        faults.map(|fault| (fault.what, fault.begin, fault.end)).collect()
    };
    let ok = Outcome::Ok;
    let span = |what: &str, begin, end| (what.to_owned(), begin, end);
    // Each node on its own; `all` ends all; another kind of end ends nothing.
    assert_eq!(
        spans(&[
            ("kill 1", 10, ok.clone()),
            ("kill 2", 20, ok.clone()),
            ("pause 3", 30, ok.clone()),
            ("start 2", 40, ok.clone()),
            ("start all", 50, ok.clone()),
        ]),
        [span("kill 1", 10, Some(51)), span("kill 2", 20, Some(41)), span("pause 3", 30, None)]
    );
    // Who was the leader is not known: the one that is started is it.
    assert_eq!(
        spans(&[
            ("kill leader", 10, ok.clone()),
            ("kill 3", 20, ok.clone()),
            ("start 3", 30, ok.clone()),
            ("start 1", 40, ok.clone())
        ]),
        [span("kill leader", 10, Some(41)), span("kill 3", 20, Some(31))]
    );
    // What did not happen ends nothing; of what nobody knows it is taken that it did.
    assert_eq!(
        spans(&[
            ("kill 1", 10, ok.clone()),
            ("start 1", 20, Outcome::Fail("no".into())),
            ("start 1", 30, Outcome::Unknown("late".into()))
        ]),
        [span("kill 1", 10, Some(31)), span("start 1", 20, Some(21))]
    );
    // An end of nothing, and words that are no action, are shown as they are.
    assert_eq!(
        spans(&[
            ("heal 1", 10, ok.clone()),
            ("shake it", 20, ok.clone()),
            ("round-trip 1 20ms", 30, ok.clone()),
            ("round-trip 1 0s", 40, ok.clone())
        ]),
        [
            span("heal 1", 10, Some(11)),
            span("shake it", 20, Some(21)),
            span("round-trip 1 20ms", 30, Some(41))
        ]
    );
    // An action whose end was never told.
    let asked = event(5, What::Fault { what: "restart 1".into(), is: Outcome::Invoke, n: 1 });
    let cut = timeline(&[asked]);
    assert!(!cut.complete);
    assert_eq!((cut.faults[0].begin, cut.faults[0].end), (5, None));
    assert!(matches!(cut.faults[0].state, FaultState::Unknown(_)));
}

/// A run of so many seconds without samples: 100 messages a second, each acknowledged after 20 ms and read 10 ms later; but from `from` to `until` nothing is
/// acknowledged, and what waits is acknowledged when that is over; and nobody reads for one more second.
fn counted(seconds: u64, from: u64, until: u64, commits: bool) -> Vec<Event> {
    let p = ProducerId(0);
    let to = PartitionId(0);
    let mut events = vec![event(0, What::Run(run("counted")))];
    let mut polled: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for s in 0..seconds * 100 {
        let sent = s * 10_000;
        let mut acked = sent + 20_000;
        let mut read = acked + 10_000;
        if (from..until).contains(&acked) {
            acked = until;
        }
        if (from..until + SECOND).contains(&read) {
            read = until + SECOND;
        }
        events.push(event(sent, What::Send { p, s, to, of: None }));
        events.push(event(acked, What::Ack { p, s, to, o: Some(s) }));
        polled.entry(read).or_default().push(s);
    }
    for (at, offsets) in polled {
        let next = offsets[offsets.len() - 1] + 1;
        let r = offsets.into_iter().map(|offset| Record(offset, p, offset)).collect();
        events.push(event(at, What::Poll { c: ConsumerId(0), to, r }));
        if commits {
            let to = vec![(to, next)];
            events.push(event(
                at + 5_000,
                What::Offsets { c: ConsumerId(0), is: Outcome::Ok, to, within: None },
            ));
        }
    }
    fault(&mut events, 0, "kill 1", from, from + 1, Outcome::Ok);
    fault(&mut events, 1, "start 1", until - 1, until, Outcome::Ok);
    events.sort_by_key(|event| event.at);
    events
}

#[test]
fn numbers_are_counted_where_there_are_no_samples() {
    for commits in [false, true] {
        let timeline = timeline(&counted(30, 10 * SECOND, 15 * SECOND, commits));
        assert_eq!((timeline.samples, timeline.width), (0, 100_000));
        let point = |millis: u64| &timeline.points[(millis * 1000 / timeline.width) as usize];
        let quiet = point(5_000);
        assert_eq!((quiet.sent, quiet.acked, quiet.read), (Some(100.0), Some(100.0), Some(100.0)));
        assert!(
            quiet.p50.unwrap().abs_diff(20_000) < 1_500 && quiet.lag.unwrap() <= 3,
            "{quiet:?}"
        );
        assert!(quiet.lag_seconds.unwrap() < 0.15, "{quiet:?}");
        let dead = point(12_000);
        assert_eq!((dead.sent, dead.acked, dead.read), (Some(100.0), Some(0.0), Some(0.0)));
        assert_eq!((dead.p50, dead.under_replicated), (None, None));
        let back = point(15_000);
        assert!(back.acked.unwrap() > 4_000.0 && back.p99.unwrap() > 4_500_000, "{back:?}");
        // 5 s of messages are acknowledged at once, and read a second later.
        let behind = point(15_900);
        assert!(behind.lag.unwrap() > 500 && behind.lag_seconds.unwrap() > 0.75, "{behind:?}");
        assert!(point(16_300).lag.unwrap() <= 3);
        let Recovery::After(micros) = timeline.recoveries()[0] else {
            panic!("{:?}", timeline.recoveries())
        };
        assert!((900_000..1_300_000).contains(&micros), "{micros}");
    }
}

#[test]
fn recoveries_that_cannot_be_told() {
    let recovery = |events: &[Event]| timeline(events).recoveries();
    // It ends as the workload does.
    assert_eq!(
        recovery(&counted(15, 10 * SECOND, 14 * SECOND + 900_000, false)),
        [Recovery::NotSeen]
    );
    // There was nothing before.
    assert_eq!(recovery(&counted(15, 1, 5 * SECOND, false)), [Recovery::NoComparison]);
    // It is not over, or another one is there.
    let mut events = counted(30, 10 * SECOND, 15 * SECOND, false);
    fault(&mut events, 2, "pause 2", 15 * SECOND + 500_000, 15 * SECOND + 500_001, Outcome::Ok);
    events.sort_by_key(|event| event.at);
    assert_eq!(recovery(&events), [Recovery::Disturbed, Recovery::NotOver]);
}

#[test]
fn memory_does_not_grow_with_time() {
    // 100 times longer than bins of 100 ms would hold.
    let events = (0..100_000u64).flat_map(|s| {
        let p = ProducerId((s % 3) as u32);
        let to = PartitionId(0);
        let at = s * 60_000;
        let send = event(at, What::Send { p, s, to, of: None });
        let ack = event(at + 5_000, What::Ack { p, s, to, o: Some(s) });
        [Ok(send), Ok(ack)]
    });
    let timeline = Timeline::from_history(events, 600).unwrap();
    assert!(timeline.points.len() <= 600 && timeline.width == 12_800_000);
    let sent: f64 = timeline.points.iter().map(|point| point.sent.unwrap()).sum::<f64>()
        * timeline.width as f64
        / 1e6;
    assert!((sent - 100_000.0).abs() < 300.0, "{sent}");
    assert_eq!(timeline.points.last().unwrap().lag, Some(100_000));
    assert!(svg(&timeline).len() < 120_000);
}

#[test]
fn an_error_of_the_history_is_passed_on() {
    let wrong =
        || queue_chaos::Error::History { path: "h".into(), line: 2, what: "no event".into() };
    let events = [Ok(event(0, What::Run(run("x")))), Err(wrong())];
    assert_eq!(Timeline::from_history(events, 60).unwrap_err().to_string(), wrong().to_string());
}

#[test]
fn a_summary_for_programs() {
    let timeline = timeline(&sampled());
    let judgement = wrong();
    let summary = Report::new(&timeline, &judgement).replay("again").summary();
    assert_eq!(summary["version"], 1);
    assert_eq!(summary["verdict"], "anomaly");
    assert_eq!(summary["found"], serde_json::json!({ "lost-write": 214, "duplicate": 3 }));
    assert_eq!(summary["counts"]["acked"], 559_800);
    assert_eq!(summary["run"]["seed"], 7);
    assert_eq!(summary["replay"], "again");
    assert_eq!(summary["duration_seconds"], 120.0);
    assert_eq!(
        (&summary["max_under_replicated"], &summary["max_leaderless"]),
        (&3.into(), &1.into())
    );
    assert_eq!(summary["under_replicated_seconds"], 38.0);
    assert_eq!(summary["max_p99_seconds"], 2.7);
    assert_eq!(summary["anomalies"][0]["kind"], "lost-write");
    let faults = summary["faults"].as_array().unwrap();
    assert_eq!(
        faults[0],
        serde_json::json!({
            "what": "kill 2", "begin": 19.0, "end": 30.0, "state": "done", "why": null, "recovered": "after", "recovery_seconds": 0.0,
        })
    );
    assert_eq!(
        (&faults[1]["state"], &faults[1]["recovered"]),
        (&"failed".into(), &"not-done".into())
    );
    // Without samples nothing is known of replicas.
    let counted_ =
        Timeline::from_history(counted(3, SECOND, 2 * SECOND, false).into_iter().map(Ok), 600)
            .unwrap();
    let ok = judgement_of_nothing();
    let summary = Report::new(&counted_, &ok).summary();
    assert_eq!(summary["verdict"], "ok");
    assert!(
        summary["max_under_replicated"].is_null() && summary["under_replicated_seconds"].is_null()
    );
}

fn judgement_of_nothing() -> Judgement {
    judgement(Verdict::Ok)
}

#[test]
fn a_page_shows_what_there_is() {
    let timeline = timeline(&sampled());
    let judgement = wrong();
    let page = Report::new(&timeline, &judgement).replay("queue-chaos run --seed 7").html();
    for text in [
        "ANOMALY",
        "slow replicas, then a dead leader",
        "durability: what is acknowledged stays",
        "not promised here",
        "was acknowledged at 20.4 s with offset 31702",
        "orders/1, offset 31702, consumer 2",
        "partition 2 was not read to its end",
        "net 1 replication down bandwidth 200kbit/s",
        "not done: fill-disk 3",
        "queue-chaos run --seed 7",
        "prefers-color-scheme:dark",
        "width=device-width",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // It needs nothing but itself.
    for foreign in ["<script", "<link", "<img", "@import", "url(", "src=", "href=\"http"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let empty = Timeline::from_history([], 600).unwrap();
    let nothing = judgement_of_nothing();
    let page = Report::new(&empty, &nothing).html();
    assert!(page.contains("A run without a name") && page.contains("the run was cut short"));
    parsed(&page);
    parsed(&Report::new(&empty, &nothing).svg());
}

/// The elements of a text, which must be well-formed, and its text.
fn parsed(text: &str) -> (BTreeSet<String>, String) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options)
        .unwrap_or_else(|e| panic!("{e}\n{text}"));
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    let mut names = BTreeSet::new();
    for element in elements {
        names.insert(element.tag_name().name().to_owned());
        for attribute in element.attributes() {
            assert!(
                !attribute.name().starts_with("on") && attribute.name() != "href",
                "{attribute:?}"
            );
            names.insert(format!("@{}", attribute.name()));
        }
    }
    let words: Vec<&str> =
        document.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
    (names, words.join(" "))
}

/// What others write into histories.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("</title></svg><script>alert(1)</script>".to_owned()),
        Just("\" onload=\"alert(1)".to_owned()),
        Just("' onmouseover='x".to_owned()),
        Just("]]><!-- <b>&lt;&#x3c;".to_owned()),
        Just("</style><img src=x>".to_owned()),
        Just("a\u{0}b\u{1b}[31m\u{fffe}\u{202e}c\r\n\td".to_owned()),
        "[<>&\"'/=a-z -]{0,40}",
    ]
}

/// A report with a text in each place where a history has one.
fn report_with(text: &str) -> (String, String) {
    let text = text.to_owned();
    let mut named = run(&text);
    named.cluster.clone_from(&text);
    named.topics[0].name.clone_from(&text);
    let mut events = sampled();
    events[0] = event(0, What::Run(named));
    fault(&mut events, 20, &text, 3 * SECOND, 4 * SECOND, Outcome::Ok);
    fault(&mut events, 21, "kill 1", 3 * SECOND, 4 * SECOND, Outcome::Fail(text.clone()));
    fault(&mut events, 22, "kill 1", 5 * SECOND, 6 * SECOND, Outcome::Unknown(text.clone()));
    let mark = queue_chaos::schedule::Action::Mark(text.clone()).to_string();
    fault(&mut events, 23, &mark, 7 * SECOND, 7 * SECOND, Outcome::Ok);
    let timeline = timeline(&events);
    let mut judgement = wrong();
    judgement.anomalies[0].what.clone_from(&text);
    judgement.unknowns.push(text.clone());
    let report = Report::new(&timeline, &judgement).replay(text.clone()).plan(text);
    (report.html(), report.svg())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No text from a history becomes markup: the elements and attributes are those of the same report with a plain word.
    #[test]
    fn texts_stay_texts(text in hostile()) {
        let (plain_page, plain_picture) = report_with("word");
        let (page, picture) = report_with(&text);
        prop_assert_eq!(parsed(&page).0, parsed(&plain_page).0);
        prop_assert_eq!(parsed(&picture).0, parsed(&plain_picture).0);
    }
}

#[test]
fn a_text_is_shown_as_it_is() {
    let (page, picture) = report_with("<b>&amp; \"x\" 'y'</b>");
    assert!(parsed(&page).1.contains("<b>&amp; \"x\" 'y'</b>"));
    assert!(parsed(&picture).1.contains("<b>&amp; \"x\" 'y'</b>"));
}
