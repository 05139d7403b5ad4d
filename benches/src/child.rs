//! A part of a bench that runs in a process of its own: the bench starts itself again, and the child prints what came of it, in JSON, as its only line.

use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Serialize, de::DeserializeOwned};

use crate::Fault;

/// In the parent: what the child says. `prepare` gives this program, started again, its arguments.
///
/// # Errors
/// What the child says on its standard error, if it fails.
pub fn ask<T: DeserializeOwned>(prepare: impl FnOnce(&mut Command)) -> Result<T, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    prepare(&mut command);
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}", output.status, said.trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// In the child: does the work and prints what came of it, or why nothing did.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "it is how a child answers")]
pub fn reply<T: Serialize>(work: impl FnOnce() -> Result<T, Fault>) -> ExitCode {
    let line = || -> Result<String, Fault> {
        // Should the parent die, nobody would read the answer.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        Ok(serde_json::to_string(&work()?)?)
    };
    match line() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
