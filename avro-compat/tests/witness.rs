//! Each error has a datum that cannot be read, and each hazard one that is read as something else.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;
mod pairs;
mod reference;

use std::collections::BTreeMap;

use avro_compat::check::{CheckOptions, FindingKind, Report, Severity, check};
use avro_compat::json::Layout;
use avro_compat::witness::{Outcome, Unproven, Witness, witness, witnesses};
use avro_compat::{Decoder, Encoder, ParseOptions, ResolveOptions, Resolver, Schema, Type, Value};
use generate::data::Dice;
use proptest::prelude::*;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

fn report(reader: &str, writer: &str) -> Report {
    check(&schema(reader), &schema(writer), &CheckOptions::default())
}

/// How many values and bytes a datum has.
fn size(value: &Value, bytes: &[u8]) -> usize {
    fn values(value: &Value) -> usize {
        1 + match value {
            Value::Record(all) | Value::Array(all) => all.iter().map(values).sum(),
            Value::Map(all) => all.iter().map(|it| values(&it.1)).sum(),
            Value::Union(_, it) => values(it),
            _ => 0,
        }
    }
    values(value) + bytes.len()
}

/// Whether a datum is read, by the public interface alone.
fn read(report: &Report, witness: &Witness) -> Result<Value, avro_compat::Error> {
    let (reader, writer) = (report.reader(), report.writer());
    assert_eq!(Encoder::new(writer).encode(&witness.datum).unwrap(), witness.bytes);
    assert_eq!(Decoder::new(writer).unwrap().decode(&witness.bytes).unwrap(), witness.datum);
    assert_eq!(Value::from_json(writer, &witness.json).unwrap(), witness.datum);
    let options = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
    Resolver::with_options(reader, writer, &options).unwrap().decode(&witness.bytes)
}

/// Every error and hazard has a witness, and the witness does what it says.
fn proven(
    reader: &str,
    writer: &str,
    kinds: &mut BTreeMap<&'static str, usize>,
) -> Result<(), TestCaseError> {
    let report = report(reader, writer);
    let pair = format!("reader {reader}\nwriter {writer}");
    let mut count = 0;
    for (finding, found) in witnesses(&report) {
        count += 1;
        let witness =
            found.map_err(|it| TestCaseError::fail(format!("{finding}: {it}\n{pair}")))?;
        let read = read(&report, &witness);
        match (finding.severity(), &witness.outcome) {
            (Severity::Error, Outcome::Fails { error, .. }) => {
                prop_assert_eq!(read, Err(error.clone().into()), "{}: {}", finding, pair);
            }
            (Severity::Hazard, Outcome::Changes { before, after }) => {
                prop_assert_ne!(before, after);
                if report.is_compatible() {
                    let all = reference::resolve(
                        (report.reader(), report.reader().root()),
                        (report.writer(), report.writer().root()),
                        &witness.datum,
                    );
                    let all = all.unwrap();
                    prop_assert_eq!(read.unwrap(), all.value);
                    let lossy = matches!(
                        finding.kind(),
                        FindingKind::LossyPromotion
                            | FindingKind::BytesAsString
                            | FindingKind::SymbolsDefaulted
                    );
                    prop_assert!(all.lossy || !lossy, "{}: {}\n{}", finding, witness, pair);
                }
            }
            (severity, outcome) => prop_assert!(false, "{severity} {outcome:?}"),
        }
        prop_assert!(
            avro_compat::json::Document::read(
                &witness.to_json(Layout::Indented),
                &Default::default()
            )
            .is_ok()
        );
        *kinds.entry(finding.kind().as_str()).or_default() += 1;
    }
    let told = |it| report.count(it);
    prop_assert_eq!(count, told(Severity::Error) + told(Severity::Hazard));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_verdict_has_a_witness((reader, writer) in generate::pair()) {
        proven(&reader.text(), &writer.text(), &mut BTreeMap::new())?;
    }

    #[test]
    fn every_verdict_about_an_evolved_schema_has_a_witness(model in generate::schema(), changes in any::<u64>()) {
        let mut dice = Dice(changes);
        let other = generate::evolve::mutated(&model, &mut dice);
        let (reader, writer) = if dice.below(2) == 0 { (&model, &other) } else { (&other, &model) };
        let (reader, writer) = (reader.text(), writer.text());
        if Schema::parse(&reader).is_ok() && Schema::parse(&writer).is_ok() {
            proven(&reader, &writer, &mut BTreeMap::new())?;
        }
    }
}

/// Many small pairs: all kinds have witnesses, and no datum that fails is smaller than the smallest of them.
#[test]
fn witnesses_of_all_kinds_are_found_and_none_is_smaller() {
    let mut kinds = BTreeMap::new();
    let mut compared = 0;
    for seed in 0..generate::pairs(6_000) {
        let (reader, writer) = generate::pair_of(seed);
        let (reader, writer) = (reader.text(), writer.text());
        proven(&reader, &writer, &mut kinds).unwrap_or_else(|it| panic!("{it}"));
        if seed % 4 != 0 {
            continue;
        }
        let report = report(&reader, &writer);
        let errors = witnesses(&report).filter(|it| it.0.severity() == Severity::Error);
        let Some(smallest) =
            errors.map(|it| it.1.unwrap()).map(|it| size(&it.datum, &it.bytes)).min()
        else {
            continue;
        };
        let (reader, writer) = (report.reader(), report.writer());
        for value in reference::values(writer, 300).0 {
            let sides = ((reader, reader.root()), (writer, writer.root()));
            if reference::resolve(sides.0, sides.1, &value).is_err() {
                let bytes = Encoder::new(writer).encode(&value).unwrap();
                assert!(smallest <= size(&value, &bytes), "{value:?}\n{reader:?}\n{writer:?}");
                compared += 1;
            }
        }
    }
    println!("{kinds:?}, {compared} compared");
    assert!(compared > 1_000);
    for kind in [
        "type",
        "name",
        "fixed-size",
        "symbols",
        "missing-field",
        "no-branch",
        "lossy-promotion",
        "bytes-as-string",
        "symbols-defaulted",
    ] {
        assert!(kinds.contains_key(kind), "{kind} in {kinds:?}");
    }
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
    for (reader, writer) in pairs::ALL {
        proven(reader, writer, &mut BTreeMap::new()).unwrap_or_else(|it| panic!("{it}"));
    }
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
