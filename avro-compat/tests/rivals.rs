//! Pairs of schemas that other checkers are wrong about, or are silent about: what this one says, that the resolver and a naive one agree, what
//! becomes of a datum, and what Java says.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod pairs;
mod reference;

use avro_compat::check::java::{IncompatibilityType, Outcome, compatibility};
use avro_compat::check::{CheckOptions, FindingKind, Report, Severity, check};
use avro_compat::{
    DecodeProblem, Encoder, Error, Mismatch, ResolveOptions, Resolver, Schema, Value,
};
use pairs::*;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

/// The report, after two decoders have agreed with its verdict.
fn checked(reader: &str, writer: &str) -> Report {
    let report = check(&schema(reader), &schema(writer), &CheckOptions::default());
    let (r, w) = (report.reader(), report.writer());
    let (values, _) = reference::values(w, 1_000);
    assert!(!values.is_empty());
    let (encoder, resolver) = (Encoder::new(w), resolver(r, w));
    let mut fails = false;
    for value in &values {
        let expected = reference::resolve((r, r.root()), (w, w.root()), value).map(|it| it.value);
        let found = resolver.decode(&encoder.encode(value).unwrap());
        fails |= expected.is_err();
        assert_eq!(found.ok(), expected.ok(), "{value:?}");
    }
    assert_eq!(fails, !report.is_compatible(), "{:?}", report.findings().collect::<Vec<_>>());
    report
}

/// One that is made even if nothing can be read.
fn resolver(reader: &Schema, writer: &Schema) -> Resolver {
    let options = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
    Resolver::with_options(reader, writer, &options).unwrap()
}

/// What is read of bytes, as JSON.
fn read(reader: &str, writer: &str, bytes: &[u8]) -> Result<String, DecodeProblem> {
    let reader = schema(reader);
    match resolver(&reader, &schema(writer)).decode(bytes) {
        Ok(value) => Ok(value.to_json(&reader).unwrap()),
        Err(Error::Decode(error)) => Err(error.problem().clone()),
        Err(other) => panic!("{other}"),
    }
}

fn java(reader: &str, writer: &str) -> Outcome {
    compatibility(&schema(reader), &schema(writer), usize::MAX)
}

fn kinds(report: &Report) -> Vec<(FindingKind, String)> {
    report.leaves().map(|it| (it.kind(), it.path_text())).collect()
}

fn only(report: &Report) -> (FindingKind, Severity) {
    let all: Vec<_> = report.leaves().collect();
    assert_eq!(all.len(), 1, "{all:?}");
    (all[0].kind(), all[0].severity())
}

#[test]
fn j1_enum_in_a_union_under_another_namespace() {
    let (reader, writer) = J1;
    // Java's checker and decoder disagree; names match without their namespaces, says the specification, and here both hold to it.
    assert_eq!(only(&checked(reader, writer)), (FindingKind::Namespace, Severity::Warning));
    assert_eq!(read(reader, writer, &[0]).unwrap(), r#"{"new.Colour":"RED"}"#);
    assert_eq!(java(reader, writer), Outcome::Compatible);
}

#[test]
fn j2_a_branch_of_the_same_full_name_is_chosen_though_another_could_be_read() {
    let (reader, writer) = J2;
    let report = checked(reader, writer);
    assert_eq!(only(&report), (FindingKind::MissingField, Severity::Error));
    let root = report.roots().next().unwrap();
    assert_eq!(
        (root.kind(), root.writer_branch(), root.reader_branch()),
        (FindingKind::Branch, None, Some(0))
    );
    let cause = root.causes().next().unwrap();
    assert_eq!(cause.reader_location().pointer, "/0/fields/0");
    assert_eq!(cause.writer_location().pointer, "/fields");
    let missing = Mismatch::MissingField { field: "y".into(), record: "a.R".into() };
    assert_eq!(read(reader, writer, &[2]), Err(DecodeProblem::Unreadable(missing)));
    assert_eq!(java(reader, writer), Outcome::Compatible);
}

#[test]
fn j3_a_result_that_leaned_on_a_pair_in_progress_is_not_kept() {
    let report = checked(J3.0, J3.1);
    assert_eq!(
        kinds(&report),
        [
            (FindingKind::Namespace, String::new()),
            (FindingKind::Namespace, ".b".to_owned()),
            (FindingKind::Type, ".bad".to_owned()),
        ]
    );
    assert!(matches!(read(J3.0, J3.1, &[2, 0, 0, 0]), Err(DecodeProblem::Unreadable(_))));
    assert_eq!(java(J3.0, J3.1), Outcome::Compatible);
}

#[test]
fn j4_a_field_alias_counts_under_another_namespace_too() {
    let (reader, writer) = J4;
    let report = checked(reader, writer);
    let found: Vec<_> = report.findings().map(|it| (it.kind(), it.severity())).collect();
    assert_eq!(
        found,
        [(FindingKind::Namespace, Severity::Warning), (FindingKind::FieldAlias, Severity::Warning)]
    );
    assert_eq!(read(reader, writer, &[2]).unwrap(), r#"{"y":1}"#);
    assert_eq!(java(reader, writer), Outcome::Compatible);
}

#[test]
fn j5_a_field_that_is_found_by_name_and_by_alias() {
    let both = J5_BOTH;
    let report = checked(both.0, both.1);
    assert_eq!(only(&report), (FindingKind::AmbiguousField, Severity::Warning));
    assert_eq!(report.findings().next().unwrap().writer_field(), Some(0));
    assert_eq!(read(both.0, both.1, &[2, 2, b'y']).unwrap(), r#"{"x":1}"#);
    let Outcome::Throws(message) = java(both.0, both.1) else { panic!() };
    assert_eq!(
        message,
        "Reader record field x type:INT pos:0 matches multiple fields in writer record schema \
         {\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"},{\"name\":\"y\",\"type\":\"string\"}]}"
    );
}

#[test]
fn j5_swapped_aliases() {
    let (reader, writer) = J5_SWAPPED;
    // The name is the better match.
    let report = checked(reader, writer);
    assert!(report.is_compatible());
    assert_eq!(report.count(Severity::Warning), 2);
    assert_eq!(read(reader, writer, &[2, 2, b'y']).unwrap(), r#"{"x":1,"y":"y"}"#);
    assert!(matches!(java(reader, writer), Outcome::Throws(_)));
}

/// One field is read by one: the first whose alias names it. The next takes its own next alias, or its default.
#[test]
fn j5_aliases_that_several_fields_have() {
    let writer = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int"}]}"#;
    let reader = r#"{"type": "record", "name": "R", "fields": [
        {"name": "x", "type": "int", "aliases": ["b"]}, {"name": "y", "type": "int", "aliases": ["b", "a"]},
        {"name": "z", "type": "int", "aliases": ["a", "b"], "default": 9}]}"#;
    assert!(checked(reader, writer).is_compatible());
    assert_eq!(read(reader, writer, &[2, 4]).unwrap(), r#"{"x":2,"y":1,"z":9}"#);
}

#[test]
fn j6_a_default_symbol_is_no_default_of_the_field() {
    let (reader, writer) = J6;
    assert_eq!(only(&checked(reader, writer)), (FindingKind::MissingField, Severity::Error));
    let missing = Mismatch::MissingField { field: "colour".into(), record: "R".into() };
    assert_eq!(read(reader, writer, &[]), Err(DecodeProblem::Unreadable(missing)));
    let Outcome::Incompatible(all) = java(reader, writer) else { panic!() };
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].ty, IncompatibilityType::TypeMismatch);
    assert_eq!(all[0].location, "/fields/0/type");
    assert_eq!(all[0].message, "reader type: ENUM not compatible with writer type: RECORD");
}

/// Java's decoder reads it nevertheless; the specification does not want it to.
#[test]
fn a_renamed_record_without_alias_is_an_error() {
    let writer = r#"{"type": "record", "name": "Old", "fields": []}"#;
    let reader = r#"{"type": "record", "name": "New", "fields": []}"#;
    assert_eq!(only(&checked(reader, writer)), (FindingKind::Name, Severity::Error));
    let aliased = r#"{"type": "record", "name": "New", "aliases": ["Old"], "fields": []}"#;
    assert_eq!(only(&checked(aliased, writer)), (FindingKind::TypeAlias, Severity::Warning));
}

fn hazard(reader: &str, writer: &str, kind: FindingKind) {
    assert_eq!(only(&checked(reader, writer)), (kind, Severity::Hazard));
    assert_eq!(java(reader, writer), Outcome::Compatible);
}

#[test]
fn silent_bytes_that_are_no_utf_8_as_string() {
    hazard(r#""string""#, r#""bytes""#, FindingKind::BytesAsString);
    assert_eq!(read(r#""string""#, r#""bytes""#, &[4, b'a', 0xFF]).unwrap(), "\"a\u{FFFD}\"");
}

#[test]
fn silent_integers_that_floating_point_rounds() {
    hazard(r#""float""#, r#""int""#, FindingKind::LossyPromotion);
    hazard(r#""float""#, r#""long""#, FindingKind::LossyPromotion);
    hazard(r#""double""#, r#""long""#, FindingKind::LossyPromotion);
    let bytes = Encoder::new(&schema(r#""long""#)).encode(&Value::Long((1 << 53) + 1)).unwrap();
    assert_eq!(read(r#""double""#, r#""long""#, &bytes).unwrap(), "9007199254740992.0");
    assert_eq!(read(r#""float""#, r#""long""#, &bytes).unwrap(), "9007199000000000.0");
    for (reader, writer) in
        [("long", "int"), ("double", "int"), ("double", "float"), ("bytes", "string")]
    {
        let (reader, writer) = (format!("{reader:?}"), format!("{writer:?}"));
        assert_eq!(checked(&reader, &writer).worst(), None);
    }
}

#[test]
fn silent_timestamps_in_another_unit() {
    let ty =
        |kind: &str, logical: &str| format!(r#"{{"type": "{kind}", "logicalType": "{logical}"}}"#);
    let hazard = |reader: (&str, &str), writer: (&str, &str), kind| {
        hazard(&ty(reader.0, reader.1), &ty(writer.0, writer.1), kind);
    };
    hazard(("long", "timestamp-millis"), ("long", "timestamp-micros"), FindingKind::TimeUnit);
    hazard(
        ("long", "local-timestamp-nanos"),
        ("long", "local-timestamp-micros"),
        FindingKind::TimeUnit,
    );
    hazard(("long", "time-micros"), ("int", "time-millis"), FindingKind::TimeUnit);
    hazard(("long", "timestamp-millis"), ("int", "date"), FindingKind::LogicalType);
    hazard(
        ("long", "local-timestamp-millis"),
        ("long", "timestamp-millis"),
        FindingKind::LogicalType,
    );
}

#[test]
fn silent_decimals_of_another_scale_or_precision() {
    let decimal = |precision: u32, scale: u32| {
        format!(
            r#"{{"type": "bytes", "logicalType": "decimal", "precision": {precision}, "scale": {scale}}}"#
        )
    };
    hazard(&decimal(9, 4), &decimal(9, 2), FindingKind::DecimalScale);
    hazard(&decimal(7, 2), &decimal(9, 2), FindingKind::DecimalPrecision);
    // No value changes, though the specification wants the precisions to be the same.
    let report = checked(&decimal(12, 2), &decimal(9, 2));
    assert_eq!(only(&report), (FindingKind::DecimalWidened, Severity::Warning));
    assert_eq!(checked(&decimal(9, 2), &decimal(9, 2)).worst(), None);
}

#[test]
fn silent_logical_types_that_come_and_go() {
    let uuid = r#"{"type": "string", "logicalType": "uuid"}"#;
    hazard(r#""string""#, uuid, FindingKind::LogicalTypeDropped);
    hazard(uuid, r#""string""#, FindingKind::LogicalTypeAdded);
    let fixed = r#"{"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}"#;
    let plain = r#"{"type": "fixed", "name": "Id", "size": 16}"#;
    hazard(plain, fixed, FindingKind::LogicalTypeDropped);
    // One that is invalid is none.
    let date = r#"{"type": "string", "logicalType": "date"}"#;
    assert_eq!(checked(date, r#""string""#).worst(), None);
    assert_eq!(only(&checked(fixed, uuid)), (FindingKind::Type, Severity::Error));
}

#[test]
fn silent_symbols_that_become_the_default() {
    let (reader, writer) = (
        r#"{"type": "enum", "name": "E", "symbols": ["A", "Z"], "default": "Z"}"#,
        r#"{"type": "enum", "name": "E", "symbols": ["D", "A", "B"]}"#,
    );
    hazard(reader, writer, FindingKind::SymbolsDefaulted);
    let report = checked(reader, writer);
    let finding = report.findings().next().unwrap();
    assert_eq!(finding.missing_symbols().collect::<Vec<_>>(), ["D", "B"]);
}
