//! Bad input: each has a message that says what was found, where, and what to do, and exit code 2.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use run::{Place, tweets};

/// The message of a schema that is none.
#[track_caller]
fn refused(schema: &str, message: &str) {
    let place = Place::with(&[("bad.avsc", schema), ("ok.avsc", "\"int\"")]);
    for arguments in [
        "check bad.avsc ok.avsc",
        "check ok.avsc bad.avsc",
        "diff ok.avsc bad.avsc",
        "witness bad.avsc ok.avsc",
        "fix ok.avsc bad.avsc --write",
        "rename bad.avsc A B",
        "fmt bad.avsc",
        "canonical bad.avsc",
        "fingerprint bad.avsc",
        "dir .",
    ] {
        let outcome = place.run(arguments).exits(2);
        let told = format!("{}{}", outcome.out, outcome.err);
        assert!(told.contains(message), "{arguments}: no {message:?} in {told}");
        assert!(told.contains("bad.avsc"), "{arguments}: {told}");
    }
    assert_eq!(place.read("bad.avsc"), schema);
}

#[test]
fn truncated() {
    refused(
        "{\"type\": \"record\", \"name\": \"A\",\n \"fields\": [",
        "the text ends inside of an array that begins at line 2, column 12",
    );
}

#[test]
fn excerpt() {
    let place = Place::with(&[("bad.avsc", "{\n\t\"type\": \"array\", \"items\": \"integer\"}")]);
    let outcome = place.run("canonical bad.avsc").exits(2);
    let expected = r#"error[schema]: unknown type "integer": did you mean "int"?
  --> bad.avsc:2:28 (/items)
   |
 2 |  "type": "array", "items": "integer"}
   |                            ^ here
"#;
    assert_eq!(outcome.err, expected);
}

#[test]
fn excerpt_of_a_long_line() {
    let text = format!("[\"null\", \"integer\"{}]", " ".repeat(1000));
    let long = format!("{}{text}", " ".repeat(1000));
    let place = Place::with(&[("bad.avsc", &long)]);
    let outcome = place.run("canonical bad.avsc").exits(2);
    let lines: Vec<_> = outcome.err.lines().collect();
    assert!(lines[3].starts_with(" 1 | ...") && lines[3].chars().count() < 150, "{}", outcome.err);
    let at = lines[3].find("\"integer\"").unwrap();
    assert_eq!(lines[4].find('^'), Some(at), "{}", outcome.err);
}

#[test]
fn duplicate_names() {
    let one = r#"{"type": "fixed", "name": "F", "size": 1}"#;
    let text = format!(
        r#"{{"type": "record", "name": "A", "fields": [{{"name": "a", "type": {one}}}, {{"name": "b", "type": {one}}}]}}"#
    );
    refused(&text, "type \"F\" is defined already");
    let text = r#"{"type": "record", "name": "A", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}"#;
    refused(text, "has a field \"a\" already");
}

#[test]
fn unknown_type() {
    refused(
        r#"{"type": "array", "items": "integer"}"#,
        "unknown type \"integer\": did you mean \"int\"?",
    );
}

#[test]
fn bad_default() {
    let text = r#"{"type": "record", "name": "A", "fields": [{"name": "a", "type": "int", "default": "0"}]}"#;
    refused(text, "the default of field \"a\" does not fit");
}

#[test]
fn deep_nesting() {
    let deep = |open: &str, close: &str| open.repeat(10_000) + "\"int\"" + &close.repeat(10_000);
    refused(&deep("[", "]"), "nested more than 512 deep");
    refused(&deep("{\"type\": \"array\", \"items\": ", "}"), "nested more than 512 deep");
}

#[test]
fn no_utf8() {
    let place = Place::new();
    place.write("bad.avsc", b"\"\xff\"");
    let outcome = place.run("canonical bad.avsc").exits(2);
    outcome.complains("bad.avsc: line 1, column 2").complains("not UTF-8");
}

#[test]
fn too_long() {
    let place = Place::new();
    place.write("bad.avsc", vec![b' '; (16 << 20) + 1]);
    place.run("canonical bad.avsc").exits(2).complains("bad.avsc: more than 16777216 bytes");
}

#[test]
fn missing_file() {
    let place = tweets();
    place.run("check old.avsc none.avsc").exits(2).complains("error: none.avsc: No such file");
    place.run("check old.avsc new.avsc --with none.avsc").exits(2).complains("none.avsc");
    place.run("cat none.avro").exits(2).complains("none.avro");
    place.run("dir none").exits(2).complains("none");
    place.run("dir --git none").exits(2).complains("none");
    place.run("dir .").exits(0);
    place.write("empty/x.txt", "");
    place.run("dir empty").exits(2).complains("empty: no .avsc file is in it");
}

#[test]
fn wrong_arguments() {
    let place = tweets();
    let outcome = place.run("check old.avsc new.avsc --mode SIDEWAYS").exits(2);
    outcome.complains("invalid value 'SIDEWAYS' for '--mode <MODE>'");
    for (arguments, message) in [
        ("", "Usage: avro-compat"),
        ("check old.avsc", "FILE"),
        ("check old.avsc new.avsc --format xml", "possible values: human, json, sarif, github"),
        ("check old.avsc new.avsc --profile scala", "possible values: spec, java"),
        ("chekc old.avsc new.avsc", "check"),
        ("fingerprint old.avsc --algorithm sha1", "rabin, md5, sha-256"),
        ("dir", "DIR"),
        ("dir . --git .", "cannot be used with"),
        ("fix old.avsc new.avsc --write --json", "cannot be used with"),
        ("completions csh", "possible values: bash"),
        ("registry http://localhost:1 s new.avsc --reference A", "expected NAME=SUBJECT:VERSION"),
        ("registry localhost:8081 s new.avsc", "must begin with http:// or https://"),
        ("registry http:///x s new.avsc", "must be a host"),
        ("registry http://localhost:1/?a=b s new.avsc", "must be a host"),
    ] {
        place.run(arguments).exits(2).complains(message);
    }
}
