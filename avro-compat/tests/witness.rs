//! Each error has a datum that cannot be read, and each hazard one that is read as something else.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;
mod pairs;
mod reference;

use std::collections::BTreeMap;

use avro_compat::check::{CheckOptions, FindingKind, Report, Severity, check};
use avro_compat::json::Layout;
use avro_compat::witness::{Outcome, Witness, witnesses};
use avro_compat::{Decoder, Encoder, ResolveOptions, Resolver, Schema, Value};
use generate::data::{Dice, same};
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
                    // A default may be NaN, which equals nothing.
                    let read = read.unwrap();
                    prop_assert!(same(&read, &all.value), "{:?} {:?}\n{}", read, all.value, pair);
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

/// J1 to J6: where there is an error, a datum that fails.
#[test]
fn the_pairs_that_others_get_wrong_have_witnesses() {
    for (reader, writer) in pairs::ALL {
        proven(reader, writer, &mut BTreeMap::new()).unwrap_or_else(|it| panic!("{it}"));
    }
}
