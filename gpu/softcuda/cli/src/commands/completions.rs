//! Completions for shells.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Arguments;
use crate::error::Result;
use crate::exit::{Verdict, print};

/// Prints completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    pub shell: Shell,
}

impl Completions {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "softcuda", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(Verdict::Passed)
    }
}
