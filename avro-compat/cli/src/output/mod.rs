//! What was found, told to people and to programs.

mod comparison;
mod edits;
mod failure;
mod github;
mod human;
mod json;
mod paint;
mod proof;
mod rules;
mod sarif;
mod witnesses;

pub use comparison::{Comparison, Findings};
pub use edits::unified;
pub use failure::failure;
pub use paint::{ColourChoice, Paint};
pub use witnesses::{witnesses_json, witnesses_text};

use avro_compat::check::Severity;
use clap::{Args, ValueEnum};

use crate::error::Result;
use crate::exit::Verdict;

/// How what was found is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text with excerpts of the schemas
    #[default]
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
}

/// A severity, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    /// Read as it was meant; other implementations, or people, may think otherwise
    Warning,
    /// Read, but some value may mean something else
    Hazard,
    /// Some value cannot be read
    Error,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Warning => Self::Warning,
            Level::Hazard => Self::Hazard,
            Level::Error => Self::Error,
        }
    }
}

/// What is told, and how.
#[derive(Clone, Debug, Args)]
pub struct Telling {
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Whether text is coloured: by default if it goes to a terminal and NO_COLOR is not set
    #[arg(long, value_enum, default_value_t)]
    pub color: ColourChoice,
    /// The least severity that is told [default: hazard; warning for diff]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub least: Option<Level>,
    /// The least severity that fails, with exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Level::Error)]
    pub fail_on: Level,
    /// Tells no data that prove what was found
    #[arg(long)]
    pub no_witness: bool,
    /// Suggests no edits
    #[arg(long)]
    pub no_fix: bool,
    /// How many findings of a pair of schemas are told; more are counted
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub max_findings: usize,
}

impl Telling {
    /// For people, with what is told by default.
    pub fn plain(color: ColourChoice) -> Self {
        Self {
            format: Format::Human,
            color,
            least: None,
            fail_on: Level::Error,
            no_witness: false,
            no_fix: false,
            max_findings: 50,
        }
    }

    /// The least severity that is looked for: what fails is told.
    pub fn least(&self, otherwise: Level) -> Severity {
        self.least.unwrap_or(otherwise).min(self.fail_on).into()
    }

    /// Prints everything; what came of it is the exit code.
    pub fn tell(&self, findings: &Findings) -> Result<Verdict> {
        let text = match self.format {
            Format::Human => human::text(findings, self, &self.color.paint()),
            Format::Json => json::text(findings, self),
            Format::Sarif => sarif::text(findings, self),
            Format::Github => github::text(findings, self),
        };
        crate::exit::print(&text)?;
        let failed = findings.worst() >= Some(self.fail_on.into());
        Ok(match (findings.invalid.is_empty(), failed) {
            (false, _) => Verdict::Invalid,
            (true, true) => Verdict::Failed,
            (true, false) => Verdict::Passed,
        })
    }
}
