//! The command line.

use std::path::PathBuf;

use clap::Parser;
use ledger_sim::{broken::Defect, workload::Profile};

const EXAMPLES: &str = "\
Examples:
  ledger_sim --seed 7                      one run; add --story to read what happens in it
  ledger_sim --seeds 1000                  the seeds 0 to 999
  ledger_sim --for 120                     fresh seeds for two minutes: what CI does
  ledger_sim --seed 7 --profile damage     the same seed with other faults
  ledger_sim --trace out/7.trace           a run that was kept, or cut down by hand
  ledger_sim --seeds 50 --broken forgets-to-sync
                                           a ledger with a defect: the simulator finds it

A failing run is made short, printed as a story, and kept as a trace to run again.
Exit code: 0 if all runs kept all promises, 1 if one did not, 2 for a wrong command line.";

/// Runs a ledger on a machine in memory with every fault there is, and holds it against a second telling of its semantics.
///
/// One seed is one run, bit for bit.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The first seed, or the only one
    #[arg(long, value_name = "SEED", conflicts_with = "trace")]
    pub seed: Option<u64>,
    /// How many seeds, one after the other
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["trace", "duration"])]
    pub seeds: Option<u64>,
    /// Fresh seeds for so many seconds
    #[arg(long = "for", value_name = "SECONDS", id = "duration", conflicts_with_all = ["trace", "seed"])]
    pub duration: Option<u64>,
    /// Runs a trace from a file instead
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// How many steps a run has
    #[arg(long, value_name = "COUNT", default_value_t = 160)]
    pub steps: usize,
    /// Which faults there are; otherwise the seed chooses
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
    /// Prints what happens in a run
    #[arg(long)]
    pub story: bool,
    /// Leaves a failing run as long as it is
    #[arg(long)]
    pub no_shrink: bool,
    /// Where the trace of a failing run is kept
    #[arg(long, value_name = "DIRECTORY", default_value = "out/ledger_sim")]
    pub out: PathBuf,
    /// One JSON object a run on standard output, and one at the end
    #[arg(long)]
    pub json: bool,
    /// Stops at the first failing run
    #[arg(long)]
    pub first: bool,
    /// A ledger with a defect, to see that the simulator finds it
    #[arg(long, value_enum, value_name = "DEFECT")]
    pub broken: Option<Defect>,
}
