//! Pairs of schemas, the reader's and the writer's, that other checkers are wrong about.
#![allow(dead_code, reason = "each test uses a part")]

pub const J1: (&str, &str) = (
    r#"["null", {"type": "enum", "name": "new.Colour", "symbols": ["RED"]}]"#,
    r#"{"type": "enum", "name": "old.Colour", "symbols": ["RED"]}"#,
);

pub const J2: (&str, &str) = (
    r#"[{"type": "record", "name": "a.R", "fields": [{"name": "y", "type": "int"}]},
            {"type": "record", "name": "b.R", "fields": [{"name": "x", "type": "int"}]}]"#,
    r#"{"type": "record", "name": "a.R", "fields": [{"name": "x", "type": "int"}]}"#,
);

pub const J3: (&str, &str) = (
    r#"[
    {"type": "record", "name": "x.A", "fields": [
        {"name": "b", "type": {"type": "record", "name": "x.B", "fields": [{"name": "a", "type": ["null", "x.A"]}]}},
        {"name": "bad", "type": "string"}]},
    {"type": "record", "name": "y.A", "fields": [
        {"name": "b", "type": "x.B"},
        {"name": "bad", "type": "int"}]}]"#,
    r#"{"type": "record", "name": "A", "fields": [
    {"name": "b", "type": {"type": "record", "name": "B", "fields": [{"name": "a", "type": ["null", "A"]}]}},
    {"name": "bad", "type": "int"}]}"#,
);

pub const J4: (&str, &str) = (
    r#"{"type": "record", "name": "new.R", "fields": [{"name": "y", "aliases": ["x"], "type": "int"}]}"#,
    r#"{"type": "record", "name": "old.R", "fields": [{"name": "x", "type": "int"}]}"#,
);

pub const J5_BOTH: (&str, &str) = (
    r#"{"type": "record", "name": "R", "fields": [{"name": "x", "aliases": ["y"], "type": "int"}]}"#,
    r#"{"type": "record", "name": "R", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}]}"#,
);

pub const J5_SWAPPED: (&str, &str) = (
    r#"{"type": "record", "name": "R", "fields": [
            {"name": "x", "aliases": ["y"], "type": "int"}, {"name": "y", "aliases": ["x"], "type": "string"}]}"#,
    r#"{"type": "record", "name": "R", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}]}"#,
);

pub const J6: (&str, &str) = (
    r#"{"type": "record", "name": "R", "fields": [
            {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": ["RED"], "default": "RED"}}]}"#,
    r#"{"type": "record", "name": "R", "fields": []}"#,
);

pub const ALL: [(&str, &str); 7] = [J1, J2, J3, J4, J5_BOTH, J5_SWAPPED, J6];
