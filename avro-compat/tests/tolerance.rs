//! What is taken on demand, and refused by default.

use avro_compat::{NameRules, ParseOptions, Schema, Type};

/// Taken with the one tolerance, and refused without it whatever the others are.
fn only_with(
    text: &str,
    allow: impl Fn(&mut ParseOptions),
    forbid: impl Fn(&mut ParseOptions),
) -> Schema {
    let (mut with, mut without) = (ParseOptions::default(), ParseOptions::lenient());
    allow(&mut with);
    forbid(&mut without);
    assert!(Schema::parse(text).is_err());
    assert!(Schema::parse_with(text, &without).is_err(), "{text}");
    let schema = Schema::parse_with(text, &with).unwrap_or_else(|it| panic!("{it}\n{text}"));
    assert_eq!(Schema::parse_with(text, &ParseOptions::lenient()).as_ref(), Ok(&schema));
    schema
}

#[test]
fn comments() {
    let text = "// an int\n{ /* of \"32\" bits */ \"type\": // here\r\n \"int\" } // end";
    let schema = only_with(text, |it| it.json.comments = true, |it| it.json.comments = false);
    assert_eq!(schema.to_json(), "\"int\"");
}

#[test]
fn members_given_twice() {
    let text = r#"{"type": "long", "x": 1, "ty\u0070e": "int", "x": 2}"#;
    let schema = only_with(
        text,
        |it| it.json.repeated_members = true,
        |it| it.json.repeated_members = false,
    );
    assert_eq!(schema.to_json(), r#"{"type":"int","x":2}"#);
    // More than twice, and in an object of many.
    let thrice = r#"{"x": 1, "type": "long", "x": 2, "type": "float", "x": 3, "type": "int"}"#;
    let schema = Schema::parse_with(thrice, &ParseOptions::lenient()).unwrap();
    assert_eq!(schema.to_json(), r#"{"type":"int","x":3}"#);
    let many: String = (0..60).map(|it| format!(",\"a{}\":{it}", it % 20)).collect();
    let text = format!(r#"{{"type":"int"{many}}}"#);
    let schema = only_with(
        &text,
        |it| it.json.repeated_members = true,
        |it| it.json.repeated_members = false,
    );
    assert_eq!(schema[schema.root()].attributes().count(), 20);
    assert_eq!(schema[schema.root()].attributes().get("a3").unwrap().text(), "43");
}

#[test]
fn names() {
    let text = r#"{"type": "record", "name": "Größe", "fields": [{"name": "é1", "type": "int"}]}"#;
    only_with(text, |it| it.names = NameRules::Unicode, |it| it.names = NameRules::Specification);
    let mut any = ParseOptions::default();
    any.names = NameRules::Any;
    let schema = Schema::parse_with(
        r#"{"type": "enum", "name": "a b.c\"d", "symbols": ["x-y", "1"]}"#,
        &any,
    )
    .unwrap();
    assert_eq!(
        schema.canonical_form(),
        r#"{"name":"a b.c\"d","type":"enum","symbols":["x-y","1"]}"#
    );
    assert_eq!(Schema::parse_with(&schema.to_json(), &any).unwrap(), schema);
    // Java knows primitive names by their full names only.
    let text = r#"[{"type": "fixed", "name": "n.int", "size": 1}, {"type": "record", "name": "n.R", "fields": [{"name": "f", "type": "n.int"}]}]"#;
    let schema = only_with(
        text,
        |it| it.names = NameRules::Unicode,
        |it| it.names = NameRules::Specification,
    );
    assert_eq!(Schema::parse_with(&schema.to_json(), &ParseOptions::lenient()).unwrap(), schema);
    assert!(Schema::parse_with(r#"{"type": "fixed", "name": "int", "size": 1}"#, &any).is_err());
}

#[test]
fn forward_references() {
    let text = r#"{"type": "record", "name": "n.R", "fields": [
        {"name": "a", "type": ["null", "B"]}, {"name": "c", "type": {"type": "array", "items": "n.B"}},
        {"name": "null", "type": "N"},
        {"name": "b", "type": {"type": "record", "name": "B", "fields": [{"name": "r", "type": "R"}]}},
        {"name": "n", "type": {"type": "fixed", "name": "N", "namespace": "", "size": 2}}]}"#;
    let schema =
        only_with(text, |it| it.forward_references = true, |it| it.forward_references = false);
    // Written with definitions before uses, it needs no tolerance.
    assert_eq!(Schema::parse(&schema.to_json()).unwrap(), schema);
    let Type::Record(record) = schema[schema.root()].ty() else { panic!() };
    assert_eq!(record.field("b").map(|it| it.ty()), schema.find("n.B"));
    assert_eq!(record.field("null").map(|it| it.ty()), schema.find("N"));
    // Nothing that stood for a type until it was known is left.
    assert_eq!(schema.len(), Schema::parse(&schema.to_json()).unwrap().len());
    let unknown = text.replace("n.B", "n.C");
    let error = Schema::parse_with(&unknown, &ParseOptions::lenient()).unwrap_err().to_string();
    assert!(error.contains("(/fields/1/type/items): unknown type \"n.C\""), "{error}");
    // That two branches are one may come out at the end only.
    let twice = r#"["N", {"type": "record", "name": "n.R", "fields": [{"name": "f", "type": ["N", ".N", "null"]}]}, {"type": "fixed", "name": "N", "size": 1}]"#;
    let error = Schema::parse_with(twice, &ParseOptions::lenient()).unwrap_err().to_string();
    assert!(error.contains("has a branch \"N\" already"), "{error}");
}

#[test]
fn repeated_definitions() {
    let text = r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": {"type": "record", "name": "S", "doc": "first", "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}}, {"name": "s", "type": ["null", "S"]}]}},
        {"name": "b", "type": {"type": "record", "name": "S", "doc": "again", "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}}, {"name": "s", "type": ["null", "S"]}]}}]}"#;
    let schema =
        only_with(text, |it| it.repeated_definitions = true, |it| it.repeated_definitions = false);
    let Type::Record(record) = schema[schema.root()].ty() else { panic!() };
    assert_eq!(record.fields()[0].ty(), record.fields()[1].ty());
    assert_eq!(Schema::parse(&schema.to_json()).unwrap(), schema);
    let at = text.rfind("[\"A\"]").unwrap();
    let other = format!("{}[\"B\"]{}", &text[..at], &text[at + 5..]);
    let error = Schema::parse_with(&other, &ParseOptions::lenient()).unwrap_err().to_string();
    assert!(
        error.contains("is defined already, at line 2") && error.contains("differently"),
        "{error}"
    );
}

#[test]
fn loose_attributes() {
    for text in [
        r#"{"type": "enum", "name": "E", "symbols": ["A"], "doc": null}"#,
        r#"{"type": "enum", "name": "E", "symbols": ["A"], "namespace": null}"#,
        r#"{"type": "enum", "name": "E", "symbols": ["A"], "default": null}"#,
        r#"{"type": "enum", "name": "E", "symbols": ["A"], "aliases": null}"#,
    ] {
        let schema =
            only_with(text, |it| it.loose_attributes = true, |it| it.loose_attributes = false);
        assert_eq!(schema.to_json(), r#"{"type":"enum","name":"E","symbols":["A"]}"#);
    }
    let text = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "order": "IGNORE", "doc": 1}]}"#;
    let schema = only_with(text, |it| it.loose_attributes = true, |it| it.loose_attributes = false);
    assert!(schema.to_json().contains(r#""order":"ignore""#));
}

#[test]
fn nested_types() {
    let text = r#"{"type": {"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": ["null", {"type": {"type": "int"}}]}}]}}"#;
    let schema = only_with(text, |it| it.nested_types = true, |it| it.nested_types = false);
    assert_eq!(
        schema.to_json(),
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":["null","int"]}]}"#
    );
}

#[test]
fn unchecked_defaults() {
    let text = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "int"], "default": "null"}]}"#;
    let schema = only_with(text, |it| it.check_defaults = false, |it| it.check_defaults = true);
    let Type::Record(record) = schema[schema.root()].ty() else { panic!() };
    let field = &record.fields()[0];
    assert!(schema.check_default(field.ty(), field.default().unwrap()).is_err());
}
