//! The layout of schemas' texts.

use std::path::{Path, PathBuf};

use avro_compat::json::{Document, Reading};
use clap::Args;

use crate::error::{Error, Invalid, Result};
use crate::exit::{Verdict, print};
use crate::input::{Parsing, STANDARD_INPUT, Text, one_standard_input};
use crate::layout::layout;
use crate::output::{ColourChoice, Format, failure};
use crate::replace::replace;

const EXAMPLES: &str = "\
Examples:
  avro-compat fmt schemas/*.avsc
  avro-compat fmt --check schemas/*.avsc
  avro-compat fmt - < schema.avsc

Only blanks change: the order of members, unknown attributes and the spelling of strings and numbers stay. A file with comments is
refused, since it is no JSON and would lose them.

Exit codes: 0 done; 1 with --check, if a file is not formatted; 2 wrong arguments or invalid input";

/// Lays out schemas' texts: what fits into 100 columns is on one line
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Fmt {
    /// The schemas; - is from standard input to standard output
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Writes nothing, and names the files that are not formatted
    #[arg(long)]
    pub check: bool,
    /// How files are read.
    #[command(flatten)]
    pub parsing: Parsing,
}

impl Fmt {
    /// Does it: all files, even if some are invalid.
    pub fn run(&self) -> Result<Verdict> {
        one_standard_input(self.files.iter().chain(&self.parsing.with))?;
        let mut verdict = Verdict::Passed;
        for path in &self.files {
            match self.file(path) {
                Ok(true) => {}
                Ok(false) if self.check && verdict == Verdict::Passed => verdict = Verdict::Failed,
                Ok(false) => {}
                Err(error) => {
                    failure(&error, Format::Human, ColourChoice::Auto);
                    verdict = Verdict::Invalid;
                }
            }
        }
        Ok(verdict)
    }

    /// Whether the file was formatted.
    fn file(&self, path: &Path) -> Result<bool> {
        let text = Text::read(path)?;
        // That it is a schema, too, and not just JSON.
        self.parsing.parser()?.parse(&text)?;
        let document = Document::read(&text.text, &Reading::default()).map_err(|error| {
            let Text { name, text } = text.clone();
            Error::Invalid(Box::new(Invalid { name, error, text }))
        })?;
        let formatted = layout(document.root());
        let same = formatted == text.text;
        if path.as_os_str() == STANDARD_INPUT && !self.check {
            print(&formatted)?;
        } else if !same && self.check {
            print(&format!("{}\n", text.name))?;
        } else if !same {
            replace(path, &formatted)?;
        }
        Ok(same)
    }
}
