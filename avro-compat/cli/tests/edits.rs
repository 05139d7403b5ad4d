//! What edits files: fix, rename, fmt.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use run::{NEW, Place, tweets};

const DIFF: &str = r#"fix: give field "retweets" the default 0
fix: keep the symbol "DE" of "example.Lang"

--- a/new.avsc
+++ b/new.avsc
@@ -2,8 +2,8 @@
   "type": "record", "name": "Tweet", "namespace": "example",
   "fields": [
     {"name": "id", "type": "long"},
-    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN"]}},
+    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN", "DE"]}},
     {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
-    {"name": "retweets", "type": "int"}
+    {"name": "retweets", "type": "int", "default": 0}
   ]
 }

new.avsc (edited) reads what old.avsc wrote: 1 hazard
"#;

#[test]
fn fixes_are_shown() {
    let place = tweets();
    let outcome = place.run("fix old.avsc new.avsc").exits(0);
    assert!(outcome.out.starts_with(DIFF), "{}", outcome.out);
    assert_eq!(place.read("new.avsc"), NEW);
    let json = place.run("fix old.avsc new.avsc --json").exits(0).json();
    assert_eq!(json["fixes"].as_array().unwrap().len(), 2);
    assert_eq!(json["left"]["hazards"], 1);
}

#[test]
fn fixes_are_written_when_asked_for() {
    let place = tweets();
    place.run("check old.avsc new.avsc").exits(1);
    place.run("fix old.avsc new.avsc --write").exits(0).complains("new.avsc is written");
    assert!(
        place.read("new.avsc").contains(r#"{"name": "retweets", "type": "int", "default": 0}"#)
    );
    place.run("check old.avsc new.avsc").exits(0);
    let outcome = place.run("fix old.avsc new.avsc --write").exits(0);
    assert!(!outcome.err.contains("written"), "{}", outcome.err);
    assert_eq!(std::fs::read_dir(place.0.path()).unwrap().count(), 2, "nothing else is left there");
}

#[test]
fn what_has_no_fix_is_left() {
    let place = Place::with(&[("old.avsc", r#""string""#), ("new.avsc", r#""int""#)]);
    let outcome = place.run("fix old.avsc new.avsc --most 0").exits(1);
    outcome.says("error[type]").says("incompatible");
}

#[test]
#[cfg(unix)]
fn a_written_file_keeps_its_permissions_and_links_stay_links() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tweets();
    std::os::unix::fs::symlink("new.avsc", place.path("link.avsc")).unwrap();
    let permissions = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(place.path("new.avsc"), permissions).unwrap();
    place.run("fix old.avsc link.avsc --write").exits(0);
    assert!(place.path("link.avsc").is_symlink());
    assert!(place.read("new.avsc").contains("default"));
    let mode = place.path("new.avsc").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn renaming_keeps_the_old_name() {
    let place = tweets();
    let outcome = place.run("rename new.avsc /fields/0 key").exits(0);
    let outcome = outcome.says(r#"+    {"name": "key", "type": "long", "aliases": ["id"]},"#);
    outcome.complains("programs that have the old schema cannot read");
    assert_eq!(place.read("new.avsc"), NEW);
    place.run("rename new.avsc example.Tweet Post --write").exits(0);
    assert!(place.read("new.avsc").contains(r#""name": "Post""#));
    std::fs::write(place.path("before.avsc"), NEW).unwrap();
    place.run("check before.avsc new.avsc").exits(0);
    place
        .run("rename new.avsc /fields/9 key")
        .exits(2)
        .complains("new.avsc: \"/fields/9\" is neither");
    place.run("rename new.avsc /fields/0 lang").exits(2).complains("cannot be the name");
}

const FORMATTED: &str = r#"{
  "type": "record",
  "name": "Tweet",
  "namespace": "example",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN", "DE"]}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}
  ]
}
"#;

#[test]
fn texts_are_laid_out() {
    let place = tweets();
    let outcome = place.run("fmt --check old.avsc new.avsc").exits(1);
    assert_eq!(outcome.out, "old.avsc\nnew.avsc\n");
    assert_eq!(place.read("old.avsc"), run::OLD);
    assert_eq!(place.run("fmt old.avsc").exits(0).out, "");
    assert_eq!(place.read("old.avsc"), FORMATTED);
    place.run("fmt --check old.avsc").exits(0);
    assert_eq!(place.run_with_input("fmt -", run::OLD).exits(0).out, FORMATTED);
    place.run_with_input("fmt --check -", run::OLD).exits(1);
}

#[test]
fn nothing_is_lost_by_laying_out() {
    let text =
        "{\"x\":[1.50,1e3,\"\\u0041\\/\"],\"size\":2,\"name\":\"F\",\"type\":\"fixed\",\"y\":null}";
    let place = Place::with(&[("f.avsc", text)]);
    place.run("fmt f.avsc").exits(0);
    let expected = "{\"x\": [1.50, 1e3, \"\\u0041\\/\"], \"size\": 2, \"name\": \"F\", \"type\": \"fixed\", \"y\": null}\n";
    assert_eq!(place.read("f.avsc"), expected);
}

#[test]
fn what_would_lose_something_is_not_laid_out() {
    let place = Place::with(&[
        ("a.avsc", "// why\n\"int\""),
        ("b.avsc", "[ \"int\" ]"),
        ("c.avsc", "\"integer\""),
    ]);
    let outcome = place.run("fmt a.avsc b.avsc c.avsc --lenient").exits(2);
    outcome.complains("a.avsc:1:1").complains("comment").complains("c.avsc:1:1");
    assert_eq!(place.read("a.avsc"), "// why\n\"int\"");
    assert_eq!(place.read("b.avsc"), "[\"int\"]\n", "the others are");
}
