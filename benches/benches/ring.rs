//! `cargo bench -p gates --features peer-rings --bench ring -- [FILTER...] [OPTION...]`: the gates of the placement crate.
//!
//! A filter is a part of a gate's id (`ring.lookup`); without one everything runs (some ten minutes with all rivals). Options:
//! `--rounds N` (7), `--only NAME` (contestants whose name contains it; no gate is judged).
//!
//! It has its own main because criterion cannot interleave rivals: see the docs of `gates::ring`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;

use gates::choice::{Choice, bench};
use gates::measurement::{Environment, Measurement, MeasurementFile};
use gates::ring::measure::Outcomes;
use gates::ring::{Result, gates as plan, heap};

#[global_allocator]
static HEAP: heap::Counted = heap::Counted;

fn main() -> ExitCode {
    bench(7, drive)
}

/// Whether every gate that was measured holds.
fn drive(choice: &Choice) -> Result<bool> {
    let outcomes = plan::run(choice, |what| eprintln!("{what}"))?;
    println!("{}", plan::table(&outcomes));
    for growth in &outcomes.growths {
        println!("{growth:?}: {:.3}", growth.against_logarithm());
    }
    for [one, two] in &outcomes.scaling {
        println!("lookups/us: one thread {one:.1}, two {two:.1}: {:.3}", two / one);
    }
    if !choice.only.is_empty() {
        println!("not judged: --only is for trying things out");
        return Ok(true);
    }
    save(plan::measurements(&outcomes, choice)?, notes(&outcomes))?;
    Ok(gates::judge_workspace(Some("ring"))?.failed() == 0)
}

/// What belongs to the numbers.
fn notes(outcomes: &Outcomes) -> BTreeMap<String, String> {
    let imbalances = outcomes.imbalances.iter();
    let imbalances: Vec<String> =
        imbalances.map(|((kind, nodes), found)| format!("{kind} {nodes} {found:.4}")).collect();
    let mut notes = BTreeMap::from([("method".to_owned(), "gates::ring".to_owned())]);
    if !imbalances.is_empty() {
        notes.insert("max/mean of ours".to_owned(), imbalances.join("; "));
    }
    notes
}

/// Writes `out/measurements/ring.json`. A run of some gates keeps what the file has of others, if it is of the same code on the same
/// machine.
fn save(measurements: Vec<Measurement>, notes: BTreeMap<String, String>) -> Result<()> {
    let mut environment = Environment::here();
    environment.notes = notes;
    MeasurementFile::new(environment, measurements)
        .save_beside(&gates::measurements_dir(), "ring")?;
    Ok(())
}
