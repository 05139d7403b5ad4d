//! Recordings of terminals: each line is what the format says, and what went in comes out again.

#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use queue_chaos::report::{Header, Recording};
use serde_json::Value;

/// Header and events of a recording.
fn read(text: &str) -> (Value, Vec<(f64, String, String)>) {
    assert!(text.is_empty() || text.ends_with('\n'));
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let header = lines.next().unwrap();
    let event = |line: Value| {
        let parts = line.as_array().unwrap();
        assert_eq!(parts.len(), 3);
        let text = |at: usize| parts[at].as_str().unwrap().to_owned();
        (parts[0].as_f64().unwrap(), text(1), text(2))
    };
    (header, lines.map(event).collect())
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(outputs in vec((0..100_000_000u64, "[a-z\\r\\n]{0,12}|.{0,20}|\\PC*"), 0..20)) {
        let mut recording = Recording::new(Vec::new(), &Header::new(80, 24)).unwrap();
        for (at, text) in &outputs {
            recording.output_at(Duration::from_micros(*at), text).unwrap();
        }
        let text = String::from_utf8(recording.finish().unwrap()).unwrap();
        // Nothing in it but JSON: no control character stands as it is.
        prop_assert!(!text.chars().any(|c| c < ' ' && c != '\n'));
        let (header, events) = read(&text);
        prop_assert_eq!(&header["version"], 2);
        prop_assert!(events.is_sorted_by_key(|(at, _, _)| *at));
        prop_assert!(events.iter().all(|(_, kind, _)| kind == "o"));
        let shown: String = events.iter().map(|(_, _, data)| data.as_str()).collect();
        let all: String = outputs.iter().map(|(_, text)| text.as_str()).collect();
        let plain = |text: &str| text.replace("\r\n", "\n");
        prop_assert_eq!(plain(&shown), plain(&all));
        // Each line feed has its carriage return.
        prop_assert_eq!(shown.matches('\n').count(), shown.matches("\r\n").count());
    }
}

#[test]
fn a_header_with_everything() {
    let header = Header::new(100, 30)
        .timestamp(1_764_144_000)
        .title("kill the leader")
        .command("queue-chaos run")
        .idle_time_limit(Duration::from_millis(1500))
        .env("TERM", "xterm-256color");
    let text = Recording::new(Vec::new(), &header).unwrap().finish().unwrap();
    let (header, events) = read(std::str::from_utf8(&text).unwrap());
    let expected = serde_json::json!({
        "version": 2, "width": 100, "height": 30, "timestamp": 1_764_144_000u64, "idle_time_limit": 1.5,
        "title": "kill the leader", "command": "queue-chaos run", "env": { "TERM": "xterm-256color" },
    });
    assert_eq!(header, expected);
    assert!(events.is_empty());
}

#[test]
fn times_never_go_back() {
    let mut recording = Recording::new(Vec::new(), &Header::new(80, 24)).unwrap();
    for millis in [10, 30, 20] {
        recording.output_at(Duration::from_millis(millis), "x").unwrap();
    }
    recording.output("now").unwrap();
    recording.marker("a place").unwrap();
    let text = String::from_utf8(recording.finish().unwrap()).unwrap();
    let events = read(&text).1;
    let times: Vec<f64> = events.iter().map(|event| event.0).collect();
    assert_eq!(times[..3], [0.01, 0.03, 0.03]);
    assert!(times[3] >= 0.03 && times[4] >= times[3]);
    assert_eq!((events[4].1.as_str(), events[4].2.as_str()), ("m", "a place"));
}

/// Notes what is written at once, and how often it is flushed.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<(Vec<Vec<u8>>, usize)>>);

impl Write for Noted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().0.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().1 += 1;
        Ok(())
    }
}

#[test]
fn a_killed_run_leaves_whole_lines() {
    let noted = Noted::default();
    let mut recording = Recording::new(noted.clone(), &Header::new(80, 24)).unwrap();
    recording.output("one\n").unwrap();
    recording.output("").unwrap();
    recording.output("two\r").unwrap();
    recording.output("\n").unwrap();
    std::mem::forget(recording);
    let (writes, flushes) = noted.0.lock().unwrap().clone();
    assert_eq!((writes.len(), flushes), (4, 4));
    assert!(writes.iter().all(|line| line.ends_with(b"\n")));
    let data: Vec<String> = read(std::str::from_utf8(&writes.concat()).unwrap())
        .1
        .into_iter()
        .map(|event| event.2)
        .collect();
    assert_eq!(data, ["one\r\n", "two\r", "\n"]);
}

#[test]
fn into_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.cast");
    let mut recording = Recording::create(&path, &Header::new(80, 24)).unwrap();
    recording.output("hello\n").unwrap();
    // It is there before the end.
    assert_eq!(read(&std::fs::read_to_string(&path).unwrap()).1.len(), 1);
    recording.finish().unwrap();
    let said =
        Recording::create(&dir.path().join("none/run.cast"), &Header::new(80, 24)).unwrap_err();
    assert!(said.to_string().contains("none/run.cast"), "{said}");
}
