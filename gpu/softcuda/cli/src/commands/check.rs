//! Checks.

use clap::Args;
use softcuda::sanitize::{self, Checks};

use crate::error::{Error, Result, is_refusal};
use crate::exit::{Verdict, print};
use crate::launch::{LaunchArguments, show};

/// Launches a kernel and looks for races, uninitialised reads and wrong barriers
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    launch: LaunchArguments,
    /// What to look for: all, or names with commas (races, uninitialised, barriers, global_races)
    #[arg(long, value_name = "LIST", default_value = "all")]
    checks: Checks,
    /// Warnings fail, too
    #[arg(long)]
    strict: bool,
    /// One line a finding
    #[arg(long, conflicts_with = "json")]
    table: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let prepared = self.launch.prepare(self.checks)?;
        let LaunchArguments { grid, block, .. } = &self.launch;
        let report = sanitize::launch(
            &prepared.kernel,
            &prepared.device,
            *grid,
            *block,
            &prepared.args,
            &self.launch.options(),
            self.checks,
        );
        if let Err(error) = &report.outcome
            && is_refusal(error)
        {
            return Err(prepared.source.launch_error(error));
        }
        let outputs = prepared.outputs()?;
        let text = if self.json {
            report.to_json().map_err(|error| Error::Json(error.to_string()))?
        } else if self.table {
            report.table()
        } else {
            prepared.head() + &report.to_string() + "\n" + &show(&outputs)
        };
        print(&format!("{}\n", text.trim_end()))?;
        let failed = report.has_errors() || self.strict && !report.is_clean();
        Ok(if failed { Verdict::Failed } else { Verdict::Passed })
    }
}
