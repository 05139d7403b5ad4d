//! Parsing Canonical Forms and fingerprints, as others have published them.

use avro_compat::{Schema, rabin};

/// The cases of `schema-tests.txt`: input, canonical form, fingerprint.
fn published() -> Vec<(String, String, Option<i64>)> {
    let mut cases: Vec<(String, String, Option<i64>)> = Vec::new();
    let mut lines = include_str!("vectors/schema-tests.txt").lines();
    while let Some(line) = lines.next() {
        if let Some(input) = line.strip_prefix("<<INPUT ") {
            cases.push((input.to_owned(), String::new(), None));
        } else if line == "<<INPUT" {
            let input: Vec<_> = lines.by_ref().take_while(|it| *it != "INPUT").collect();
            cases.push((input.join("\n"), String::new(), None));
        } else if let (Some(canonical), Some(case)) =
            (line.strip_prefix("<<canonical "), cases.last_mut())
        {
            case.1 = canonical.to_owned();
        } else if let (Some(fingerprint), Some(case)) =
            (line.strip_prefix("<<fingerprint "), cases.last_mut())
        {
            case.2 = fingerprint.trim().parse().ok();
        } else {
            let blank = line.is_empty() || line.starts_with('#') || line.starts_with("//");
            assert!(blank, "not understood: {line}");
        }
    }
    cases
}

#[test]
fn published_canonical_forms_and_fingerprints() {
    let cases = published();
    assert_eq!(cases.len(), 34);
    let mut fingerprints = 0;
    for (input, canonical, fingerprint) in cases {
        let schema = Schema::parse(&input).unwrap_or_else(|it| panic!("{it}\n{input}"));
        assert_eq!(schema.canonical_form(), canonical);
        assert_eq!(Schema::parse(&canonical).unwrap().canonical_form(), canonical);
        if let Some(fingerprint) = fingerprint {
            assert_eq!(schema.rabin() as i64, fingerprint, "{canonical}");
            assert_eq!(rabin(canonical.as_bytes()) as i64, fingerprint);
            fingerprints += 1;
        }
    }
    assert_eq!(fingerprints, 26);
}

/// What the Ruby implementation's tests say of `int`.
#[test]
fn digests_of_int() {
    let schema = Schema::parse(r#"{ "type": "int" }"#).unwrap();
    assert_eq!(schema.rabin(), 0x7275_D51A_3F39_5C8F);
    assert_eq!(
        u128::from_be_bytes(schema.md5()),
        318_112_854_175_969_537_208_795_771_590_915_775_282
    );
    assert_eq!(
        hex(&schema.sha256()),
        "3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45"
    );
}

/// The tests of a Rust implementation have these for a record whose last field is a `long` with a logical type, which its canonical form
/// keeps, against the rule STRIP. The algorithms are right, over that text; ours of the schema are others.
#[test]
fn digests_of_a_rust_implementation() {
    let theirs = r#"{"name":"test","type":"record","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"},{"name":"c","type":{"type":"long","logicalType":"timestamp-micros"}}]}"#;
    assert_eq!(hex(&rabin(theirs.as_bytes()).to_le_bytes()), "28cf0a67d9937bb3");
    let schema = Schema::parse(theirs).unwrap();
    let stripped =
        theirs.replace(r#"{"type":"long","logicalType":"timestamp-micros"}"#, r#""long""#);
    assert_eq!(schema.canonical_form(), stripped);
}

/// The rules of the specification that the published cases do not touch.
#[test]
fn rules_without_published_cases() {
    let cases = [
        // STRINGS: escapes become what they stand for.
        (r#"{"type":"fixed","name":"\u0041","size":2}"#, r#"{"name":"A","type":"fixed","size":2}"#),
        // PRIMITIVES and STRIP: logical types go.
        (r#"{"type":"bytes","logicalType":"decimal","precision":4}"#, r#""bytes""#),
        // A definition is at its first use, and a name afterwards, in full.
        (
            r#"{"type":"record","name":"n.R","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":[],"aliases":["x"]}},{"name":"b","type":{"type":"array","items":"E"}},{"name":"c","type":{"type":"map","values":["n.R",{"type":"fixed","name":"F","namespace":"","size":0}]}}]}"#,
            r#"{"name":"n.R","type":"record","fields":[{"name":"a","type":{"name":"n.E","type":"enum","symbols":[]}},{"name":"b","type":{"type":"array","items":"n.E"}},{"name":"c","type":{"type":"map","values":["n.R",{"name":"F","type":"fixed","size":0}]}}]}"#,
        ),
        // As Java has it.
        (
            r#"{"type":"error","name":"E","fields":[]}"#,
            r#"{"name":"E","type":"record","fields":[]}"#,
        ),
    ];
    for (input, canonical) in cases {
        assert_eq!(Schema::parse(input).unwrap().canonical_form(), canonical);
    }
}

#[test]
fn equal_and_of_one_canonical_form_are_two_things() {
    let schema = |doc: &str| {
        Schema::parse(&format!(r#"{{"type":"enum","name":"E","symbols":["A"],"doc":"{doc}"}}"#))
            .unwrap()
    };
    let (one, other) = (schema("one"), schema("other"));
    assert!(one != other && one.same_canonical_form(&other));
    assert!(one == schema("one"));
    let blanks =
        Schema::parse(r#" { "symbols" : ["\u0041"], "doc":"one", "name":"E", "type":"enum" } "#)
            .unwrap();
    assert_eq!(one, blanks);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
