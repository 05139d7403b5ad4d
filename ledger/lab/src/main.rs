//! Lab A: a ledger's server that is killed again and again under load; then everything that it says is derived a second and a third time, and compared.
//!
//! The programs that it starts stand beside it: `simulate_transfers` (which starts `ledger_api`), `ledger`, `ledger_sim`.

mod picture;
mod programs;
mod steps;
mod tell;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::{programs::Programs, tell::Tell};

/// What this program returns: each error carries a sentence for a person.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A ledger's server under chaos, and the proof that no cent is lost.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example: lab-ledger --seconds 30 --out out/lab/A\n\nThe course runs it: `just lab A`."
)]
struct Arguments {
    /// How long the server is under load, and killed.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=3600))]
    seconds: u64,
    /// How often it is killed at the least.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// How many transfers a second at the most: what everything behind the chaos has to read again.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..))]
    rate: u64,
    /// How long its disk runs full besides, in another run.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(5..=3600))]
    full_seconds: u64,
    /// How many seeds the simulator runs.
    #[arg(long, default_value_t = 300)]
    seeds: u32,
    /// Where files are left.
    #[arg(long, default_value = "out/lab/A")]
    out: PathBuf,
    /// Events for the course runner, a line of JSON each.
    #[arg(long)]
    json: bool,
}

#[expect(clippy::print_stderr, reason = "a program that reports to a terminal")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab-ledger: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    std::fs::create_dir_all(&arguments.out)?;
    let programs = Programs::beside_this()?;
    let tell = Tell::new(arguments.json);
    let data = arguments.out.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }

    let mut done = 0;
    let mut step = |what: &str| {
        tell.progress(done, 6, what);
        done += 1;
    };
    step("chaos");
    steps::chaos(&programs, arguments, &data, &tell)?;
    step("a full disk");
    steps::full_disk(&programs, arguments, &tell)?;
    step("what happened");
    let feed = steps::feed(&programs, &data, &arguments.out)?;
    step("reconciliation");
    steps::reconcile(&programs, &data, &feed, &arguments.out, &tell)?;
    step("the chain");
    steps::verify(&programs, &data, &arguments.out, &tell)?;
    steps::pictures(&feed, &arguments.out, &tell)?;
    step("simulation");
    steps::simulate(&programs, arguments.seeds, &arguments.out, &tell)?;
    step("done");
    // The feed and the directory are as large as the load was: the proof, the export's hash and the pictures stay.
    std::fs::remove_dir_all(&data)?;
    std::fs::remove_file(&feed)?;
    Ok(())
}
