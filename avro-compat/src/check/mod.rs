//! Whether what was written with one schema can be read with another, and as what.
//!
//! [`check`] finds everything that is in the way, [`check_evolution`] does so for a new version of a schema and those before it, and [`Change`] says what
//! kind of release a change is.
//!
//! ```
//! use avro_compat::Schema;
//! use avro_compat::check::{CheckOptions, FindingKind, Severity, check};
//!
//! let writer = Schema::parse(r#"{"type": "record", "name": "Payment", "fields": [
//!     {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
//!     {"name": "payer", "type": ["null", "string"]}
//! ]}"#)?;
//! let reader = Schema::parse(r#"{"type": "record", "name": "Payment", "fields": [
//!     {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 4}},
//!     {"name": "payer", "type": "string"},
//!     {"name": "currency", "type": "string"}
//! ]}"#)?;
//! let report = check(&reader, &writer, &CheckOptions::default());
//! assert!(!report.is_compatible());
//!
//! let kinds: Vec<_> = report.leaves().map(|it| (it.kind(), it.path_text())).collect();
//! assert_eq!(kinds, [
//!     (FindingKind::MissingField, String::new()),
//!     (FindingKind::DecimalScale, ".amount".to_owned()),
//!     (FindingKind::Type, ".payer<null>".to_owned()),
//! ]);
//! let missing = report.findings().next().unwrap();
//! assert_eq!(missing.severity(), Severity::Error);
//! assert_eq!(missing.reader_location().pointer, "/fields/2");
//! # Ok::<(), avro_compat::Error>(())
//! ```

mod change;
mod evolution;
mod finding;
mod inhabited;
pub mod java;
mod json;
mod kind;
mod meaning;
mod message;
mod options;
mod pair;
mod render;
mod report;
mod walk;

pub use change::{Change, Impact};
pub use evolution::{Direction, Evolution, Mode, VersionReport, check_evolution};
pub use finding::Finding;
pub use kind::FindingKind;
pub use options::{CheckOptions, Profile, Severity};
pub use pair::PathStep;
pub use render::{Part, RenderOptions};
pub use report::Report;

pub(crate) use self::pair::{Pair, Step};
use self::report::Entries;
use crate::schema::Schema;

/// Whether everything that was written with one schema can be read with another: everything that is in the way.
///
/// By [`Profile::Spec`] there is an error exactly if some value that the writer's schema allows cannot be read by a [`Resolver`](crate::Resolver) with the
/// default options, sizes and depths aside; [`witness`](crate::witness) has such a value for each error. That is decided in one walk over the pairs of
/// types that values meet: O(pairs + their fields, symbols and branches), where the pairs are at most the product of the schemas' named types, and
/// in practice about as many as the schema has types.
pub fn check(reader: &Schema, writer: &Schema, options: &CheckOptions) -> Report {
    match options.profile {
        Profile::Spec => {
            let (pairs, entries) = walk::walk(reader, writer, options);
            let (reader, writer) = (reader.clone(), writer.clone());
            Report { reader, writer, pairs, entries: entries.all, java: None }
        }
        Profile::Java => by_java(reader, writer, options),
    }
}

fn by_java(reader: &Schema, writer: &Schema, options: &CheckOptions) -> Report {
    let outcome = java::compatibility(reader, writer, options.max_steps);
    let pair = |reader, writer| Pair { reader, writer, parent: 0, branch: None, step: Step::Root };
    let mut pairs = vec![pair(reader.root(), writer.root())];
    let mut entries = Entries::default();
    match &outcome {
        java::Outcome::Compatible => {}
        java::Outcome::Incompatible(all) => {
            for (at, it) in all.iter().enumerate() {
                let at = at as u32;
                pairs.push(pair(it.reader, it.writer));
                entries.add(&pairs, at + 1, FindingKind::Java(it.ty), at, None);
            }
        }
        java::Outcome::Throws(_) => entries.add(&pairs, 0, FindingKind::JavaThrows, 0, None),
        java::Outcome::TooLarge => entries.add(&pairs, 0, FindingKind::Undecided, 0, None),
    }
    let (reader, writer) = (reader.clone(), writer.clone());
    Report { reader, writer, pairs, entries: entries.all, java: Some(Box::new(outcome)) }
}
