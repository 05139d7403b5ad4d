//! The binary.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    path::Path,
    process::{Command, Output},
};

fn ledger_sim(arguments: &[&str], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ledger_sim"))
        .args(arguments)
        .args(["--out", out.to_str().unwrap()])
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn runs_that_keep_all_promises() {
    let dir = tempfile::tempdir().unwrap();
    let output = ledger_sim(&["--seeds", "3"], dir.path());
    assert!(output.status.success());
    assert!(text(&output).starts_with("3 runs, "), "{}", text(&output));

    let once = ledger_sim(&["--seed", "5", "--story"], dir.path());
    assert!(text(&once).contains("asks for"));
    let digest = |output: &Output| text(output).lines().rev().nth(1).map(str::to_owned);
    assert!(digest(&once).unwrap().contains("digest"));
    let again = ledger_sim(&["--seed", "5", "--story"], dir.path());
    assert_eq!(digest(&once), digest(&again));

    let json = text(&ledger_sim(&["--seed", "5", "--json"], dir.path()));
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["seed"], 5);
    assert_eq!(lines[0]["failure"], serde_json::Value::Null);
    assert_eq!(lines[1]["runs"], 1);
}

#[test]
fn a_run_that_fails_is_told_kept_and_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let broken = ["--broken", "refuses-anew"];
    let output = ledger_sim(&[&["--seed", "0", "--first"][..], &broken[..]].concat(), dir.path());
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    assert!(told.contains("replies are the oracle's"), "{told}");
    assert!(told.contains("are enough"), "{told}");
    let trace = dir.path().join("0.trace");
    let trace = trace.to_str().unwrap();
    assert!(told.contains(trace), "{told}");

    let again = ledger_sim(&[&["--trace", trace, "--json"][..], &broken[..]].concat(), dir.path());
    assert_eq!(again.status.code(), Some(1));
    let first: serde_json::Value =
        serde_json::from_str(text(&again).lines().next().unwrap()).unwrap();
    assert_eq!(first["failure"]["promise"], "replies are the oracle's");
    // The same trace breaks nothing in the ledger itself.
    assert!(ledger_sim(&["--trace", trace], dir.path()).status.success());
}

#[test]
fn wrong_command_lines_say_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let missing = ledger_sim(&["--trace", "no/such.trace"], dir.path());
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no/such.trace"));
    let path = dir.path().join("bad.trace");
    std::fs::write(&path, "ledger_sim trace 1\nseed 1\nsetup 32768 8 0\nfly\n").unwrap();
    let bad = ledger_sim(&["--trace", path.to_str().unwrap()], dir.path());
    assert_eq!(bad.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("line 4"));
    let both = ledger_sim(&["--seeds", "3", "--for", "1"], dir.path());
    assert_eq!(both.status.code(), Some(2));
    let help = ledger_sim(&["--help"], dir.path());
    assert!(text(&help).contains("Examples:"));
}
