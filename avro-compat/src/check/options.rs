//! What is checked, and how much of it is told.

/// How bad a finding is; the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Everything is read as it was meant; other implementations, or people, may think otherwise.
    Warning,
    /// Everything is read, but some value may mean something else than was written.
    Hazard,
    /// Some value that the writer can write cannot be read.
    Error,
}

impl Severity {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Hazard => "hazard",
            Self::Error => "error",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// By whose rules is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// The specification's, as decoders apply them: there is an error exactly if some value cannot be read.
    #[default]
    Spec,
    /// Those of Java's `SchemaCompatibility`, wherever they lead: [`java`](crate::check::java).
    Java,
}

/// What [`check`](crate::check::check) looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckOptions {
    /// By whose rules.
    pub profile: Profile,
    /// The least severity that is told. [`Severity::Warning`], which is all of them, by default.
    pub least: Severity,
    /// How many pairs of types, fields, symbols and branches are looked at before the check gives up: a million bytes of schemas can be made to have
    /// a billion pairs. 2,000,000 by default, which schemas that people write stay far below.
    pub max_steps: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { profile: Profile::Spec, least: Severity::Warning, max_steps: 2_000_000 }
    }
}

impl CheckOptions {
    /// By the rules of Java's `SchemaCompatibility`.
    pub fn java() -> Self {
        Self { profile: Profile::Java, ..Self::default() }
    }

    /// The same without what is less severe.
    #[must_use]
    pub fn at_least(self, least: Severity) -> Self {
        Self { least, ..self }
    }
}
