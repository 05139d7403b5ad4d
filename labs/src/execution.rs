//! A lab's command as a child process, and what it said.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::check::{Judged, Verdict, judge};
use crate::group::Group;
use crate::protocol::{Event, MAX_LINE, Table, parse};
use crate::registry::{Command, Lab};
use crate::{Error, Result, environment, rivals};

/// How many complaints about the protocol are kept: the first ones tell.
const MAX_COMPLAINTS: usize = 10;

/// What a command said about one measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reading {
    /// A value.
    Measured {
        /// The value.
        value: f64,
        /// Its unit.
        unit: String,
    },
    /// No value.
    NotMeasured {
        /// Why.
        reason: String,
    },
}

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// By itself, with a code.
    Exited(i32),
    /// By a signal that the runner did not send.
    Killed(i32),
    /// Stopped by the runner at its time limit.
    TimedOut(Duration),
    /// It could not be built or started: no fault of the lab.
    NotStarted(String),
    /// Not at all so far.
    #[default]
    Unknown,
}

impl End {
    /// Whether it ended by itself with code 0.
    #[must_use]
    pub fn is_good(&self) -> bool {
        *self == Self::Exited(0)
    }

    /// Why something that the command did not come to is not measured. Shorter than the whole story, which is told once.
    #[must_use]
    pub fn excuse(&self) -> String {
        match self {
            Self::NotStarted(_) => "the command could not be started".to_owned(),
            end => format!("the command {end}"),
        }
    }
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, Some(signal)) => Self::Killed(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "ended with code {code}"),
            Self::Killed(signal) => write!(f, "was killed by signal {signal}"),
            Self::TimedOut(limit) => write!(f, "was stopped after {} s", limit.as_secs()),
            Self::NotStarted(why) => write!(f, "could not be started: {why}"),
            Self::Unknown => f.write_str("ended in an unknown way"),
        }
    }
}

impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = |begin: &str, end: &str| -> Option<u64> {
            text.strip_prefix(begin)?.strip_suffix(end)?.parse().ok()
        };
        let small = |begin: &str| number(begin, "").and_then(|number| i32::try_from(number).ok());
        Ok(if let Some(code) = small("ended with code ") {
            Self::Exited(code)
        } else if let Some(signal) = small("was killed by signal ") {
            Self::Killed(signal)
        } else if let Some(seconds) = number("was stopped after ", " s") {
            Self::TimedOut(Duration::from_secs(seconds))
        } else if let Some(why) = text.strip_prefix("could not be started: ") {
            Self::NotStarted(why.to_owned())
        } else {
            Self::Unknown
        })
    }
}

/// A file that a command has announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefact {
    /// Where it is.
    pub path: PathBuf,
    /// What it shows.
    pub title: String,
}

/// All that a command said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Wall time from start to end, without building.
    pub seconds: f64,
    /// Measures by id.
    pub readings: BTreeMap<String, Reading>,
    /// Files.
    pub artefacts: Vec<Artefact>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Sentences.
    pub notes: Vec<String>,
    /// What was wrong with its output.
    pub complaints: Vec<String>,
}

/// A lab that has run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabResult {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its module.
    pub module: String,
    /// Its objective.
    pub objective: String,
    /// What was run.
    pub command: String,
    /// Verdicts: of the command and its artefacts first, then of every check.
    pub checks: Vec<Judged>,
    /// What the command said.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl LabResult {
    /// How many checks passed, failed, and were not measured.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |which: fn(&Verdict) -> bool| {
            self.checks.iter().filter(|judged| which(&judged.verdict)).count()
        };
        (
            count(|verdict| *verdict == Verdict::Pass),
            count(|verdict| *verdict == Verdict::Fail),
            count(|verdict| matches!(verdict, Verdict::NotMeasured(_))),
        )
    }
}

/// Runs a lab in the workspace at `root` and judges it. `watch` sees every event as it comes.
///
/// # Errors
/// [`Error::Io`] if the lab's directory cannot be emptied. Whatever the command does is in the result.
pub fn run(lab: &Lab, root: &Path, watch: &mut dyn FnMut(&Event)) -> Result<LabResult> {
    let directory = root.join(lab.directory());
    // What an earlier run has left must not count for this one.
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(&directory, error));
        }
        _ => {}
    }
    std::fs::create_dir_all(&directory).map_err(|error| Error::io(&directory, error))?;

    let mut outcome = execute(lab, root, watch);
    match lab.rivals.as_ref().map(|area| rivals::table(root, area)) {
        Some(Ok(table)) => outcome.tables.push(table),
        Some(Err(note)) => outcome.notes.push(note),
        None => {}
    }
    let mut checks = vec![judge_command(&outcome)];
    if !lab.artefacts.is_empty() {
        checks.push(judge_artefacts(lab, &directory, &outcome));
    }
    checks.extend(lab.checks.iter().map(|check| judge(check, &outcome)));
    Ok(LabResult {
        id: lab.id.clone(),
        title: lab.title.clone(),
        module: lab.module.clone(),
        objective: lab.objective.clone(),
        command: lab.command.to_string(),
        checks,
        outcome,
    })
}

fn judge_command(outcome: &Outcome) -> Judged {
    let mut wrong = outcome.complaints.clone();
    if !outcome.end.is_good() {
        wrong.insert(0, outcome.end.to_string());
    }
    Judged {
        id: "command".to_owned(),
        what: "the command does its work and says so".to_owned(),
        measured: None,
        unit: String::new(),
        required: "ends with code 0, prints events only".to_owned(),
        verdict: if wrong.is_empty() { Verdict::Pass } else { Verdict::Fail },
        detail: Some(if wrong.is_empty() { outcome.end.to_string() } else { wrong.join("; ") }),
    }
}

fn judge_artefacts(lab: &Lab, directory: &Path, outcome: &Outcome) -> Judged {
    let is_there = |name: &&String| {
        let path = directory.join(name);
        let announced = outcome.artefacts.iter().any(|artefact| artefact.path == path);
        announced && std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
    };
    let missing: Vec<_> =
        lab.artefacts.iter().filter(|name| !is_there(name)).map(String::as_str).collect();
    let verdict = match (missing.is_empty(), outcome.end.is_good()) {
        (true, _) => Verdict::Pass,
        // What could not be done at all has left nothing, and has said why.
        (false, true) => nothing_measured(lab, outcome).map_or(Verdict::Fail, Verdict::NotMeasured),
        (false, false) => Verdict::NotMeasured(outcome.end.excuse()),
    };
    Judged {
        id: "artefacts".to_owned(),
        what: "files that the lab leaves, announced and not empty".to_owned(),
        measured: Some((lab.artefacts.len() - missing.len()) as f64),
        unit: "files".to_owned(),
        required: format!("= {}", lab.artefacts.len()),
        verdict,
        detail: (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", "))),
    }
}

/// Why nothing was measured, if nothing was.
fn nothing_measured(lab: &Lab, outcome: &Outcome) -> Option<String> {
    let mut reasons = lab.checks.iter().map(|check| match outcome.readings.get(&check.measure) {
        Some(Reading::NotMeasured { reason }) => Some(reason),
        _ => None,
    });
    let first = reasons.next()??.clone();
    (outcome.artefacts.is_empty() && reasons.all(|reason| reason.is_some())).then_some(first)
}

fn execute(lab: &Lab, root: &Path, watch: &mut dyn FnMut(&Event)) -> Outcome {
    let mut outcome = Outcome::default();
    let mut command = match prepare(&lab.command, root) {
        Ok(command) => command,
        Err(why) => {
            outcome.end = End::NotStarted(why);
            return outcome;
        }
    };
    command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::piped());
    let begun = Instant::now();
    let mut group = match Group::spawn(&mut command) {
        Ok(group) => group,
        Err(error) => {
            outcome.end = End::NotStarted(format!("{}: {error}", lab.command));
            return outcome;
        }
    };
    let deadline = begun + lab.time_limit;
    if let Some(output) = group.child().stdout.take() {
        // Bounded: a child that talks faster than it is heard waits.
        let (sender, lines) = sync_channel(1024);
        std::thread::spawn(move || read_lines(output, &sender));
        let place = Place { root, directory: &root.join(lab.directory()) };
        listen(&lines, deadline, &place, &mut outcome, watch);
    }
    outcome.end = match group.wait_until(deadline) {
        Ok(Some(status)) => status.into(),
        Ok(None) => End::TimedOut(lab.time_limit),
        Err(error) => End::NotStarted(error.to_string()),
    };
    outcome.seconds = begun.elapsed().as_secs_f64();
    outcome
}

/// The program to spawn. A binary of the workspace is built first, so that a failing build is told from a failing lab and
/// does not count as the lab's time.
fn prepare(command: &Command, root: &Path) -> std::result::Result<std::process::Command, String> {
    match command {
        Command::Program { path, arguments } => {
            let mut program = environment::command(path);
            program.args(arguments);
            Ok(program)
        }
        Command::Cargo { bin, arguments, starts } => {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            build(&cargo, root, std::iter::once(bin).chain(starts))?;
            let mut program = environment::command(cargo);
            program.args(["--quiet", "course", bin, "--"]).args(arguments);
            Ok(program)
        }
    }
}

/// Builds these binaries, as all of the course is built: `.cargo/config.toml` says how.
fn build<'a>(
    cargo: &std::ffi::OsStr,
    root: &Path,
    bins: impl Iterator<Item = &'a String>,
) -> std::result::Result<(), String> {
    let arguments: Vec<&str> =
        std::iter::once("course-build").chain(bins.flat_map(|bin| ["--bin", bin])).collect();
    let status = environment::command(cargo)
        .current_dir(root)
        .args(&arguments)
        .stdin(Stdio::null())
        // Cargo reports on standard error; standard output may be the caller's JSON.
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("{}: {error}", cargo.display()))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`cargo {}` failed (its message is above)", arguments.join(" ")))
    }
}

/// A line, or what was wrong with reading one.
type Line = std::result::Result<String, String>;

fn read_lines(output: ChildStdout, sender: &SyncSender<Line>) {
    let mut reader = BufReader::new(output);
    loop {
        let mut bytes = Vec::new();
        let line = match reader.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(MAX_LINE) if bytes.last() != Some(&b'\n') => match reader.skip_until(b'\n') {
                Ok(_) => Err(format!("longer than {MAX_LINE} bytes")),
                Err(error) => Err(error.to_string()),
            },
            Ok(_) => String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned()),
            Err(error) => {
                // The listener may be gone: then nobody wants to know.
                let _ = sender.send(Err(error.to_string()));
                return;
            }
        };
        if sender.send(line).is_err() {
            return;
        }
    }
}

/// Where paths in events start, and where they must end.
struct Place<'a> {
    root: &'a Path,
    directory: &'a Path,
}

fn listen(
    lines: &Receiver<Line>,
    deadline: Instant,
    place: &Place<'_>,
    outcome: &mut Outcome,
    watch: &mut dyn FnMut(&Event),
) {
    let mut number = 0_u64;
    loop {
        let line = match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        };
        number += 1;
        let problem = match line.and_then(|line| parse(&line)) {
            Ok(None) => None,
            Ok(Some(event)) => {
                watch(&event);
                gather(event, place, outcome).err()
            }
            Err(problem) => Some(problem),
        };
        if let Some(problem) = problem
            && outcome.complaints.len() < MAX_COMPLAINTS
        {
            outcome.complaints.push(format!("line {number} of its output: {problem}"));
        }
    }
}

fn gather(
    event: Event,
    place: &Place<'_>,
    outcome: &mut Outcome,
) -> std::result::Result<(), String> {
    let (id, reading) = match event {
        Event::Progress { .. } => return Ok(()),
        Event::Note { text } => {
            outcome.notes.push(text);
            return Ok(());
        }
        Event::Table(table) => {
            outcome.tables.push(table);
            return Ok(());
        }
        Event::Artefact { path, title } => {
            let full = place.root.join(&path);
            let leaves = full.components().any(|part| part == std::path::Component::ParentDir);
            if leaves || !full.starts_with(place.directory) {
                return Err(format!("artefact {path} is not in {}", place.directory.display()));
            }
            outcome.artefacts.push(Artefact { path: full, title });
            return Ok(());
        }
        Event::Measure { id, value, unit } => (id, Reading::Measured { value, unit }),
        Event::NotMeasured { id, reason } => (id, Reading::NotMeasured { reason }),
    };
    if outcome.readings.contains_key(&id) {
        return Err(format!("a second reading of `{id}`"));
    }
    outcome.readings.insert(id, reading);
    Ok(())
}
