//! Witnesses by example.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod pairs;

use avro_compat::check::{CheckOptions, Report, Severity, check};
use avro_compat::witness::{Outcome, Unproven, witness, witnesses};
use avro_compat::{ParseOptions, Schema, Type};

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

fn report(reader: &str, writer: &str) -> Report {
    check(&schema(reader), &schema(writer), &CheckOptions::default())
}

/// The JSON, the bytes, the place and what becomes of the only error or hazard.
fn only(reader: &str, writer: &str) -> (String, String, String, String) {
    let report = report(reader, writer);
    let all: Vec<_> = witnesses(&report).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    let witness = all[0].1.as_ref().unwrap_or_else(|it| panic!("{}: {it}", all[0].0));
    let outcome = match &witness.outcome {
        Outcome::Fails { error, cause } => cause.as_ref().unwrap_or(error).problem().to_string(),
        Outcome::Changes { before, after } => format!("{before} -> {after}"),
        other => panic!("{other:?}"),
    };
    (witness.json.clone(), witness.hex(), witness.pointer.clone(), outcome)
}

#[track_caller]
fn shown(reader: &str, writer: &str, expected: [&str; 4]) {
    let found = only(reader, writer);
    assert_eq!([&*found.0, &found.1, &found.2, &found.3], expected);
}

#[test]
fn errors_are_shown_by_the_smallest_data() {
    shown(r#""int""#, r#""long""#, ["0", "00", "", "long was written, and cannot be read as int"]);
    // An array must have an item, and a map a value.
    shown(
        r#"{"type": "array", "items": {"type": "map", "values": "int"}}"#,
        r#"{"type": "array", "items": {"type": "map", "values": "long"}}"#,
        [r#"[{"k":0}]"#, "0202026b000000", "/0/k", "long was written, and cannot be read as int"],
    );
    // The symbol that is not there; the rest is small.
    shown(
        r#"{"type": "record", "name": "R", "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "C"]}}]}"#,
        r#"{"type": "record", "name": "R", "fields": [{"name": "s", "type": "string"}, {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}}]}"#,
        [
            r#"{"s":"","e":"B"}"#,
            "0002",
            "/e",
            "symbol \"B\" was written, which the reader's enum \"E\" has not, nor a default: add one of the two",
        ],
    );
    // Recursion goes no further than it must, and ends as soon as it can.
    shown(
        r#"{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}, {"name": "v", "type": ["int", "string"]}]}"#,
        r#"{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}, {"name": "v", "type": ["string", "int", "boolean"]}]}"#,
        [
            r#"{"next":null,"v":{"boolean":false}}"#,
            "000400",
            "/v/boolean",
            "boolean was written, which no branch of the reader's union takes: add one that does",
        ],
    );
}

/// What is in the way is said, and what is found is shown by itself.
#[test]
fn what_fails_for_another_reason_first_is_shown_by_itself() {
    let report = report(
        r#"{"type": "record", "name": "R", "fields": [{"name": "new", "type": "int"}, {"name": "a", "type": "int"}, {"name": "t", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}"#,
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}, {"name": "t", "type": {"type": "long", "logicalType": "timestamp-nanos"}}]}"#,
    );
    let all: Vec<_> = witnesses(&report).map(|it| it.1.unwrap()).collect();
    assert_eq!(all.len(), 3);
    let Outcome::Fails { error, cause: None } = &all[0].outcome else { panic!() };
    assert!(error.to_string().contains("\"new\""));
    let Outcome::Fails { error: first, cause: Some(cause) } = &all[1].outcome else { panic!() };
    assert_eq!(first, error);
    assert!(cause.to_string().contains("string was written, and cannot be read as int"));
    let Outcome::Changes { before, after } = &all[2].outcome else { panic!() };
    assert_eq!([&before[..], after], ["1970-01-01T00:00:01Z", "1970-01-12T13:46:40Z"]);
}

#[test]
fn hazards_are_shown_before_and_after() {
    let of =
        |kind: &str, logical: &str| format!(r#"{{"type": "{kind}", "logicalType": "{logical}"}}"#);
    let decimal = |precision: u32, scale: u32| {
        format!(
            r#"{{"type": "bytes", "logicalType": "decimal", "precision": {precision}, "scale": {scale}}}"#
        )
    };
    let cases: Vec<(String, String, &str)> = vec![
        (r#""double""#.into(), r#""long""#.into(), "9007199254740993 -> 9007199254740992.0"),
        (r#""float""#.into(), r#""long""#.into(), "16777217 -> 16777216.0"),
        (r#""float""#.into(), r#""int""#.into(), "16777217 -> 16777216.0"),
        (r#""string""#.into(), r#""bytes""#.into(), "\"\u{ff}\" -> \"\u{fffd}\""),
        (
            of("long", "timestamp-millis"),
            of("long", "timestamp-micros"),
            "1970-01-01T00:00:01Z -> 1970-01-01T00:16:40Z",
        ),
        (of("long", "time-micros"), of("int", "time-millis"), "00:00:01 -> 00:00:00.001000"),
        (
            of("long", "local-timestamp-millis"),
            of("long", "timestamp-millis"),
            "1970-01-01T00:00:01Z -> 1970-01-01T00:00:01",
        ),
        (
            of("long", "timestamp-millis"),
            of("int", "date"),
            "1970-01-02 -> 1970-01-01T00:00:00.001Z",
        ),
        (r#""int""#.into(), of("int", "date"), "1970-01-02 -> 1"),
        (of("string", "uuid"), r#""string""#.into(), "\"x\" -> no uuid"),
        (
            r#""string""#.into(),
            of("string", "uuid"),
            "00000000-0000-0000-0000-000000000000 -> \"00000000-0000-0000-0000-000000000000\"",
        ),
        (decimal(9, 4), decimal(9, 2), "0.01 -> 0.0001"),
        (decimal(3, 2), decimal(9, 2), "10.24 -> 10.24, which has 4 digits and not 3 at most"),
        (
            decimal(50, 0),
            decimal(60, 0),
            "0x00800000000000000000000000000000000000000000e-0 -> 0x00800000000000000000000000000000000000000000e-0, which has 51 digits and not 50 at most",
        ),
        (of("bytes", "big-decimal"), decimal(9, 0), "1 -> no big-decimal"),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A", "Z"], "default": "Z"}"#.into(),
            r#"{"type": "enum", "name": "E", "symbols": ["D", "A"]}"#.into(),
            "\"D\" -> \"Z\"",
        ),
    ];
    for (reader, writer, expected) in cases {
        let found = only(&reader, &writer).3;
        assert_eq!(found, expected, "{reader} {writer}");
    }
}

/// J1 to J6: where there is an error, a datum that fails.
#[test]
fn the_pairs_that_others_get_wrong_have_witnesses() {
    assert_eq!(only(pairs::J2.0, pairs::J2.1).1, "00");
    // The smallest of those that fail has the null.
    assert_eq!(only(pairs::J3.0, pairs::J3.1).0, r#"{"b":{"a":null},"bad":0}"#);
    assert_eq!(only(pairs::J6.0, pairs::J6.1).0, "{}");
}

/// What has no values cannot be the reason of an error.
#[test]
fn what_no_datum_reaches_is_no_error() {
    let endless = r#"{"type": "record", "name": "Endless", "fields": [{"name": "next", "type": "Endless"}, {"name": "v", "type": "long"}]}"#;
    let empty = r#"{"type": "enum", "name": "Nothing", "symbols": []}"#;
    for nothing in [endless, empty] {
        for (reader, writer) in [
            (r#""int""#.to_owned(), nothing.to_owned()),
            (
                r#"{"type": "array", "items": "int"}"#.into(),
                format!(r#"{{"type": "array", "items": {nothing}}}"#),
            ),
            (r#"["null"]"#.into(), format!(r#"["null", {nothing}]"#)),
            (
                r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}"#
                    .into(),
                format!(
                    r#"{{"type": "record", "name": "R", "fields": [{{"name": "a", "type": "string"}}, {{"name": "b", "type": {nothing}}}]}}"#
                ),
            ),
        ] {
            let report = report(&reader, &writer);
            assert!(report.is_compatible(), "{reader} {writer}");
            assert_eq!(witnesses(&report).count(), 0);
        }
    }
}

/// There are schemas of which every datum that shows something is larger, or nests deeper, than any that is made.
#[test]
fn witnesses_that_would_be_too_large_are_not_made() {
    let of = |reader: &str, writer: &str| {
        let report = report(reader, writer);
        let finding = report.leaves().find(|it| it.severity() == Severity::Error).unwrap();
        witness(finding).unwrap_err()
    };
    let fixed = r#"{"type": "fixed", "name": "F", "size": 1073741824}"#;
    assert_eq!(of(r#""int""#, fixed), Unproven::TooLarge { limit: 1 << 20 });
    // Twice as many values for each record.
    let doubled = |last: &str| {
        let mut text = format!(
            r#"{{"type": "record", "name": "R64", "fields": [{{"name": "a", "type": {last}}}]}}"#
        );
        for at in (0..64).rev() {
            text = format!(
                r#"{{"type": "record", "name": "R{at}", "fields": [{{"name": "a", "type": {text}}}, {{"name": "b", "type": "R{}"}}]}}"#,
                at + 1
            );
        }
        text
    };
    assert_eq!(
        of(&doubled(r#""int""#), &doubled(r#""long""#)),
        Unproven::TooLarge { limit: 1 << 20 }
    );

    // Values without bytes count, and some hundred thousand of them are read.
    let nothing = |levels: usize| {
        let mut text = r#"{"type": "record", "name": "N", "fields": []}"#.to_owned();
        for at in 0..levels {
            text = format!(
                r#"{{"type": "record", "name": "N{at}", "fields": [{{"name": "a", "type": {text}}}, {{"name": "b", "type": "N{}"}}]}}"#,
                at.checked_sub(1).map_or(String::new(), |it| it.to_string())
            );
        }
        text
    };
    let report_of = report(r#""int""#, &nothing(17));
    assert!(witnesses(&report_of).all(|it| it.1.is_ok_and(|it| it.bytes.is_empty())));
    assert_eq!(of(r#""int""#, &nothing(20)), Unproven::TooLarge { limit: 1 << 20 });

    let chain = |last: &str| {
        let mut types: Vec<_> = (0..5_000)
            .map(|at| format!(r#"{{"type": "record", "name": "R{at}", "fields": [{{"name": "f", "type": ["null", "R{}"]}}]}}"#, at + 1))
            .collect();
        types.push(format!(r#"{{"type": "record", "name": "R5000", "fields": [{{"name": "f", "type": "{last}"}}]}}"#));
        let mut options = ParseOptions::default();
        options.forward_references = true;
        let all = Schema::parse_with(&format!("[{}]", types.join(",")), &options).unwrap();
        all.at(all.find("R0").unwrap())
    };
    let report = check(&chain("int"), &chain("long"), &CheckOptions::default());
    let finding = report.leaves().next().unwrap();
    assert_eq!(witness(finding), Err(Unproven::TooDeep { limit: 200 }));
    // What needs 200 levels of them is.
    let sub = |it: &Schema| it.at(it.find("R4801").unwrap());
    let report = check(&sub(report.reader()), &sub(report.writer()), &CheckOptions::default());
    assert_eq!(witnesses(&report).filter(|it| it.1.is_ok()).count(), 1);
}

/// Defaults that nobody has checked.
#[test]
fn a_default_that_does_not_fit_has_a_witness() {
    let reader = Schema::parse_with(
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "x"}]}"#,
        &ParseOptions::lenient(),
    )
    .unwrap();
    let writer = schema(r#"{"type": "record", "name": "R", "fields": []}"#);
    let report = check(&reader, &writer, &CheckOptions::default());
    let witness = witnesses(&report).next().unwrap().1.unwrap();
    assert_eq!(&witness.json, "{}");
    assert!(witness.to_string().contains("default cannot be used"), "{witness}");
    let fixes = avro_compat::fix::fixes(report.leaves().next().unwrap());
    assert_eq!(fixes[0].edits[0].to_string(), "replace /fields/0/default: 0");
}

#[test]
fn what_is_not_about_data_has_no_witness() {
    let warned = report(
        r#"{"type": "fixed", "name": "a.F", "size": 1}"#,
        r#"{"type": "fixed", "name": "b.F", "size": 1}"#,
    );
    let finding = warned.findings().next().unwrap();
    assert_eq!(witness(finding), Err(Unproven::NotAboutData));
    assert_eq!(witnesses(&warned).count(), 0);
    let java = check(&schema(r#""int""#), &schema(r#""long""#), &CheckOptions::java());
    assert_eq!(witnesses(&java).map(|it| it.1).collect::<Vec<_>>(), [Err(Unproven::Java)]);
    let mut options = CheckOptions::default();
    options.max_steps = 0;
    let undecided = check(&schema(r#""int""#), &schema(r#""int""#), &options);
    assert_eq!(
        witnesses(&undecided).map(|it| it.1).collect::<Vec<_>>(),
        [Err(Unproven::Undecided)]
    );
}

/// What stands beside is valid for logical types, too.
#[test]
fn what_stands_beside_is_what_its_logical_type_wants() {
    let with = |ty: &str| {
        format!(
            r#"{{"type": "record", "name": "R", "fields": [{{"name": "id", "type": {{"type": "string", "logicalType": "uuid"}}}},
            {{"name": "d", "type": {{"type": "bytes", "logicalType": "decimal", "precision": 4}}}}, {{"name": "v", "type": "{ty}"}}]}}"#
        )
    };
    let report = report(&with("int"), &with("long"));
    let witness = witnesses(&report).next().unwrap().1.unwrap();
    let Type::Record(record) = report.writer()[report.writer().root()].ty() else { panic!() };
    assert!(witness.datum.field(record, "id").unwrap().to_uuid().is_some());
    assert_eq!(witness.datum.field(record, "d").unwrap().as_bytes(), Some(&[0][..]));
}
