//! Writing a history and judging it, each in a [process of its own](crate::child), whose memory is that of the work alone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use queue_chaos::check::{Options, Verdict, check_file};
use queue_chaos::history::Writer;
use serde::{Deserialize, Serialize};

use super::{Result, story};
use crate::child::{ask, reply};
use crate::lsm::meter::Memory;

/// What a child is started with, before its specification.
pub const FLAG: &str = "--child";

/// What a child does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spec {
    /// Writes the history of so many messages to a file.
    Write(u64, PathBuf),
    /// Judges a history.
    Check(PathBuf),
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Events written, or judged.
    pub events: u64,
    /// Messages in them.
    pub messages: u64,
    /// How long that took.
    pub seconds: f64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The most memory that the process had, bytes.
    pub peak: u64,
    /// What of that it had before it began.
    pub before: u64,
}

impl Outcome {
    /// Nanoseconds an event.
    #[must_use]
    pub fn nanoseconds(&self) -> f64 {
        self.seconds * 1e9 / self.events.max(1) as f64
    }
}

/// Does it, in this process.
///
/// # Errors
/// That of the library; and if a history that should be well is not.
pub fn work(spec: &Spec) -> Result<Outcome> {
    let before = Memory::now()?.peak_resident;
    let began = Instant::now();
    let (mut outcome, path) = match spec {
        Spec::Write(messages, path) => (write(*messages, path)?, path),
        Spec::Check(path) => (check(path)?, path),
    };
    outcome.seconds = began.elapsed().as_secs_f64();
    outcome.bytes = std::fs::metadata(path)?.len();
    outcome.peak = Memory::now()?.peak_resident.max(before);
    outcome.before = before;
    Ok(outcome)
}

fn write(messages: u64, path: &Path) -> Result<Outcome> {
    let writer = Writer::create(path, story::run("bench"))?;
    story::tell(&*writer.sink(), messages);
    Ok(Outcome { events: writer.finish()?, messages, ..Outcome::default() })
}

fn check(path: &Path) -> Result<Outcome> {
    let judgement = check_file(path, &Options::default())?;
    if judgement.verdict != Verdict::Ok {
        return Err(format!("nothing is wrong with it, and the checker says:\n{judgement}").into());
    }
    let counts = judgement.counts;
    Ok(Outcome { events: counts.events, messages: counts.sent, ..Outcome::default() })
}

/// In the parent: a child does it.
///
/// # Errors
/// As [`ask`].
pub fn spawn(spec: &Spec) -> Result<Outcome> {
    let spec = serde_json::to_string(spec)?;
    ask(|bench| {
        bench.args([FLAG, &spec]);
    })
}

/// In the child: does it, and says what came of it.
#[must_use]
pub fn answer(spec: &str) -> ExitCode {
    reply(|| work(&serde_json::from_str(spec)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_judged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.jsonl");
        let line = serde_json::to_string(&Spec::Write(8_000, path.clone())).unwrap();
        let written = work(&serde_json::from_str(&line).unwrap()).unwrap();
        let judged = work(&Spec::Check(path)).unwrap();
        // The last line is not counted by who writes it.
        assert_eq!(judged.events, written.events + 1);
        assert_eq!((judged.messages, judged.bytes), (8_000, written.bytes));
        assert!(judged.before > 0);
        assert!(judged.peak >= judged.before && judged.nanoseconds() > 0.0);
    }

    #[test]
    fn a_history_that_is_cut_short_is_not_well() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.jsonl");
        work(&Spec::Write(400, path.clone())).unwrap();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(work(&Spec::Check(path)).is_err());
    }
}
