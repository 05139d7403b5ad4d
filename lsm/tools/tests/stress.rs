//! The stress test as a person starts it, for a moment.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::process::{Command, Output};

fn stress(dir: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lsm-stress"))
        .args(["--seed", "11", "--threads", "2", "--slots", "80", "--seconds", "2", "--dir"])
        .arg(dir)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn answers_are_right_after_kills() {
    let dir = tempfile::tempdir().unwrap();
    let output = stress(dir.path(), &["--kill"]);
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    assert!(text.contains("sound") && text.contains("kills"), "{text}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the database is removed");
}

#[test]
fn answers_are_right_while_threads_run_and_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let output = stress(dir.path(), &["--json"]);
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    for what in ["operations", "answers_checked", "reopenings", "checkpoints", "passing_keyspaces"]
    {
        assert!(report[what].as_u64().unwrap() > 0, "{what}: {text}");
    }
}
