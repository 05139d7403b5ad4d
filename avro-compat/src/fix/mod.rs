//! Edits of a schema's text: those that remove what a check has found, and renaming that breaks no reader.
//!
//! Suggestions are edits of the reader's schema, the new one of a backward check. Each is made, parsed and checked again before it is told: it
//! removes the finding that it is for, and adds none that is as bad. What it says besides, which is less bad, stands with it: an alias is
//! a warning, and the default symbol of an enum a hazard. The rest of the text stays as it is.
//!
//! ```
//! use avro_compat::Schema;
//! use avro_compat::check::{CheckOptions, check};
//! use avro_compat::fix::fixes;
//!
//! let writer = Schema::parse(r#"{"type": "record", "name": "Tweet", "fields": [
//!     {"name": "msg", "type": "string"}
//! ]}"#)?;
//! let reader = Schema::parse(r#"{"type": "record", "name": "Tweet", "fields": [
//!     {"name": "text", "type": "string"}
//! ]}"#)?;
//! let report = check(&reader, &writer, &CheckOptions::default());
//! let fixes = fixes(report.leaves().next().unwrap());
//! let titles: Vec<_> = fixes.iter().map(|it| &it.title[..]).collect();
//! assert_eq!(titles, [
//!     "read the writer's field \"msg\" as \"text\", by an alias",
//!     "give field \"text\" the default \"\"",
//!     "make field \"text\" optional",
//! ]);
//! assert_eq!(fixes[0].edits[0].to_string(), r#"add /fields/0/aliases: ["msg"]"#);
//! assert_eq!(fixes[0].text, r#"{"type": "record", "name": "Tweet", "fields": [
//!     {"name": "text", "type": "string", "aliases": ["msg"]}
//! ]}"#);
//! # Ok::<(), avro_compat::Error>(())
//! ```

mod candidate;
mod default;
mod edit;
mod json;
mod rename;
mod repair;
mod texts;

use std::collections::HashMap;
use std::sync::Arc;

use self::candidate::Candidate;
use self::texts::Texts;
pub use edit::{Edit, Operation};
pub use rename::{Renamed, rename};
pub use repair::{Repaired, repair};

use crate::check::{CheckOptions, Finding, FindingKind, Report, Severity, check};
use crate::schema::{Schema, TypeId};

/// Edits of the reader's schema that remove a finding.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fix {
    /// What they do, in words.
    pub title: String,
    /// The edits, all of which must be made.
    pub edits: Vec<Edit>,
    /// The name of the text that they are edits of, if it has one: of several that make the reader's schema.
    pub source: Option<Arc<str>>,
    /// The text with the edits.
    pub text: String,
    /// The reader's schema with them.
    pub schema: Schema,
    /// What the check of the edited schema finds that the first did not, all of it less severe than what the edits are for.
    pub adds: Vec<(Severity, String)>,
}

/// `give field "text" the default ""`
impl std::fmt::Display for Fix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)
    }
}

/// Edits that remove a finding, each by itself, the best first. None for warnings, under [`Profile::Java`](crate::check::Profile::Java), for a reader's schema that is a part of
/// its text, and wherever nothing is known to help.
///
/// Each costs a parse and a check; there are at most a dozen that are tried.
pub fn fixes(finding: Finding<'_>) -> Vec<Fix> {
    let report = finding.report();
    if finding.severity() < Severity::Hazard || report.java().is_some() {
        return Vec::new();
    }
    let Some(texts) = Texts::of(report.reader()) else { return Vec::new() };
    // All of it: the report may have been asked for the worst only.
    let before = Findings::of(&check(report.reader(), report.writer(), &CheckOptions::default()));
    let mut fixes: Vec<Fix> = Vec::new();
    for Candidate { title, document, edits } in candidate::candidates(finding) {
        // The other order of what has been found to help is not another way to help.
        if fixes.iter().any(|it| it.title == title) {
            continue;
        }
        let Some(text) = edit::apply(document.text(), &edits) else { continue };
        let Ok(schema) = texts.with(document, &text) else { continue };
        let after = check(&schema, report.writer(), &CheckOptions::default());
        if let Some(adds) = before.without(finding, &after) {
            let source = texts.name(document);
            fixes.push(Fix { title, edits, source, text, schema, adds });
        }
    }
    fixes
}

/// What a finding is about, whatever else the reader's schema says: the writer's type, the name of the reader's, and its field.
type Matter = (FindingKind, TypeId, String, Option<String>);

fn matter(finding: Finding<'_>) -> Matter {
    let reader = finding.reader_node();
    let field = match (reader.ty(), finding.reader_field()) {
        (crate::Type::Record(it), Some(at)) => it.fields().get(at).map(|it| it.name().to_owned()),
        _ => None,
    };
    (finding.kind(), finding.writer_type(), reader.branch_name().to_owned(), field)
}

/// How often each matter is found.
struct Findings(HashMap<Matter, usize>);

impl Findings {
    fn of(report: &Report) -> Self {
        let mut all = HashMap::new();
        report.leaves().for_each(|it| *all.entry(matter(it)).or_default() += 1);
        Self(all)
    }

    /// What another report adds, if it has one of a finding less than these, and adds none that is as bad.
    fn without(&self, finding: Finding<'_>, after: &Report) -> Option<Vec<(Severity, String)>> {
        let mut left = self.0.clone();
        if let Some(count) = left.get_mut(&matter(finding)) {
            *count -= 1;
        }
        let mut adds = Vec::new();
        for other in after.leaves() {
            match left.get_mut(&matter(other)) {
                Some(count) if *count > 0 => *count -= 1,
                _ if other.severity() < finding.severity() => {
                    adds.push((other.severity(), other.message()));
                }
                _ => return None,
            }
        }
        Some(adds)
    }
}
