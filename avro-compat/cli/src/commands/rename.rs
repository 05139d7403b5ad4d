//! Renaming that breaks no reader.

use std::path::PathBuf;

use avro_compat::check::Severity;
use avro_compat::fix::rename;
use clap::Args;

use crate::error::{Error, Result};
use crate::exit::{Verdict, print, remark};
use crate::input::{Parsing, Text};
use crate::output::unified;
use crate::replace::replace;

const EXAMPLES: &str = "\
Examples:
  avro-compat rename tweet.avsc /fields/0 text               a field, by its JSON pointer
  avro-compat rename tweet.avsc example.Tweet Post --write   a type, by its full name

References and defaults are renamed with it. Programs that read with the new schema still read old data, by the alias; programs that have
the old schema do not know the alias.

Exit codes: 0 done; 2 wrong arguments, invalid input, or a name that cannot be";

/// Renames a type or a field, and keeps the old name as an alias: shows the edits, or makes them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Rename {
    /// The schema
    pub file: PathBuf,
    /// The JSON pointer of a field or of a type's definition, or the full name of a type
    pub target: String,
    /// The new name
    pub name: String,
    /// Writes the edited schema into its file
    #[arg(long)]
    pub write: bool,
    /// Takes what other programs take: comments, unchecked defaults, uses before definitions, names outside of ASCII
    #[arg(long)]
    pub lenient: bool,
}

impl Rename {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let parser = Parsing { with: Vec::new(), lenient: self.lenient }.parser()?;
        let text = Text::read(&self.file)?;
        let schema = parser.parse(&text)?;
        let renamed = rename(&schema, &self.target, &self.name)
            .map_err(|error| Error::library(&text.name, error))?;
        print(&unified(&text.name, &text.text, &renamed.text))?;
        if self.write {
            replace(&self.file, &renamed.text)?;
            remark(&format!("{} is written", text.name));
        }
        if renamed.impact.old_readers == Some(Severity::Error) {
            remark(
                "programs that have the old schema cannot read what is written with the new one",
            );
        }
        Ok(Verdict::Passed)
    }
}
