//! Completions for shells.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Arguments;
use crate::exit::{End, Result, print};

/// Prints completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    pub shell: Shell,
}

impl Completions {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "queue-chaos", &mut script);
        let mut script = String::from_utf8_lossy(&script).into_owned();
        if self.shell == Shell::Bash {
            // clap_complete 4.6.11 spells a program's name with a hyphen in two ways, which do not meet: no subcommand is completed.
            script = script.replace("queue__subcmd__chaos", "queue__chaos");
        }
        print(&script)?;
        Ok(End::Ok)
    }
}
