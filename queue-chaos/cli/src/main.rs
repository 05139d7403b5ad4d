//! Break a Kafka cluster on the command line, and see what it lost: `cargo run -p queue-chaos-cli -- hello`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`commands`] | what can be asked, one file a subcommand |
//! | [`cli`] | the command line |
//! | [`cluster`] | which cluster is meant, and starting it |
//! | [`control`] | talking to a cluster that another process of this program has started |
//! | [`conduct`] | a run from beginning to end, shown while it happens |
//! | [`screen`] | what people see, and what is recorded of it |
//! | [`protocol`] | what the course runner sees |
//! | [`interrupt`] | ctrl-C: the first ends a run in order |
//! | [`exit`] | how the program ends |

mod cli;
mod cluster;
mod commands;
mod conduct;
mod control;
mod exit;
mod interrupt;
mod protocol;
mod screen;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match arguments.command.run() {
        Ok(end) => end.into(),
        Err(error) => {
            exit::complain(&*error);
            exit::End::CouldNotRun.into()
        }
    }
}
