//! Load for a ledger's server, and chaos for it: `simulate_transfers --help`.

mod accounts;
mod arguments;
mod chaos;
mod face;
mod live;
mod load;
mod profile;
mod random;
mod report;

use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::Arguments;

/// What this program's steps return.
type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.chaos { chaos::run(&arguments) } else { load::run(&arguments) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("simulate_transfers: {error}"));
            ExitCode::FAILURE
        }
    }
}
