//! PTX on the command line: `cargo run -p softcuda-cli -- run kernel.ptx --grid 4 --block 256 --arg ...`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`commands`] | what can be asked, one file a subcommand |
//! | [`cli`] | the command line |
//! | [`launch`] | what a launch is told |
//! | [`argument`] | arguments of kernels, as they are spelt |
//! | [`source`] | modules from files, and messages that show the place |
//! | [`manifest`] | registers as an assembler gave them |
//! | [`instructions`] | which instructions PTX has |
//! | [`table`] | tables and numbers |
//! | [`exit`], [`error`] | how the program ends, and its messages |

mod argument;
mod cli;
mod commands;
mod error;
mod exit;
mod instructions;
mod launch;
mod manifest;
mod source;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

#[expect(clippy::print_stderr, reason = "it is how the program ends")]
fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match arguments.command.run() {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            eprintln!("softcuda: {error}");
            error.verdict().into()
        }
    }
}
