//! Contestants in another language: a process that is warm before it says `ready`, and then answers each line with a number, what the line names
//! in nanoseconds. While it waits for a line it does nothing.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use super::case::{BLOCK_BYTES, Case, READER, WRITER};
use super::contestant::Contestant;
use super::{Result, ours};

/// A process that answers.
pub struct Answering {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Answering {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or("a child without pipes")?;
        let mut answering = Self { child, input, output: BufReader::new(output) };
        match answering.line()?.as_str() {
            "ready" => Ok(answering),
            other => {
                Err(format!("`ready` was expected of the child, and it said {other:?}").into())
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("the child ended: its message is above".into());
        }
        Ok(line.trim().to_owned())
    }

    fn ask(&mut self, question: &str) -> Result<f64> {
        writeln!(self.input, "{question}")?;
        self.input.flush()?;
        let answer = self.line()?;
        let found = answer.parse().map_err(|_| format!("{question}: the child says {answer:?}"))?;
        Ok(found)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A contestant for each of a process's questions.
fn contestants(child: Answering, names: &[(&'static str, &'static str)]) -> Vec<Contestant> {
    let child = Rc::new(RefCell::new(child));
    let one = |(name, question): &(&'static str, &'static str)| {
        let (child, question) = (Rc::clone(&child), *question);
        Contestant { name, read: Box::new(move || child.borrow_mut().ask(question)) }
    };
    names.iter().map(one).collect()
}

/// Where children and their files are.
#[derive(Clone, Debug)]
pub struct Places {
    /// A directory for what is made here.
    pub temporary: PathBuf,
    /// The jars of `scripts/avro_jars.sh`.
    pub jars: PathBuf,
    /// A Python that has `fastavro`: that of `scripts/fastavro.sh`, if it is there.
    pub python: PathBuf,
}

impl Places {
    /// By the directory for temporary files that cargo gives to benches, which is in the target directory.
    #[must_use]
    pub fn of(temporary: &Path) -> Self {
        let target = temporary.parent().unwrap_or(temporary);
        Self {
            temporary: temporary.join(format!("avro-{}", std::process::id())),
            jars: target.join("avro-jars"),
            python: target.join("fastavro/bin/python"),
        }
    }
}

/// Java's decoders.
///
/// # Errors
/// Why there are none here.
pub fn java(places: &Places, case: &Case) -> Result<Vec<Contestant>> {
    let jars = fs::read_dir(&places.jars).into_iter().flatten().flatten().map(|it| it.path());
    let mut path: Vec<PathBuf> =
        jars.filter(|it| it.extension().is_some_and(|it| it == "jar")).collect();
    if !path.iter().any(|it| it.ends_with("avro-1.12.1.jar")) {
        return Err("no jar of Java's Avro (scripts/avro_jars.sh fetches it)".into());
    }
    fs::create_dir_all(&places.temporary)?;
    let source = places.temporary.join("Decode.java");
    fs::write(&source, include_str!("Decode.java"))?;
    let compiled = Command::new("javac")
        .arg("-cp")
        .arg(std::env::join_paths(&path)?)
        .arg("-d")
        .args([&places.temporary, &source])
        .output()
        .map_err(|it| format!("no JDK (javac: {it})"))?;
    if !compiled.status.success() {
        return Err(format!("javac: {}", String::from_utf8_lossy(&compiled.stderr)).into());
    }
    path.push(places.temporary.clone());
    let hex: String = case.bytes.iter().map(|it| format!("{it:02x}")).collect();
    let child = Answering::start(
        Command::new("java")
            .arg("-cp")
            .arg(std::env::join_paths(&path)?)
            .args(["Decode", WRITER, READER, &hex]),
    )?;
    Ok(contestants(
        child,
        &[
            ("java/resolving-new", "resolving new"),
            ("java/resolving-reused", "resolving reused"),
            ("java/fast-new", "fast new"),
            ("java/fast-reused", "fast reused"),
        ],
    ))
}

/// What a Python says of its `fastavro`: its version.
fn fastavro(python: &OsStr) -> Option<String> {
    let ask = "import fastavro, cramjam; print(fastavro.__version__)";
    let output = Command::new(python).args(["-c", ask]).stderr(Stdio::null()).output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(version)
}

/// Python's `fastavro`: the record, and files.
///
/// # Errors
/// Why there is none here.
pub fn python(places: &Places, case: &Case) -> Result<(String, Vec<Contestant>)> {
    let candidates = [places.python.as_os_str(), OsStr::new("python3")];
    let found = candidates.into_iter().find_map(|it| Some((it, fastavro(it)?)));
    let (python, version) =
        found.ok_or("no Python with fastavro and cramjam (scripts/fastavro.sh installs them)")?;
    fs::create_dir_all(&places.temporary)?;
    let script = places.temporary.join("container.py");
    fs::write(&script, include_str!("container.py"))?;
    let file = places.temporary.join("events.avro");
    fs::write(&file, ours::file(case, "null")?)?;
    let hex: String = case.bytes.iter().map(|it| format!("{it:02x}")).collect();
    let child = Answering::start(
        Command::new(python)
            .args([&script, &file])
            .args([WRITER, READER, &hex])
            .arg(case.plain_bytes.to_string())
            .arg(BLOCK_BYTES.to_string()),
    )?;
    let all = contestants(
        child,
        &[
            ("fastavro", "decode"),
            ("fastavro", "read null"),
            ("fastavro", "read deflate"),
            ("fastavro", "read snappy"),
            ("fastavro", "write null"),
            ("fastavro", "write deflate"),
            ("fastavro", "write snappy"),
        ],
    );
    Ok((version, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_answers_line_by_line() {
        let script = "echo ready; while read -r word; do echo \"$word\"; done";
        let mut child = Answering::start(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(child.ask("12.5").unwrap(), 12.5);
        let error = child.ask("what").unwrap_err().to_string();
        assert!(error.contains("the child says \"what\""), "{error}");
    }

    #[test]
    fn a_child_that_is_not_ready_or_ends_is_an_error() {
        for script in ["echo broken", "exit 3"] {
            assert!(Answering::start(Command::new("sh").args(["-c", script])).is_err());
        }
    }

    #[test]
    fn what_is_not_there_says_how_to_get_it() {
        let places = Places::of(Path::new("/nowhere/tmp"));
        let error = java(&places, &Case::new().unwrap()).err().unwrap().to_string();
        assert!(error.contains("avro_jars.sh"), "{error}");
    }
}
