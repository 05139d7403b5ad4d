//! Container files.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use avro_compat::container::{Codec, Writer};
use avro_compat::{Schema, Value};
use run::Place;

const SCHEMA: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "n", "type": "int"}, {"name": "s", "type": ["null", "string"]}]}"#;

/// A file of blocks of three records; those whose number divides by `nulls` have a null.
fn file(records: i32, nulls: i32, codec: Codec) -> Vec<u8> {
    let schema = Schema::parse(SCHEMA).unwrap();
    let mut writer = Writer::new(Vec::new(), &schema, codec).unwrap();
    for n in 0..records {
        let text = if n % nulls == 0 {
            Value::Union(0, Box::new(Value::Null))
        } else {
            Value::Union(1, Box::new(Value::String(format!("s{n}"))))
        };
        writer.append(&Value::Record(vec![Value::Int(n), text])).unwrap();
        if n % 3 == 2 {
            writer.flush().unwrap();
        }
    }
    writer.finish().unwrap()
}

/// Does not take null.
const STRICT: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "s", "type": "string"}, {"name": "n", "type": "long"}]}"#;

fn place(bytes: &[u8]) -> Place {
    let place = Place::with(&[("strict.avsc", STRICT)]);
    place.write("f.avro", bytes);
    place
}

#[test]
fn records_are_lines_of_json() {
    let place = place(&file(4, 2, Codec::Null));
    let outcome = place.run("cat f.avro").exits(0);
    let expected = "{\"n\":0,\"s\":null}\n{\"n\":1,\"s\":{\"string\":\"s1\"}}\n{\"n\":2,\"s\":null}\n{\"n\":3,\"s\":{\"string\":\"s3\"}}\n";
    assert_eq!((&*outcome.out, &*outcome.err), (expected, ""));
    assert_eq!(
        place.run("cat f.avro --limit 2").exits(0).out,
        expected[..expected.find("{\"n\":2").unwrap()]
    );
    let outcome = place.run("cat f.avro --quiet").exits(0);
    assert_eq!(
        (&*outcome.out, &*outcome.err),
        ("", "avro-compat: f.avro: 4 records, all readable\n")
    );
    let bytes = std::fs::read(place.path("f.avro")).unwrap();
    assert_eq!(place.run_with_input("cat -", bytes).exits(0).out, expected);
}

#[test]
fn every_codec_is_read() {
    let codecs = [
        Codec::Null,
        Codec::Deflate { level: 6 },
        Codec::Snappy,
        Codec::Zstandard { level: 3 },
        Codec::Bzip2 { level: 9 },
        Codec::Xz { level: 6 },
    ];
    for codec in codecs {
        let outcome = place(&file(10, 4, codec)).run("cat f.avro").exits(0);
        assert_eq!(outcome.out.lines().count(), 10, "{codec:?}");
    }
}

#[test]
fn the_first_record_that_fails_is_told_and_the_rest_counted() {
    for codec in [Codec::Null, Codec::Deflate { level: 6 }] {
        // Numbers 0, 5 and 10 have nulls; without the first, 5 and 10.
        let bytes = file(12, 5, codec);
        let place = place(&bytes);
        let outcome = place.run("cat f.avro --reader strict.avsc --quiet").exits(1);
        let outcome = outcome
            .complains(
                "f.avro: record 0 cannot be read: object 0 of block 0, which begins at byte ",
            )
            .complains("byte 0 of the decompressed block")
            .complains("written: {\"n\":0,\"s\":null}")
            .complains("null was written, and cannot be read as string")
            .complains("f.avro: 3 of 12 records cannot be read");
        assert_eq!(outcome.out, "");
        place.run("cat f.avro --reader strict.avsc --limit 5").exits(1).complains("1 of 5 records");
    }
}

#[test]
fn records_before_the_one_that_fails_are_printed() {
    let bytes = file(12, 100, Codec::Null);
    let marker = bytes[bytes.len() - 16..].to_vec();
    let first = place(&bytes);
    first
        .run("cat f.avro --reader strict.avsc")
        .exits(1)
        .complains("1 of 12 records cannot be read");
    // A block with a failing record behind one without.
    let schema = Schema::parse(SCHEMA).unwrap();
    let mut writer = Writer::new(Vec::new(), &schema, Codec::Null).unwrap();
    for n in 0..5 {
        let text = if n == 4 {
            Value::Union(0, Box::new(Value::Null))
        } else {
            Value::Union(1, Box::new(Value::String("x".to_owned())))
        };
        writer.append(&Value::Record(vec![Value::Int(n), text])).unwrap();
        if n == 2 {
            writer.flush().unwrap();
        }
    }
    let bytes = writer.finish().unwrap();
    let second = place(&bytes);
    let outcome = second.run("cat f.avro --reader strict.avsc").exits(1);
    assert_eq!(outcome.out.lines().count(), 4, "{}", outcome.out);
    // The block is a count, a size, 4 + 2 bytes and the marker from the end.
    let begins = bytes.len() - 16 - 6 - 2;
    outcome.complains(&format!("record 4 cannot be read: object 1 of block 1, which begins at byte {begins} of the file; byte 4 of the decompressed block"));
    assert_ne!(marker.len(), 0);
}

#[test]
fn a_file_is_readable_though_its_schema_is_not() {
    let place = place(&file(0, 1, Codec::Null));
    place.write("int.avsc", "\"int\"");
    place.run("cat f.avro --reader int.avsc --quiet").exits(0).complains("0 records, all readable");
    place.write("f.avro", file(1, 1, Codec::Null));
    place
        .run("cat f.avro --reader int.avsc --quiet")
        .exits(1)
        .complains("1 of 1 record cannot be read");
}

#[test]
fn long_records_are_told_in_part() {
    let schema = Schema::parse("\"string\"").unwrap();
    let mut writer = Writer::new(Vec::new(), &schema, Codec::Null).unwrap();
    writer.append(&Value::String("x".repeat(100_000))).unwrap();
    let place = place(&writer.finish().unwrap());
    place.write("int.avsc", "\"int\"");
    let outcome = place.run("cat f.avro --reader int.avsc").exits(1).complains("xxx...\n");
    assert!(outcome.err.len() < 3_000);
}

#[test]
fn damaged_files_are_invalid_not_incompatible() {
    let good = file(6, 2, Codec::Null);
    let mut wrong_marker = good.clone();
    *wrong_marker.last_mut().unwrap() ^= 1;
    let truncated = good[..good.len() - 20].to_vec();
    let mut no_container = good.clone();
    no_container[0] = b'X';
    let mut huge = good[..good.len() - 16 - 20].to_vec();
    // A block of one object and a gigabyte.
    huge.extend([0x02, 0x80, 0x80, 0x80, 0x80, 0x08]);
    for (bytes, message) in [
        (wrong_marker, "is not followed by the file's sync marker"),
        (truncated, "is it truncated?"),
        (no_container, "this is no Avro container file"),
        (huge, "byte"),
        (Vec::new(), "the magic bytes"),
    ] {
        let place = place(&bytes);
        for arguments in ["cat f.avro", "cat f.avro --quiet --reader strict.avsc"] {
            let outcome = place.run(arguments).exits(2);
            outcome.complains("error: f.avro: ").complains(message);
        }
    }
}

#[test]
fn damaged_records_are_told_with_their_place() {
    let schema = Schema::parse("\"boolean\"").unwrap();
    let mut writer = Writer::new(Vec::new(), &schema, Codec::Null).unwrap();
    (0..3).for_each(|_| writer.append(&Value::Boolean(true)).unwrap());
    let mut bytes = writer.finish().unwrap();
    let at = bytes.len() - 17;
    bytes[at] = 9;
    let begins = at - 4;
    let place = place(&bytes);
    let outcome = place.run("cat f.avro").exits(2);
    let outcome = outcome.complains(&format!("object 2 of the block at byte {begins} of the file"));
    assert_eq!(outcome.out, "true\ntrue\n");
    bytes[at] = 1;
    // One object less than there are.
    bytes[at - 4] -= 2;
    place.write("f.avro", &bytes);
    place.run("cat f.avro").exits(2).complains(&format!(
        "the block at byte {begins} of the file has 1 bytes more than its 2 objects"
    ));
}
