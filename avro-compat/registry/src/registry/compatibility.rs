//! Whether a schema may be the next version of a subject, and why not.

use avro_compat::Schema;
use avro_compat::check::java::{self, IncompatibilityType};
use avro_compat::check::{
    CheckOptions, Direction, Finding, FindingKind, Profile, Report, Severity, check_evolution,
};

use super::{State, Version};
use crate::error::Result;
use crate::model::Subject;
use crate::text::{Candidate, Texts};

/// More findings about a pair of versions than this are not told.
const MOST_FINDINGS: usize = 100;
/// Of old schemas that are longer, in bytes, only the beginning is told.
const MOST_OLD_SCHEMA: usize = 10 * 1024;

/// Compares schemas with the versions of subjects.
pub(super) struct Checker<'a> {
    pub texts: &'a Texts,
    pub profile: Profile,
}

impl Checker<'_> {
    /// What keeps a schema from being compatible with versions of a subject, the oldest of which is first in the list, under what is
    /// configured for the subject. Nothing, if it is.
    ///
    /// By the rules of the specification all versions that count are told about, the newest first; by Java's, as Confluent's registry does, the
    /// newest that fails.
    pub fn check(
        &self,
        state: &State,
        subject: &Subject,
        candidate: &Candidate,
        versions: &[(u32, Version)],
    ) -> Result<Vec<String>> {
        let config = state.config_in_scope(subject);
        let level = config.level();
        let group = config.compatibility_group.as_deref();
        let group_of = |it: &crate::model::StoredSchema| {
            let group = group?;
            it.metadata.as_ref()?.property(group).map(str::to_owned)
        };
        let own_group = group_of(&candidate.stored);
        let entries = versions.iter().rev().filter_map(|(number, version)| {
            Some((*number, state.entry(subject.context(), version.id)?))
        });
        let counting = entries.filter(|it| group.is_none() || group_of(&it.1.stored) == own_group);
        let most = match (level.directions().is_empty(), level.is_transitive()) {
            (true, _) => 0,
            (false, true) => usize::MAX,
            (false, false) => 1,
        };

        let options = match self.profile {
            Profile::Spec => CheckOptions::default().at_least(Severity::Error),
            Profile::Java => CheckOptions::java(),
        };
        let mut messages = Vec::new();
        for (number, entry) in counting.take(most) {
            let old = self.texts.parsed(state, subject.context(), entry.digest, &entry.stored)?;
            let found =
                check_evolution(&candidate.parsed, std::slice::from_ref(&old), level, &options);
            if found.is_compatible() {
                continue;
            }
            let mut failures: Vec<_> = found.failures().collect();
            if self.profile == Profile::Java {
                // Confluent's registry begins with what old readers cannot read.
                failures.reverse();
            }
            for failure in failures {
                messages.extend(tell(&failure.report, failure.direction));
            }
            messages.push(format!("{{oldSchemaVersion: {number}}}"));
            messages.push(old_schema(&entry.stored.schema));
            if self.profile == Profile::Java {
                break;
            }
        }
        if !messages.is_empty() {
            messages.push(format!("{{validateFields: 'false', compatibility: '{level}'}}"));
        }
        Ok(messages)
    }
}

/// A comparison that failed, as Confluent's registry tells it where Java's checker sees something, else in the same form.
fn tell(report: &Report, direction: Direction) -> Vec<String> {
    let (reader, writer) = match direction {
        Direction::Backward => ("new", "old"),
        Direction::Forward => ("old", "new"),
    };
    let java = |reader_schema: &Schema, writer_schema: &Schema| {
        java::compatibility(reader_schema, writer_schema, CheckOptions::default().max_steps)
    };
    let outcome = match report.java() {
        Some(outcome) => outcome.clone(),
        None => java(report.reader(), report.writer()),
    };
    match outcome {
        java::Outcome::Incompatible(all) => {
            all.iter().take(MOST_FINDINGS).map(|it| by_java(it, reader, writer)).collect()
        }
        java::Outcome::Throws(message) if report.java().is_some() => {
            vec![format!("Unexpected exception during compatibility check: {message}")]
        }
        _ => report
            .leaves()
            .filter(|it| it.severity() == Severity::Error)
            .take(MOST_FINDINGS)
            .map(by_us)
            .collect(),
    }
}

fn by_java(found: &java::Incompatibility, reader: &str, writer: &str) -> String {
    let (path, message) = (&found.location, &found.message);
    let description = match found.ty {
        IncompatibilityType::FixedSizeMismatch => format!(
            "The size of FIXED type field at path '{path}' in the {reader} schema does not match with the {writer} schema"
        ),
        IncompatibilityType::TypeMismatch => format!(
            "The type (path '{path}') of a field in the {reader} schema does not match with the {writer} schema"
        ),
        IncompatibilityType::NameMismatch => {
            format!("The name of the schema has changed (path '{path}')")
        }
        IncompatibilityType::MissingEnumSymbols => format!(
            "The {reader} schema is missing enum symbols '{message}' at path '{path}' in the {writer} schema"
        ),
        IncompatibilityType::MissingUnionBranch => format!(
            "The {reader} schema is missing a type inside a union field at path '{path}' in the {writer} schema"
        ),
        IncompatibilityType::ReaderFieldMissingDefaultValue => format!(
            "The field '{message}' at path '{path}' in the {reader} schema has no default value and is missing in the {writer} schema"
        ),
    };
    format!("{{errorType:'{}', description:'{description}', additionalInfo:'{message}'}}", found.ty)
}

/// What Java's checker does not see.
fn by_us(finding: Finding<'_>) -> String {
    let ty = match finding.kind() {
        FindingKind::Name => "NAME_MISMATCH",
        FindingKind::FixedSize => "FIXED_SIZE_MISMATCH",
        FindingKind::Symbols => "MISSING_ENUM_SYMBOLS",
        FindingKind::MissingField => "READER_FIELD_MISSING_DEFAULT_VALUE",
        FindingKind::NoBranch => "MISSING_UNION_BRANCH",
        FindingKind::Type => "TYPE_MISMATCH",
        FindingKind::Default => "INVALID_DEFAULT_VALUE",
        _ => "UNDECIDED",
    };
    let path = finding.reader_location().pointer;
    format!(
        "{{errorType:'{ty}', description:'{} (path '{}')', additionalInfo:'{}'}}",
        finding.message(),
        if path.is_empty() { "/" } else { &path },
        finding.path_text(),
    )
}

fn old_schema(text: &str) -> String {
    if text.len() <= MOST_OLD_SCHEMA {
        return format!("{{oldSchema: '{text}'}}");
    }
    let mut end = MOST_OLD_SCHEMA;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{{oldSchema: <truncated> '{}...'}}", text.get(..end).unwrap_or_default())
}
