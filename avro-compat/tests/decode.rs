//! Encodings that the specification gives, data of enemies, and pairs of schemas that others get wrong.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use avro_compat::frame::{Confluent, MessageReader, MessageWriter, SchemaLookup, SingleObject};
use avro_compat::{
    DecodeError, DecodeProblem, Decoder, Encoder, Error, FrameError, InvalidUtf8, Mismatch,
    ResolveError, ResolveOptions, Resolver, Schema, Tape, Value,
};

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

fn some(branch: u32, value: Value) -> Value {
    Value::Union(branch, Box::new(value))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// What is wrong with bytes, the same for all targets.
fn error(resolver: &Resolver, bytes: &[u8]) -> DecodeError {
    let Err(Error::Decode(error)) = resolver.decode(bytes) else { panic!("{bytes:02x?} was read") };
    let borrowed = resolver.decode_ref(bytes, &mut Tape::new()).map(|it| it.to_value());
    assert_eq!(borrowed, Err(Error::Decode(error.clone())));
    #[cfg(feature = "serde")]
    assert_eq!(
        resolver.decode_as::<serde::de::IgnoredAny>(bytes).err(),
        Some(Error::Decode(error.clone()))
    );
    error
}

fn problem(text: &str, bytes: &[u8]) -> DecodeProblem {
    error(&Decoder::new(&schema(text)).unwrap(), bytes).problem().clone()
}

/// Specification, "Binary Encoding": every example.
#[test]
fn the_examples_of_the_specification() {
    let record = r#"{"type": "record", "name": "test", "fields": [
        {"name": "a", "type": "long"}, {"name": "b", "type": "string"}]}"#;
    let cases: &[(&str, Value, &[u8])] = &[
        (r#""null""#, Value::Null, b""),
        (r#""boolean""#, Value::Boolean(true), b"\x01"),
        (r#""int""#, Value::Int(0), b"\x00"),
        (r#""int""#, Value::Int(-1), b"\x01"),
        (r#""int""#, Value::Int(1), b"\x02"),
        (r#""long""#, Value::Long(-2), b"\x03"),
        (r#""long""#, Value::Long(2), b"\x04"),
        (r#""long""#, Value::Long(-64), b"\x7F"),
        (r#""long""#, Value::Long(64), b"\x80\x01"),
        (r#""float""#, Value::Float(1.0), &[0, 0, 0x80, 0x3F]),
        (r#""double""#, Value::Double(-2.0), &[0, 0, 0, 0, 0, 0, 0, 0xC0]),
        (r#""string""#, text("foo"), b"\x06foo"),
        (r#""bytes""#, Value::Bytes(b"foo".to_vec()), b"\x06foo"),
        (record, Value::Record(vec![Value::Long(27), text("foo")]), b"\x36\x06foo"),
        (
            r#"{"type": "enum", "name": "Foo", "symbols": ["A", "B", "C", "D"]}"#,
            Value::Enum(3),
            b"\x06",
        ),
        (
            r#"{"type": "array", "items": "long"}"#,
            Value::Array(vec![Value::Long(3), Value::Long(27)]),
            b"\x04\x06\x36\x00",
        ),
        (r#"["null", "string"]"#, some(0, Value::Null), b"\x00"),
        (r#"["null", "string"]"#, some(1, text("a")), b"\x02\x02a"),
        (r#"{"type": "fixed", "name": "F", "size": 2}"#, Value::Fixed(vec![1, 2]), &[1, 2]),
        (
            r#"{"type": "map", "values": "int"}"#,
            Value::Map(vec![("k".into(), Value::Int(1))]),
            b"\x02\x02k\x02\x00",
        ),
    ];
    for (text, value, bytes) in cases {
        let schema = schema(text);
        assert_eq!(Encoder::new(&schema).encode(value).unwrap(), *bytes, "{text}");
        assert_eq!(Decoder::new(&schema).unwrap().decode(bytes).unwrap(), *value, "{text}");
    }
    // Specification, "JSON Encoding".
    let union = schema(r#"["null", "string", {"type": "record", "name": "Foo", "fields": []}]"#);
    for (value, json) in [
        (some(0, Value::Null), "null"),
        (some(1, text("a")), r#"{"string":"a"}"#),
        (some(2, Value::Record(Vec::new())), r#"{"Foo":{}}"#),
    ] {
        assert_eq!(value.to_json(&union).unwrap(), json);
        assert_eq!(Value::from_json(&union, json).unwrap(), value);
    }
}

/// Blocks that announce their size, and several of them.
#[test]
fn arrays_and_maps_in_blocks() {
    let array = schema(r#"{"type": "array", "items": "long"}"#);
    let decoder = Decoder::new(&array).unwrap();
    let expected = Value::Array([3, 27, 1].map(Value::Long).to_vec());
    let bytes = [3, 4, 0x06, 0x36, 2, 2, 0];
    assert_eq!(decoder.decode(&bytes).unwrap(), expected);
    assert_eq!(decoder.decode_ref(&bytes, &mut Tape::new()).unwrap().to_value(), expected);
    // A size that is not that of the items.
    let wrong = problem(r#"{"type": "array", "items": "long"}"#, &[3, 6, 0x06, 0x36, 2, 2, 0]);
    assert_eq!(wrong, DecodeProblem::BlockSize { given: 3, found: 2 });
    let negative = problem(r#"{"type": "array", "items": "long"}"#, &[3, 3, 0x06, 0x36, 0]);
    assert_eq!(negative, DecodeProblem::Length { found: -2 });
    assert!(decoder.decode(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0]).is_err());

    // Records in arrays, so many that they come in several pieces, and in several blocks.
    let nested = schema(r#"{"type": "array", "items": {"type": "array", "items": "string"}}"#);
    let inner = |at: usize| Value::Array((0..at % 50).map(|it| text(&it.to_string())).collect());
    let value = Value::Array((0..200).map(inner).collect());
    let bytes = Encoder::new(&nested).encode(&value).unwrap();
    // Twice the items: without the end of the first, and behind it the second.
    let twice = [&bytes[..bytes.len() - 1], &bytes].concat();
    let decoder = Decoder::new(&nested).unwrap();
    let items = value.as_slice().unwrap();
    let expected = Value::Array(items.iter().chain(items).cloned().collect());
    assert_eq!(decoder.decode(&twice).unwrap(), expected);
    assert_eq!(decoder.decode_ref(&twice, &mut Tape::new()).unwrap().to_value(), expected);
}

#[test]
fn lengths_of_gigabytes_are_refused_before_anything_is_allocated() {
    let gigabyte = [0x80, 0x80, 0x80, 0x80, 0x08];
    for text in [r#""bytes""#, r#""string""#] {
        assert_eq!(problem(text, &gigabyte), DecodeProblem::Truncated { needed: 1 << 30, left: 0 });
    }
    for text in [r#"{"type": "array", "items": "int"}"#, r#"{"type": "map", "values": "null"}"#] {
        assert_eq!(problem(text, &gigabyte), DecodeProblem::Block { count: 1 << 30, left: 0 });
    }
    let fixed = r#"{"type": "fixed", "name": "F", "size": 1073741824}"#;
    assert_eq!(problem(fixed, b"abc"), DecodeProblem::Truncated { needed: 1 << 30, left: 3 });
    // Of nothing there may be many, but not a billion.
    for items in [
        r#""null""#,
        r#"{"type": "fixed", "name": "F", "size": 0}"#,
        r#"{"type": "record", "name": "E", "fields": [{"name": "n", "type": "null"}]}"#,
    ] {
        let array = format!(r#"{{"type": "array", "items": {items}}}"#);
        assert_eq!(problem(&array, &gigabyte), DecodeProblem::TooManyEmpty { limit: 100_000 });
        // To skip them costs nothing.
        let writer = schema(&format!(
            r#"{{"type": "record", "name": "R", "fields": [{{"name": "a", "type": {array}}}]}}"#
        ));
        let reader = schema(r#"{"type": "record", "name": "R", "fields": []}"#);
        let bytes = [&gigabyte[..], &[0]].concat();
        assert_eq!(
            Resolver::new(&reader, &writer).unwrap().decode(&bytes).unwrap(),
            Value::Record(vec![])
        );
    }
    // Twenty bytes, and records in records without bytes: 2^30 of them.
    let mut text = r#"{"type": "record", "name": "R0", "fields": []}"#.to_owned();
    for at in 1..31 {
        text = format!(
            r#"{{"type": "record", "name": "R{at}", "fields": [{{"name": "a", "type": {text}}}, {{"name": "b", "type": "R{}"}}]}}"#,
            at - 1
        );
    }
    assert!(matches!(problem(&text, b""), DecodeProblem::TooManyEmpty { .. }));
}

/// As deep as the thread of a test goes, in a build without optimisation.
#[test]
fn data_ten_thousand_deep_is_refused() {
    let list = r#"{"type": "record", "name": "List", "fields": [
        {"name": "value", "type": "int"}, {"name": "next", "type": ["null", "List"]}]}"#;
    let deep: Vec<u8> = [2, 2].repeat(10_000).into_iter().chain([2, 0]).collect();
    assert_eq!(problem(list, &deep), DecodeProblem::TooDeep { limit: 200 });
    let reader = schema(r#"{"type": "record", "name": "Holder", "fields": []}"#);
    let writer = schema(&format!(
        r#"{{"type": "record", "name": "Holder", "fields": [{{"name": "list", "type": {list}}}]}}"#
    ));
    let skipping = Resolver::new(&reader, &writer).unwrap();
    assert_eq!(*error(&skipping, &deep).problem(), DecodeProblem::TooDeep { limit: 200 });
    // What is allowed is read, and written, and shown.
    let fine: Vec<u8> = [2, 2].repeat(190).into_iter().chain([2, 0]).collect();
    let list = schema(list);
    let value = Decoder::new(&list).unwrap().decode(&fine).unwrap();
    assert_eq!(Encoder::new(&list).encode(&value).unwrap(), fine);
    assert_eq!(Value::from_json(&list, &value.to_json(&list).unwrap()).unwrap(), value);
    let options = ResolveOptions { max_depth: 400, ..ResolveOptions::default() };
    let deep: Vec<u8> = [2, 2].repeat(390).into_iter().chain([2, 0]).collect();
    let read = Resolver::with_options(&list, &list, &options).unwrap().decode(&deep).unwrap();
    assert_eq!(Encoder::new(&list).max_depth(400).encode(&read).unwrap(), deep);
    assert!(Encoder::new(&list).encode(&read).unwrap_err().to_string().contains("200 deep"));
    // A record in itself has no end.
    let endless = r#"{"type": "record", "name": "A", "fields": [{"name": "a", "type": "A"}]}"#;
    assert_eq!(problem(endless, b""), DecodeProblem::TooDeep { limit: 200 });
}

#[test]
fn bytes_that_are_no_values_say_what_they_are() {
    use avro_compat::Kind::{Int, Long};
    let cases: &[(&str, &[u8], DecodeProblem)] = &[
        (r#""int""#, b"", DecodeProblem::Truncated { needed: 1, left: 0 }),
        (r#""int""#, &[0x80], DecodeProblem::Truncated { needed: 2, left: 1 }),
        (r#""int""#, &[0xFF; 6], DecodeProblem::Varint { kind: Int }),
        (r#""int""#, &[0x80, 0x80, 0x80, 0x80, 0x10], DecodeProblem::Range { kind: Int }),
        (r#""long""#, &[0xFF; 11], DecodeProblem::Range { kind: Long }),
        (r#""long""#, &[0x80; 11], DecodeProblem::Varint { kind: Long }),
        (r#""long""#, &[0, 0], DecodeProblem::Trailing { count: 1 }),
        (r#""boolean""#, &[2], DecodeProblem::Boolean { found: 2 }),
        (r#""float""#, &[0; 3], DecodeProblem::Truncated { needed: 4, left: 3 }),
        (r#""string""#, &[4, b'a', 0xFF], DecodeProblem::Utf8 { valid: 1 }),
        (r#""string""#, &[3], DecodeProblem::Length { found: -2 }),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#,
            &[2],
            DecodeProblem::Symbol { found: 1, symbols: 1 },
        ),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#,
            &[1],
            DecodeProblem::Symbol { found: -1, symbols: 1 },
        ),
        (r#"["null", "int"]"#, &[4], DecodeProblem::Branch { found: 2, branches: 2 }),
        ("[]", &[0], DecodeProblem::Branch { found: 0, branches: 0 }),
    ];
    for (text, bytes, expected) in cases {
        assert_eq!(problem(text, bytes), *expected, "{text} {bytes:02x?}");
    }
    // The longest that there are, and longer than they need to be.
    let long = Decoder::new(&schema(r#""long""#)).unwrap();
    let least = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
    assert_eq!(long.decode(&least).unwrap(), Value::Long(i64::MIN));
    assert_eq!(long.decode(&[0x82, 0x80, 0]).unwrap(), Value::Long(1));
}

#[test]
fn errors_say_where_in_both_schemas() {
    let writer = schema(
        r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": "long"},
        {"name": "b", "type": {"type": "array", "items": {"type": "record", "name": "I", "fields": [
            {"name": "x", "type": ["null", "string"]}]}}}]}"#,
    );
    let reader = schema(
        r#"{"type": "record", "name": "R", "fields": [
        {"name": "b", "type": {"type": "array", "items": {"type": "record", "name": "I", "fields": [
            {"name": "x", "type": "string"}]}}}]}"#,
    );
    let resolver = Resolver::new(&reader, &writer).unwrap();
    assert_eq!(resolver.decode(&[2, 2, 2, 2, b'y', 0]).unwrap().as_slice().unwrap().len(), 1);
    let found = error(&resolver, &[2, 2, 0, 0]);
    assert!(matches!(found.problem(), DecodeProblem::Unreadable(Mismatch::Type { .. })));
    assert_eq!(found.offset(), 2);
    assert_eq!(found.writer_pointer(), Some("/fields/1/type/items/fields/0/type/0"));
    assert_eq!(found.reader_pointer(), Some("/fields/0/type/items/fields/0/type"));
    let found = error(&resolver, &[2, 2, 2, 2, 0xFF, 0]);
    assert_eq!(found.writer_pointer(), Some("/fields/1/type/items/fields/0"));
}

/// Bytes that are read as a string need not be UTF-8.
#[test]
fn bytes_that_are_no_utf_8_are_replaced_or_refused() {
    let pair = (schema(r#"["null", "string"]"#), schema(r#""bytes""#));
    let resolver = Resolver::new(&pair.0, &pair.1).unwrap();
    let mut tape = Tape::new();
    for (bytes, string) in [
        (&b"\x06foo"[..], "foo"),
        (b"\x02\xFF", "\u{FFFD}"),
        // The longest sequences that are none, as the Unicode standard recommends and Java does.
        (b"\x0Ca\xF0\x90\x80b\xC3", "a\u{FFFD}b\u{FFFD}"),
    ] {
        assert_eq!(resolver.decode(bytes).unwrap(), some(1, text(string)));
        let mut again = tape.recycle();
        let borrowed = resolver.decode_ref(bytes, &mut again).unwrap();
        assert_eq!((borrowed.as_str(), borrowed.to_value()), (Some(string), some(1, text(string))));
        tape = again.recycle();
    }
    let options = ResolveOptions { invalid_utf8: InvalidUtf8::Refuse, ..Default::default() };
    let strict = Resolver::with_options(&pair.0, &pair.1, &options).unwrap();
    assert_eq!(strict.decode(b"\x06foo").unwrap(), some(1, text("foo")));
    assert_eq!(error(&strict, b"\x04a\xFF").problem(), &DecodeProblem::Utf8 { valid: 1 });
    // What says that it is a string must be one.
    let strings = Resolver::new(&pair.0, &pair.0).unwrap();
    assert_eq!(error(&strings, b"\x02\x04a\xFF").problem(), &DecodeProblem::Utf8 { valid: 1 });
}

/// Chains and meshes of records in a text that is not deep, and schemas that would take too large a program.
#[test]
fn large_schemas_neither_overflow_nor_explode() {
    let chain = |last: &str| {
        let mut types: Vec<_> = (0..5_000)
            .map(|at| format!(r#"{{"type": "record", "name": "R{at}", "fields": [{{"name": "f", "type": ["null", "R{}"]}}]}}"#, at + 1))
            .collect();
        types.push(format!(r#"{{"type": "record", "name": "R5000", "fields": [{{"name": "f", "type": "{last}"}}]}}"#));
        let mut options = avro_compat::ParseOptions::default();
        options.forward_references = true;
        Schema::parse_with(&format!("[{}]", types.join(",")), &options).unwrap()
    };
    let (reader, writer) = (chain("long"), chain("int"));
    let resolver = Resolver::new(
        &reader.at(reader.find("R0").unwrap()),
        &writer.at(writer.find("R0").unwrap()),
    )
    .unwrap();
    assert!(resolver.decode(&[0]).is_ok());
    let options = ResolveOptions { max_instructions: 1000, ..ResolveOptions::default() };
    let refused = Resolver::with_options(&reader, &writer, &options).unwrap_err();
    assert_eq!(refused, Error::Resolve(ResolveError::TooLarge { limit: 1000 }));
    let defaults = schema(
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string", "default": "0123456789"}]}"#,
    );
    let empty = schema(r#"{"type": "record", "name": "R", "fields": []}"#);
    let options = ResolveOptions { max_default_bytes: 10, ..ResolveOptions::default() };
    let refused = Resolver::with_options(&defaults, &empty, &options).unwrap_err();
    assert_eq!(refused, Error::Resolve(ResolveError::Defaults { limit: 10 }));
}

#[test]
fn values_that_do_not_fit_are_not_written() {
    let record = schema(
        r#"{"type": "record", "name": "R", "fields": [
        {"name": "a", "type": {"type": "map", "values": ["null", {"type": "fixed", "name": "F", "size": 2}]}}]}"#,
    );
    let encoder = Encoder::new(&record);
    let value = |it| Value::Record(vec![Value::Map(vec![("k".into(), it)])]);
    let mut out = vec![1, 2, 3];
    for (wrong, message) in [
        (
            value(some(1, Value::Fixed(vec![1]))),
            "at /a/k/F: fixed \"F\" has 2 bytes, and this has 1",
        ),
        (value(some(2, Value::Null)), "at /a/k: the union has 2 branches, and this is of branch 2"),
        (value(Value::Null), "at /a/k: expected a value of union, found null"),
        (Value::Record(vec![]), "record \"R\" has 1 fields, and this has 0"),
    ] {
        let Err(Error::Encode(error)) = encoder.encode_to(&wrong, &mut out) else { panic!() };
        assert_eq!(error.to_string(), message);
        assert_eq!(out, [1, 2, 3]);
    }
}

#[test]
fn messages_name_their_schema() {
    let schema_text =
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}"#;
    let writer = schema(schema_text);
    let value = Value::Record(vec![Value::Int(1)]);
    let message = MessageWriter::single_object(&writer).write(&value).unwrap();
    assert_eq!(message[..2], SingleObject::MARKER);
    assert_eq!(message[2..10], writer.rabin().to_le_bytes());
    let known = std::collections::HashMap::from([(writer.rabin(), writer.clone())]);
    let mut reader = MessageReader::new(SingleObject, &known, None);
    assert_eq!(reader.read(&message).unwrap(), value);
    assert_eq!(reader.read(&message).unwrap(), value);
    let mut other = message.clone();
    other[5] ^= 1;
    assert!(matches!(reader.read(&other), Err(Error::Frame(FrameError::Unknown { .. }))));
    assert!(matches!(reader.read(&message[..9]), Err(Error::Frame(FrameError::Header { .. }))));

    let message = MessageWriter::confluent(&writer, 258).write(&value).unwrap();
    assert_eq!(message, [0, 0, 0, 1, 2, 2]);
    let known = std::collections::HashMap::from([(258_u32, writer)]);
    let wide = schema(&schema_text.replace("int", "long"));
    let mut reader = MessageReader::new(Confluent, known, Some(&wide));
    assert_eq!(reader.read(&message).unwrap(), Value::Record(vec![Value::Long(1)]));
    let Err(Error::Frame(error)) = reader.read(&[1, 0, 0, 1, 2, 2]) else { panic!() };
    assert!(error.to_string().contains("Confluent"), "{error}");
    assert!(matches!(reader.read(&[0, 0, 0, 0, 9]), Err(Error::Frame(FrameError::Unknown { .. }))));
}

/// Also one of which nothing can be read, however many messages of it there are.
#[test]
fn a_schema_is_looked_up_once() {
    struct Counted(std::cell::Cell<usize>);

    impl SchemaLookup<u32> for Counted {
        fn find(&self, id: u32) -> Result<Option<Schema>, String> {
            self.0.set(self.0.get() + 1);
            Ok(Some(schema(if id == 1 { r#""long""# } else { r#""int""# })))
        }
    }

    let lookup = Counted(std::cell::Cell::new(0));
    let mut reader = MessageReader::new(Confluent, &lookup, Some(&schema(r#""int""#)));
    for _ in 0..3 {
        let error = reader.read(&[0, 0, 0, 0, 1, 2]).unwrap_err();
        assert!(matches!(error, Error::Resolve(ResolveError::Unreadable { .. })), "{error}");
        assert_eq!(reader.read(&[0, 0, 0, 0, 2, 2]).unwrap(), Value::Int(1));
    }
    assert_eq!(lookup.0.get(), 2);
}
