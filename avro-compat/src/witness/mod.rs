//! What a finding means for data: a datum that was written and cannot be read, or is read as something else.
//!
//! For each error a small datum is made that is valid for the writer's schema and cannot be read with the reader's, and for each hazard one that
//! is read as something else. They are made by construction: the cheapest way from the root to what was found, through branches of unions and one
//! item of arrays and maps; at its end what is wrong, and everywhere else the smallest value that there is. And they are proven: each is
//! encoded with the writer's schema, read back with that, and then read with the reader's by a [`Resolver`](crate::Resolver), which must refuse it or change it.
//!
//! ```
//! use avro_compat::Schema;
//! use avro_compat::check::{CheckOptions, check};
//! use avro_compat::witness::{Outcome, witnesses};
//!
//! let writer = Schema::parse(r#"{"type": "record", "name": "Tweet", "fields": [
//!     {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
//!     {"name": "tags", "type": {"type": "array", "items": ["string", "int"]}}]}"#)?;
//! let reader = Schema::parse(r#"{"type": "record", "name": "Tweet", "fields": [
//!     {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
//!     {"name": "tags", "type": {"type": "array", "items": "string"}}]}"#)?;
//! let report = check(&reader, &writer, &CheckOptions::default());
//! let found: Vec<_> = witnesses(&report).map(|(_, it)| it.unwrap()).collect();
//!
//! assert_eq!(found[0].json, r#"{"at":1000000,"tags":[]}"#);
//! let Outcome::Changes { before, after } = &found[0].outcome else { panic!() };
//! assert_eq!((&before[..], &after[..]), ("1970-01-01T00:00:01Z", "1970-01-01T00:16:40Z"));
//!
//! assert_eq!(found[1].json, r#"{"at":0,"tags":[{"int":0}]}"#);
//! assert_eq!((&found[1].hex()[..], &found[1].pointer[..]), ("0002020000", "/tags/0/int"));
//! assert!(matches!(found[1].outcome, Outcome::Fails { .. }));
//! # Ok::<(), avro_compat::Error>(())
//! ```

mod change;
mod json;
mod meaning;
mod proof;
mod smallest;
mod way;

use self::proof::Prover;
use crate::check::{Finding, Report, Severity};
use crate::error::{DecodeError, ResolveError};
use crate::value::Value;

/// How many values and bytes a datum may have together.
const MAX_SIZE: u64 = 1 << 20;

/// A datum that shows what a finding means.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Witness {
    /// The datum: a value of the writer's schema.
    pub datum: Value,
    /// The datum in Avro's JSON encoding.
    pub json: String,
    /// The datum in Avro's binary encoding.
    pub bytes: Vec<u8>,
    /// The part of the datum that the finding is about, as a JSON pointer into [`json`](Self::json).
    pub pointer: String,
    /// What comes of it.
    pub outcome: Outcome,
}

impl Witness {
    /// The bytes in hexadecimal.
    pub fn hex(&self) -> String {
        self.bytes.iter().map(|it| format!("{it:02x}")).collect()
    }
}

/// `{"a":1} (02): byte 0 (written as ...`, `{"a":1} (02): 1 at /a is read as 1.0`
impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): ", self.json, self.hex())?;
        match &self.outcome {
            Outcome::Fails { error, cause } => write!(f, "{}", cause.as_ref().unwrap_or(error)),
            Outcome::Changes { before, after } if self.pointer.is_empty() => {
                write!(f, "{before} is read as {after}")
            }
            Outcome::Changes { before, after } => {
                write!(f, "{before} at {} is read as {after}", self.pointer)
            }
        }
    }
}

/// What comes of reading a witness.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It cannot be read: for errors.
    Fails {
        /// Why.
        error: DecodeError,
        /// If that is about something that the datum needs to get to what was found, and that cannot be read either: why the part in question,
        /// written and read by itself, cannot be read.
        cause: Option<DecodeError>,
    },
    /// It is read as something else: for hazards.
    Changes {
        /// The part in question, as the writer means it: in words of its logical type, else in JSON.
        before: String,
        /// The same, as the reader takes it.
        after: String,
    },
}

/// Why there is no witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproven {
    /// The finding is one that no datum shows: a warning, or that others are inside of a branch.
    #[error("a finding of this kind is not about single data")]
    NotAboutData,
    /// The check did not come to its end.
    #[error("the check did not come to its end: raise `max_steps`")]
    Undecided,
    /// What Java says need not be true of any data.
    #[error("by Java's rules nothing is proven: check by the specification's")]
    Java,
    /// Each datum that shows it is larger than is made here.
    #[error("each datum that shows it has more than {limit} values and bytes")]
    TooLarge {
        /// Values and bytes together.
        limit: u64,
    },
    /// Each datum that was found to show it nests deeper than any is read.
    #[error("a datum that shows it nests more than {limit} deep, which no decoder here reads")]
    TooDeep {
        /// Records, arrays and maps inside of each other.
        limit: u32,
    },
    /// The schemas make no resolver.
    #[error(transparent)]
    Resolver(#[from] ResolveError),
    /// The datum that should show it does not: the checker is wrong. Please report it.
    #[error("the checker and the resolver disagree about {hex}: {reason}. That is a bug")]
    Contradicted {
        /// The datum, encoded.
        hex: String,
        /// What was read, or why not.
        reason: String,
    },
}

/// A witness for each error and hazard of a report, in the report's order. Each is made when it is asked for.
///
/// The first costs as much as the check, and compiles a resolver; each costs the reading of its datum, and another resolver if a part
/// of the datum has to be read by itself.
pub fn witnesses(
    report: &Report,
) -> impl Iterator<Item = (Finding<'_>, Result<Witness, Unproven>)> {
    let mut prover = None;
    report.leaves().filter(|it| it.severity() >= Severity::Hazard).map(move |finding| {
        let prover = prover.get_or_insert_with(|| Prover::new(report));
        (finding, prover.witness(finding))
    })
}

/// The witness of one finding.
///
/// # Errors
///
/// Why there is none.
pub fn witness(finding: Finding<'_>) -> Result<Witness, Unproven> {
    Prover::new(finding.report()).witness(finding)
}
