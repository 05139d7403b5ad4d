//! Suggested edits remove what they are for, and add nothing as bad.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;
mod patch;

use std::collections::BTreeMap;

use avro_compat::check::{CheckOptions, FindingKind, Report, Severity, check};
use avro_compat::fix::{Fix, fixes, repair};
use avro_compat::json::{Document, Json, Layout};
use avro_compat::{Schema, Schemas};
use patch::patched;
use proptest::prelude::*;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

fn report(reader: &str, writer: &str) -> Report {
    check(&schema(reader), &schema(writer), &CheckOptions::default())
}

/// The fixes of the first error or hazard: titles and texts.
fn suggested(reader: &str, writer: &str) -> Vec<(String, String)> {
    let report = report(reader, writer);
    let finding = report.leaves().find(|it| it.severity() >= Severity::Hazard).unwrap();
    fixes(finding).into_iter().map(|it| (it.title, it.text)).collect()
}

#[track_caller]
fn suggests(reader: &str, writer: &str, expected: &[(&str, &str)]) {
    let found = suggested(reader, writer);
    let found: Vec<_> = found.iter().map(|it| (&*it.0, &*it.1)).collect();
    assert_eq!(found, expected);
}

fn holds(report: &Report, severity: Severity, fix: &Fix) -> Result<(), TestCaseError> {
    let text = report.reader().text();
    prop_assert_eq!(fix.schema.text(), &fix.text);
    let value: serde_json::Value = serde_json::from_str(&fix.text).unwrap();
    prop_assert_eq!(patched(text, &fix.edits), value, "{}", fix);
    let after = check(&fix.schema, report.writer(), &CheckOptions::default());
    let bad = |it: &Report| it.leaves().filter(|it| it.severity() >= severity).count();
    prop_assert!(
        bad(&after) < bad(report),
        "{}: {}\n{}",
        fix,
        report.reader().text(),
        report.writer().text()
    );
    let added = fix.adds.iter().map(|it| it.0).max();
    prop_assert!(added < Some(severity));
    // Bytes outside of the edits are as they were.
    let kept: usize = text.len() - fix.edits.iter().map(|it| it.span.len()).sum::<usize>();
    let new: usize = fix.edits.iter().map(|it| it.replacement.len()).sum();
    prop_assert_eq!(fix.text.len(), kept + new);
    prop_assert!(Document::read(&fix.to_json(Layout::Indented), &Default::default()).is_ok());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn fixes_fix((reader, writer) in generate::pair()) {
        let report = report(&reader.text(), &writer.text());
        for finding in report.leaves().filter(|it| it.severity() >= Severity::Hazard) {
            for fix in fixes(finding) {
                holds(&report, finding.severity(), &fix)?;
            }
        }
    }

}

#[test]
fn most_errors_of_small_pairs_have_fixes() {
    let mut kinds: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    let mut repaired = (0, 0);
    for seed in 0..generate::pairs(800) {
        let (reader, writer) = generate::pair_of(seed);
        let report = report(&reader.text(), &writer.text());
        for finding in report.leaves().filter(|it| it.severity() >= Severity::Hazard) {
            let fixes = fixes(finding);
            fixes.iter().for_each(|it| {
                holds(&report, finding.severity(), it).unwrap_or_else(|it| panic!("{it}"));
            });
            let count = kinds.entry(finding.kind().as_str()).or_default();
            count.0 += 1;
            count.1 += usize::from(!fixes.is_empty());
        }
        if !report.is_compatible() {
            let repair = repair(report.reader(), report.writer(), 50);
            repaired.0 += 1;
            repaired.1 += usize::from(repair.report.is_compatible());
            assert_eq!(Schema::parse(repair.schema.text()).unwrap(), repair.schema);
        }
    }
    println!("{kinds:?}, repaired {repaired:?}");
    for (kind, (all, fixed)) in kinds {
        assert!(fixed * 2 > all, "{kind}: {fixed} of {all}");
    }
    assert!(repaired.1 * 3 > repaired.0 * 2, "{repaired:?}");
}

#[test]
fn a_missing_field_is_given_a_default_an_alias_or_made_optional() {
    suggests(
        r#"{"type":"record","name":"R","fields":[{"name":"b","type":"long"},{"name":"c","type":["null","int"],"default":null}]}"#,
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "z", "type": "string"}]}"#,
        &[
            (
                r#"read the writer's field "a" as "b", by an alias"#,
                r#"{"type":"record","name":"R","fields":[{"name":"b","type":"long","aliases":["a"]},{"name":"c","type":["null","int"],"default":null}]}"#,
            ),
            (
                r#"give field "b" the default 0"#,
                r#"{"type":"record","name":"R","fields":[{"name":"b","type":"long","default":0},{"name":"c","type":["null","int"],"default":null}]}"#,
            ),
            (
                r#"make field "b" optional"#,
                r#"{"type":"record","name":"R","fields":[{"name":"b","type":["null", "long"],"default":null},{"name":"c","type":["null","int"],"default":null}]}"#,
            ),
        ],
    );
}

#[test]
fn lines_and_indents_are_those_of_the_text() {
    let reader = r#"{
  "type": "record",
  "name": "R",
  "fields": [
    {
      "name": "kind",
      "type": {
        "type": "enum",
        "name": "Kind",
        "symbols": [
          "UNKNOWN",
          "A"
        ]
      }
    }
  ]
}"#;
    let writer = r#"{"type": "record", "name": "R", "fields": [{"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B", "C"]}}]}"#;
    suggests(
        reader,
        writer,
        &[
            (
                r#"keep the symbols "B", "C" of "Kind""#,
                &reader.replace("\"A\"\n", "\"A\",\n          \"B\",\n          \"C\"\n"),
            ),
            (
                r#"read symbols that "Kind" does not have as "UNKNOWN""#,
                &reader.replace("        ]\n", "        ],\n        \"default\": \"UNKNOWN\"\n"),
            ),
        ],
    );
    // The default symbol is a hazard, and said to be.
    let report = report(reader, writer);
    let fixes = fixes(report.leaves().next().unwrap());
    assert_eq!(fixes[1].adds.iter().map(|it| it.0).collect::<Vec<_>>(), [Severity::Hazard]);
    assert_eq!(
        fixes[1].to_json(Layout::Compact).split(",\"adds\"").next().unwrap(),
        r#"{"title":"read symbols that \"Kind\" does not have as \"UNKNOWN\"","edits":[{"op":"add","path":"/fields/0/type/default","value":"UNKNOWN"}]"#
    );
}

#[test]
fn types_are_widened_or_made_unions() {
    suggests(
        r#"{"type": "array", "items": "int"}"#,
        r#"{"type": "array", "items": "long"}"#,
        &[
            ("widen int to long", r#"{"type": "array", "items": "long"}"#),
            (
                "make it a union that takes long, too",
                r#"{"type": "array", "items": ["int", "long"]}"#,
            ),
        ],
    );
    suggests(
        r#"{"type": "map", "values": "string"}"#,
        r#"{"type": "map", "values": ["string", "null"]}"#,
        &[(
            "make it a union that takes null, too",
            r#"{"type": "map", "values": ["null", "string"]}"#,
        )],
    );
    // The default must stay a value of the first branch where programs want that; here it decides which order parses.
    suggests(
        r#"["null"]"#,
        r#"["null", "boolean"]"#,
        &[("add the branch boolean", r#"["null", "boolean"]"#)],
    );
    suggests("[ ]", r#""int""#, &[("add the branch int", r#"["int" ]"#)]);
    suggests(
        r#"["null", {"type": "record", "name": "a.New", "fields": []}]"#,
        r#"{"type": "record", "name": "a.Old", "fields": []}"#,
        &[
            (
                r#"read "a.Old" as "a.New", by an alias"#,
                r#"["null", {"type": "record", "name": "a.New", "fields": [], "aliases": ["Old"]}]"#,
            ),
            (
                "add the branch a.Old",
                r#"["null", {"type": "record", "name": "a.New", "fields": []}, {"type":"record","name":"Old","namespace":"a","fields":[]}]"#,
            ),
        ],
    );
}

#[test]
fn names_sizes_and_logical_types_are_kept() {
    suggests(
        r#"{"type": "fixed", "name": "b.New", "aliases": [], "size": 4}"#,
        r#"{"type": "fixed", "name": "Old", "size": 4}"#,
        &[(
            r#"read "Old" as "b.New", by an alias"#,
            r#"{"type": "fixed", "name": "b.New", "aliases": [".Old"], "size": 4}"#,
        )],
    );
    suggests(
        r#"{"type": "fixed", "name": "F", "size": 4}"#,
        r#"{"type": "fixed", "name": "F", "size": 8}"#,
        &[(r#"keep the size of "F", 8 bytes"#, r#"{"type": "fixed", "name": "F", "size": 8}"#)],
    );
    suggests(
        r#"{"type": "array", "items": {"type": "long", "logicalType": "timestamp-millis"}}"#,
        r#"{"type": "array", "items": {"type": "long", "logicalType": "timestamp-micros"}}"#,
        &[(
            r#"keep the type {"type":"long","logicalType":"timestamp-micros"}"#,
            r#"{"type": "array", "items": {"type":"long","logicalType":"timestamp-micros"}}"#,
        )],
    );
}

#[test]
fn a_whole_schema_is_repaired() {
    let writer = schema(
        r#"{"type": "record", "name": "Tweet", "fields": [
        {"name": "id", "type": "long"}, {"name": "msg", "type": ["null", "string"]},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["TEXT", "IMAGE"]}}]}"#,
    );
    let reader = schema(
        r#"{"type": "record", "name": "Post", "fields": [
        {"name": "id", "type": "int"}, {"name": "text", "type": "string"},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["TEXT"]}}, {"name": "lang", "type": "string"}]}"#,
    );
    let repaired = repair(&reader, &writer, 100);
    assert!(repaired.report.is_compatible(), "{}", repaired.schema.text());
    assert!(repaired.fixes.len() >= 5);
    assert_eq!(repair(&reader, &writer, 2).fixes.len(), 2);
    assert_eq!(repair(&writer, &writer, 2).fixes.len(), 0);
}

/// Of several texts the one is edited that needs it.
#[test]
fn a_schema_of_several_texts_is_repaired() {
    let order = r#"{"type": "record", "name": "Order", "fields": [{"name": "to", "type": "Address"}, {"name": "no", "type": "int"}]}"#;
    let address = r#"{"type": "record", "name": "Address", "fields": [{"name": "city", "type": "string"}, {"name": "zip", "type": "string"}]}"#;
    let set = Schemas::parse([("order.avsc", order), ("address.avsc", address)]).unwrap();
    let writer = schema(
        r#"{"type": "record", "name": "Order", "fields": [
        {"name": "to", "type": {"type": "record", "name": "Address", "fields": [{"name": "city", "type": "string"}]}}, {"name": "no", "type": "long"}]}"#,
    );
    let reader = set.get("order.avsc").unwrap();
    let repaired = repair(reader, &writer, 10);
    assert!(repaired.report.is_compatible());
    let sources: Vec<_> = repaired.fixes.iter().map(|it| it.source.as_deref()).collect();
    assert_eq!(sources, [Some("address.avsc"), Some("order.avsc")]);
    let texts: Vec<_> = repaired.schema.texts().collect();
    assert_eq!(
        texts,
        [
            (Some("order.avsc"), &*order.replace(r#""int""#, r#""long""#)),
            (
                Some("address.avsc"),
                &*address.replace(
                    r#""zip", "type": "string""#,
                    r#""zip", "type": "string", "default": """#
                )
            ),
        ]
    );
}

#[test]
fn a_fix_that_would_be_none_is_not_told() {
    // An alias makes it find the record, which does not have the field.
    let found = suggested(
        r#"["null", {"type": "record", "name": "New", "fields": [{"name": "must", "type": "int"}]}]"#,
        r#"{"type": "record", "name": "Old", "fields": []}"#,
    );
    assert_eq!(found.iter().map(|it| &it.0[..]).collect::<Vec<_>>(), ["add the branch Old"]);
    // A warning needs none.
    let report = report(
        r#"{"type": "fixed", "name": "a.F", "size": 1}"#,
        r#"{"type": "fixed", "name": "b.F", "size": 1}"#,
    );
    let finding = report.leaves().next().unwrap();
    assert_eq!((finding.kind(), fixes(finding).len()), (FindingKind::Namespace, 0));
    // Pointers lead into the text.
    let document = Document::read(r#"{"a/b": [{"~": 1}]}"#, &Default::default()).unwrap();
    assert_eq!(document.find("/a~1b/0/~0").map(Json::text), Some("1"));
    assert!(document.find("a").is_none() && document.find("/a~1b/1").is_none());
    assert_eq!(document.find("").map(Json::pointer).as_deref(), Some(""));
}
