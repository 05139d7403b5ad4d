//! A new version of a schema against those before it.

use std::path::PathBuf;

use avro_compat::check::Mode;
use clap::Args;

use crate::compare::{Rules, Version, against, mode};
use crate::error::Result;
use crate::exit::Verdict;
use crate::input::{Parsing, one_standard_input};
use crate::output::{Findings, Level, Telling};

const EXAMPLES: &str = "\
Examples:
  avro-compat check old.avsc new.avsc
  avro-compat check v1.avsc v2.avsc v3.avsc --mode BACKWARD_TRANSITIVE
  git show HEAD:user.avsc | avro-compat check - user.avsc --with address.avsc
  avro-compat check old/user.avsc user.avsc --with address.avsc --old-with old/address.avsc
  avro-compat check old.avsc new.avsc --fail-on hazard --format sarif > avro.sarif

Exit codes: 0 compatible; 1 incompatible, or worse than --fail-on allows; 2 wrong arguments or invalid input";

/// Checks a new version of a schema against those before it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// The versions, the oldest first, the new one last
    #[arg(required = true, num_args = 2.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which versions must read which: the new one what the last wrote (BACKWARD), the last what the new one writes (FORWARD), both (FULL), or
    /// the same with all versions (_TRANSITIVE)
    #[arg(long, default_value = "BACKWARD", value_parser = mode(), ignore_case = true)]
    pub mode: Mode,
    /// Rules.
    #[command(flatten)]
    pub rules: Rules,
    /// A file whose types the old versions refer to, in place of --with; may be given several times
    #[arg(long, value_name = "FILE")]
    pub old_with: Vec<PathBuf>,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
}

impl Check {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        one_standard_input(self.files.iter().chain(&self.parsing.with).chain(&self.old_with))?;
        let new_parser = self.parsing.parser()?;
        let old_parser = self.parsing.old_parser(&self.old_with)?;
        let mut versions = Vec::new();
        for (at, path) in self.files.iter().enumerate() {
            let parser = if at + 1 < self.files.len() { &old_parser } else { &new_parser };
            let name = path.display().to_string();
            versions.push(Version { name, schema: parser.read(path)? });
        }
        let mut findings = Findings::new(Some(self.mode), self.rules.profile.into());
        if let Some(new) = versions.pop() {
            let options = self.rules.options(&self.telling, Level::Hazard);
            findings.comparisons = against(None, &new, &versions, self.mode, &options);
        }
        self.telling.tell(&findings)
    }
}
