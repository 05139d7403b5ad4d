//! `cargo bench -p gates --bench ledger -- [FILTER...] [OPTION...]`: the gates of the ledger, against PostgreSQL where it is installed.
//!
//! A filter is a part of a gate's id (`ledger.single`); without one everything runs (some ten minutes). Options: `--rounds N` (5; of twenty million transfers at most 3),
//! `--only NAME` (contestants whose name contains it, `ledger` or `postgres`; no gate is judged).
//!
//! It has its own main because criterion can neither interleave contestants nor start servers: see the docs of `gates::ledger`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]

use std::process::ExitCode;

use gates::choice::{Choice, bench};
use gates::ledger::{Result, gates as plan, server};
use gates::measurement::{Environment, MeasurementFile};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, directory] if flag == server::FLAG => server::answer(directory),
        _ => bench(5, drive),
    }
}

/// Whether every gate that was measured holds.
fn drive(choice: &Choice) -> Result<bool> {
    let files = gates::workspace_root().join(format!("out/bench/ledger-{}", std::process::id()));
    std::fs::create_dir_all(&files)?;
    let before = load();
    let ran = plan::run(choice, &files, |what| eprintln!("{what}"));
    // What cannot be removed stays below `out/`.
    let _ = std::fs::remove_dir_all(&files);
    let outcomes = ran?;
    println!("{}", plan::table(&outcomes));
    for (name, what) in &outcomes.notes {
        println!("{name}: {what}");
    }
    for reason in outcomes.reasons() {
        println!("not measured: {reason}");
    }
    if !choice.only.is_empty() {
        println!("not judged: --only is for trying things out");
        return Ok(true);
    }
    let mut environment = Environment::here();
    environment.notes.clone_from(&outcomes.notes);
    environment.notes.insert("method".to_owned(), "gates::ledger".to_owned());
    environment.notes.insert("load".to_owned(), format!("{before} before, {} after", load()));
    MeasurementFile::new(environment, plan::measurements(&outcomes, choice))
        .save_beside(&gates::measurements_dir(), "ledger")?;
    Ok(gates::judge_workspace(Some("ledger"))?.failed() == 0)
}

/// How many threads wanted to run in the last minute, as the kernel has it; nothing if it does not say.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}
