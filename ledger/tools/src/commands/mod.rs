//! A file a command.

mod audit;
mod feed;
mod inspect;
mod reconcile;
mod verify;

use comfy_table::{ContentArrangement, Table, presets};

use crate::{
    Result,
    cli::{Arguments, Command},
};

/// Does what was asked for. Whether all is well.
///
/// # Errors
///
/// It could not be done.
pub fn run(arguments: &Arguments) -> Result<bool> {
    let json = arguments.json;
    match &arguments.command {
        Command::Inspect { dir } => inspect::run(dir, json),
        Command::Verify { dir } => verify::run(dir, json),
        Command::Audit { dir, out, from, to } => audit::export(dir, out, *from, *to, json),
        Command::Prove { file, hash } => audit::prove(file, hash, json),
        Command::Feed(asked) => feed::run(asked, json),
        Command::Reconcile(asked) => reconcile::run(asked, json),
    }
}

/// A table as all of them look.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.iter().copied());
    table
}

/// Prints.
#[expect(clippy::print_stdout, reason = "a program that reports to a terminal")]
fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Prints to where errors go.
#[expect(clippy::print_stderr, reason = "a program that reports to a terminal")]
fn warn(text: impl std::fmt::Display) {
    eprintln!("ledger: {text}");
}
