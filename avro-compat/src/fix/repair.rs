//! One fix after another.

use super::{Fix, fixes};
use crate::check::{CheckOptions, Report, Severity, check};
use crate::schema::Schema;

/// What has become of a reader's schema.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Repaired {
    /// The schema with all fixes; [`Schema::texts`] are its texts.
    pub schema: Schema,
    /// The fixes, each one of the schema that those before it have made.
    pub fixes: Vec<Fix>,
    /// What is found when the schema reads what the writer wrote; errors, if there is no fix for them.
    pub report: Report,
}

/// Makes one fix after another, the best for the first error that has one, until there is no error, or none that has a fix. At most `most` are made.
///
/// The best is a guess: a default that is right for a program, or whether a field has been renamed, no schema says.
pub fn repair(reader: &Schema, writer: &Schema, most: usize) -> Repaired {
    let options = CheckOptions::default();
    let mut schema = reader.clone();
    let mut report = check(reader, writer, &options);
    let mut made = Vec::new();
    while made.len() < most {
        let best = {
            let mut errors = report.leaves().filter(|it| it.severity() == Severity::Error);
            errors.find_map(|it| fixes(it).into_iter().next())
        };
        let Some(fix) = best else { break };
        schema = fix.schema.clone();
        report = check(&schema, writer, &options);
        made.push(fix);
    }
    Repaired { schema, fixes: made, report }
}
