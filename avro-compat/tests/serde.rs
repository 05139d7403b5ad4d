//! Decoding to types of serde.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
#![cfg(feature = "serde")]

mod generate;

use std::collections::BTreeMap;

use avro_compat::{
    DecodeProblem, Decoder, Encoder, Error, ResolveOptions, Resolver, Schema, Value,
};
use generate::data::{Dice, value};
use proptest::prelude::*;
use serde::Deserialize;

const WRITER: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "id", "type": "int"},
    {"name": "gone", "type": {"type": "array", "items": {"type": "map", "values": "bytes"}}},
    {"name": "name", "type": "string"},
    {"name": "colour", "type": {"type": "enum", "name": "C", "symbols": ["RED", "GREEN"]}},
    {"name": "note", "type": ["null", "string"]},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "counts", "type": {"type": "map", "values": "long"}},
    {"name": "key", "type": {"type": "fixed", "name": "K", "size": 4}},
    {"name": "raw", "type": "bytes"},
    {"name": "shape", "type": ["null", "double", {"type": "record", "name": "Square", "fields": [{"name": "side", "type": "float"}]}]}
]}"#;

const READER: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "shape", "type": ["double", {"type": "record", "name": "Square", "fields": [{"name": "side", "type": "double"}]}, "null"]},
    {"name": "raw", "type": "bytes"},
    {"name": "key", "type": {"type": "fixed", "name": "K", "size": 4}},
    {"name": "counts", "type": {"type": "map", "values": "long"}},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "note", "type": ["null", "string"]},
    {"name": "colour", "type": {"type": "enum", "name": "C", "symbols": ["GREEN", "BLUE"], "default": "BLUE"}},
    {"name": "title", "aliases": ["name"], "type": "string"},
    {"name": "added", "type": {"type": "record", "name": "Added", "fields": [{"name": "x", "type": ["string", "null"]}]}, "default": {"x": "y"}},
    {"name": "id", "type": "long"}
]}"#;

#[derive(Debug, Deserialize, PartialEq)]
struct R<'a> {
    id: i64,
    title: &'a str,
    colour: Colour,
    note: Option<String>,
    tags: Vec<&'a str>,
    counts: BTreeMap<String, u64>,
    key: [u8; 4],
    raw: Vec<u8>,
    shape: Shape,
    added: Added<'a>,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Colour {
    #[serde(rename = "GREEN")]
    Green,
    #[serde(rename = "BLUE")]
    Blue,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Shape {
    #[serde(rename = "null")]
    Nothing,
    #[serde(rename = "double")]
    Circle(f64),
    Square {
        side: f64,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Added<'a> {
    x: Option<&'a str>,
}

fn written(note: Option<&str>, shape: Value) -> Vec<u8> {
    let note = match note {
        Some(note) => Value::Union(1, Box::new(Value::String(note.into()))),
        None => Value::Union(0, Box::new(Value::Null)),
    };
    let gone = Value::Map(vec![("k".into(), Value::Bytes(vec![1, 2]))]);
    let value = Value::Record(vec![
        Value::Int(7),
        Value::Array(vec![gone.clone(), gone]),
        Value::String("foo".into()),
        Value::Enum(1),
        note,
        Value::Array(vec![Value::String("a".into()), Value::String("b".into())]),
        Value::Map(vec![("one".into(), Value::Long(1))]),
        Value::Fixed(b"abcd".to_vec()),
        Value::Bytes(vec![9, 8]),
        shape,
    ]);
    Encoder::new(&Schema::parse(WRITER).unwrap()).encode(&value).unwrap()
}

fn resolver() -> Resolver {
    Resolver::new(&Schema::parse(READER).unwrap(), &Schema::parse(WRITER).unwrap()).unwrap()
}

#[test]
fn structs_take_fields_in_any_order_with_defaults_aliases_and_promotions() {
    let resolver = resolver();
    let bytes = written(Some("n"), Value::Union(1, Box::new(Value::Double(2.5))));
    let mut expected = R {
        id: 7,
        title: "foo",
        colour: Colour::Green,
        note: Some("n".into()),
        tags: vec!["a", "b"],
        counts: BTreeMap::from([("one".into(), 1)]),
        key: *b"abcd",
        raw: vec![9, 8],
        shape: Shape::Circle(2.5),
        added: Added { x: Some("y") },
    };
    assert_eq!(resolver.decode_as::<R<'_>>(&bytes).unwrap(), expected);

    let square = Value::Union(2, Box::new(Value::Record(vec![Value::Float(1.5)])));
    let bytes = written(None, square);
    (expected.note, expected.shape) = (None, Shape::Square { side: 1.5 });
    assert_eq!(resolver.decode_as::<R<'_>>(&bytes).unwrap(), expected);

    let bytes = written(None, Value::Union(0, Box::new(Value::Null)));
    expected.shape = Shape::Nothing;
    assert_eq!(resolver.decode_as::<R<'_>>(&bytes).unwrap(), expected);
    let twice = [&bytes[..], &bytes].concat();
    let mut rest = &twice[..];
    assert_eq!(resolver.decode_next_as::<R<'_>>(&mut rest).unwrap(), expected);
    assert_eq!(rest, bytes);
}

/// A struct with few of the fields leaves the rest unread, which must not shift what follows.
#[test]
fn fields_that_the_type_has_not_are_read_over() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Few<'a> {
        title: &'a str,
    }
    let bytes = written(None, Value::Union(0, Box::new(Value::Null)));
    assert_eq!(resolver().decode_as::<Few<'_>>(&bytes).unwrap(), Few { title: "foo" });
    // A pair takes but two items of three.
    let schema = Schema::parse(r#"{"type": "array", "items": "long"}"#).unwrap();
    let decoder = Decoder::new(&schema).unwrap();
    assert_eq!(decoder.decode_as::<(i64, i64)>(&[6, 2, 4, 6, 0]).unwrap(), (1, 2));
}

#[test]
fn untagged_enums_take_unions() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Any {
        Number(i64),
        Text(String),
        Nothing,
    }
    let schema =
        Schema::parse(r#"{"type": "array", "items": ["null", "long", "string"]}"#).unwrap();
    let decoder = Decoder::new(&schema).unwrap();
    assert_eq!(
        decoder.decode_as::<Vec<Any>>(&[6, 0, 2, 4, 4, 2, b'x', 0]).unwrap(),
        [Any::Nothing, Any::Number(2), Any::Text("x".into())]
    );
}

#[test]
fn what_the_type_does_not_take_is_an_error_that_says_where() {
    #[derive(Debug, Deserialize)]
    struct Wrong {
        #[allow(dead_code, reason = "it is never made")]
        id: u8,
    }
    let mut bytes = written(None, Value::Union(0, Box::new(Value::Null)));
    bytes.splice(0..1, [0x80, 0x10]);
    let resolver = resolver();
    let Err(Error::Decode(error)) = resolver.decode_as::<Wrong>(&bytes) else { panic!() };
    assert!(matches!(error.problem(), DecodeProblem::Target { .. }));
    assert_eq!((error.offset(), error.writer_pointer()), (0, Some("/fields/0")));
    assert_eq!(
        error.to_string(),
        r#"byte 0 (written as "/fields/0", read as "/fields/9"): invalid value: integer `1024`, expected u8"#
    );
    let Err(error) = resolver.decode_as::<BTreeMap<String, i32>>(&bytes) else { panic!() };
    assert!(error.to_string().contains("invalid type: string \"foo\", expected i32"), "{error}");
}

/// At the most that can be allowed, on the stack of a test's thread.
#[test]
fn deep_data_fit_on_the_stack() {
    #[derive(Deserialize)]
    struct List {
        value: i64,
        next: Option<Box<List>>,
    }
    let list = r#"{"type": "record", "name": "List", "fields": [
        {"name": "value", "type": "int"}, {"name": "next", "type": ["null", "List"]}]}"#;
    let writer = Schema::parse(list).unwrap();
    let reader = Schema::parse(&list.replace("int", "long")).unwrap();
    let options = ResolveOptions { max_depth: u32::MAX, ..ResolveOptions::default() };
    let resolver = Resolver::with_options(&reader, &writer, &options).unwrap();
    let bytes = |depth| -> Vec<u8> { [2, 2].repeat(depth).into_iter().chain([2, 0]).collect() };
    let mut list = resolver.decode_as::<List>(&bytes(399)).map(Some).unwrap();
    let mut count = 0;
    while let Some(it) = list {
        count += it.value;
        list = it.next.map(|it| *it);
    }
    assert_eq!(count, 400);
    let Err(Error::Decode(error)) = resolver.decode_as::<List>(&bytes(10_000)).map(drop) else {
        panic!()
    };
    assert_eq!(error.problem(), &DecodeProblem::TooDeep { limit: 400 });
}

proptest! {
    /// What is skipped over by serde is what the others read; and what they refuse, it refuses.
    #[test]
    fn serde_reads_what_the_others_read(model in generate::schema(), changes in any::<u64>(), seed in any::<u64>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), damage in any::<bool>()) {
        let writer = Schema::parse(&model.text()).unwrap();
        let other = generate::evolve::mutated(&model, &mut Dice(changes));
        let reader = Schema::parse(&other.text()).unwrap_or(writer.clone());
        let options = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
        let resolver = Resolver::with_options(&reader, &writer, &options).unwrap();
        let Some(value) = value(&writer, writer.root(), &mut Dice(seed), 12) else { return Ok(()) };
        let mut bytes = Encoder::new(&writer).encode(&value).unwrap();
        if damage && !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let found = resolver.decode_as::<serde::de::IgnoredAny>(&bytes);
        prop_assert_eq!(found.err(), resolver.decode(&bytes).err());
    }
}
