//! Lab 1-4: a schema evolves in a registry, producers and consumers of all its versions go on, and a rename shows what evolution is not.
//! Speaks the course runner's protocol on standard output: one JSON event a line.

mod commands;
mod exchange;
mod protocol;
mod registry;
mod rename;
mod tweets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::commands::Commands;
use crate::registry::Server;

/// Whatever went wrong, as a sentence.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Runs lab 1-4.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many messages.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    messages: u32,
    /// Where the commands, what came of them, and the files of messages go.
    #[arg(long, default_value = "out/lab/1-4")]
    out: PathBuf,
    /// Accepted for the sake of the runner: the output is always JSON.
    #[arg(long)]
    json: bool,
    /// Only serves the registry in this directory until standard input ends.
    #[arg(long, hide = true)]
    child_serve: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.child_serve {
        Some(dir) => registry::serve(dir),
        None => run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            protocol::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let (out, messages) = (&arguments.out, u64::from(arguments.messages));
    std::fs::create_dir_all(out)?;
    tweets::save_schemas(out)?;
    let server = Server::start(&fresh(&out.join("registry"))?)?;
    protocol::note(&format!("the registry listened on {}", server.url()));
    protocol::note("messages went through files: this lab needs no broker");

    let mut commands = Commands::new(out, server.url())?;
    let ids = commands.run()?;
    commands.save()?;
    exchange::run(out, server.url(), &ids, messages)?;
    rename::run(out)?;
    server.stop()
}

/// An empty directory.
fn fresh(dir: &Path) -> Result<PathBuf> {
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    std::fs::create_dir_all(dir)?;
    Ok(dir.to_owned())
}
