//! Executing the commands of a page.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::page::{Block, Command, Page, Want, Way};
use crate::group::Group;
use crate::{Error, Result, environment};

/// How much of a command's output is shown when it went wrong, in bytes from its end.
const SHOWN: u64 = 4 << 10;
/// How long a server may take until it says that it serves.
const STARTING: Duration = Duration::from_secs(120);

/// Where commands are run, and what is there.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The root of the workspace.
    pub root: PathBuf,
    /// Where the programs of the release profile are.
    pub programs: PathBuf,
    /// Whether there are Java 17 and Apache Kafka's jars.
    pub kafka: bool,
    /// Whether there is an engine for containers.
    pub docker: bool,
    /// How long a command may take.
    pub limit: Duration,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Played {
    /// The page, and the block's line.
    pub place: String,
    /// The command.
    pub command: String,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "why", rename_all = "snake_case")]
pub enum Verdict {
    /// It ended as the book says.
    Passed,
    /// It did not; with the end of what it said.
    Failed(String),
    /// It was not run, and why.
    NotRun(String),
}

/// Runs the commands of a page in their order. After one that fails the rest of its block is not run.
///
/// # Errors
/// [`Error::Io`] if a directory cannot be copied or output cannot be kept.
pub fn play(page: &Page, stage: &Stage, watch: &mut dyn FnMut(&str)) -> Result<Vec<Played>> {
    let mut played = Vec::new();
    for block in &page.blocks {
        let place = format!("{}:{}", page.path.display(), block.line);
        played.extend(play_block(block, &place, stage, watch)?);
    }
    Ok(played)
}

fn play_block(
    block: &Block,
    place: &str,
    stage: &Stage,
    watch: &mut dyn FnMut(&str),
) -> Result<Vec<Played>> {
    let keep = tempfile::tempdir().map_err(|error| Error::io(&std::env::temp_dir(), error))?;
    let directory = match &block.within {
        None => stage.root.clone(),
        Some(within) => {
            let copy = keep.path().join("copy");
            copy_all(&stage.root.join(within), &copy).map_err(|error| Error::io(within, error))?;
            copy
        }
    };
    let mut servers = Vec::new();
    let mut failed = false;
    let mut played = Vec::new();
    for (number, command) in block.commands.iter().enumerate() {
        let begun = Instant::now();
        let verdict = if let Some(why) = not_here(command, stage) {
            Verdict::NotRun(why)
        } else if failed {
            Verdict::NotRun("a command before it failed".to_owned())
        } else {
            watch(&format!("{place}: {}", command.text));
            let output = keep.path().join(format!("output-{number}"));
            let run = Run { command, directory: &directory, output: &output, stage };
            run.go(&mut servers).map_err(|error| Error::io(&output, error))?
        };
        failed |= matches!(verdict, Verdict::Failed(_));
        played.push(Played {
            place: place.to_owned(),
            command: command.text.clone(),
            verdict,
            seconds: begun.elapsed().as_secs_f64(),
        });
    }
    Ok(played)
}

/// Why a command is not run on this machine.
fn not_here(command: &Command, stage: &Stage) -> Option<String> {
    match (&command.way, command.wants) {
        (Way::Elsewhere(why), _) => Some(why.clone()),
        (_, Some(Want::Kafka)) if !stage.kafka => Some("there is no Apache Kafka here".to_owned()),
        (_, Some(Want::Docker)) if !stage.docker => {
            Some("there is no engine for containers here".to_owned())
        }
        _ => None,
    }
}

struct Run<'a> {
    command: &'a Command,
    directory: &'a Path,
    output: &'a Path,
    stage: &'a Stage,
}

impl Run<'_> {
    fn go(&self, servers: &mut Vec<Group>) -> io::Result<Verdict> {
        let output = fs::File::create(self.output)?;
        let mut search = OsString::from(&self.stage.programs);
        if let Some(path) = std::env::var_os("PATH") {
            search.push(":");
            search.push(path);
        }
        let mut group = Group::spawn(
            environment::command("bash")
                .args(["-c", &self.command.text])
                .current_dir(self.directory)
                .env("PATH", search)
                .stdin(Stdio::null())
                .stdout(output.try_clone()?)
                .stderr(output),
        )?;
        match &self.command.way {
            Way::Serves(until) => {
                let deadline = Instant::now() + STARTING;
                loop {
                    if fs::read_to_string(self.output).is_ok_and(|said| said.contains(until)) {
                        servers.push(group);
                        return Ok(Verdict::Passed);
                    }
                    let pause = Instant::now() + Duration::from_millis(50);
                    if let Some(status) = group.wait_until(pause)? {
                        return self
                            .failed(&format!("it ended ({status}) before it said `{until}`"));
                    }
                    if Instant::now() >= deadline {
                        return self.failed(&format!("it has not said `{until}`"));
                    }
                }
            }
            Way::Here | Way::Elsewhere(_) => {
                match group.wait_until(Instant::now() + self.stage.limit)? {
                    Some(status) if status.code() == Some(self.command.exits) => {
                        Ok(Verdict::Passed)
                    }
                    Some(status) => {
                        self.failed(&format!("{status}, and should be {}", self.command.exits))
                    }
                    None => self
                        .failed(&format!("it was stopped after {} s", self.stage.limit.as_secs())),
                }
            }
        }
    }

    fn failed(&self, why: &str) -> io::Result<Verdict> {
        let mut file = fs::File::open(self.output)?;
        let length = file.metadata()?.len();
        file.seek(io::SeekFrom::Start(length.saturating_sub(SHOWN)))?;
        let mut said = Vec::new();
        file.take(SHOWN).read_to_end(&mut said)?;
        Ok(Verdict::Failed(format!("{why}\n{}", String::from_utf8_lossy(&said).trim_end())))
    }
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::super::page::parse;
    use super::*;

    fn played(text: &str) -> Vec<(String, Verdict)> {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("files/deep")).unwrap();
        fs::write(root.path().join("files/deep/one"), "1").unwrap();
        let stage = Stage {
            root: root.path().to_owned(),
            programs: root.path().to_owned(),
            kafka: false,
            docker: false,
            limit: Duration::from_secs(60),
        };
        let page = parse(Path::new("page.md"), text).unwrap();
        let played = play(&page, &stage, &mut |_| ()).unwrap();
        assert!(root.path().join("files/deep/one").exists(), "commands work on a copy");
        played.into_iter().map(|played| (played.command, played.verdict)).collect()
    }

    #[test]
    fn commands_end_as_the_book_says_or_it_is_said_how_not() {
        let done = played(
            "<!-- commands: 2 exits 3 -->\n```console\n$ true # fine\n$ exit 3\n$ echo broken; false\n$ true\n```\n",
        );
        assert_eq!(done[0].1, Verdict::Passed);
        assert_eq!(done[1].1, Verdict::Passed);
        let Verdict::Failed(why) = &done[2].1 else { panic!("{:?}", done[2]) };
        assert!(
            why.contains("exit status: 1, and should be 0") && why.ends_with("broken"),
            "{why}"
        );
        assert_eq!(done[3].1, Verdict::NotRun("a command before it failed".to_owned()));
    }

    #[test]
    fn servers_serve_to_the_end_of_their_block() {
        let done = played(
            "<!-- commands: in files; 1 serves until ready; 4 wants kafka; 5 elsewhere it takes long -->\n\
             ```console\n$ echo $$ > pid; echo ready; sleep 600\n$ kill -0 $(cat pid)\n$ rm -r deep\n$ kafka\n$ long\n```\n",
        );
        let verdicts: Vec<&Verdict> = done.iter().map(|(_, verdict)| verdict).collect();
        assert_eq!(verdicts[..3], [&Verdict::Passed; 3]);
        assert_eq!(*verdicts[3], Verdict::NotRun("there is no Apache Kafka here".to_owned()));
        assert_eq!(*verdicts[4], Verdict::NotRun("it takes long".to_owned()));
        let done = played("<!-- commands: 1 serves until ready -->\n```console\n$ echo no\n```\n");
        assert!(
            matches!(&done[0].1, Verdict::Failed(why) if why.contains("before it said `ready`"))
        );
    }
}
