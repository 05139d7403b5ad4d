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
use gates::measurement::{Environment, Measurement, MeasurementFile};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` starts benches without `--bench`, to see that they start.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing measured: run it with `cargo bench`");
        return ExitCode::SUCCESS;
    }
    match parse(&arguments).and_then(|choice| drive(&choice)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[String]) -> Result<plan::Choice> {
    let mut choice = plan::Choice { rounds: 7, ..plan::Choice::default() };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {}
            "--rounds" => choice.rounds = value()?.parse::<usize>()?.max(1),
            "--only" => choice.only.push(value()?.clone()),
            unknown if unknown.starts_with('-') => {
                return Err(format!("unknown option {unknown}").into());
            }
            filter => choice.filters.push(filter.to_owned()),
        }
    }
    Ok(choice)
}

/// Whether every gate that was measured holds.
fn drive(choice: &plan::Choice) -> Result<bool> {
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
