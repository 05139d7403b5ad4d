//! The program `ledger`.

use std::process::ExitCode;

use clap::Parser as _;
use ledger_tools::cli::Arguments;

#[expect(clippy::print_stderr, reason = "a program that reports to a terminal")]
fn main() -> ExitCode {
    match ledger_tools::commands::run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("ledger: {error}");
            ExitCode::from(2)
        }
    }
}
