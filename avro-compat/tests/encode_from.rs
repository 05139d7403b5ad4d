//! Encoding from types of serde.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
#![cfg(feature = "serde")]

mod generate;

use std::collections::BTreeMap;

use avro_compat::{Decoder, Encoder, Error, Schema, Type, TypeId, Value};
use generate::data::{Dice, value};
use proptest::prelude::*;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};

const SCHEMA: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "id", "type": "long"},
    {"name": "small", "type": "int"},
    {"name": "ratio", "type": "double"},
    {"name": "name", "type": "string"},
    {"name": "colour", "type": {"type": "enum", "name": "n.Colour", "symbols": ["RED", "GREEN"]}},
    {"name": "note", "type": ["null", "string"]},
    {"name": "last", "type": ["n.Colour", "null"]},
    {"name": "tags", "type": {"type": "array", "items": ["null", "float"]}},
    {"name": "counts", "type": {"type": "map", "values": {"type": "array", "items": "int"}}},
    {"name": "key", "type": {"type": "fixed", "name": "K", "size": 4}},
    {"name": "raw", "type": "bytes"},
    {"name": "shape", "type": ["null", "double", {"type": "record", "name": "n.Square", "fields": [{"name": "side", "type": "float"}]},
        {"type": "array", "items": "int"}]},
    {"name": "any", "type": {"type": "array", "items": ["null", "boolean", "long", "string", {"type": "map", "values": "int"}]}},
    {"name": "next", "type": ["null", "R"]}
]}"#;

/// Its fields are in another order than the schema's.
#[derive(Clone, Debug, Deserialize, DeriveSerialize, PartialEq)]
struct R {
    next: Option<Box<R>>,
    raw: Vec<u8>,
    id: i64,
    shape: Shape,
    small: i32,
    note: Option<String>,
    name: String,
    ratio: f64,
    last: Option<Colour>,
    colour: Colour,
    tags: Vec<Option<f32>>,
    key: [u8; 4],
    counts: BTreeMap<String, (i32, u16)>,
    any: Vec<Any>,
}

#[derive(Clone, Debug, Deserialize, DeriveSerialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Colour {
    Red,
    Green,
}

#[derive(Clone, Debug, Deserialize, DeriveSerialize, PartialEq)]
enum Shape {
    #[serde(rename = "null")]
    Nothing,
    #[serde(rename = "double")]
    Circle(f64),
    Square {
        side: f32,
    },
    #[serde(rename = "array")]
    Box(i32, i32, i32),
}

#[derive(Clone, Debug, Deserialize, DeriveSerialize, PartialEq)]
#[serde(untagged)]
enum Any {
    Flag(bool),
    Number(i64),
    Text(String),
    Counts(BTreeMap<String, i32>),
    Nothing,
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Nothing),
        any::<f64>().prop_map(Shape::Circle),
        any::<f32>().prop_map(|side| Shape::Square { side }),
        any::<(i32, i32, i32)>().prop_map(|(a, b, c)| Shape::Box(a, b, c)),
    ]
}

fn any_of() -> impl Strategy<Value = Any> {
    prop_oneof![
        any::<bool>().prop_map(Any::Flag),
        any::<i64>().prop_map(Any::Number),
        any::<String>().prop_map(Any::Text),
        prop::collection::btree_map(any::<String>(), any::<i32>(), 0..3).prop_map(Any::Counts),
        Just(Any::Nothing),
    ]
}

fn colour() -> impl Strategy<Value = Colour> + Clone {
    prop_oneof![Just(Colour::Red), Just(Colour::Green)]
}

fn one() -> impl Strategy<Value = R> {
    let first = (any::<i64>(), any::<i32>(), any::<f64>(), any::<String>(), colour());
    let second = (any::<Option<String>>(), prop::option::of(colour()), any::<Vec<Option<f32>>>());
    let counts = prop::collection::btree_map(any::<String>(), any::<(i32, u16)>(), 0..3);
    let third = (counts, any::<[u8; 4]>(), any::<Vec<u8>>());
    let fourth = (shape(), prop::collection::vec(any_of(), 0..5));
    (first, second, third, fourth).prop_map(|(first, second, third, fourth)| {
        let (id, small, ratio, name, colour) = first;
        let (note, last, tags) = second;
        let (counts, key, raw) = third;
        let (shape, any) = fourth;
        let next = None;
        R { next, raw, id, shape, small, note, name, ratio, last, colour, tags, key, counts, any }
    })
}

/// A value as serde's types tell of it: records as maps in any order, enums by symbol, branches as variants of their names.
struct Told<'a> {
    schema: &'a Schema,
    ty: TypeId,
    value: &'a Value,
    seed: u64,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { schema, seed, .. } = *self;
        let told = |ty: TypeId, value, at: usize| Told {
            schema,
            ty,
            value,
            seed: seed.rotate_left(7) ^ at as u64,
        };
        match (schema[self.ty].ty(), self.value) {
            (Type::Boolean, Value::Boolean(it)) => to.serialize_bool(*it),
            (Type::Int, Value::Int(it)) => to.serialize_i32(*it),
            (Type::Long, Value::Long(it)) => to.serialize_i64(*it),
            (Type::Float, Value::Float(it)) => to.serialize_f32(*it),
            (Type::Double, Value::Double(it)) => to.serialize_f64(*it),
            (Type::String, Value::String(it)) => to.serialize_str(it),
            (_, Value::Bytes(it) | Value::Fixed(it)) if seed % 2 == 0 => to.serialize_bytes(it),
            (_, Value::Bytes(it) | Value::Fixed(it)) => to.collect_seq(it),
            (Type::Enum(it), Value::Enum(at)) => to.serialize_str(&it.symbols()[*at as usize]),
            (Type::Array(items), Value::Array(values)) => {
                let all = values.iter().enumerate().map(|(at, it)| told(*items, it, at));
                // With a length that is known, and without.
                if seed % 2 == 0 {
                    to.collect_seq(all)
                } else {
                    to.collect_seq(all.filter(|_| true))
                }
            }
            (Type::Map(values), Value::Map(entries)) => {
                let all = entries.iter().map(|(key, it)| (key, told(*values, it, key.len())));
                if seed % 2 == 0 {
                    to.collect_map(all)
                } else {
                    to.collect_map(all.filter(|_| true))
                }
            }
            (Type::Record(record), Value::Record(values)) => {
                let mut all: Vec<_> = record.fields().iter().zip(values).enumerate().collect();
                let mut dice = Dice(seed);
                (0..all.len()).for_each(|it| all.swap(it, dice.below(values.len())));
                let mut map = to.serialize_map(None)?;
                for (at, (field, value)) in all {
                    map.serialize_entry(field.name(), &told(field.ty(), value, at))?;
                }
                map.end()
            }
            (Type::Union(union), Value::Union(at, inside)) => {
                let branch = union.branches()[*at as usize];
                // There is one for each name in a test.
                let name = Box::leak(schema[branch].branch_name().to_owned().into_boxed_str());
                to.serialize_newtype_variant("", *at, name, &told(branch, inside, 0))
            }
            _ => to.serialize_unit(),
        }
    }
}

proptest! {
    /// What is written as any type is what is written as a value.
    #[test]
    fn the_bytes_are_those_of_values(model in generate::schema(), seed in any::<u64>(), order in any::<u64>()) {
        let schema = Schema::parse(&model.text()).unwrap();
        let Some(value) = value(&schema, schema.root(), &mut Dice(seed), 12) else { return Ok(()) };
        let encoder = Encoder::new(&schema);
        let told = Told { schema: &schema, ty: schema.root(), value: &value, seed: order };
        prop_assert_eq!(encoder.encode_from(&told).unwrap(), encoder.encode(&value).unwrap());
    }

    #[test]
    fn what_is_written_is_read_as_it_was(mut all in prop::collection::vec(one(), 1..4)) {
        // Each holds the next.
        let mut whole = all.remove(0);
        for mut it in all {
            it.next = Some(Box::new(whole));
            whole = it;
        }
        let schema = Schema::parse(SCHEMA).unwrap();
        let bytes = Encoder::new(&schema).encode_from(&whole).unwrap();
        let decoder = Decoder::new(&schema).unwrap();
        prop_assert_eq!(&decoder.decode_as::<R>(&bytes).unwrap(), &whole);
        let value = decoder.decode(&bytes).unwrap();
        prop_assert_eq!(Encoder::new(&schema).encode(&value).unwrap(), bytes);
    }
}

#[track_caller]
fn refused<T: Serialize + ?Sized>(schema: &str, value: &T, message: &str) {
    let mut out = vec![7];
    let encoder = Encoder::new(&Schema::parse(schema).unwrap());
    let Err(Error::Encode(error)) = encoder.encode_from_to(value, &mut out) else { panic!() };
    assert_eq!(error.to_string(), message);
    assert_eq!(out, [7]);
}

#[track_caller]
fn written<T: Serialize + ?Sized>(schema: &str, value: &T, bytes: &[u8]) {
    let encoder = Encoder::new(&Schema::parse(schema).unwrap());
    assert_eq!(encoder.encode_from(value).unwrap(), bytes);
}

#[derive(DeriveSerialize)]
struct Pair {
    b: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<i32>,
}

const PAIR: &str = r#"{"type": "record", "name": "P", "fields": [
    {"name": "a", "type": ["null", "int"], "default": null}, {"name": "b", "type": "string"},
    {"name": "c", "type": {"type": "array", "items": "long"}, "default": [1, 2]}]}"#;

#[test]
fn fields_that_are_missing_take_their_defaults() {
    written(PAIR, &Pair { b: "x", a: None }, &[0, 2, b'x', 4, 2, 4, 0]);
    written(PAIR, &Pair { b: "x", a: Some(3) }, &[2, 6, 2, b'x', 4, 2, 4, 0]);
    let map = BTreeMap::from([("b", "x")]);
    written(PAIR, &map, &[0, 2, b'x', 4, 2, 4, 0]);
}

#[test]
fn unions_take_what_fits_best() {
    let union = r#"["null", "int", "long", "double", "bytes", {"type": "fixed", "name": "F", "size": 2}, {"type": "enum", "name": "E", "symbols": ["Red"]}]"#;
    written(union, &1_i32, &[2, 2]);
    written(union, &1_i64, &[4, 2]);
    written(union, &(), &[0]);
    written(union, "Red", &[12, 0]);
    written(union, "no symbol", b"\x08\x12no symbol");
    written(union, &[1_u8, 2], &[10, 1, 2]);
    written(union, &vec![1_u8], &[8, 2, 1]);
    written(r#"["null", "double"]"#, &Some(3_u64), &[2, 0, 0, 0, 0, 0, 0, 8, 64]);
    // A struct goes by its name, else to the only record.
    let p = r#"{"type": "record", "name": "n.Pair", "fields": [{"name": "b", "type": "string"}]}"#;
    let q = r#"{"type": "record", "name": "n.Other", "fields": [{"name": "b", "type": "string"}]}"#;
    written(&format!("[{q}, {p}]"), &Pair { b: "x", a: None }, b"\x02\x02x");
    written(&format!("[\"null\", {q}]"), &Pair { b: "x", a: None }, b"\x02\x02x");
    written(
        r#"{"type": "map", "values": "string"}"#,
        &Pair { b: "x", a: None },
        b"\x02\x02b\x02x\x00",
    );
}

#[test]
fn what_does_not_fit_is_an_error_that_says_where() {
    refused(PAIR, &Pair { b: "x", a: Some(1) }.a, "expected a value of P, found an integer");
    refused(
        r#"{"type": "array", "items": "int"}"#,
        &[1_i64, 1 << 40],
        "at /1: 1099511627776 is out of range of int",
    );
    refused(
        PAIR,
        &BTreeMap::from([("a", 1)]),
        "field \"b\" of record \"P\" is missing, and has no default",
    );
    refused(PAIR, &BTreeMap::from([("d", 1)]), "record \"P\" has no field \"d\"");
    refused(
        PAIR,
        &BTreeMap::from([("b", 1)]),
        "at /b: expected a value of string, found an integer",
    );
    refused(
        PAIR,
        &BTreeMap::from([("a", "1")]),
        "at /a: no branch takes a string: the union has null, int",
    );
    refused(r#""float""#, &0.1_f64, "0.1 is no float exactly");
    refused(r#""double""#, &i64::MAX, "9223372036854775807 is no double exactly");
    refused(r#""long""#, &u128::MAX, &format!("{} is out of range of every type", u128::MAX));
    refused(
        r#"{"type": "map", "values": "int"}"#,
        &BTreeMap::from([(1, 1)]),
        "expected a string as a key",
    );
    refused(
        r#"{"type": "map", "values": "int"}"#,
        &BTreeMap::from([("k", "v")]),
        "at /k: expected a value of int, found a string",
    );
    refused(
        r#"{"type": "fixed", "name": "F", "size": 3}"#,
        &[1_u8],
        "expected fixed \"F\" of 3 bytes, found 1 bytes",
    );
    refused(r#""bytes""#, &[1, 256], "at /1: 256 is no byte");
    refused(
        r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#,
        &Colour::Red,
        "\"RED\" is no symbol of enum \"E\"",
    );
    refused(
        r#""int""#,
        &Shape::Circle(1.0),
        "variant double, which holds something, is no value of int",
    );
    refused(
        r#"["int"]"#,
        &Shape::Square { side: 1.0 },
        "no branch is named \"Square\": the union has int",
    );
}

#[test]
fn what_is_deep_is_refused() {
    #[derive(DeriveSerialize)]
    struct L {
        next: Option<Box<L>>,
    }
    let list =
        r#"{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}"#;
    let deep = |count| (0..count).fold(L { next: None }, |it, _| L { next: Some(Box::new(it)) });
    written(list, &deep(199), &[2].repeat(199).into_iter().chain([0]).collect::<Vec<_>>());
    let schema = Schema::parse(list).unwrap();
    let Err(Error::Encode(error)) = Encoder::new(&schema).encode_from(&deep(200)) else { panic!() };
    assert_eq!(error.reason(), "nested more than 200 deep");
    let encoder = Encoder::new(&schema).max_depth(u32::MAX);
    assert_eq!(encoder.encode_from(&deep(399)).unwrap().len(), 400);
}
