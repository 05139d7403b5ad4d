//! The server: `ledger_api --help`.

mod program {
    pub mod arguments;
    pub mod log;
    pub mod serve;
}

use std::process::ExitCode;

use clap::Parser as _;
use ledger_api::keys;

use self::program::arguments::{Cli, Command, KeyCommand};
use self::program::{log, serve};

/// What this program's steps return.
type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Key { command: KeyCommand::Create(create) }) => create_key(&create),
        None => serve::serve(cli.serve),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error("failed", &[("reason", &error)]);
            ExitCode::FAILURE
        }
    }
}

/// Prints the key: the only time that anybody sees it.
fn create_key(create: &program::arguments::Create) -> Done {
    let (key, kept) = keys::create(&create.name, create.scope)?;
    keys::append(&create.keys, &kept)?;
    log::print(&key);
    let file = create.keys.display();
    log::info("key created", &[("name", &create.name), ("scope", &create.scope), ("file", &file)]);
    Ok(())
}
