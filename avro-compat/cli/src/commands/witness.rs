//! Data that prove what a check finds.

use std::path::PathBuf;

use avro_compat::check::{CheckOptions, Direction, Profile, Severity, check};
use clap::Args;

use crate::error::Result;
use crate::exit::{Verdict, print};
use crate::input::{Parsing, one_standard_input};
use crate::output::{Comparison, witnesses_json, witnesses_text};

const EXAMPLES: &str = "\
Examples:
  avro-compat witness old.avsc new.avsc                    what the new schema cannot read
  avro-compat witness new.avsc old.avsc --json             what programs that have not changed cannot read
  avro-compat witness old.avsc new.avsc --json | jq -r '.witnesses[0].witness.hex' | xxd -r -p

Each datum is encoded with the writer's schema and decoded with the reader's before it is shown.

Exit codes: 0 there is no datum that cannot be read; 1 there is; 2 wrong arguments or invalid input";

/// Makes data that one schema can write and another cannot read, or reads as something else
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Witness {
    /// The schema that data are written with
    pub writer: PathBuf,
    /// The schema that they are read with
    pub reader: PathBuf,
    /// Prints one JSON object instead of text
    #[arg(long)]
    pub json: bool,
    /// Only data that cannot be read, not those that are read as something else
    #[arg(long)]
    pub errors_only: bool,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
}

impl Witness {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        one_standard_input([&self.writer, &self.reader].into_iter().chain(&self.parsing.with))?;
        let parser = self.parsing.parser()?;
        let (writer, reader) = (parser.read(&self.writer)?, parser.read(&self.reader)?);
        let least = if self.errors_only { Severity::Error } else { Severity::Hazard };
        let mut options = CheckOptions::default().at_least(least);
        options.profile = Profile::Spec;
        let comparison = Comparison {
            subject: None,
            reader: self.reader.display().to_string(),
            writer: self.writer.display().to_string(),
            direction: Direction::Backward,
            report: check(&reader, &writer, &options),
        };
        let text =
            if self.json { witnesses_json(&comparison) } else { witnesses_text(&comparison) };
        print(&text)?;
        Ok(Verdict::failed_if(!comparison.report.is_compatible()))
    }
}
