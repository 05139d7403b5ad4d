//! Findings in words.

use super::walk::missing_symbols;
use super::{Finding, FindingKind, java};
use crate::schema::{Kind, LogicalType, Node, Type};

/// More symbols than this are counted.
const SYMBOLS: usize = 12;

/// More branches than this that are nearly right are not told.
const NEAR: usize = 4;

pub(super) fn message(finding: Finding<'_>) -> String {
    let (reader, writer) = (finding.reader_node(), finding.writer_node());
    let (r, w) = (described(reader), described(writer));
    let field = || field_name(finding);
    let record = || full_name(reader);
    match finding.kind() {
        FindingKind::Type => format!("{w} cannot be read as {r}"),
        FindingKind::Name => format!(
            "{w} is not {r}: their names differ, and none of the reader's aliases is {:?}",
            full_name(writer)
        ),
        FindingKind::FixedSize => match (reader.ty(), writer.ty()) {
            (Type::Fixed(r), Type::Fixed(w)) => format!(
                "fixed {:?} has {} bytes for the writer and {} for the reader",
                w.name().full(),
                w.size(),
                r.size()
            ),
            _ => String::new(),
        },
        FindingKind::Symbols => format!(
            "{} of enum {:?} {}, and it has no default symbol",
            symbols(reader, writer),
            full_name(writer),
            "cannot be read: the reader does not have them"
        ),
        FindingKind::SymbolsDefaulted => match reader.ty() {
            Type::Enum(it) => format!(
                "{} of enum {:?} become {:?}, the reader's default symbol",
                symbols(reader, writer),
                full_name(writer),
                it.default_symbol().unwrap_or_default()
            ),
            _ => String::new(),
        },
        FindingKind::MissingField => format!(
            "field {:?} of record {:?} has no default, and the writer's record has no such field",
            field(),
            record()
        ),
        FindingKind::Default => format!(
            "field {:?} of record {:?} takes its default, which is no value of its type{}",
            field(),
            record(),
            default_mismatch(finding)
        ),
        FindingKind::NoBranch => no_branch(finding, &w),
        FindingKind::Branch => match (finding.writer_branch(), finding.reader_branch()) {
            (Some(i), Some(j)) => format!("{w} (branch {i} of the writer's union) is read as {r} (branch {j} of the reader's)"),
            (Some(i), None) => format!("{w} (branch {i} of the writer's union) is read as {r}"),
            (_, j) => format!("{w} is read as {r} (branch {} of the reader's union)", j.unwrap_or_default()),
        },
        FindingKind::Undecided => "the schemas are too large to be checked within `max_steps`: raise it if they are trusted".to_owned(),
        FindingKind::Java(_) => finding.java().map(java::Incompatibility::to_string).unwrap_or_default(),
        FindingKind::JavaThrows => match finding.report.java() {
            Some(java::Outcome::Throws(message)) => format!("Java's checker throws: {message}"),
            _ => String::new(),
        },
        FindingKind::LossyPromotion => format!("{w} is read as {r}, which rounds integers over {}", largest(reader.kind())),
        FindingKind::BytesAsString => "bytes are read as string: what is not UTF-8 is changed or refused".to_owned(),
        FindingKind::DecimalScale => format!("{w} is read as {r}: the digits stay, the point moves"),
        FindingKind::DecimalPrecision => format!("{w} is read as {r}, which does not have room for all of its digits"),
        FindingKind::DecimalWidened => format!("{w} is read as {r}, though the specification wants the same precision"),
        FindingKind::TimeUnit => format!("{w} is read as {r}: the number stays, the unit changes"),
        FindingKind::LogicalType => format!("{w} is read as {r}: the number or bytes stay, their meaning changes"),
        FindingKind::LogicalTypeDropped => format!("{w} is read as plain {r}"),
        FindingKind::LogicalTypeAdded => format!("plain {w} is read as {r}: nothing says that it is meant so"),
        FindingKind::TypeAlias => format!("{w} is found by an alias of {r}: implementations need not honour it"),
        FindingKind::FieldAlias => format!("field {:?} of record {:?} is found by its alias {:?}: implementations need not honour it", field(), record(), writer_field_name(finding)),
        FindingKind::Namespace => format!("{w} is read as {r}: the namespaces differ, and some implementations compare full names"),
        FindingKind::AmbiguousField => format!("field {:?} of record {:?} could be several of the writer's fields by its name and aliases; {:?} is taken, and Java's checker throws", field(), record(), writer_field_name(finding)),
        FindingKind::Order => format!("field {:?} of record {:?} counts differently when records are sorted", field(), record()),
        FindingKind::Doc => match finding.reader_field() {
            Some(_) => format!("the documentation of field {:?} of record {:?} differs", field(), record()),
            None => format!("the documentation of {r} differs"),
        },
        FindingKind::NoValues => format!("{w} has no finite values: nothing can be written with this schema"),
    }
}

fn full_name(node: &Node) -> &str {
    node.branch_name()
}

/// `record "a.B"`, `long (timestamp-millis)`, `array`
fn described(node: &Node) -> String {
    let kind = node.kind();
    let name = node.name().map(|it| format!(" {:?}", it.full())).unwrap_or_default();
    match node.logical_type() {
        Some(LogicalType::Decimal { precision, scale }) => {
            format!(
                "{kind}{name} (decimal of {precision} digits, {scale} of them behind the point)"
            )
        }
        Some(logical) => format!("{kind}{name} ({logical})"),
        None => format!("{kind}{name}"),
    }
}

fn field_name(finding: Finding<'_>) -> &str {
    match (finding.reader_node().ty(), finding.reader_field()) {
        (Type::Record(record), Some(at)) => record.fields()[at].name(),
        _ => "",
    }
}

fn writer_field_name(finding: Finding<'_>) -> &str {
    match (finding.writer_node().ty(), finding.writer_field()) {
        (Type::Record(record), Some(at)) => record.fields()[at].name(),
        _ => "",
    }
}

fn symbols(reader: &Node, writer: &Node) -> String {
    let (Type::Enum(r), Type::Enum(w)) = (reader.ty(), writer.ty()) else { return String::new() };
    let all: Vec<_> = missing_symbols(r, w).collect();
    let told: Vec<_> = all.iter().take(SYMBOLS).map(|it| format!("{it:?}")).collect();
    let told = told.join(", ");
    let noun = if all.len() == 1 { "symbol" } else { "symbols" };
    match all.len().saturating_sub(SYMBOLS) {
        0 => format!("{noun} {told}"),
        more => format!("{noun} {told} and {more} more"),
    }
}

fn no_branch(finding: Finding<'_>, writer: &str) -> String {
    let Type::Union(union) = finding.reader_node().ty() else { return String::new() };
    let schema = finding.report.reader();
    let kind = finding.writer_node().kind();
    let near: Vec<_> = union
        .branches()
        .iter()
        .map(|it| &schema[*it])
        .filter(|it| it.kind() == kind)
        .take(NEAR)
        .map(described)
        .collect();
    match near.as_slice() {
        [] => format!("the reader's union has no branch for {writer}"),
        near => format!(
            "the reader's union has no branch for {writer}: {} {}",
            near.join(", "),
            match finding.writer_node().ty() {
                Type::Fixed(_) => "differs in name or size",
                _ => "has another name, and no alias for it",
            }
        ),
    }
}

fn default_mismatch(finding: Finding<'_>) -> String {
    let (Type::Record(record), Some(at)) = (finding.reader_node().ty(), finding.reader_field())
    else {
        return String::new();
    };
    let field = &record.fields()[at];
    let mismatch =
        field.default().and_then(|it| finding.report.reader().check_default(field.ty(), it).err());
    mismatch.map(|it| format!(": {it}")).unwrap_or_default()
}

fn largest(kind: Kind) -> &'static str {
    match kind {
        Kind::Float => "16,777,216 (2^24)",
        _ => "9,007,199,254,740,992 (2^53)",
    }
}
