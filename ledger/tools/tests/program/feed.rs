//! The feed of a server that runs, and of its directory.

use std::fs;

use ledger_api::keys::{self, Keys, Scope};
use serde_json::Value;

use crate::support::{Child, Running, fill, ledger, text, until};

#[test]
fn what_was_recorded_from_a_server_reconciles() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let server = Running::start(&data, Keys::open());
    server.transfer(1 << 100);
    let told = ureq::get(format!("{}/v1/feed?follow=false", server.url)).call().unwrap();
    let recorded = told.into_body().read_to_string().unwrap();
    let asked = dir.path().join("asked.jsonl");
    let (code, said) = ledger(&["feed", "--server", &server.url, "--out", text(&asked)]);
    assert_eq!(code, Some(0), "{said}");
    drop(server);

    // The same lines, whoever tells them.
    let read = dir.path().join("read.jsonl");
    let (_, of_directory) = ledger(&["feed", text(&data), "--out", text(&read)]);
    assert_eq!(
        (&said["changes"], &said["last"]),
        (&of_directory["changes"], &of_directory["last"])
    );
    let lines = fs::read_to_string(&asked).unwrap();
    assert!(lines == fs::read_to_string(&read).unwrap());
    let data_of = |line: &str| line.strip_prefix("data: ").map(|it| it.to_owned() + "\n");
    let mut events: Vec<String> = recorded.lines().filter_map(data_of).collect();
    assert!(events.pop().unwrap().contains("next_op"));
    assert!(events.concat() == lines);

    let feed = dir.path().join("recorded.sse");
    fs::write(&feed, &recorded).unwrap();
    let (code, report) = ledger(&["reconcile", text(&data), "--feed", text(&feed)]);
    assert_eq!((code, &report["agrees"]), (Some(0), &Value::Bool(true)), "{report:#}");

    // A lie in it, and its end in the middle of a line.
    let lie = recorded.replacen(r#""amount":"10""#, r#""amount":"11""#, 1);
    assert_ne!(lie, recorded);
    fs::write(&feed, lie).unwrap();
    assert_eq!(ledger(&["reconcile", text(&data), "--feed", text(&feed)]).0, Some(1));
    let half = recorded.rfind(r#""amount""#).unwrap();
    fs::write(&feed, &recorded[..half]).unwrap();
    let (code, said) = ledger(&["reconcile", text(&data), "--feed", text(&feed)]);
    assert!(code == Some(2) && said.as_str().unwrap().contains("cut off"), "{said}");
}

#[test]
fn a_feed_follows_until_it_is_stopped_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let server = Running::start(&data, Keys::open());
    let first = dir.path().join("first.jsonl");
    let asked = ["feed", "--server", &server.url, "--follow", "--out", text(&first)];
    let child = Child::start(&asked);
    let has = |id: &str| {
        let id = format!(r#""id":"{id}""#);
        fs::read_to_string(&first).is_ok_and(|it| it.contains(&id))
    };
    // What was there, and what is new.
    until("the last of what was there", || has("599"));
    server.transfer(1 << 100);
    until("the new one", || has(&(1_u128 << 100).to_string()));
    let said = child.interrupt();
    let lines = fs::read_to_string(&first).unwrap();
    assert_eq!(said["changes"], lines.lines().count());
    let last = said["last"].as_str().unwrap();

    server.transfer(1 << 101);
    let second = dir.path().join("second.jsonl");
    let go_on = ["feed", "--server", &server.url, "--after", last, "--out", text(&second)];
    let (code, said) = ledger(&go_on);
    assert_eq!((code, &said["changes"]), (Some(0), &1.into()), "{said}");
    assert!(fs::read_to_string(&second).unwrap().contains(&(1_u128 << 101).to_string()));
    drop(server);
    let all = dir.path().join("all.jsonl");
    fs::write(&all, lines + &fs::read_to_string(&second).unwrap()).unwrap();
    let (code, report) = ledger(&["reconcile", text(&data), "--feed", text(&all)]);
    assert_eq!((code, &report["agrees"]), (Some(0), &Value::Bool(true)), "{report:#}");
}

#[test]
fn a_server_that_restarts_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    // Somebody else's port may be taken meanwhile: what stands before the servers stays.
    let front = crate::support::Front::start();
    let server = Running::start(&data, Keys::open());
    front.lead_to(&server.url);
    let out = dir.path().join("out.jsonl");
    let child = Child::start(&["feed", "--server", &front.url, "--follow", "--out", text(&out)]);
    let has = |id: u128| {
        let id = format!(r#""id":"{id}""#);
        fs::read_to_string(&out).is_ok_and(|it| it.contains(&id))
    };
    until("the last of what was there", || has(599));
    drop(server);
    let server = Running::start(&data, Keys::open());
    server.transfer(1 << 100);
    front.lead_to(&server.url);
    until("the new one", || has(1 << 100));
    let said = child.interrupt();
    drop(server);
    let lines = fs::read_to_string(&out).unwrap();
    assert_eq!(said["changes"], lines.lines().count());
    let read = dir.path().join("read.jsonl");
    ledger(&["feed", text(&data), "--out", text(&read)]);
    assert!(lines == fs::read_to_string(&read).unwrap());
}

#[test]
fn what_cannot_be_told_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let out = dir.path().join("out.jsonl");
    let fails = |arguments: &[&str], says: &str| {
        let (code, said) = ledger(&[&["feed"], arguments].concat());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.as_str().unwrap().contains(says), "{said}");
        let _ = fs::remove_file(&out);
    };
    let to = ["--out", text(&out)];
    fails(&[&["--server", "http://127.0.0.1:1"][..], &to].concat(), "is the server running");
    fails(&[&["--server", "127.0.0.1:7080"][..], &to].concat(), "it is http://HOST:PORT");
    fails(&[&["--server", "https://127.0.0.1:1"][..], &to].concat(), "speaks no TLS");
    fails(&[&[text(&data), "--after", "7"][..], &to].concat(), "OP.INDEX");
    fails(&[&[text(&data), "--after", "9999.0"][..], &to].concat(), "which the source has not");
    fails(&[&[text(&data), "--follow"][..], &to].concat(), "--server");
    fails(&to, "--server");
    fails(&[text(&data)], "--out");
    fs::write(&out, "").unwrap();
    fails(&[&[text(&data)][..], &to].concat(), "not there yet");

    let (_, key) = keys::create("reader", Scope::Read).unwrap();
    let server = Running::start(&data, Keys::new(vec![key]).unwrap());
    fails(&[&["--server", &server.url][..], &to].concat(), "LEDGER_API_KEY");
}
