//! `cargo bench -p gates --bench gpu -- [FILTER...] [OPTION...]`: the gates of softcuda and of the CUDA kernels.
//!
//! A filter is a part of a gate's id (`gpu.speed`); without one everything runs (a minute). Options: `--rounds N` (7; counts are the same every time, and
//! taken once). There are no rivals to choose from.
//!
//! It has its own main because criterion can neither take turns nor count: see the docs of `gates::gpu`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]

use std::process::ExitCode;

use gates::choice::{Choice, bench};
use gates::gpu::{Result, counts, gates as plan};
use gates::measurement::{Environment, MeasurementFile};

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|argument| argument == counts::FLAG) {
        return counts::answer();
    }
    bench(7, drive)
}

/// Whether every gate that was measured holds.
fn drive(choice: &Choice) -> Result<bool> {
    let outcomes = plan::run(choice, |what| eprintln!("{what}"))?;
    let mut environment = Environment::here();
    environment.notes.clone_from(&outcomes.notes);
    environment.notes.insert("method".to_owned(), "gates::gpu".to_owned());
    // A run of some gates keeps what the file has of others, if it is of the same code on the same machine.
    MeasurementFile::new(environment, plan::measurements(&outcomes, choice))
        .save_beside(&gates::measurements_dir(), "gpu")?;
    Ok(gates::judge_workspace(Some("gpu"))?.failed() == 0)
}
