//! What each kind of finding means, in a sentence.

use avro_compat::check::{FindingKind, Severity};

/// The sentence.
pub(super) fn description(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Type => "The writer's type is not the reader's, nor promoted to it",
        FindingKind::Name => "Named types do not match by name nor by an alias of the reader's",
        FindingKind::FixedSize => "Fixed types have different sizes",
        FindingKind::Symbols => {
            "The reader's enum lacks symbols of the writer's, and has no default"
        }
        FindingKind::MissingField => "A field that was not written has no default",
        FindingKind::Default => "A default that is needed is no value of its type",
        FindingKind::NoBranch => "No branch of the reader's union takes a type of the writer's",
        FindingKind::Undecided => "The schemas are too large to be checked",
        FindingKind::LossyPromotion => "An integer becomes a floating-point number of fewer digits",
        FindingKind::BytesAsString => "Bytes that need not be UTF-8 become a string",
        FindingKind::SymbolsDefaulted => "Unknown symbols become the reader's default symbol",
        FindingKind::DecimalScale => "Decimals have different scales: the point moves",
        FindingKind::DecimalPrecision => "The reader's decimal has fewer digits",
        FindingKind::TimeUnit => "Times are in different units",
        FindingKind::LogicalType => "Logical types have different meanings",
        FindingKind::LogicalTypeDropped => {
            "The writer's type has a logical type, the reader's none"
        }
        FindingKind::LogicalTypeAdded => "The reader's type has a logical type, the writer's none",
        FindingKind::DecimalWidened => "The reader's decimal has more digits",
        FindingKind::TypeAlias => "A named type is found by an alias only",
        FindingKind::FieldAlias => "A field is found by an alias only",
        FindingKind::Namespace => "Names are the same only without their namespaces",
        FindingKind::AmbiguousField => "A field's name and aliases name several fields",
        FindingKind::Order => "A field counts differently when records are sorted",
        FindingKind::Doc => "Documentation differs",
        FindingKind::NoValues => "The writer's schema has no finite values",
        FindingKind::Java(_) => "Java's SchemaCompatibility calls the schemas incompatible",
        FindingKind::JavaThrows => "Java's SchemaCompatibility throws",
        _ => "Schemas differ in what they mean",
    }
}

/// As SARIF names severities.
pub(super) fn sarif_level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Hazard => "warning",
        Severity::Warning => "note",
    }
}

/// As GitHub's workflow commands name severities.
pub(super) fn github_command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Hazard => "warning",
        Severity::Warning => "notice",
    }
}
