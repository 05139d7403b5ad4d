//! What there is to tell.

use avro_compat::check::{Direction, Impact, Mode, Profile, Report, Severity};

use crate::error::Error;

/// A version of a schema against another, in one direction.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What both are versions of, if there are several such things.
    pub subject: Option<String>,
    /// What to call the schema that is read with.
    pub reader: String,
    /// What to call the schema that was written with.
    pub writer: String,
    /// Whether the reader is the new one.
    pub direction: Direction,
    /// What was found.
    pub report: Report,
}

impl Comparison {
    /// True if the reader is the new schema, which can be edited.
    pub fn reader_is_new(&self) -> bool {
        self.direction == Direction::Backward
    }

    /// `new.avsc reads what old.avsc wrote`
    pub fn title(&self) -> String {
        let Self { reader, writer, .. } = self;
        // A file that is its own subject is named once.
        let subject = self.subject.as_ref().filter(|it| *it != reader && *it != writer);
        let subject = subject.map_or_else(String::new, |it| format!("{it}: "));
        format!("{subject}{reader} reads what {writer} wrote")
    }
}

/// Everything that was found.
#[derive(Debug)]
pub struct Findings {
    /// How versions were compared.
    pub mode: Option<Mode>,
    /// By whose rules.
    pub profile: Profile,
    /// Whom the change breaks, if that was asked.
    pub impact: Option<Impact>,
    /// The comparisons, in the order in which they are told.
    pub comparisons: Vec<Comparison>,
    /// How many subjects there were, if there may be several.
    pub subjects: Option<usize>,
    /// What could not be compared.
    pub invalid: Vec<Error>,
}

impl Findings {
    /// Nothing yet.
    pub fn new(mode: Option<Mode>, profile: Profile) -> Self {
        let (comparisons, invalid) = (Vec::new(), Vec::new());
        Self { mode, profile, impact: None, comparisons, subjects: None, invalid }
    }

    /// The severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.comparisons.iter().filter_map(|it| it.report.worst()).max()
    }

    /// How many comparisons found errors.
    pub fn failures(&self) -> usize {
        self.comparisons.iter().filter(|it| !it.report.is_compatible()).count()
    }
}

/// `2 errors, 1 hazard`; empty if there are none.
pub fn counts(report: &Report) -> String {
    let count = |severity, one: &str| match report.count(severity) {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {one}s")),
    };
    let all = [
        count(Severity::Error, "error"),
        count(Severity::Hazard, "hazard"),
        count(Severity::Warning, "warning"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
