//! How the program ends.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use queue_chaos::check::Verdict;

/// Whatever went wrong, as a sentence.
pub type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Done, and nothing is wrong: 0.
    Ok,
    /// Messages were lost, doubled or reordered: 1. Or a group is not keeping up.
    Anomaly,
    /// It could not be run, or not enough was seen to say that nothing is wrong: 2.
    CouldNotRun,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::Ok => Self::SUCCESS,
            End::Anomaly => Self::from(1),
            End::CouldNotRun => Self::from(2),
        }
    }
}

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Anomaly => Self::Anomaly,
            Verdict::Unknown => Self::CouldNotRun,
        }
    }
}

/// Writes to standard output. That the reader of a pipe has seen enough is no fault.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Tells an error and what caused it.
#[expect(clippy::print_stderr, reason = "it is for people, beside the result")]
pub fn complain(error: &(dyn Error + 'static)) {
    eprintln!("queue-chaos: {error}");
    let mut cause = error.source();
    let mut told = error.to_string();
    while let Some(it) = cause {
        // Messages of the library contain those of their sources already.
        if !told.contains(&it.to_string()) {
            eprintln!("  because: {it}");
            told.push_str(&it.to_string());
        }
        cause = it.source();
    }
}
