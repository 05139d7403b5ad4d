//! The checker finds an error exactly if some value cannot be read by the resolver; and the resolver reads what a naive one reads.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;
mod reference;

use avro_compat::check::{CheckOptions, FindingKind, Report, check};
use avro_compat::{Encoder, ResolveOptions, Resolver, Schema};
use generate::data::{self, same};
use proptest::prelude::*;

/// Ways into a value that are tried.
const WAYS: usize = 1_500;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

/// The verdict by example.
struct Example {
    /// Why the first value that cannot be read cannot.
    fails: Option<String>,
    /// The first value that is read as something else.
    lossy: Option<String>,
    /// Whether all values were tried that need be.
    all: bool,
}

/// Random values are tried besides those that are made to find what is wrong.
const RANDOM: u64 = 8;

fn by_example(reader: &Schema, writer: &Schema) -> Example {
    let (mut values, all) = reference::values(writer, WAYS);
    let random = (0..RANDOM).filter_map(|seed| {
        data::value(writer, writer.root(), &mut data::Dice(seed * 0x9E37 + 1), 10)
    });
    if !values.is_empty() {
        values.extend(random);
    }
    let options = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
    let resolver = Resolver::with_options(reader, writer, &options).unwrap();
    let encoder = Encoder::new(writer);
    let (r, w) = ((reader, reader.root()), (writer, writer.root()));
    let mut example = Example { fails: None, lossy: None, all };
    for value in values {
        let found = resolver.decode(&encoder.encode(&value).unwrap());
        match (reference::resolve(r, w, &value), found) {
            (Ok(expected), Ok(found)) => {
                assert!(
                    same(&expected.value, &found),
                    "{value:?} is {expected:?}, read as {found:?}"
                );
                if expected.lossy {
                    example.lossy.get_or_insert_with(|| format!("{value:?} becomes {found:?}"));
                }
            }
            (Err(_), Err(error)) => {
                example.fails.get_or_insert_with(|| format!("{error}: {value:?}"));
            }
            (expected, found) => {
                panic!("{value:?} is {expected:?}, read as {found:?}\n{reader:?}\n{writer:?}")
            }
        }
    }
    // What nothing can be read with fails for all values.
    let hopeless = Resolver::new(reader, writer).is_err();
    assert!(!hopeless || example.fails.is_some() || nothing(writer), "{reader:?}\n{writer:?}");
    example
}

/// Whether a schema has no values.
fn nothing(schema: &Schema) -> bool {
    reference::values(schema, 1).0.is_empty()
}

fn told(report: &Report) -> String {
    let told: Vec<_> = report.findings().map(|it| format!("{it}")).collect();
    told.join("\n")
}

const LOSSES: [FindingKind; 3] =
    [FindingKind::LossyPromotion, FindingKind::BytesAsString, FindingKind::SymbolsDefaulted];

/// Whether enough values were tried to say so if there is no error.
fn agree(reader: &str, writer: &str) -> Result<bool, TestCaseError> {
    let report = check(&schema(reader), &schema(writer), &CheckOptions::default());
    let example = by_example(report.reader(), report.writer());
    let pair = format!("reader {reader}\nwriter {writer}\n{}", told(&report));
    let lossy = report.leaves().any(|it| LOSSES.contains(&it.kind()));
    if let Some(value) = example.lossy {
        prop_assert!(lossy, "no hazard, but {value}\n{pair}");
    } else if report.is_compatible() && example.all {
        prop_assert!(!lossy, "a hazard, but all values stay what they are\n{pair}");
    }
    match example.fails {
        Some(value) => prop_assert!(!report.is_compatible(), "no error, but {value}\n{pair}"),
        None if report.is_compatible() || !example.all => return Ok(report.is_compatible()),
        None => prop_assert!(false, "an error, but all values can be read\n{pair}"),
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn there_is_an_error_exactly_if_some_value_cannot_be_read((reader, writer) in generate::pair()) {
        agree(&reader.text(), &writer.text())?;
    }

    #[test]
    fn there_is_an_error_exactly_if_some_value_of_an_evolved_schema_cannot_be_read(model in generate::schema(), changes in any::<u64>()) {
        let mut dice = data::Dice(changes);
        let other = generate::evolve::mutated(&model, &mut dice);
        let (reader, writer) = if dice.below(2) == 0 { (&model, &other) } else { (&other, &model) };
        let (reader, writer) = (reader.text(), writer.text());
        if Schema::parse(&reader).is_ok() && Schema::parse(&writer).is_ok() {
            agree(&reader, &writer)?;
        }
    }

    #[test]
    fn every_schema_reads_itself(model in generate::schema()) {
        let schema = schema(&model.text());
        let report = check(&schema, &schema, &CheckOptions::default());
        prop_assert!(report.is_compatible(), "{}", told(&report));
    }

    /// Findings form a forest in order, with severities, places and words.
    #[test]
    fn findings_are_well_formed((reader, writer) in generate::pair()) {
        let report = check(&schema(&reader.text()), &schema(&writer.text()), &CheckOptions::default());
        let mut depth = 0;
        for finding in report.findings() {
            prop_assert!(finding.depth() <= depth);
            depth = finding.depth() + usize::from(finding.kind() == FindingKind::Branch);
            prop_assert!(!finding.message().is_empty());
            match finding.kind().severity() {
                Some(it) => prop_assert_eq!(it, finding.severity()),
                None => prop_assert_eq!(finding.causes().map(|it| it.severity()).max(), Some(finding.severity())),
            }
            for (location, json, text) in [
                (finding.reader_location(), finding.reader_json(), report.reader().text()),
                (finding.writer_location(), finding.writer_json(), report.writer().text()),
            ] {
                prop_assert_eq!(&location.pointer, &json.pointer());
                prop_assert_eq!(&text[json.span()], json.text());
            }
        }
        let below: usize = report.findings().map(|it| it.causes().count()).sum();
        prop_assert_eq!(below + report.roots().count(), report.findings().len());
    }
}

/// Many small pairs, and how many of them there are of each kind, so that the property above means something.
#[test]
fn pairs_of_all_kinds_are_drawn() {
    let (mut compatible, mut told, mut undecided) = (0, 0, 0);
    let mut kinds = std::collections::BTreeMap::new();
    let count = generate::pairs(6_000) as usize;
    for seed in 0..count as u64 {
        let (reader, writer) = generate::pair_of(seed);
        let (reader, writer) = (reader.text(), writer.text());
        undecided += usize::from(!agree(&reader, &writer).unwrap_or_else(|it| panic!("{it}")));
        let report = check(&schema(&reader), &schema(&writer), &CheckOptions::default());
        let trivial = report.findings().any(|it| it.kind() == FindingKind::NoValues);
        compatible += usize::from(report.is_compatible() && !trivial);
        told += report.findings().len();
        report.findings().for_each(|it| *kinds.entry(it.kind().as_str()).or_insert(0) += 1);
    }
    println!(
        "{compatible} compatible, {undecided} not decided by examples, {told} findings: {kinds:?}"
    );
    assert!(compatible > count / 6 && undecided < count / 100, "{compatible} {undecided}");
    for kind in [
        "type",
        "name",
        "fixed-size",
        "symbols",
        "missing-field",
        "no-branch",
        "branch",
        "lossy-promotion",
        "bytes-as-string",
        "symbols-defaulted",
        "type-alias",
        "field-alias",
        "namespace",
        "ambiguous-field",
        "order",
        "no-values",
    ] {
        assert!(kinds.contains_key(kind), "{kind} in {kinds:?}");
    }
}
