//! Schemas and values of `apache_avro`.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
#![cfg(feature = "apache-avro")]

mod generate;

use apache_avro::Schema as TheirSchema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Theirs;
use apache_avro::writer::datum::GenericDatumWriter;
use avro_compat::{ApacheProblem, Decoder, Encoder, Error, Schema, Value};
use generate::data::{Dice, same, value};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

/// The same with entries of maps in the order of their keys.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Record(it) => Value::Record(it.iter().map(sorted).collect()),
        Value::Array(it) => Value::Array(it.iter().map(sorted).collect()),
        Value::Map(it) => {
            let mut entries: Vec<_> =
                it.iter().map(|(key, it)| (key.clone(), sorted(it))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Map(entries)
        }
        Value::Union(at, it) => Value::Union(*at, Box::new(sorted(it))),
        other => other.clone(),
    }
}

/// A schema there and back; whether all of it was.
fn there_and_back(schema: &Schema) -> Result<bool, TestCaseError> {
    let (theirs, lost) = match schema.to_apache_lossy() {
        Ok(it) => it,
        Err(Error::Apache(error)) => {
            prop_assert!(!error.place().is_empty(), "{error}");
            prop_assert_eq!(schema.to_apache().err(), Some(Error::Apache(error)));
            return Ok(false);
        }
        Err(error) => panic!("{error}"),
    };
    let back = Schema::from_apache(&theirs).unwrap_or_else(|it| panic!("{it}\n{schema}"));
    prop_assert!(back.same_canonical_form(schema), "{back}\n{schema}");
    prop_assert_eq!(back.rabin(), schema.rabin());
    prop_assert_eq!(schema.to_apache().is_ok(), lost.is_empty());
    if lost.is_empty() {
        // A scale of 0 need not be written.
        let (back, schema) = (back.to_json(), schema.to_json());
        let without = |it: &str| self::schema(&it.replace(",\"scale\":0", ""));
        prop_assert_eq!(without(&back), without(&schema), "{}\n{}", back, schema);
    }
    Ok(lost.is_empty())
}

/// A value there and back, and its bytes read by each of the two; whether all of it was.
fn value_there_and_back(schema: &Schema, value: &Value) -> Result<bool, TestCaseError> {
    let Ok((their_schema, _)) = schema.to_apache_lossy() else { return Ok(false) };
    let theirs = match value.to_apache(schema) {
        Ok(it) => it,
        Err(Error::Apache(error)) => {
            prop_assert!(matches!(error.problem(), ApacheProblem::NoRoom { .. }), "{error}");
            return Ok(false);
        }
        Err(error) => panic!("{error}"),
    };
    let expected = sorted(value);
    let back = Value::from_apache(schema, &theirs).unwrap();
    prop_assert!(same(&sorted(&back), &expected), "{back:?} of {value:?}");

    // Ours, read by theirs.
    let bytes = Encoder::new(schema).encode(value).unwrap();
    let reader = GenericDatumReader::builder(&their_schema).build();
    let Ok(reader) = reader else { return Ok(false) };
    match reader.read_value(&mut &bytes[..]) {
        Ok(read) => {
            let read = Value::from_apache(schema, &read).unwrap();
            prop_assert!(same(&sorted(&read), &expected), "{read:?} of {value:?}\n{schema}");
        }
        // What is no UUID it does not read.
        Err(error) => prop_assert!(error.to_string().to_lowercase().contains("uuid"), "{error}"),
    }
    // Theirs, read by ours.
    let writer = GenericDatumWriter::builder(&their_schema).build();
    let Ok(writer) = writer else { return Ok(false) };
    let Ok(bytes) = writer.write_value_to_vec(theirs) else { return Ok(false) };
    let read = Decoder::new(schema).unwrap().decode(&bytes).unwrap();
    prop_assert!(same(&sorted(&read), &expected), "{read:?} of {value:?}\n{schema}");
    Ok(true)
}

proptest! {
    #[test]
    fn schemas_go_there_and_back(model in generate::schema()) {
        there_and_back(&schema(&model.text()))?;
    }

    /// What it parses itself comes here as what is parsed here, and goes back as what it was.
    #[test]
    fn what_it_parses_is_what_is_parsed_here(model in generate::schema()) {
        let text = model.text();
        let ours = schema(&text);
        if ours.to_apache_lossy().is_err() {
            return Ok(());
        }
        // It panics where a default does not fit in its eyes and some attribute named `precision` is no number.
        let parsed = std::panic::catch_unwind(|| TheirSchema::parse_str(&text));
        let Ok(Ok(theirs)) = parsed else { return Ok(()) };
        let found = Schema::from_apache(&theirs).unwrap_or_else(|it| panic!("{it}\n{text}"));
        prop_assert!(found.same_canonical_form(&ours), "{found}\n{ours}");
        if let Ok(again) = found.to_apache() {
            prop_assert_eq!(Schema::from_apache(&again).unwrap(), found);
        }
    }

    #[test]
    fn values_go_there_and_back(model in generate::schema(), seed in any::<u64>()) {
        let schema = schema(&model.text());
        if let Some(value) = value(&schema, schema.root(), &mut Dice(seed), 12) {
            value_there_and_back(&schema, &value)?;
        }
    }
}

/// Of what is drawn enough is all there, so that the properties above mean something.
#[test]
fn enough_is_lossless() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = generate::schema();
    let (mut schemas, mut small, mut values) = (0, 0, 0);
    for seed in 0..600 {
        let model = strategy.new_tree(&mut runner).unwrap().current();
        let drawn = schema(&model.text());
        schemas += usize::from(there_and_back(&drawn).unwrap());
        let (one, _) = generate::pair_of(seed);
        let one = schema(&one.text());
        small += usize::from(there_and_back(&one).unwrap());
        for schema in [drawn, one] {
            if let Some(value) = value(&schema, schema.root(), &mut Dice(seed), 12) {
                values += usize::from(value_there_and_back(&schema, &value).unwrap());
            }
        }
    }
    println!("{schemas} and {small} of 600 schemas, and {values} values of 1200");
    assert!(schemas > 60 && small > 200 && values > 300, "{schemas} {small} {values}");
}

const LOGICAL: [(&str, Value, Theirs); 9] = [
    (r#"{"type": "int", "logicalType": "date"}"#, Value::Int(1), Theirs::Date(1)),
    (r#"{"type": "int", "logicalType": "time-millis"}"#, Value::Int(1), Theirs::TimeMillis(1)),
    (r#"{"type": "long", "logicalType": "time-micros"}"#, Value::Long(1), Theirs::TimeMicros(1)),
    (
        r#"{"type": "long", "logicalType": "timestamp-millis"}"#,
        Value::Long(1),
        Theirs::TimestampMillis(1),
    ),
    (
        r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
        Value::Long(1),
        Theirs::TimestampMicros(1),
    ),
    (
        r#"{"type": "long", "logicalType": "timestamp-nanos"}"#,
        Value::Long(1),
        Theirs::TimestampNanos(1),
    ),
    (
        r#"{"type": "long", "logicalType": "local-timestamp-millis"}"#,
        Value::Long(1),
        Theirs::LocalTimestampMillis(1),
    ),
    (
        r#"{"type": "long", "logicalType": "local-timestamp-micros"}"#,
        Value::Long(1),
        Theirs::LocalTimestampMicros(1),
    ),
    (
        r#"{"type": "long", "logicalType": "local-timestamp-nanos"}"#,
        Value::Long(1),
        Theirs::LocalTimestampNanos(1),
    ),
];

#[test]
fn logical_types_are_theirs() {
    let uuid = "2b7e1516-28ae-d2a6-abf7-158809cf4f3c";
    let uuid_bytes = avro_compat::parse_uuid(uuid).unwrap();
    let duration = avro_compat::Duration { months: 1, days: 2, millis: 3 };
    let their_duration = apache_avro::Duration::from(duration.to_bytes());
    let decimal = |bytes: &[u8]| Theirs::Decimal(apache_avro::Decimal::from(bytes));
    let big = avro_compat::Decimal { unscaled: -1250, scale: 2 }.to_big_decimal().unwrap();
    let more = [
        (
            r#"{"type": "string", "logicalType": "uuid"}"#,
            Value::String(uuid.to_owned()),
            Theirs::Uuid(apache_avro::Uuid::from_bytes(uuid_bytes)),
        ),
        (
            r#"{"type": "string", "logicalType": "uuid"}"#,
            Value::String(uuid.to_uppercase()),
            Theirs::String(uuid.to_uppercase()),
        ),
        (
            r#"{"type": "fixed", "size": 16, "name": "U", "logicalType": "uuid"}"#,
            Value::Fixed(uuid_bytes.to_vec()),
            Theirs::Uuid(apache_avro::Uuid::from_bytes(uuid_bytes)),
        ),
        (
            r#"{"type": "fixed", "size": 12, "name": "D", "logicalType": "duration"}"#,
            Value::Fixed(duration.to_bytes().to_vec()),
            Theirs::Duration(their_duration),
        ),
        (
            r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}"#,
            Value::Bytes(vec![0, 0, 5]),
            decimal(&[0, 0, 5]),
        ),
        (
            r#"{"type": "fixed", "size": 4, "name": "F", "logicalType": "decimal", "precision": 9, "scale": 0, "x": [1.5]}"#,
            Value::Fixed(vec![0xFF, 0xFF, 0xFF, 0xFE]),
            decimal(&[0xFF, 0xFF, 0xFF, 0xFE]),
        ),
    ];
    for (text, value, theirs) in LOGICAL.into_iter().chain(more) {
        let schema = schema(text);
        assert_eq!(value.to_apache(&schema).unwrap(), theirs, "{text}");
        assert_eq!(Value::from_apache(&schema, &theirs).unwrap(), value, "{text}");
        // It reads a UUID in capitals as one in small letters.
        if !matches!(theirs, Theirs::String(_)) {
            assert!(value_there_and_back(&schema, &value).unwrap(), "{text}");
        }
        let their_schema = schema.to_apache().unwrap();
        // The parser there finds the same.
        let parsed = TheirSchema::parse_str(text).unwrap();
        assert_eq!(parsed, their_schema, "{text}");
        assert!(theirs.validate(&their_schema));
        there_and_back(&schema).unwrap();
    }
    let schema = schema(r#"{"type": "bytes", "logicalType": "big-decimal"}"#);
    let value = Value::Bytes(big);
    assert_eq!(value.to_apache(&schema).unwrap(), Theirs::BigDecimal("-12.50".parse().unwrap()));
    assert!(value_there_and_back(&schema, &value).unwrap());
}

#[test]
fn what_has_no_counterpart_is_an_error_that_says_where() {
    for (text, message, lossy) in [
        (
            r#"{"type": "string", "avro.java.string": "String"}"#,
            r#"line 1, column 1: `apache_avro` has no room for the attribute "avro.java.string" ("String") of string"#,
            true,
        ),
        (
            r#"{"type": "error", "name": "E", "fields": []}"#,
            r#"line 1, column 1: `apache_avro` has no room for a record that is an "error""#,
            true,
        ),
        (
            r#"{"type": "array", "items": {"type": "enum", "name": "E", "symbols": [], "aliases": ["not a name"]}}"#,
            r#"line 1, column 28 (/items): `apache_avro` has no room for the alias "not a name", which is no name"#,
            true,
        ),
        (
            r#"{"type": "record", "name": "n.R", "fields": [{"name": "f", "type": {"type": "fixed", "name": "F", "namespace": "", "size": 1}}]}"#,
            r#"line 1, column 68 (/fields/0/type): `apache_avro` has no room for type "F", of the null namespace, inside of namespace "n""#,
            false,
        ),
    ] {
        let schema = schema(text);
        assert_eq!(schema.to_apache().unwrap_err().to_string(), message);
        let found = schema.to_apache_lossy();
        assert_eq!(found.is_ok(), lossy, "{text}");
        if let Ok((_, lost)) = found {
            assert_eq!(lost[0].to_string(), message);
        }
    }
    let map = schema(r#"{"type": "map", "values": ["null", "int"]}"#);
    let entry = || ("k".to_owned(), Value::Union(0, Box::new(Value::Null)));
    let error = Value::Map(vec![entry(), entry()]).to_apache(&map).unwrap_err();
    assert_eq!(error.to_string(), r#"`apache_avro` has no room for the key "k" a second time"#);
    let wrong = Theirs::Map([("k".to_owned(), Theirs::Union(1, Box::new(Theirs::Long(1))))].into());
    let error = Value::from_apache(&map, &wrong).unwrap_err();
    assert_eq!(error.to_string(), "/k/int: expected a value of int, found Long");
}

/// What is deep is an error, and no overflow of the stack.
#[test]
fn deep_schemas_and_values_are_refused() {
    let mut deep = TheirSchema::Int;
    for _ in 0..500 {
        deep = TheirSchema::array(deep).build();
    }
    let error = Schema::from_apache(&deep).unwrap_err();
    assert_eq!(error.to_string(), "nested more than 400 deep");
    let list = schema(
        r#"{"type": "record", "name": "L", "fields": [{"name": "l", "type": {"type": "array", "items": "L"}}]}"#,
    );
    let mut value = Value::Record(vec![Value::Array(vec![])]);
    for _ in 0..300 {
        value = Value::Record(vec![Value::Array(vec![value])]);
    }
    assert!(value.to_apache(&list).unwrap_err().to_string().ends_with("nested more than 400 deep"));
}
