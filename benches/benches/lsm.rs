//! `cargo bench -p gates --features peers --bench lsm -- [FILTER...] [OPTION...]`: the gates of the storage engine.
//!
//! A filter is a part of a gate's id (`lsm.fillrandom`); without one everything runs (some 25 minutes with all rivals at 3
//! rounds). Options: `--rounds N` (3), `--scale F` (records, to try things out: no gate is judged), `--only NAME`
//! (contestants whose name contains it; no gate is judged), `--dir PATH` (where databases are made), `--keep` (leave them),
//! `--json PATH` (every outcome of every child), `--ycsb` (A to F besides).
//!
//! It has its own main because criterion cannot interleave rivals between samples, nor give each sample a process: see the
//! docs of `gates::lsm`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use gates::child::reply;
use gates::lsm::{Result, child, gates as plan, measure};
use gates::measurement::{Environment, MeasurementFile};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [flag, specification] if flag == "--child" => return reply(|| child::run(specification)),
        // `cargo test --benches` starts benches without `--bench`, to see that they start.
        _ if !arguments.iter().any(|argument| argument == "--bench") => {
            println!("nothing measured: run it with `cargo bench`");
            Ok(true)
        }
        _ => drive(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    choice: plan::Choice,
    rounds: usize,
    dir: PathBuf,
    keep: bool,
    json: Option<PathBuf>,
}

fn parse(arguments: &[String]) -> Result<Options> {
    let mut options = Options {
        choice: plan::Choice { filters: Vec::new(), only: Vec::new(), scale: 1.0, ycsb: false },
        rounds: 3,
        dir: measure::default_root(&gates::workspace_root()),
        keep: false,
        json: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {}
            "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
            "--scale" => options.choice.scale = value()?.parse()?,
            "--only" => options.choice.only.push(value()?.clone()),
            "--dir" => {
                // Never the named directory itself: what the harness is done with, it removes.
                options.dir = PathBuf::from(value()?).join(format!("lsm-{}", std::process::id()));
            }
            "--keep" => options.keep = true,
            "--json" => options.json = Some(PathBuf::from(value()?)),
            "--ycsb" => options.choice.ycsb = true,
            unknown if unknown.starts_with('-') => {
                return Err(format!("unknown option {unknown}").into());
            }
            filter => options.choice.filters.push(filter.to_owned()),
        }
    }
    if !(options.choice.scale > 0.0 && options.choice.scale <= 100.0) {
        return Err(format!("--scale {} is not in 0..=100", options.choice.scale).into());
    }
    Ok(options)
}

/// Whether every gate that was measured holds.
fn drive(arguments: &[String]) -> Result<bool> {
    let options = parse(arguments)?;
    let choice = &options.choice;
    let mut harness = measure::Harness::new(options.dir, options.rounds, options.keep)?;
    let unlimited = plan::run(&mut harness, choice)?;
    println!("{}", plan::table(&harness));
    if let Some(reason) = &unlimited {
        println!("memory-limited gates not measured: {reason}");
    }
    let apart = plan::apart(&harness);
    if !apart.is_empty() {
        println!("{apart}");
    }
    for (contestant, work, reason) in &harness.failures {
        println!("{contestant} failed at `{work}`: {reason}");
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_string(&harness.outcomes)?)?;
    }
    let whole = harness.failures.iter().all(|failure| !failure.0.starts_with("lsm"));
    if choice.scale != 1.0 || !choice.only.is_empty() {
        println!("not judged: --scale and --only are for trying things out");
        return Ok(whole);
    }
    save(plan::measurements(&harness, choice, &unlimited), apart)?;
    let judgement = gates::judge_workspace(Some("lsm"))?;
    Ok(whole && judgement.failed() == 0)
}

/// Writes `out/measurements/lsm.json`. A run of some gates keeps what the file has of others, if it is of the same code on
/// the same machine.
fn save(measurements: Vec<gates::measurement::Measurement>, apart: String) -> Result<()> {
    let mut environment = Environment::here();
    let notes = [("rivals", "rocksdb 11.8.1 (crate 0.25), fjall 3"), ("method", "gates::lsm")];
    environment.notes = notes.map(|(name, note)| (name.to_owned(), note.to_owned())).into();
    if !apart.is_empty() {
        environment.notes.insert("two writers".to_owned(), apart);
    }
    MeasurementFile::new(environment, measurements)
        .save_beside(&gates::measurements_dir(), "lsm")?;
    Ok(())
}
