//! How the program ends.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::error::{Error, Result};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done: 0.
    Passed,
    /// The kernel went wrong, or a check found something: 1.
    Failed,
    /// Wrong arguments, or input that cannot be read or is no PTX: 2.
    Invalid,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::SUCCESS,
            Verdict::Failed => Self::from(1),
            Verdict::Invalid => Self::from(2),
        }
    }
}

/// Writes to standard output. That the reader of a pipe has seen enough is no fault.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io(Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

/// Writes a value as JSON.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Error::Json(error.to_string()))?;
    print(&(text + "\n"))
}
