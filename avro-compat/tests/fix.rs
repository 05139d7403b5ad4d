//! Suggested edits remove what they are for, and add nothing as bad; renaming breaks no reader.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;

use std::collections::BTreeMap;

use avro_compat::check::{Change, CheckOptions, FindingKind, Report, Severity, check};
use avro_compat::fix::{Edit, Fix, Operation, fixes, rename, repair};
use avro_compat::json::{Document, Json, Layout};
use avro_compat::{Error, RenameError, Schema, Schemas, Type};
use generate::data::Dice;
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

/// The same by JSON Patch: the value of a text with an edit.
fn patched(text: &str, edits: &[Edit]) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    for edit in edits {
        let new: serde_json::Value = serde_json::from_str(&edit.value).unwrap();
        let (parent, last) = edit.pointer.rsplit_once('/').unwrap_or(("", ""));
        match (edit.operation, last) {
            (Operation::Replace, _) => *value.pointer_mut(&edit.pointer).unwrap() = new,
            (Operation::Add, "-") => {
                value.pointer_mut(parent).unwrap().as_array_mut().unwrap().push(new)
            }
            (Operation::Add, name) => {
                let object = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                assert!(object.insert(name.to_owned(), new).is_none());
            }
        }
    }
    value
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

    /// Whatever is renamed, readers with the new schema find nothing worse than a warning.
    #[test]
    fn renaming_breaks_no_reader(model in generate::schema(), seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let old = schema(&model.text());
        let mut targets: Vec<String> = Vec::new();
        for id in old.ids() {
            targets.extend(old[id].name().map(|it| it.full().to_owned()));
            targets.extend(old[id].name().map(|_| old.location(old[id].origin()).pointer));
            if let Type::Record(record) = old[id].ty() {
                targets.extend(record.fields().iter().map(|it| old.location(it.origin()).pointer));
            }
        }
        if targets.is_empty() {
            return Ok(());
        }
        let target = dice.pick(&targets);
        let renamed = rename(&old, &target, "Renamed").unwrap_or_else(|it| panic!("{it}: {target}\n{}", old.text()));
        let report = check(&renamed.schema, &old, &CheckOptions::default());
        prop_assert!(report.worst() <= Some(Severity::Warning));
        prop_assert_eq!(report.worst(), renamed.impact.new_readers);
        let value: serde_json::Value = serde_json::from_str(&renamed.text).unwrap();
        prop_assert_eq!(patched(old.text(), &renamed.edits), value);
        prop_assert_eq!(renamed.schema.len(), old.len());
        prop_assert!(!renamed.schema.same_canonical_form(&old));
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
        assert!(fixed * 2 > all || kind == "branch", "{kind}: {fixed} of {all}");
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
    let renamed = rename(reader, "Address", "Place");
    assert!(matches!(renamed, Err(Error::Rename(RenameError::NotOneText))));
}

#[test]
fn a_renamed_type_is_renamed_wherever_it_is_used() {
    let old = schema(
        r#"{"type": "record", "name": "Tree", "namespace": "ex", "fields": [
            {"name": "left", "type": ["null", "ex.Tree"]}, {"name": "all", "type": {"type": "map", "values": "Tree"}},
            {"name": "leaf", "type": {"type": "fixed", "name": "other.Leaf", "size": 2}}, {"name": "last", "type": "other.Leaf"}]}"#,
    );
    let renamed = rename(&old, "", "Node").unwrap();
    assert_eq!(
        renamed.text,
        old.text()
            .replace("\"name\": \"Tree\"", "\"name\": \"Node\"")
            .replace("ex.Tree", "ex.Node")
            .replace("\"values\": \"Tree\"", "\"values\": \"Node\"")
            .replace("\"other.Leaf\"}]}", "\"other.Leaf\"}], \"aliases\": [\"Tree\"]}")
    );
    let leaf = rename(&old, "other.Leaf", "other.Page").unwrap();
    assert!(
        leaf.text
            .contains(r#"{"type": "fixed", "name": "other.Page", "size": 2, "aliases": ["Leaf"]}"#)
    );
    assert!(leaf.text.contains(r#"{"name": "last", "type": "other.Page"}"#));
    // Those who have the old schema look for the old name.
    assert_eq!(leaf.impact.change, Change::Major);
    assert_eq!(
        (leaf.impact.new_readers, leaf.impact.old_readers),
        (Some(Severity::Warning), Some(Severity::Error))
    );
    // A field with a default is missed by nobody.
    let field = schema(
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": 0}]}"#,
    );
    let renamed = rename(&field, "/fields/0", "b").unwrap();
    assert_eq!(renamed.impact.change, Change::Minor);
}

#[test]
fn names_that_cannot_be_are_refused() {
    let old = schema(
        r#"{"type": "record", "name": "ex.R", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": {"type": "fixed", "name": "F", "size": 1}}]}"#,
    );
    let refused = |target: &str, name: &str| match rename(&old, target, name) {
        Err(Error::Rename(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused("/fields/7", "x"), RenameError::NotFound { .. }));
    assert!(matches!(refused("/fields", "x"), RenameError::NotFound { .. }));
    assert!(matches!(refused("R", "x"), RenameError::NotFound { .. }));
    assert!(matches!(refused("ex.R", "other.R"), RenameError::Namespace { .. }));
    for (target, name) in
        [("/fields/0", "b"), ("/fields/0", "1"), ("ex.R", "F"), ("ex.F", "int"), ("ex.F", "")]
    {
        assert!(matches!(refused(target, name), RenameError::Unusable { .. }), "{target} {name}");
    }
    // A part of a text is not the text.
    let part = old.at(old.find("ex.F").unwrap());
    assert!(matches!(rename(&part, "ex.F", "G"), Err(Error::Rename(RenameError::NotOneText))));
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
