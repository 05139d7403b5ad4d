//! How the program ends.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::error::{Error, Result};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Compatible, or done: 0.
    Passed,
    /// Incompatible, or a check failed: 1.
    Failed,
    /// Some of the input could not be read, or was invalid: 2.
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

impl Verdict {
    /// Failed, if so.
    pub fn failed_if(failed: bool) -> Self {
        if failed { Self::Failed } else { Self::Passed }
    }
}

/// Writes to standard output.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// That the reader of a pipe has seen enough is no fault: `avro-compat cat big.avro | head`.
pub fn printed(result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io(Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

/// A remark for people, on standard error.
#[expect(clippy::print_stderr, reason = "it is for people, beside the result")]
pub fn remark(text: &str) {
    eprintln!("avro-compat: {text}");
}
