//! What Java's `org.apache.avro.SchemaCompatibility` 1.12 says, to the letter.
//!
//! For those who migrate from it, or must agree with a registry that calls it: the same verdicts, incompatibilities, locations, messages and order.
//! Its errors are kept: it takes pairs that no decoder reads, and refuses some that all read. [`Profile::Spec`](super::Profile::Spec) is the check that
//! is right. What it gets wrong, each shown by a test:
//!
//! - It tries the branches of the reader's union until one can be read, where decoders choose by type and name and stay with that.
//! - It compares names without namespaces everywhere, also in unions, where decoders look for the full name first.
//! - It remembers results that leaned on a pair still being compared as if they were final.
//! - A field that is an enum with a default symbol, has no default itself and is missing in the writer's record, is a type mismatch.
//! - It throws where a field's name and aliases name several fields of the writer's.
//! - It reports that a branch is missing where the branch is there and something inside of it is wrong, and not what.
//!
//! Two things are different here. Deep schemas overflow Java's stack, and not this one's. And Java copies the incompatibilities of a pair to each place
//! that refers to it, which can take exponential memory; here that ends in [`Outcome::TooLarge`].

mod machine;

use crate::schema::{Schema, TypeId};

/// Java's `SchemaIncompatibilityType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncompatibilityType {
    /// `NAME_MISMATCH`
    NameMismatch,
    /// `FIXED_SIZE_MISMATCH`
    FixedSizeMismatch,
    /// `MISSING_ENUM_SYMBOLS`
    MissingEnumSymbols,
    /// `READER_FIELD_MISSING_DEFAULT_VALUE`
    ReaderFieldMissingDefaultValue,
    /// `TYPE_MISMATCH`
    TypeMismatch,
    /// `MISSING_UNION_BRANCH`
    MissingUnionBranch,
}

impl IncompatibilityType {
    /// As Java spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameMismatch => "NAME_MISMATCH",
            Self::FixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            Self::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Self::ReaderFieldMissingDefaultValue => "READER_FIELD_MISSING_DEFAULT_VALUE",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::MissingUnionBranch => "MISSING_UNION_BRANCH",
        }
    }

    /// The member of the type's definition that it is about.
    pub(super) fn member(self) -> Option<&'static str> {
        match self {
            Self::NameMismatch => Some("name"),
            Self::FixedSizeMismatch => Some("size"),
            Self::MissingEnumSymbols => Some("symbols"),
            _ => None,
        }
    }
}

impl std::fmt::Display for IncompatibilityType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Java's `Incompatibility`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatibility {
    /// What kind it is of.
    pub ty: IncompatibilityType,
    /// Java's `getLocation()`: names of members and indexes in the reader's schema; indexes of unions are those of the writer's.
    pub location: String,
    /// Java's `getMessage()`.
    pub message: String,
    /// Java's `getReaderFragment()`.
    pub reader: TypeId,
    /// Java's `getWriterFragment()`.
    pub writer: TypeId,
}

impl Incompatibility {
    pub(super) fn location_tokens(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.location.split('/')
    }
}

/// `TYPE_MISMATCH at /fields/0/type: reader type: INT not compatible with writer type: LONG`
impl std::fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}: {}", self.ty, self.location, self.message)
    }
}

/// What comes of Java's `checkReaderWriterCompatibility`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `COMPATIBLE`
    Compatible,
    /// `INCOMPATIBLE`, and why, in Java's order; there is at least one.
    Incompatible(Vec<Incompatibility>),
    /// An `AvroRuntimeException` of this message. It has a schema in it, as [`Schema::to_json`] spells it, which in details need not be as Java does.
    Throws(String),
    /// More incompatibilities, copies included, or more pairs, than allowed.
    TooLarge,
}

/// What Java's `SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)` says.
///
/// At most `max_steps` pairs, fields and copies of incompatibilities are looked at. Without recursion.
pub fn compatibility(reader: &Schema, writer: &Schema, max_steps: usize) -> Outcome {
    machine::run(reader, writer, max_steps)
}
