//! `queue-chaos movie`: a recording of a terminal as a moving picture.

use std::path::PathBuf;

use clap::Args;
use queue_chaos::report;

use crate::exit::{End, Result, print};

/// Makes a moving picture of a recording of a terminal
///
/// An SVG that plays by itself, again and again, for pages that show no other. It needs no script, font or network.
#[derive(Debug, Args)]
pub struct Movie {
    /// The recording: `run.cast` in the directory of a run, or another in version 2 of asciinema's format
    recording: PathBuf,
    /// Where it goes, instead of standard output. What is there is overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Movie {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let name = self.recording.display().to_string();
        let text =
            std::fs::read_to_string(&self.recording).map_err(|it| format!("{name}: {it}"))?;
        let picture = report::to_svg(&text, &name)?;
        match &self.out {
            Some(out) => {
                std::fs::write(out, picture).map_err(|it| format!("{}: {it}", out.display()))?;
            }
            None => print(&picture)?,
        }
        Ok(End::Ok)
    }
}
