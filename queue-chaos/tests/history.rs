//! Histories as they are written and read.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod events;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use queue_chaos::Error;
use queue_chaos::history::{Event, Reader, Record, Run, Sample, Sink, Step, What, Writer};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

fn run() -> Run {
    Run {
        version: queue_chaos::history::VERSION,
        name: "a test".into(),
        seed: 7,
        cluster: "embedded".into(),
        started: 1_764_144_000_000_000,
        topics: vec![],
        partitions: vec![(0, 0), (0, 1)],
    }
}

fn read(text: &[u8]) -> (Vec<Event>, Option<Error>, bool) {
    let mut reader = Reader::from_read(text, Path::new("it.jsonl"));
    let mut events = Vec::new();
    for event in reader.by_ref() {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(reader.next().is_none(), "nothing comes after an error");
                assert!(!reader.is_cut_short());
                return (events, Some(error), false);
            }
        }
    }
    (events, None, reader.is_cut_short())
}

fn lines(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        writeln!(text, "{}", serde_json::to_string(event).unwrap()).unwrap();
    }
    text
}

/// Where a text is changed, how, and to what.
type Change = (prop::sample::Index, i32, u8);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..4, any::<u8>()), 1..4)
}

/// Changes a text by bytes that stand in such texts.
fn damage(text: &mut Vec<u8>, changes: Vec<Change>) {
    for (place, how, byte) in changes {
        let at = place.index(text.len().max(1));
        let byte = b"0123456789,:[]{}\" -.eE+tpsaoc"[usize::from(byte) % 29];
        match how {
            0 if at < text.len() => text[at] = byte,
            1 => text.insert(at, byte),
            2 if at < text.len() => {
                text.remove(at);
            }
            _ => text.truncate(at),
        }
    }
}

fn whole(run: Run, between: Vec<Event>) -> Vec<Event> {
    let mut events = vec![Event { at: 0, what: What::Run(run) }];
    events.extend(between);
    let end = What::End { events: events.len() as u64 };
    events.push(Event { at: 9, what: end });
    events
}

proptest! {
    /// Hand-made text is serde_json's, and hand-made reading is too.
    #[test]
    fn lines_are_those_of_serde_json(event in events::event()) {
        let mut line = b"before".to_vec();
        event.write_line(&mut line).unwrap();
        prop_assert_eq!(
            std::str::from_utf8(&line[6..]).unwrap(),
            serde_json::to_string(&event).unwrap()
        );
        prop_assert_eq!(Event::parse_line(&line[6..]).unwrap(), event);
    }

    /// Texts that are almost usual: the same event, or no event, to both.
    #[test]
    fn changed_lines_mean_what_they_mean_to_serde_json(
        event in events::event(),
        changes in changes(),
    ) {
        let mut line = serde_json::to_vec(&event).unwrap();
        damage(&mut line, changes);
        match (Event::parse_line(&line), serde_json::from_slice::<Event>(&line)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{:?} and {:?}", ours, theirs),
        }
    }

    /// What is recorded is read again, in order, and the file is the text of serde_json.
    #[test]
    fn what_is_written_is_read(run in events::run(), between in prop::collection::vec(events::event(), 0..40)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.jsonl");
        let writer = Writer::create(&path, run.clone()).unwrap();
        let sink = writer.sink();
        for event in &between {
            sink.record(event.at, event.what.clone());
        }
        prop_assert_eq!(writer.finish().unwrap(), between.len() as u64 + 1);
        let mut reader = Reader::open(&path).unwrap();
        let found: Vec<Event> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        prop_assert!(!reader.is_cut_short());
        let mut expected = whole(run, between);
        expected.last_mut().unwrap().at = found.last().unwrap().at;
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(std::fs::read_to_string(&path).unwrap(), lines(&expected));
    }

    /// Cut anywhere behind its first line, a history is the same up to there, and cut short.
    #[test]
    fn a_cut_history_is_short_not_wrong(
        between in prop::collection::vec(events::event(), 0..10),
        at in any::<prop::sample::Index>(),
    ) {
        let events = whole(run(), between);
        let text = lines(&events);
        let first = text.find('\n').unwrap();
        let at = first + at.index(text.len() - first);
        let (found, error, cut_short) = read(&text.as_bytes()[..at]);
        prop_assert!(error.is_none(), "{:?}", error);
        // The last line may lack its end of line only.
        prop_assert_eq!(cut_short, at < text.len() - 1);
        prop_assert_eq!(&found[..], &events[..found.len()]);
        let complete = text.bytes().take(at).filter(|it| *it == b'\n').count();
        prop_assert!(found.len() == complete || found.len() == complete + 1);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
        let mut text = lines(&[Event { at: 0, what: What::Run(run()) }]).into_bytes();
        text.extend(bytes);
        read(&text);
    }
}

const SENDS: &str = r#"{"t":402,"e":"sends","p":0,"s":17,"to":[1,0,1]}"#;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let small = || 0..3_u64;
    let send = (small(), small(), small(), prop::option::weighted(0.1, (small(), small())));
    let send = send.prop_map(|(at, s, to, of)| {
        let partition = |it: u64| PartitionId(it as u32);
        Step::Send {
            at,
            s,
            to: partition(to),
            of: of.map(|(from, offset)| (partition(from), offset)),
        }
    });
    let ack = (small(), small(), 0..2_u32, prop::option::weighted(0.8, small()));
    let ack = ack.prop_map(|(at, s, to, o)| Step::Ack { at, s, to: PartitionId(to), o });
    // A series is one that goes on where the one before ended.
    let step = (prop_oneof![send, ack], 1..6_u64).prop_map(|(step, many)| {
        (0..many).map(move |after| match step {
            Step::Send { at, s, to, of } => Step::Send { at, s: s + after, to, of },
            Step::Ack { at, s, to, o } => {
                Step::Ack { at, s: s + 2 * after, to, o: o.map(|o| o + after) }
            }
        })
    });
    prop::collection::vec(step, 0..20).prop_map(|all| all.into_iter().flatten().collect())
}

proptest! {
    /// Steps are the events that they are, however many share a line; cut anywhere, the lines that are whole are.
    #[test]
    fn steps_are_read_as_events(steps in steps(), at in any::<prop::sample::Index>()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.jsonl");
        let writer = Writer::create(&path, run()).unwrap();
        let events: Vec<Event> = steps.iter().map(|step| step.event(ProducerId(1))).collect();
        writer.sink().record_steps(ProducerId(1), &mut steps.clone());
        prop_assert_eq!(writer.finish().unwrap(), events.len() as u64 + 1);
        let text = std::fs::read(&path).unwrap();
        let (found, error, cut_short) = read(&text);
        prop_assert!(error.is_none() && !cut_short, "{:?}", error);
        prop_assert_eq!(&found[1..=events.len()], &events[..]);
        prop_assert_eq!(found.len(), events.len() + 2);

        let first = text.iter().position(|it| *it == b'\n').unwrap();
        let cut = &text[..first + at.index(text.len() - 1 - first)];
        let (some, error, cut_short) = read(cut);
        prop_assert!(error.is_none() && cut_short, "{:?}", error);
        prop_assert_eq!(&some[..], &found[..some.len()]);
    }

    /// Lines of several events that were written by others, or damaged, are read as serde_json reads them, or refused.
    #[test]
    fn changed_series_are_read_or_refused(
        steps in steps(),
        changes in changes(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.jsonl");
        let writer = Writer::create(&path, run()).unwrap();
        writer.sink().record_steps(ProducerId(1), &mut steps.clone());
        writer.finish().unwrap();
        let mut text = std::fs::read(&path).unwrap();
        damage(&mut text, changes);
        read(&text);
    }
}

/// What shares a line, and that it says the same written otherwise.
#[test]
fn messages_of_one_time_share_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let writer = Writer::create(&path, run()).unwrap();
    let to = |it: u64| PartitionId((it % 2) as u32);
    let mut steps: Vec<Step> =
        (17..20).map(|s| Step::Send { at: 402, s, to: to(s), of: None }).collect();
    let ack = |s, to, o| Step::Ack { at: 978, s, to: PartitionId(to), o };
    steps.extend([ack(17, 1, Some(40)), ack(19, 1, Some(41)), ack(18, 0, None)]);
    writer.sink().record_steps(ProducerId(0), &mut steps);
    assert!(steps.is_empty());
    writer.finish().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let acks = r#"{"t":978,"e":"acks","p":0,"to":1,"o":40,"s":[17,19]}"#;
    assert_eq!(lines[1..4], [SENDS, acks, r#"{"t":978,"e":"ack","p":0,"s":18,"to":0}"#]);

    let (events, error, _) = read(text.as_bytes());
    assert!(error.is_none(), "{error:?}");
    let otherwise = text
        .replace(SENDS, r#"{ "s": 17, "to": [1, 0, 1], "p": 0, "e": "sends", "t": 402 }"#)
        .replace(acks, r#"{"e":"\u0061cks","o":40,"p":0,"s":[17,19],"t":978,"to":1}"#);
    let (same, error, _) = read(otherwise.as_bytes());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(same, events);
    // One event a line, as histories of version 1 have it.
    let mut single = String::new();
    for event in &events {
        writeln!(single, "{}", serde_json::to_string(event).unwrap()).unwrap();
    }
    let (same, error, _) = read(single.replace("\"version\":2", "\"version\":1").as_bytes());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(same[1..], events[1..]);
}

/// More messages than a line may list.
#[test]
fn very_many_steps_are_several_lines() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let writer = Writer::create(&path, run()).unwrap();
    let first = u64::MAX - 300_000;
    let mut steps: Vec<Step> = (0..100_000)
        .map(|it| Step::Ack { at: 1, s: first + it, to: PartitionId(0), o: Some(first + it) })
        .collect();
    let events: Vec<Event> = steps.iter().map(|step| step.event(ProducerId(0))).collect();
    writer.sink().record_steps(ProducerId(0), &mut steps);
    assert_eq!(writer.finish().unwrap(), 100_001);
    let found: Vec<Event> = Reader::open(&path).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(found[1..=100_000], events);
}

#[test]
fn errors_tell_the_line() {
    let good = lines(&whole(run(), vec![]));
    let (first, end) = good.split_once('\n').unwrap();
    let error = |text: String| match read(text.as_bytes()) {
        (_, Some(Error::History { line, what, .. }), _) => (line, what),
        other => panic!("{text}: {other:?}"),
    };
    for (text, line, said) in [
        (String::new(), 0, "empty file"),
        ("{\"t\":".into(), 1, "no event"),
        (format!("{end}\n"), 1, "the first line"),
        (format!("{first}\nnonsense\n"), 2, "no event"),
        (format!("{first}\nnonsense"), 2, "no event"),
        (format!("{first}\n\n"), 2, "no event"),
        (format!("{first}\n{first}\n"), 2, "a second run"),
        (format!("{first}\n{{\"t\":1,\"e\":\"begin\",\"p\":0}}\n{end}\n"), 3, "1 events before it"),
        (format!("{good}{end}\n"), 3, "after the last"),
        (format!("{good}\n"), 3, "after the last"),
        (first.replace("\"version\":2", "\"version\":3"), 1, "version 3"),
        (first.replace("\"version\":2", "\"version\":0"), 1, "version 0"),
        (format!("{SENDS}\n"), 1, "the first line"),
        (format!("{first}\n{SENDS}\n{end}\n"), 3, "there are 4"),
        (format!("{first}\n{}\n", SENDS.replace("1,0,1", "")), 2, "without one"),
        (
            format!("{first}\n{}\n", SENDS.replace("17", "18446744073709551614")),
            2,
            "no event can have",
        ),
        (
            format!("{first}\n{}\n", SENDS.replace("\"to\"", "\"ot\"")),
            2,
            "no event: missing field `to`",
        ),
        (format!("{first}\n{}", " ".repeat(2 << 20)), 2, "longer than 1 MiB"),
        (format!("{first}\n{}\n", " ".repeat(1 << 20)), 2, "no event"),
    ] {
        let found = error(text);
        assert_eq!(found.0, line, "{found:?}");
        assert!(found.1.contains(said), "{found:?} lacks {said:?}");
    }
    let error = read(b"x").1.unwrap().to_string();
    assert!(error.starts_with("it.jsonl, line 1: no event: expected value"), "{error}");
    let error = Reader::open(Path::new("no/such.jsonl")).unwrap_err().to_string();
    assert!(error.starts_with("no/such.jsonl: "), "{error}");
}

/// Each of several threads finds its events in its order, and none is missing, also when they are more than the queue holds.
#[test]
fn threads_keep_their_order() {
    const EACH: u64 = 60_000;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let writer = Writer::create(&path, run()).unwrap();
    std::thread::scope(|scope| {
        for p in 0..4 {
            let sink: Arc<dyn Sink> = writer.sink();
            scope.spawn(move || {
                for s in 0..EACH {
                    let p = ProducerId(p);
                    let to = PartitionId(1);
                    sink.record(sink.now(), What::Send { p, s, to, of: None });
                }
            });
        }
    });
    assert_eq!(writer.finish().unwrap(), 4 * EACH + 1);
    let mut next = [0; 4];
    let mut at = [0; 4];
    for event in Reader::open(&path).unwrap() {
        let event = event.unwrap();
        if let What::Send { p, s, .. } = event.what {
            let p = p.0 as usize;
            assert_eq!(s, next[p]);
            assert!(event.at >= at[p]);
            next[p] += 1;
            at[p] = event.at;
        }
    }
    assert_eq!(next, [EACH; 4]);
}

/// A poll of very many records is more lines, of which each can be read.
#[test]
fn large_polls_are_several_lines() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let writer = Writer::create(&path, run()).unwrap();
    let big = u64::MAX / 2;
    let r: Vec<_> = (0..100_000).map(|it| Record(big + it, ProducerId(u32::MAX), big)).collect();
    let poll = What::Poll { c: ConsumerId(0), to: PartitionId(0), r: r.clone() };
    writer.sink().record(5, poll);
    let count = writer.finish().unwrap();
    let events: Vec<Event> = Reader::open(&path).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(events.len() as u64, count + 1);
    let found: Vec<Record> = events
        .into_iter()
        .filter_map(|it| if let What::Poll { r, .. } = it.what { Some(r) } else { None })
        .flatten()
        .collect();
    assert_eq!(found, r);
}

/// What readers would refuse is not written; the rest is, and the writer says so.
#[test]
fn what_cannot_be_read_again_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let nan = What::Sample(Sample { sent: f64::NAN, ..Sample::default() });
    for (bad, said) in [(nan, "JSON has not"), (What::Note { text: "x".repeat(2 << 20) }, "1 MiB")]
    {
        let writer = Writer::create(&path, run()).unwrap();
        let sink = writer.sink();
        sink.record(1, bad);
        sink.record(2, What::Begin { p: ProducerId(0) });
        let error = writer.finish().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        let mut reader = Reader::open(&path).unwrap();
        let events: Vec<Event> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        assert_eq!(events[1].what, What::Begin { p: ProducerId(0) });
        assert_eq!(events.len(), 3);
    }
}

#[test]
fn a_writer_that_is_dropped_leaves_a_history_without_an_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let writer = Writer::create(&path, run()).unwrap();
    let sink = writer.sink();
    sink.record(1, What::Begin { p: ProducerId(0) });
    drop(writer);
    sink.record(2, What::Begin { p: ProducerId(1) });
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.by_ref().count(), 2);
    assert!(reader.is_cut_short());
}

/// Without anything more to come, events reach the file by themselves.
#[test]
fn events_do_not_linger() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let writer = Writer::create(&path, run()).unwrap();
    writer.sink().record(1, What::Begin { p: ProducerId(0) });
    while std::fs::read_to_string(&path).unwrap().lines().count() < 2 {
        std::thread::yield_now();
    }
    writer.finish().unwrap();
}

/// A disk that is full: recorders do not wait for it, and the writer says so in the end.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_blocks_nobody() {
    let writer = Writer::create(Path::new("/dev/full"), run()).unwrap();
    let sink = writer.sink();
    std::thread::scope(|scope| {
        for p in 0..3 {
            let sink = Arc::clone(&sink);
            // More than the queue holds.
            scope.spawn(move || {
                for s in 0..100_000 {
                    let (p, to) = (ProducerId(p), PartitionId(0));
                    sink.record(sink.now(), What::Send { p, s, to, of: None });
                }
            });
        }
    });
    let error = writer.finish().unwrap_err();
    assert!(
        matches!(&error, Error::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull),
        "{error}"
    );
    sink.record(1, What::Note { text: "nobody hears this".into() });
}

#[test]
fn a_file_that_cannot_be_made_is_told() {
    let error = Writer::create(Path::new("no/such/directory/it"), run()).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
}
