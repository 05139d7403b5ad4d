//! Launches.

use clap::Args;
use serde_json::json;
use softcuda::sanitize::Checks;

use crate::error::Result;
use crate::exit::{Verdict, print, print_json};
use crate::launch::{LaunchArguments, show};
use crate::table::count;

/// Launches a kernel and shows what it wrote
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    launch: LaunchArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Run {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let prepared = self.launch.prepare(Checks::NONE)?;
        let statistics = prepared.launch()?;
        let outputs = prepared.outputs()?;
        if self.json {
            let kernel = prepared.kernel.name();
            let totals = statistics.totals();
            print_json(&json!({ "kernel": kernel, "totals": totals, "outputs": outputs }))?;
        } else {
            let totals = statistics.totals();
            let done = format!(
                "{} thread instructions, {} FLOP, {} bytes of global memory asked for\n",
                count(totals.thread_instructions),
                count(totals.flops),
                count(totals.global_bytes)
            );
            print(&(prepared.head() + &done + &show(&outputs)))?;
        }
        Ok(Verdict::Passed)
    }
}
