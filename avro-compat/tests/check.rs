//! What the checker says, and where.

mod generate;

use avro_compat::check::{CheckOptions, FindingKind, PathStep, Severity, check};
use avro_compat::{ParseOptions, Schema, Schemas};

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

/// Kind, path, and pointers of each finding.
fn found(reader: &str, writer: &str) -> Vec<(&'static str, String, String, String)> {
    let report = check(&schema(reader), &schema(writer), &CheckOptions::default());
    let all = report.leaves().map(|it| {
        let (r, w) = (it.reader_location().pointer, it.writer_location().pointer);
        (it.kind().as_str(), it.path_text(), r, w)
    });
    all.collect()
}

fn expect(reader: &str, writer: &str, expected: &[(&str, &str, &str, &str)]) {
    let found = found(reader, writer);
    let found: Vec<_> = found.iter().map(|it| (it.0, &*it.1, &*it.2, &*it.3)).collect();
    assert_eq!(found, expected);
}

#[test]
fn all_that_is_wrong_is_told_with_both_places() {
    expect(
        r#"{"type": "record", "name": "R", "fields": [
            {"name": "size", "type": {"type": "fixed", "name": "F", "size": 4}},
            {"name": "colour", "type": {"type": "enum", "name": "E", "symbols": ["A"]}},
            {"name": "lines", "type": {"type": "array", "items": {"type": "map", "values": "int"}}},
            {"name": "again", "type": "F"},
            {"name": "more", "type": "int"}]}"#,
        r#"{"type": "record", "name": "R", "fields": [
            {"name": "colour", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
            {"name": "size", "type": {"type": "fixed", "name": "F", "size": 8}},
            {"name": "again", "type": "E"},
            {"name": "lines", "type": {"type": "array", "items": {"type": "map", "values": "long"}}}]}"#,
        &[
            ("missing-field", "", "/fields/4", "/fields"),
            ("fixed-size", ".size", "/fields/0/type/size", "/fields/1/type/size"),
            ("symbols", ".colour", "/fields/1/type/symbols", "/fields/0/type/symbols"),
            ("type", ".lines[]{}", "/fields/2/type/items/values", "/fields/3/type/items/values"),
            // Where a type is referred to, not where it is defined.
            ("type", ".again", "/fields/3/type", "/fields/2/type"),
        ],
    );
}

#[test]
fn causes_inside_of_branches_are_below_them() {
    let reader = schema(
        r#"{"type": "record", "name": "R", "fields": [{"name": "u", "type": ["null",
            {"type": "record", "name": "S", "fields": [
                {"name": "v", "type": ["string", {"type": "fixed", "name": "F", "size": 1}]},
                {"name": "w", "type": "int"}]}]}]}"#,
    );
    let writer = schema(
        r#"{"type": "record", "name": "R", "fields": [{"name": "u", "type": ["long",
            {"type": "record", "name": "S", "fields": [
                {"name": "v", "type": ["bytes", {"type": "fixed", "name": "F", "size": 2}]}]}]}]}"#,
    );
    let report = check(&reader, &writer, &CheckOptions::default());
    let tree: Vec<_> = report
        .findings()
        .map(|it| {
            format!("{}{} {} {}", "  ".repeat(it.depth()), it.severity(), it.kind(), it.path_text())
        })
        .collect();
    assert_eq!(
        tree,
        [
            "error no-branch .u<long>",
            "error branch .u<S>",
            "  error missing-field .u<S>",
            "  hazard branch .u<S>.v<bytes>",
            "    hazard bytes-as-string .u<S>.v<bytes>",
            "  error branch .u<S>.v<F>",
            "    error fixed-size .u<S>.v<F>",
        ]
    );
    let branch = report.roots().nth(1).unwrap();
    assert_eq!((branch.writer_branch(), branch.reader_branch()), (Some(1), Some(1)));
    assert_eq!(branch.causes().count(), 3);
    let size = report.leaves().last().unwrap();
    assert_eq!(size.path()[1], PathStep::Branch("S".to_owned()));
    assert_eq!(size.reader_location().pointer, "/fields/0/type/1/fields/0/type/1/size");
    assert_eq!(report.count(Severity::Error), 3);
    assert_eq!(report.count(Severity::Hazard), 1);
}

#[test]
fn what_no_value_reaches_does_not_count() {
    // A record without end, an enum without symbols and a union without branches have no values, nor has a record that contains one of them.
    let writer = r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": ["int", {"type": "record", "name": "Endless", "fields": [{"name": "a", "type": "Endless"}]}]},
        {"name": "b", "type": {"type": "array", "items": {"type": "enum", "name": "None", "symbols": []}}},
        {"name": "c", "type": {"type": "map", "values": []}},
        {"name": "d", "type": ["string", {"type": "record", "name": "Holder", "fields": [{"name": "n", "type": "None"}]}]}]}"#;
    expect(
        r#"{"type": "record", "name": "R", "fields": [
            {"name": "a", "type": "int"},
            {"name": "b", "type": {"type": "array", "items": "string"}},
            {"name": "c", "type": {"type": "map", "values": "string"}},
            {"name": "d", "type": "string"}]}"#,
        writer,
        &[],
    );
    let endless =
        r#"{"type": "record", "name": "Endless", "fields": [{"name": "a", "type": "Endless"}]}"#;
    expect(r#""int""#, endless, &[("no-values", "", "", "")]);
    expect(endless, r#""int""#, &[("type", "", "", "")]);
    // Recursion that a union ends has values.
    expect(
        r#""int""#,
        r#"{"type": "record", "name": "List", "fields": [{"name": "next", "type": ["List", "null"]}]}"#,
        &[("type", "", "", "")],
    );
}

#[test]
fn recursive_types_are_walked_once() {
    let list = |value: &str| {
        format!(
            r#"{{"type": "record", "name": "List", "fields": [{{"name": "value", "type": "{value}"}}, {{"name": "next", "type": ["null", "List"]}}]}}"#
        )
    };
    expect(
        &list("int"),
        &list("string"),
        &[("type", ".value", "/fields/0/type", "/fields/0/type")],
    );
    assert!(found(&list("long"), &list("int")).is_empty());
}

#[test]
fn a_fixed_without_the_right_size_does_not_match_by_its_simple_name() {
    let writer = r#"{"type": "fixed", "name": "k.F", "size": 4}"#;
    let reader = r#"[{"type": "fixed", "name": "n.F", "size": 8}, {"type": "fixed", "name": "m.F", "size": 4}]"#;
    let report = check(&schema(reader), &schema(writer), &CheckOptions::default());
    let branch = report.roots().next().unwrap();
    assert_eq!((branch.severity(), branch.reader_branch()), (Severity::Warning, Some(1)));
}

#[test]
fn the_best_branch_is_chosen_not_the_first() {
    let chosen = |reader: &str, writer: &str| {
        let (reader, writer) = (schema(reader), schema(writer));
        let avro_compat::Type::Union(union) = reader[reader.root()].ty() else { panic!() };
        let node = &writer[writer.root()];
        avro_compat::matching::choose(&reader, union, node).map(|it| it.0)
    };
    assert_eq!(chosen(r#"["double", "long", "int"]"#, r#""int""#), Some(2));
    assert_eq!(chosen(r#"["double", "float"]"#, r#""int""#), Some(0));
    assert_eq!(chosen(r#"["double", "bytes"]"#, r#""string""#), Some(1));
    assert_eq!(chosen(r#"["null", "boolean"]"#, r#""string""#), None);
    let record = |name: &str, aliases: &str| {
        format!(r#"{{"type": "record", "name": "{name}", "aliases": [{aliases}], "fields": []}}"#)
    };
    let union = |all: &[String]| format!("[{}]", all.join(","));
    let (simple, alias, full) = (record("x.R", ""), record("x.S", "\"w.R\""), record("w.R", ""));
    let writer = record("w.R", "");
    assert_eq!(chosen(&union(&[simple.clone(), alias.clone(), full]), &writer), Some(2));
    assert_eq!(chosen(&union(&[simple.clone(), alias]), &writer), Some(1));
    assert_eq!(chosen(&union(&[record("y.T", ""), simple]), &writer), Some(1));
}

#[test]
fn aliases_rename_fields_that_nothing_else_takes() {
    let record =
        |fields: &str| format!(r#"{{"type": "record", "name": "R", "fields": [{fields}]}}"#);
    // `a` goes to the field of its name, so that `b` has none.
    expect(
        &record(r#"{"name": "b", "aliases": ["a"], "type": "int"}, {"name": "a", "type": "int"}"#),
        &record(r#"{"name": "a", "type": "int"}"#),
        &[("missing-field", "", "/fields/0", "/fields")],
    );
    // The first that has the alias takes it.
    expect(
        &record(
            r#"{"name": "b", "aliases": ["a"], "type": "int"}, {"name": "c", "aliases": ["a"], "type": "int", "default": 1}"#,
        ),
        &record(r#"{"name": "a", "type": "int"}"#),
        &[("field-alias", "", "/fields/0/aliases", "/fields/0/name")],
    );
    expect(
        &record(r#"{"name": "b", "aliases": ["z", "a"], "type": "int"}"#),
        &record(r#"{"name": "q", "type": "int"}, {"name": "a", "type": "string"}"#),
        &[
            ("field-alias", "", "/fields/0/aliases", "/fields/1/name"),
            ("type", ".a", "/fields/0/type", "/fields/1/type"),
        ],
    );
}

#[test]
fn a_default_that_is_no_value_is_an_error_where_it_is_taken() {
    let reader = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "x"}]}"#;
    let reader = Schema::parse_with(reader, &ParseOptions::lenient()).unwrap();
    let writer = schema(r#"{"type": "record", "name": "R", "fields": []}"#);
    let report = check(&reader, &writer, &CheckOptions::default());
    let finding = report.findings().next().unwrap();
    assert_eq!((finding.kind(), finding.severity()), (FindingKind::Default, Severity::Error));
    assert_eq!(finding.reader_location().pointer, "/fields/0/default");
    assert!(finding.message().contains("expected a number"), "{}", finding.message());
    assert!(check(&reader, &reader, &CheckOptions::default()).is_compatible());
}

#[test]
fn only_what_is_asked_for_is_told() {
    let record = |doc: &str, ty: &str| {
        schema(&format!(
            r#"{{"type": "record", "name": "R", "doc": "{doc}", "fields": [{{"name": "a", "type": "{ty}"}}]}}"#
        ))
    };
    let (reader, writer) = (record("new", "float"), record("old", "int"));
    let count = |least| {
        let options = CheckOptions::default().at_least(least);
        check(&reader, &writer, &options).findings().len()
    };
    assert_eq!(
        [count(Severity::Warning), count(Severity::Hazard), count(Severity::Error)],
        [2, 1, 0]
    );
}

#[test]
fn places_in_several_texts_are_named() {
    let set = |size: u32| {
        let id = format!(r#"{{"type": "fixed", "name": "Id", "size": {size}}}"#);
        let order =
            r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "Id"}]}"#;
        let set = Schemas::parse([("id.avsc", id.as_str()), ("order.avsc", order)]).unwrap();
        set.get("order.avsc").unwrap().clone()
    };
    let report = check(&set(8), &set(4), &CheckOptions::default());
    let location = report.findings().next().unwrap().reader_location();
    assert_eq!(location.source.as_deref(), Some("id.avsc"));
    assert_eq!(location.pointer, "/size");
}

/// Two rings of lengths that have no common divisor meet in as many pairs as their product.
#[test]
fn schemas_with_too_many_pairs_are_not_called_compatible() {
    let ring = |count: usize| {
        let mut text = String::new();
        for at in 0..count {
            text += &format!(
                r#"{{"type": "record", "name": "n{at}.R", "fields": [{{"name": "f", "type": ["null", "#
            );
        }
        text += "\"n0.R\"";
        text += &"]}]}".repeat(count);
        Schema::parse_with(&text, &{
            let mut options = ParseOptions::default();
            options.json.max_depth = 100_000;
            options
        })
        .unwrap()
    };
    let (reader, writer) = (ring(201), ring(200));
    let mut options = CheckOptions::default().at_least(Severity::Error);
    assert_eq!(check(&reader, &writer, &options).findings().len(), 0);
    options.max_steps = 10_000;
    let report = check(&reader, &writer, &options);
    assert!(!report.is_compatible());
    assert_eq!(report.leaves().last().unwrap().kind(), FindingKind::Undecided);
}

#[test]
fn deep_schemas_do_not_overflow_the_stack() {
    let deep = |inner: &str| {
        let text = format!(
            "{}\"{inner}\"{}",
            r#"{"type":"array","items":"#.repeat(50_000),
            "}".repeat(50_000)
        );
        let mut options = ParseOptions::default();
        options.json.max_depth = 100_001;
        Schema::parse_with(&text, &options).unwrap()
    };
    for options in [CheckOptions::default(), CheckOptions::java()] {
        let report = check(&deep("int"), &deep("string"), &options);
        assert_eq!(report.findings().len(), 1);
        assert!(report.findings().next().unwrap().reader_location().pointer.len() > 50_000);
    }
}
