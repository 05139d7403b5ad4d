//! Renaming breaks no reader.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;
mod patch;

use avro_compat::check::{Change, CheckOptions, Severity, check};
use avro_compat::fix::rename;
use avro_compat::{Error, RenameError, Schema, Schemas, Type};
use generate::data::Dice;
use patch::patched;
use proptest::prelude::*;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

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
    // Nor is one of several.
    let set = Schemas::parse([
        ("a", r#"{"type": "array", "items": "F"}"#),
        ("f", r#"{"type": "fixed", "name": "F", "size": 1}"#),
    ]);
    let renamed = rename(set.unwrap().get("a").unwrap(), "F", "G");
    assert!(matches!(renamed, Err(Error::Rename(RenameError::NotOneText))));
}
