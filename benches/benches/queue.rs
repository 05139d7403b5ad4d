//! `cargo bench -p gates --features queue --bench queue -- [FILTER...] [OPTION...]`: the gates of the Kafka fault harness.
//!
//! A filter is a part of a gate's id (`queue.overhead`), or `queue.recovery`, which is no gate, but reported; without one everything runs (some ten
//! minutes). Options: `--rounds N` (5; histories of ten million messages and recoveries at most 3), `--only NAME` (contestants whose name
//! contains it; no gate is judged).
//!
//! It has its own main because criterion can neither interleave contestants nor give a sample a process: see the docs of `gates::queue`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]

use std::path::Path;
use std::process::ExitCode;

use gates::choice::{Choice, bench};
use gates::measurement::{Environment, MeasurementFile};
use gates::queue::places::Places;
use gates::queue::{Result, child, gates as plan};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, specification] if flag == child::FLAG => child::answer(specification),
        _ => bench(5, drive),
    }
}

/// Whether every gate that was measured holds.
fn drive(choice: &Choice) -> Result<bool> {
    let places = Places::new(&gates::workspace_root(), Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let before = load();
    let outcomes = plan::run(choice, &places, |what| eprintln!("{what}"))?;
    println!("{}", plan::table(&outcomes));
    if !outcomes.recoveries.is_empty() {
        println!("after a restart, seconds (reported, not judged):");
        println!("{}", plan::recoveries_table(&outcomes));
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
    environment.notes.insert("method".to_owned(), "gates::queue".to_owned());
    environment.notes.insert("load".to_owned(), format!("{before} before, {} after", load()));
    MeasurementFile::new(environment, plan::measurements(&outcomes, choice))
        .save_beside(&gates::measurements_dir(), "queue")?;
    Ok(gates::judge_workspace(Some("queue"))?.failed() == 0)
}

/// How many threads wanted to run in the last minute, as the kernel has it; nothing if it does not say.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}
