//! Counters beside a GPU: the lab once more, on softcuda, in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::Result;
use crate::tell::{Counted, Tell};

/// This program with its own arguments, on softcuda.
fn again() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).env("SOFTCUDA", "force").stdin(Stdio::null());
    Ok(command)
}

/// Lets softcuda do the lab, passes on what it says, and gives its measures.
///
/// # Errors
/// If it fails, or says what cannot be understood.
pub fn count(tell: &Tell) -> Result<Counted> {
    tell.note("counters first, which a GPU does not have: the same kernels on softcuda")?;
    let mut child = again()?.arg("--json").stdout(Stdio::piped()).spawn()?;
    let mut counted = Counted::new();
    for line in child.stdout.take().into_iter().flat_map(|it| BufReader::new(it).lines()) {
        if let Some((id, value, unit)) = tell.pass_on(&line?)? {
            counted.insert(id, (value, unit));
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(counted) } else { Err(format!("on softcuda: {status}").into()) }
}

/// Lets softcuda do the lab instead.
///
/// # Errors
/// If it fails.
pub fn instead() -> Result<()> {
    let status = again()?.status()?;
    if status.success() { Ok(()) } else { Err(format!("on softcuda: {status}").into()) }
}
