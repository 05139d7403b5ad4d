//! All versions of all schemas in a directory, or in Git's history.

mod history;
mod subjects;
mod version;

use std::path::PathBuf;

use avro_compat::check::{CheckOptions, Mode};
use clap::Args;
use indicatif::ProgressBar;

use crate::compare::{Rules, Version, against, mode};
use crate::error::Result;
use crate::exit::{Verdict, remark};
use crate::input::{Parser, Parsing, Text};
use crate::output::{Findings, Level, Telling};
use crate::progress;

const EXAMPLES: &str = "\
Examples:
  avro-compat dir schemas/
  avro-compat dir schemas/ --mode FULL_TRANSITIVE --newest
  avro-compat dir --git schemas/                            every .avsc file's history
  avro-compat dir --git schemas/tweet.avsc --newest --format github

Subjects of a directory, its sub-directories included:
  tweet-v1.avsc, tweet-v2.avsc, tweet.3.avsc, tweet@4.1.avsc   versions of the subject tweet
  tweet/v1.avsc, tweet/2.avsc, tweet/003-adds-lang.avsc        the same, in a directory of its own
  anything else                                                a subject of one version, which is only parsed

With --git, a file's versions are its contents in the commits of this branch, renames followed, and the file as it is now. Old
versions that are no schema are left out.

Exit codes: 0 compatible; 1 incompatible, or worse than --fail-on allows; 2 wrong arguments or invalid input";

/// Checks all versions of all schemas in a directory, or in Git's history, each against those before it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Dir {
    /// The directory
    #[arg(value_name = "DIR", required_unless_present = "git", conflicts_with = "git")]
    pub directory: Option<PathBuf>,
    /// A file, or a directory with files, whose history is looked at
    #[arg(long, value_name = "PATH")]
    pub git: Option<PathBuf>,
    /// Takes the history of a shallow clone, though old versions may be missing
    #[arg(long, requires = "git")]
    pub allow_shallow: bool,
    /// Which versions must read which
    #[arg(long, default_value = "BACKWARD", value_parser = mode(), ignore_case = true)]
    pub mode: Mode,
    /// Only the newest version of each subject is checked against those before it
    #[arg(long)]
    pub newest: bool,
    /// Rules.
    #[command(flatten)]
    pub rules: Rules,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
}

/// Something that has versions.
struct Subject {
    name: String,
    /// The oldest first.
    versions: Vec<Text>,
    /// Whether old versions may be no schemas.
    is_history: bool,
}

impl Dir {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let subjects = match (&self.git, &self.directory) {
            (Some(path), _) => history::subjects(path, self.allow_shallow)?,
            (None, Some(directory)) => subjects::subjects(directory)?,
            // Clap has seen to it that one of them is there.
            (None, None) => Vec::new(),
        };
        let parser = self.parsing.parser()?;
        let options = self.rules.options(&self.telling, Level::Hazard);
        let mut findings = Findings::new(Some(self.mode), self.rules.profile.into());
        findings.subjects = Some(subjects.len());
        let work = subjects.iter().map(|it| it.versions.len()).sum();
        let bar = progress::bar("versions", work);
        for subject in &subjects {
            self.subject(subject, &parser, &options, &bar, &mut findings);
            bar.inc(subject.versions.len() as u64);
        }
        bar.finish_and_clear();
        self.telling.tell(&findings)
    }

    fn subject(
        &self,
        subject: &Subject,
        parser: &Parser,
        options: &CheckOptions,
        bar: &ProgressBar,
        findings: &mut Findings,
    ) {
        let mut versions = Vec::new();
        let count = subject.versions.len();
        let lenient = parser.tolerant();
        for (at, text) in subject.versions.iter().enumerate() {
            let is_past = subject.is_history && at + 1 < count;
            let parser = if is_past { &lenient } else { parser };
            match parser.parse(text) {
                Ok(schema) => versions.push(Version { name: text.name.clone(), schema }),
                Err(error) if is_past => bar.suspend(|| remark(&format!("left out: {error}"))),
                Err(error) => {
                    findings.invalid.push(error);
                    // The newest version is not another one instead.
                    if self.newest && at + 1 == count {
                        return;
                    }
                }
            }
        }
        let first = if self.newest { versions.len().saturating_sub(1) } else { 1 };
        for at in first.max(1)..versions.len() {
            let (before, new) = (&versions[..at], &versions[at]);
            let name = Some(&*subject.name);
            findings.comparisons.extend(against(name, new, before, self.mode, options));
        }
    }
}
