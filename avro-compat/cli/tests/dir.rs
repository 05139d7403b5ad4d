//! Subjects of a directory.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use run::Place;

const INT: &str = "\"int\"";
const LONG: &str = "\"long\"";
const STRING: &str = "\"string\"";

#[test]
fn every_version_is_checked_against_those_before_it() {
    let place = Place::with(&[
        ("s/good-v1.avsc", INT),
        ("s/good-v2.avsc", LONG),
        ("s/bad/v9.avsc", INT),
        ("s/bad/v10.avsc", LONG),
        ("s/bad/v11.avsc", INT),
        ("s/deep/er/x.1.avsc", INT),
        ("s/deep/er/x.2.avsc", LONG),
        ("s/alone.avsc", STRING),
        ("s/.hidden/v1.avsc", "no schema"),
        ("s/notes.txt", "no schema"),
    ]);
    let outcome = place.run("dir s --no-fix").exits(1);
    assert!(
        outcome.out.starts_with("bad: s/bad/v11.avsc reads what s/bad/v10.avsc wrote: 1 error\n"),
        "{}",
        outcome.out
    );
    let last = "\nincompatible (BACKWARD, 4 comparisons of 4 subjects, 1 fails)\n";
    assert!(outcome.out.ends_with(last), "{}", outcome.out);
    assert_eq!(outcome.err, "", "no progress where there is no terminal");
    let json = place.run("dir s --format json").exits(1).json();
    let all: Vec<_> = json["comparisons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap().to_owned();
            format!("{}: {} {}", text("subject"), text("reader"), text("writer"))
        })
        .collect();
    let expected = [
        "bad: s/bad/v10.avsc s/bad/v9.avsc",
        "bad: s/bad/v11.avsc s/bad/v10.avsc",
        "deep/er/x: s/deep/er/x.2.avsc s/deep/er/x.1.avsc",
        "good: s/good-v2.avsc s/good-v1.avsc",
    ];
    assert_eq!(all, expected);
    assert_eq!(json["subjects"], 4);
}

#[test]
fn the_mode_counts_and_the_newest_may_be_all() {
    let place = Place::with(&[("1.avsc", STRING), ("2.avsc", INT), ("3.avsc", LONG)]);
    place.run("dir .").exits(1).says("1 fails");
    place.run("dir . --newest").exits(0).says("compatible (BACKWARD, 1 comparison of 1 subject)");
    place.run("dir . --newest --mode FULL").exits(1);
    place
        .run("dir . --newest --mode BACKWARD_TRANSITIVE")
        .exits(1)
        .says("3.avsc reads what 1.avsc wrote");
    place.run("dir . --mode NONE").exits(0);
}

#[test]
fn invalid_schemas_are_told_and_the_others_checked() {
    let place = Place::with(&[
        ("a-1.avsc", INT),
        ("a-2.avsc", "\"integer\""),
        ("a-3.avsc", STRING),
        ("b-1.avsc", INT),
    ]);
    let outcome = place.run("dir .").exits(2);
    outcome
        .says("error[schema]: unknown type \"integer\"")
        .says("  --> a-2.avsc:1:1")
        .says("a: a-3.avsc reads what a-1.avsc wrote: 1 error");
    let json = place.run("dir . --format json").exits(2).json();
    assert_eq!(json["invalid"][0]["location"]["source"], "a-2.avsc");
    assert_eq!(json["passed"], false);
    let log = place.run("dir . --format sarif").exits(2).json();
    assert_eq!(log["runs"][0]["results"][1]["ruleId"], "schema");
    place
        .run("dir . --format github")
        .exits(2)
        .says("::error file=a-2.avsc,line=1,col=1,title=schema::");
    // If the newest is none, no other is the newest.
    place.write("c/a-1.avsc", INT);
    place.write("c/a-2.avsc", STRING);
    place.write("c/a-3.avsc", "\"integer\"");
    let outcome = place.run("dir c --newest").exits(2);
    assert!(!outcome.out.contains("wrote"), "{}", outcome.out);
}

#[test]
fn many_schemas() {
    let place = Place::new();
    for n in 0..300 {
        let fields: Vec<_> = (0..=n % 10)
            .map(|it| format!(r#"{{"name": "f{it}", "type": "int", "default": 0}}"#))
            .collect();
        let (subject, version) = (n / 10, n % 10 + 1);
        let text =
            format!(r#"{{"type": "record", "name": "R", "fields": [{}]}}"#, fields.join(","));
        place.write(&format!("s{subject}/v{version}.avsc"), text);
    }
    let outcome = place.run("dir . --mode FULL_TRANSITIVE").exits(0);
    assert_eq!(outcome.out, "compatible (FULL_TRANSITIVE, 2700 comparisons of 30 subjects)\n");
}
