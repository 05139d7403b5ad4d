//! Avro schemas on the command line: `cargo run -p avro-compat-cli -- check old.avsc new.avsc`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`commands`] | what can be asked, one file a subcommand |
//! | [`cli`] | the command line |
//! | [`input`] | schemas from files |
//! | [`compare`] | versions against each other |
//! | [`output`] | what was found, told to people and to programs |
//! | [`address`] | what may stand in a URI |
//! | [`layout`] | how a schema's text is laid out |
//! | [`replace`] | writing a file as a whole, or not at all |
//! | [`progress`] | a bar, where it takes long |
//! | [`exit`], [`error`] | how the program ends, and its messages |

mod address;
mod cli;
mod commands;
mod compare;
mod error;
mod exit;
mod input;
mod layout;
mod output;
mod progress;
mod replace;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match arguments.command.run() {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            let (format, colour) = arguments.command.told();
            output::failure(&error, format, colour);
            exit::Verdict::Invalid.into()
        }
    }
}
