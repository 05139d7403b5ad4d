//! `cargo bench -p gates --features peer-avro --bench avro -- [FILTER...] [OPTION...]`: the gates of the Avro crate.
//!
//! A filter is a part of a gate's id (`avro.decode`); without one everything runs (a minute or two with all rivals). Options: `--rounds N` (7),
//! `--only NAME` (contestants whose name contains it; no gate is judged).
//!
//! It has its own main because criterion cannot interleave rivals: see the docs of `gates::avro`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]

use std::path::Path;
use std::process::ExitCode;

use gates::avro::child::Places;
use gates::avro::{Result, gates as plan};
use gates::choice::{Choice, bench};
use gates::measurement::{Environment, Measurement, MeasurementFile};

fn main() -> ExitCode {
    bench(7, drive)
}

/// Whether every gate that was measured holds.
fn drive(choice: &Choice) -> Result<bool> {
    let places = Places::of(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let outcomes = plan::run(choice, &places, |what| eprintln!("{what}"))?;
    println!("{}", plan::table(&outcomes));
    for reason in outcomes.absent.values() {
        println!("not measured: {reason}");
    }
    if !choice.only.is_empty() {
        println!("not judged: --only is for trying things out");
        return Ok(true);
    }
    let mut environment = Environment::here();
    environment.notes.insert("method".to_owned(), "gates::avro".to_owned());
    for (program, version) in &outcomes.versions {
        environment.notes.insert((*program).to_owned(), version.clone());
    }
    save(environment, plan::measurements(&outcomes, choice))?;
    Ok(gates::judge_workspace(Some("avro"))?.failed() == 0)
}

/// Writes `out/measurements/avro.json`. A run of some gates keeps what the file has of others, if it is of the same code on the same
/// machine.
fn save(environment: Environment, measurements: Vec<Measurement>) -> Result<()> {
    MeasurementFile::new(environment, measurements)
        .save_beside(&gates::measurements_dir(), "avro")?;
    Ok(())
}
