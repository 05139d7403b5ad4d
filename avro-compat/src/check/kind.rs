//! What can be found.

use super::Severity;
use super::java::IncompatibilityType;

/// What is the matter at a place; [`FindingKind::as_str`] is its name in machine-readable reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// Error: the reader's type is another, and the writer's cannot be promoted to it.
    Type,
    /// Error: named types of the same kind whose names do not match, neither by an alias of the reader's.
    Name,
    /// Error: fixed types of different sizes.
    FixedSize,
    /// Error: symbols of the writer's that the reader does not have, and it has no default symbol.
    Symbols,
    /// Error: a field of the reader's that the writer's record does not have, without default.
    MissingField,
    /// Error: a field of the reader's that the writer's record does not have, with a default that is no value of its type. Only schemas that were
    /// parsed without a check of their defaults have such.
    Default,
    /// Error: no branch of the reader's union matches a type of the writer's.
    NoBranch,
    /// Error, hazard or warning, as the worst that is inside: something about what is inside a branch of a union, of the writer's, the
    /// reader's or both.
    Branch,
    /// Error: the schemas have more pairs than [`max_steps`](super::CheckOptions::max_steps); what is beyond was not looked at.
    Undecided,
    /// Error: what Java's checker says, under [`Profile::Java`](super::Profile::Java).
    Java(IncompatibilityType),
    /// Error: Java's checker throws, under [`Profile::Java`](super::Profile::Java).
    JavaThrows,

    /// Hazard: an int or long becomes a floating-point number that does not have enough digits for all of them.
    LossyPromotion,
    /// Hazard: bytes become a string, in which what is no UTF-8 is replaced; or refused, with [`InvalidUtf8::Refuse`](crate::InvalidUtf8::Refuse) and by
    /// some implementations.
    BytesAsString,
    /// Hazard: symbols that the reader does not know become its default symbol.
    SymbolsDefaulted,
    /// Hazard: decimals of different scales. The digits are read, and the point is elsewhere.
    DecimalScale,
    /// Hazard: decimals of the same scale, the reader's of fewer digits.
    DecimalPrecision,
    /// Hazard: times or timestamps in different units.
    TimeUnit,
    /// Hazard: logical types of different meanings.
    LogicalType,
    /// Hazard: the writer's type has a logical type, and the reader's has none: units, scales and forms are lost.
    LogicalTypeDropped,
    /// Hazard: the reader's type has a logical type, and the writer's has none: nothing says that its values have that meaning.
    LogicalTypeAdded,

    /// Warning: decimals of the same scale, the reader's of more digits, though the specification wants the same.
    DecimalWidened,
    /// Warning: a named type is found by an alias only, which implementations need not honour.
    TypeAlias,
    /// Warning: a field is found by an alias only, which implementations need not honour.
    FieldAlias,
    /// Warning: named types whose names are the same only without their namespaces. Some implementations compare full names.
    Namespace,
    /// Warning: a field of the reader's whose name and aliases are several fields of the writer's: its name counts here, then its first alias;
    /// Java's checker throws.
    AmbiguousField,
    /// Warning: a field counts differently when records are sorted.
    Order,
    /// Warning: documentation differs.
    Doc,
    /// Warning: the writer's schema has no finite values, so that anything can read it.
    NoValues,
}

impl FindingKind {
    /// How bad it is; none for [`FindingKind::Branch`], which is as bad as what is inside.
    pub fn severity(self) -> Option<Severity> {
        Some(match self {
            Self::Branch => return None,
            Self::Type
            | Self::Name
            | Self::FixedSize
            | Self::Symbols
            | Self::MissingField
            | Self::Default
            | Self::NoBranch
            | Self::Undecided
            | Self::Java(_)
            | Self::JavaThrows => Severity::Error,
            Self::LossyPromotion
            | Self::BytesAsString
            | Self::SymbolsDefaulted
            | Self::DecimalScale
            | Self::DecimalPrecision
            | Self::TimeUnit
            | Self::LogicalType
            | Self::LogicalTypeDropped
            | Self::LogicalTypeAdded => Severity::Hazard,
            Self::DecimalWidened
            | Self::TypeAlias
            | Self::FieldAlias
            | Self::Namespace
            | Self::AmbiguousField
            | Self::Order
            | Self::Doc
            | Self::NoValues => Severity::Warning,
        })
    }

    /// Its name in machine-readable reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Name => "name",
            Self::FixedSize => "fixed-size",
            Self::Symbols => "symbols",
            Self::MissingField => "missing-field",
            Self::Default => "default",
            Self::NoBranch => "no-branch",
            Self::Branch => "branch",
            Self::Undecided => "undecided",
            Self::Java(ty) => ty.as_str(),
            Self::JavaThrows => "java-throws",
            Self::LossyPromotion => "lossy-promotion",
            Self::BytesAsString => "bytes-as-string",
            Self::SymbolsDefaulted => "symbols-defaulted",
            Self::DecimalScale => "decimal-scale",
            Self::DecimalPrecision => "decimal-precision",
            Self::TimeUnit => "time-unit",
            Self::LogicalType => "logical-type",
            Self::LogicalTypeDropped => "logical-type-dropped",
            Self::LogicalTypeAdded => "logical-type-added",
            Self::DecimalWidened => "decimal-widened",
            Self::TypeAlias => "type-alias",
            Self::FieldAlias => "field-alias",
            Self::Namespace => "namespace",
            Self::AmbiguousField => "ambiguous-field",
            Self::Order => "order",
            Self::Doc => "doc",
            Self::NoValues => "no-values",
        }
    }
}

impl std::fmt::Display for FindingKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
