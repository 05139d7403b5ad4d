//! Versions of a schema against each other.

use avro_compat::Schema;
use avro_compat::check::{CheckOptions, Direction, Mode, Profile, check_evolution};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::output::{Comparison, Level, Telling};

/// Which versions must read which, and by whose rules.
#[derive(Clone, Debug, Args)]
pub struct Rules {
    /// By whose rules
    #[arg(long, value_enum, default_value_t)]
    pub profile: ProfileChoice,
}

/// By whose rules is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProfileChoice {
    /// The specification's, as decoders apply them
    #[default]
    Spec,
    /// Those of Java's SchemaCompatibility, wherever they lead
    Java,
}

impl From<ProfileChoice> for Profile {
    fn from(choice: ProfileChoice) -> Self {
        match choice {
            ProfileChoice::Spec => Self::Spec,
            ProfileChoice::Java => Self::Java,
        }
    }
}

/// A mode, in capitals or not.
pub fn mode() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.map(Mode::as_str)).try_map(|it| it.parse::<Mode>())
}

/// A version, and what to call it.
#[derive(Clone, Debug)]
pub struct Version {
    /// A path, or whatever says best where it is from.
    pub name: String,
    /// The schema.
    pub schema: Schema,
}

impl Rules {
    /// What is looked for.
    pub fn options(&self, telling: &Telling, least: Level) -> CheckOptions {
        let mut options = CheckOptions::default().at_least(telling.least(least));
        options.profile = self.profile.into();
        options
    }
}

/// A new version against those before it, the oldest first.
pub fn against(
    subject: Option<&str>,
    new: &Version,
    versions: &[Version],
    mode: Mode,
    options: &CheckOptions,
) -> Vec<Comparison> {
    let schemas: Vec<_> = versions.iter().map(|it| it.schema.clone()).collect();
    let evolution = check_evolution(&new.schema, &schemas, mode, options);
    let comparisons = evolution.reports().iter().map(|it| {
        let old = versions[it.version].name.clone();
        let (reader, writer) = match it.direction {
            Direction::Backward => (new.name.clone(), old),
            Direction::Forward => (old, new.name.clone()),
        };
        let (subject, report) = (subject.map(str::to_owned), it.report.clone());
        Comparison { subject, reader, writer, direction: it.direction, report }
    });
    comparisons.collect()
}
