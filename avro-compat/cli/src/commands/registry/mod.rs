//! A schema against the versions in a registry, before it is registered.

mod client;
mod references;

use std::path::PathBuf;
use std::time::Duration;

use avro_compat::check::Mode;
use clap::Args;

use self::client::{Client, Reference};
use self::references::References;
use crate::compare::{Rules, Version, against, mode};
use crate::error::{Error, Result};
use crate::exit::{Verdict, remark};
use crate::input::{Parsing, Text};
use crate::output::{Findings, Format, Level, Telling, failure};
use crate::progress;

const EXAMPLES: &str = "\
Examples:
  avro-compat registry http://localhost:8081 tweets-value new.avsc
  avro-compat registry http://localhost:8081 tweets-value new.avsc --mode FULL_TRANSITIVE --register
  avro-compat registry http://localhost:8081 orders-value order.avsc --reference example.Customer=customers-value:3

Versions are fetched and compared here, so that everything that was found is told, and proven. Unless --mode says otherwise, the mode is the
one that the registry has for the subject. User and password are taken from SCHEMA_REGISTRY_AUTH=USER:PASSWORD. For https, this program must have been built with the feature tls.

Exit codes: 0 compatible (and registered); 1 incompatible, or worse than --fail-on allows: nothing is registered; 2 wrong arguments, invalid
input, or a registry that cannot be asked";

/// Checks a schema against the versions in a registry before it is registered
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Registry {
    /// The address of a registry that speaks Confluent's protocol
    pub url: String,
    /// The subject
    pub subject: String,
    /// The new schema
    pub file: PathBuf,
    /// Which versions must read which [default: the registry's mode for the subject]
    #[arg(long, value_parser = mode(), ignore_case = true)]
    pub mode: Option<Mode>,
    /// Registers the schema, if it is compatible
    #[arg(long)]
    pub register: bool,
    /// A type of another subject that the schema refers to; may be given several times
    #[arg(long, value_name = "NAME=SUBJECT:VERSION", value_parser = Reference::parse)]
    pub reference: Vec<Reference>,
    /// How long an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub timeout: u64,
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

impl Registry {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let client = Client::new(&self.url, Duration::from_secs(self.timeout))?;
        let parser = self.parsing.parser()?;
        let mut references = References::new(&client);
        let text = Text::read(&self.file)?;
        let needed = references.texts(&self.reference)?;
        let schema = parser.with(needed).parse(&text)?;
        let new = Version { name: text.name.clone(), schema };

        let mode = match self.mode {
            Some(mode) => mode,
            None => client.mode(&self.subject)?,
        };
        let numbers = client.versions(&self.subject)?;
        // Only the last is looked at, unless the mode is a transitive one.
        let skipped = match mode {
            Mode::None => numbers.len(),
            mode if mode.is_transitive() => 0,
            _ => numbers.len().saturating_sub(1),
        };
        let bar = progress::bar("versions", numbers.len() - skipped);
        let mut versions = Vec::new();
        for number in &numbers[skipped..] {
            let registered = client.version(&self.subject, *number)?;
            let needed = references.texts(&registered.references)?;
            let schema = parser.tolerant().with(needed).parse(&registered.text)?;
            versions.push(Version { name: registered.text.name, schema });
            bar.inc(1);
        }
        bar.finish_and_clear();

        let options = self.rules.options(&self.telling, Level::Hazard);
        let mut findings = Findings::new(Some(mode), self.rules.profile.into());
        findings.comparisons = against(Some(&self.subject), &new, &versions, mode, &options);
        let verdict = self.telling.tell(&findings)?;
        if !self.register {
            return Ok(verdict);
        }
        if verdict != Verdict::Passed {
            remark("nothing is registered");
            return Ok(verdict);
        }
        match client.register(&self.subject, &text.text, &self.reference) {
            Ok(id) => {
                remark(&format!("{} is registered as {} with id {id}", text.name, self.subject))
            }
            // What it checks by itself, it may see otherwise.
            Err(error @ Error::Refused { status: 409, .. }) => {
                failure(&error, Format::Human, self.telling.color);
                return Ok(Verdict::Failed);
            }
            Err(error) => return Err(error),
        }
        Ok(verdict)
    }
}
