//! One piece of work by one contestant, in a process of its own.
//!
//! The bench binary starts itself again with `--child` and a [`Spec`] in JSON; the child does the work and prints an
//! [`Outcome`] in JSON as its only line of output.

mod mixed;
mod outcome;
mod reads;
mod spec;
mod work;
mod writes;

use std::time::Instant;

pub use self::outcome::{Latency, Outcome, Pass};
pub use self::spec::{Kind, Mixture, Spec, Work};
use self::work::Bench;
use super::engine::Engine;
use super::meter::{Memory, Sampler, directory_bytes};
use super::{Result, confine};

/// What the child does with its [`Spec`]; returns the line to print. Never returns from [`Work::FillAndDie`].
///
/// # Errors
///
/// The engine's error, or a sentence about a specification that this build cannot do.
pub fn run(specification: &str) -> Result<Outcome> {
    let spec: Spec = serde_json::from_str(specification)?;
    if let Some(group) = &spec.group {
        confine::enter(group)?;
    }
    match spec.kind {
        Kind::Ours => work_with::<super::ours::Lsm>(&spec),
        #[cfg(feature = "peer-rocksdb")]
        Kind::Rocksdb => work_with::<super::rocks::RocksDb>(&spec),
        #[cfg(feature = "peer-fjall")]
        Kind::Fjall => work_with::<super::fjall::Fjall>(&spec),
        #[allow(unreachable_patterns, reason = "reached when a contestant's feature is off")]
        kind => Err(format!("this build has no {kind:?}").into()),
    }
}

fn work_with<E: Engine>(spec: &Spec) -> Result<Outcome> {
    std::fs::create_dir_all(&spec.dir)?;
    let sampler = Sampler::start(spec.dir.clone());
    let begun = Instant::now();
    let engine = E::open(&spec.dir, &spec.options)?;
    let mut outcome = Outcome { opening: begun.elapsed().as_secs_f64(), ..Outcome::default() };
    let bench = Bench { engine: &engine, records: spec.records, dir: &spec.dir };
    bench.work(&spec.work, &mut outcome)?;
    outcome.memory = Memory::now()?;
    outcome.directory_bytes = directory_bytes(&spec.dir)?;
    outcome.samples = sampler.finish()?;
    Ok(outcome)
}

/// Prints the answer of a child that does not live to return it: one line of JSON.
fn print_line(outcome: &Outcome) -> Result<()> {
    use std::io::Write as _;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(outcome)?)?;
    Ok(output.flush()?)
}
