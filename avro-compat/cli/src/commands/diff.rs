//! What has changed from one schema to another.

use std::path::PathBuf;

use avro_compat::check::{Impact, Mode};
use clap::Args;

use crate::compare::{Rules, Version, against};
use crate::error::Result;
use crate::exit::Verdict;
use crate::input::{Parser, Parsing, one_standard_input};
use crate::output::{Findings, Level, Telling};

const EXAMPLES: &str = "\
Examples:
  avro-compat diff old.avsc new.avsc
  avro-compat diff old.avsc new.avsc --format json | jq -r .change

The change is none, patch (documentation and unknown attributes), minor (both read each other's data as it was meant) or major.

Exit codes: 0 compatible both ways; 1 not so, or worse than --fail-on allows; 2 wrong arguments or invalid input";

/// Tells what has changed from one schema to another, in both directions, and what kind of release it is
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Diff {
    /// The old schema
    pub old: PathBuf,
    /// The new schema
    pub new: PathBuf,
    /// Rules.
    #[command(flatten)]
    pub rules: Rules,
    /// A file whose types the old schema refers to, in place of --with; may be given several times
    #[arg(long, value_name = "FILE")]
    pub old_with: Vec<PathBuf>,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
    /// How it is told.
    #[command(flatten)]
    pub telling: Telling,
}

impl Diff {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let with = self.parsing.with.iter().chain(&self.old_with);
        one_standard_input([&self.old, &self.new].into_iter().chain(with))?;
        let version = |path: &PathBuf, parser: &Parser| {
            Ok(Version { name: path.display().to_string(), schema: parser.read(path)? })
        };
        let old = version(&self.old, &self.parsing.old_parser(&self.old_with)?)?;
        let new = version(&self.new, &self.parsing.parser()?)?;
        let options = self.rules.options(&self.telling, Level::Warning);
        let mut findings = Findings::new(None, self.rules.profile.into());
        findings.impact = Some(Impact::between(&old.schema, &new.schema));
        findings.comparisons = against(None, &new, &[old], Mode::Full, &options);
        self.telling.tell(&findings)
    }
}
