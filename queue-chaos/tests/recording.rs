//! Recordings of terminals: each line is what the format says, and what went in comes out again.

#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use queue_chaos::report::{Header, Recording, to_svg};
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

/// A recording of so many percent, on one line, and a coloured end.
fn progress() -> String {
    let header = Header::new(40, 4).title("progress <of> it");
    let mut recording = Recording::new(Vec::new(), &header).unwrap();
    let mut at =
        |millis, text: &str| recording.output_at(Duration::from_millis(millis), text).unwrap();
    at(0, "$ queue-chaos run --seed 7\n");
    for step in 1..=4u64 {
        at(
            step * 500,
            &format!(
                "\r\u{1b}[K{:>3} %  lag {}  {}",
                step * 25,
                100 - step * 25,
                "#".repeat(step as usize * 4)
            ),
        );
    }
    at(60_000, "\n\u{1b}[1;32mok\u{1b}[0m  <all> & \"everything\"\n");
    String::from_utf8(recording.finish().unwrap()).unwrap()
}

#[test]
fn a_moving_picture() {
    let picture = to_svg(&progress(), "p.cast").unwrap();
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("movie.svg"), &picture)
        .unwrap();
    let document = roxmltree::Document::parse(&picture).unwrap();
    assert_eq!(document.root_element().attribute("aria-label"), Some("progress <of> it"));
    let style = document.descendants().find(|node| node.has_tag_name("style")).unwrap();
    let style = style.text().unwrap();
    let rows: Vec<(String, Option<&str>, Option<&str>)> = document
        .descendants()
        .filter(|node| node.has_tag_name("g"))
        .map(|group| {
            let text =
                group.descendants().filter(|node| node.is_text()).filter_map(|node| node.text());
            let name = group.attribute("style").and_then(|it| it.strip_prefix("animation-name:"));
            let times = name.map(|name| {
                let begin = format!("@keyframes {name}{{");
                let mut found = style.lines().filter_map(|line| line.strip_prefix(&begin));
                let times = found.next().unwrap();
                assert_eq!(found.next(), None, "{name} is there once");
                times.strip_suffix('}').unwrap()
            });
            (text.collect(), group.attribute("class"), times)
        })
        .collect();
    // 2 s of steps, a pause of a minute that is 2 s here, and 4 s at the end.
    let between = |from, until| {
        format!("0%{{visibility:hidden}}{from}%{{visibility:visible}}{until}%{{visibility:hidden}}")
    };
    let since = |from| format!("0%{{visibility:hidden}}{from}%{{visibility:visible}}");
    let told: Vec<(&str, Option<&str>, Option<String>)> = vec![
        ("$ queue-chaos run --seed 7", None, None),
        (" 25 %  lag 75  ####", Some("t h"), Some(between("6.25", "12.5"))),
        (" 50 %  lag 50  ########", Some("t h"), Some(between("12.5", "18.75"))),
        (" 75 %  lag 25  ############", Some("t h"), Some(between("18.75", "25"))),
        ("100 %  lag 0  ################", Some("t"), Some(since("25"))),
        ("ok  <all> & \"everything\"", Some("t"), Some(since("50"))),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|(text, class, times)| (&**text, *class, times.map(str::to_owned)))
        .collect();
    assert_eq!(rows, told);
    // Who has asked for less motion sees the last frame.
    assert!(
        picture.contains("@media(prefers-reduced-motion:reduce){.t{animation:none!important}}")
    );
}

/// Rows that come and go at once need one animation between them.
#[test]
fn a_screen_that_scrolls() {
    let mut recording = Recording::new(Vec::new(), &Header::new(10, 3)).unwrap();
    for (second, text) in ["a\nb\nc", "\nd\ne\nf"].into_iter().enumerate() {
        recording.output_at(Duration::from_secs(second as u64), text).unwrap();
    }
    let picture =
        to_svg(&String::from_utf8(recording.finish().unwrap()).unwrap(), "p.cast").unwrap();
    assert_eq!((picture.matches("@keyframes").count(), picture.matches("<text").count()), (2, 6));
}

#[test]
fn what_is_no_recording_is_told() {
    let said = |text: &str| to_svg(text, "p.cast").unwrap_err().to_string();
    assert!(said("").starts_with("p.cast, line 1: it is empty"));
    assert!(said("hello\n").starts_with("p.cast, line 1: no header"));
    assert!(said("{\"version\":3,\"width\":80,\"height\":24}\n").contains("version 3"));
    assert!(
        said("{\"version\":2,\"width\":80000000,\"height\":24}\n")
            .contains("400 and 200 are the most")
    );
    let header = "{\"version\":2,\"width\":80,\"height\":24}\n";
    assert!(
        said(&format!("{header}[1,\"o\"]\n[2,\"o\",\"x\"]\n"))
            .starts_with("p.cast, line 2: no event")
    );
    // What a killed run leaves behind.
    let cut = progress();
    to_svg(&cut[..cut.len() - 9], "p.cast").unwrap();
    to_svg(header, "p.cast").unwrap();
}

proptest! {
    #[test]
    fn any_output_makes_a_picture(outputs in vec((0..10_000u64, ".{0,20}|(\u{1b}\\[[0-9;]{0,5}[A-Km]|[<>&\"a-z\r\n]){0,20}"), 0..20)) {
        let mut recording = Recording::new(Vec::new(), &Header::new(20, 5)).unwrap();
        for (at, text) in &outputs {
            recording.output_at(Duration::from_millis(*at), text).unwrap();
        }
        let text = String::from_utf8(recording.finish().unwrap()).unwrap();
        let picture = to_svg(&text, "p.cast").unwrap();
        let document = roxmltree::Document::parse(&picture).unwrap();
        let known = ["svg", "style", "rect", "g", "text"];
        prop_assert!(document.descendants().filter(|node| node.is_element()).all(|node| known.contains(&node.tag_name().name())));
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\{\"version\":2,\"width\":[0-9]{1,3},\"height\":[0-9]{1,3}\\}\n)?(\\[-?[0-9]{1,3}(\\.5|e9)?,\"[om]\",\"[a-z]{0,3}\"\\]\n){0,5}\\PC{0,20}") {
        let _ = to_svg(&text, "p.cast");
    }
}
