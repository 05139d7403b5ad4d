//! check, diff and witness, as people see them.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use run::{Place, tweets};

const CHECKED: &str = r#"new.avsc reads what old.avsc wrote: 2 errors, 1 hazard

error[missing-field]: field "retweets" of record "example.Tweet" has no default, and the writer's record has no such field
  --> new.avsc:7:5 (/fields/3)
   |
 7 |     {"name": "retweets", "type": "int"}
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ read as this
  --> old.avsc:3:13 (/fields)
   |
 3 |   "fields": [
   |             - not in what was written as this
   = witness: {"id":0,"lang":"EN","at":0} (000000)
              byte 0 (written as the root, read as the root): field "retweets" of the reader's record "example.Tweet" was not written and has no default: add one
   = fix: give field "retweets" the default 0
          add /fields/3/default: 0
   = fix: make field "retweets" optional
          replace /fields/3/type: ["null", "int"]
          add /fields/3/default: null

error[symbols]: symbol "DE" of enum "example.Lang" cannot be read"#;

const LAST: &str = r#"
   = at: .at
   = witness: {"id":0,"lang":"EN","at":1000000} (000080897a)
              1970-01-01T00:00:01Z at /at is read as 1970-01-01T00:16:40Z
   = fix: keep the type {"type":"long","logicalType":"timestamp-micros"}
          replace /fields/2/type: {"type":"long","logicalType":"timestamp-micros"}

incompatible (BACKWARD, 1 comparison, 1 fails)
"#;

#[test]
fn an_incompatible_change_is_shown_as_a_compiler_shows_it() {
    let outcome = tweets().run("check old.avsc new.avsc").exits(1);
    assert!(outcome.out.starts_with(CHECKED), "{}", outcome.out);
    assert!(outcome.out.ends_with(LAST), "{}", outcome.out);
    assert_eq!(outcome.err, "");
}

#[test]
fn a_compatible_change_passes() {
    let place = Place::with(&[("old.avsc", r#""int""#), ("new.avsc", r#""long""#)]);
    let outcome = place.run("check old.avsc new.avsc").exits(0);
    assert_eq!(outcome.out, "compatible (BACKWARD, 1 comparison)\n");
    let outcome = place.run("check new.avsc old.avsc --mode none").exits(0);
    assert_eq!(outcome.out, "compatible (NONE, 0 comparisons)\n");
}

#[test]
fn versions_are_compared_as_the_mode_says() {
    let place =
        Place::with(&[("1.avsc", r#""string""#), ("2.avsc", r#""int""#), ("3.avsc", r#""long""#)]);
    for (mode, code, failures) in [
        ("NONE", 0, vec![]),
        ("BACKWARD", 0, vec![]),
        ("backward_transitive", 1, vec!["3.avsc 1.avsc"]),
        ("FORWARD", 1, vec!["2.avsc 3.avsc"]),
        ("FORWARD_TRANSITIVE", 1, vec!["2.avsc 3.avsc", "1.avsc 3.avsc"]),
        ("FULL", 1, vec!["2.avsc 3.avsc"]),
        ("FULL_TRANSITIVE", 1, vec!["2.avsc 3.avsc", "3.avsc 1.avsc", "1.avsc 3.avsc"]),
    ] {
        let arguments = format!("check 1.avsc 2.avsc 3.avsc --mode {mode} --format json");
        let json = place.run(&arguments).exits(code).json();
        let found: Vec<_> = json["comparisons"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["compatible"] == false)
            .map(|it| {
                format!("{} {}", it["reader"].as_str().unwrap(), it["writer"].as_str().unwrap())
            })
            .collect();
        assert_eq!(found, failures, "{mode}");
        assert_eq!(json["mode"], mode.to_uppercase());
    }
}

#[test]
fn what_fails_can_be_chosen() {
    let place = Place::with(&[
        ("old.avsc", r#"{"type": "fixed", "name": "F", "size": 1, "doc": "a"}"#),
        ("doc.avsc", r#"{"type": "fixed", "name": "F", "size": 1, "doc": "b"}"#),
        ("bytes.avsc", r#""bytes""#),
        ("string.avsc", r#""string""#),
    ]);
    place.run("check old.avsc doc.avsc").exits(0).says("compatible (BACKWARD, 1 comparison)\n");
    place.run("check old.avsc doc.avsc --least warning").exits(0).says("warning[doc]");
    place.run("check old.avsc doc.avsc --fail-on hazard").exits(0);
    place.run("check old.avsc doc.avsc --fail-on warning").exits(1).says("warning[doc]");
    place.run("check bytes.avsc string.avsc").exits(0).says("hazard[bytes-as-string]");
    place.run("check bytes.avsc string.avsc --fail-on hazard").exits(1);
    place
        .run("check bytes.avsc string.avsc --fail-on hazard --least error")
        .exits(1)
        .says("hazard");
}

#[test]
fn findings_can_be_told_without_proofs_and_fixes_and_not_all() {
    let outcome =
        tweets().run("check old.avsc new.avsc --no-witness --no-fix --max-findings 1").exits(1);
    assert!(!outcome.out.contains("witness"), "{}", outcome.out);
    assert!(!outcome.out.contains("fix:"), "{}", outcome.out);
    assert!(!outcome.out.contains("error[symbols]"), "{}", outcome.out);
    outcome.says("\n... and 2 more: raise --max-findings\n");
}

#[test]
fn java_is_answered_for() {
    let place = Place::with(&[
        ("old.avsc", r#"{"type": "record", "name": "A", "fields": []}"#),
        (
            "new.avsc",
            r#"{"type": "record", "name": "A", "fields": [{"name": "n", "type": "int"}]}"#,
        ),
    ]);
    let outcome = place.run("check old.avsc new.avsc --profile java").exits(1);
    outcome.says("error[READER_FIELD_MISSING_DEFAULT_VALUE]").says("/fields/0");
    let json = place.run("check old.avsc new.avsc --profile java --format json").exits(1).json();
    assert_eq!(json["profile"], "java");
    assert_eq!(json["comparisons"][0]["findings"][0]["javaLocation"], "/fields/0");
}

#[test]
fn types_may_be_in_files_of_their_own() {
    let user = r#"{"type": "record", "name": "example.User", "fields": [{"name": "home", "type": "Address"}]}"#;
    let address = |ty| {
        format!(
            r#"{{"type": "record", "name": "example.Address", "fields": [{{"name": "zip", "type": "{ty}"}}]}}"#
        )
    };
    let place = Place::with(&[("user.avsc", user), ("address.avsc", &address("int"))]);
    place.run("check user.avsc user.avsc").exits(2).complains("unknown type \"example.Address\"");
    place.run("check user.avsc user.avsc --with address.avsc").exits(0);
    place.run("check address.avsc address.avsc --with address.avsc").exits(0);
    place.write("other.avsc", address("string"));
    place
        .run("check user.avsc user.avsc --with address.avsc --with other.avsc")
        .exits(2)
        .complains("is defined already");
    // What is the matter may be in the other file, of which there are versions, too.
    let arguments = "user.avsc user.avsc --with other.avsc --old-with address.avsc";
    let outcome = place.run(&format!("check {arguments}")).exits(1);
    outcome
        .says("error[type]")
        .says("  --> other.avsc:1:")
        .says("  --> address.avsc:1:")
        .says("= at: .home.zip");
    place.run(&format!("diff {arguments}")).exits(1).says("change: major");
    let inline = user.replace("\"Address\"", &address("string"));
    place.write("inline.avsc", inline);
    place
        .run("check inline.avsc user.avsc --with address.avsc")
        .exits(2)
        .complains("defined already");
}

#[test]
fn a_schema_may_come_from_standard_input() {
    let place = tweets();
    let outcome = place.run_with_input("check - new.avsc --no-fix", run::OLD).exits(1);
    outcome.says("new.avsc reads what - wrote: 2 errors, 1 hazard").says("  --> -:3:13 (/fields)");
    place.run("check - -").exits(2).complains("only one of the files can be standard input");
}

#[test]
fn colours_are_there_when_they_are_wanted() {
    let place = tweets();
    let plain = place.run("check old.avsc new.avsc");
    assert!(!plain.out.contains('\x1b'));
    let coloured = place.run("check old.avsc new.avsc --color always").exits(1);
    let coloured = coloured.says("\x1b[1m\x1b[31merror[missing-field]\x1b[0m: \x1b[1mfield");
    assert_eq!(anstyle_stripped(&coloured.out), plain.out);
    let refused =
        run::outcome(place.command(&["check", "old.avsc", "new.avsc"]).env("NO_COLOR", "1"));
    assert_eq!(refused.out, plain.out);
}

fn anstyle_stripped(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap().to_owned();
    first + &parts.map(|it| it.split_once('m').unwrap().1).collect::<String>()
}

#[test]
fn diff_tells_both_directions_and_the_kind_of_release() {
    let place = tweets();
    let outcome = place.run("diff old.avsc new.avsc --no-fix --no-witness").exits(1);
    let outcome = outcome
        .says("new.avsc reads what old.avsc wrote: 2 errors, 1 hazard\n")
        .says("\nold.avsc reads what new.avsc wrote: 1 hazard\n");
    let last = "incompatible (2 comparisons, 1 fails)\nchange: major (worst for new readers of old data: error; for old readers of new data: hazard)\n";
    assert!(outcome.out.ends_with(last), "{}", outcome.out);
    for (old, new, change) in [
        (r#""int""#, r#""int""#, "none"),
        (r#"{"type": "int", "x": 1}"#, r#""int""#, "patch"),
        (
            r#"{"type": "record", "name": "A", "fields": []}"#,
            r#"{"type": "record", "name": "A", "fields": [{"name": "n", "type": "int", "default": 1}]}"#,
            "minor",
        ),
        (r#""int""#, r#""long""#, "major"),
    ] {
        place.write("a.avsc", old);
        place.write("b.avsc", new);
        let json = place.run("diff a.avsc b.avsc --format json");
        assert_eq!(json.json()["change"], change, "{old} {new}");
        assert_eq!(json.code, Some(i32::from(change == "major")));
    }
}

const WITNESSES: &str = r#"error: field "retweets" of record "example.Tweet" has no default, and the writer's record has no such field
  json:  {"id":0,"lang":"EN","at":0}
  bytes: 000000
  fails: byte 0 (written as the root, read as the root): field "retweets" of the reader's record "example.Tweet" was not written and has no default: add one

error at .lang: symbol "DE" of enum "example.Lang" cannot be read"#;

#[test]
fn witnesses_by_themselves() {
    let place = tweets();
    let outcome = place.run("witness old.avsc new.avsc").exits(1);
    assert!(outcome.out.starts_with(WITNESSES), "{}", outcome.out);
    outcome.says("  reads: 1970-01-01T00:00:01Z at /at is read as 1970-01-01T00:16:40Z\n");
    let json = place.run("witness old.avsc new.avsc --json").exits(1).json();
    let all = json["witnesses"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1]["witness"]["json"]["lang"], "DE");
    assert_eq!(all[1]["witness"]["hex"], "000200");
    assert_eq!(all[2]["witness"]["after"], "1970-01-01T00:16:40Z");
    let json = place.run("witness old.avsc new.avsc --json --errors-only").exits(1).json();
    assert_eq!(json["witnesses"].as_array().unwrap().len(), 2);
    place
        .run("witness new.avsc old.avsc --errors-only")
        .exits(0)
        .says("old.avsc reads all that new.avsc can write");
}
