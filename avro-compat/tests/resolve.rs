//! Values are encoded, decoded and resolved as the specification says, checked against a reference that does it the slow way.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod generate;
mod reference;

use avro_compat::json::Layout;
use avro_compat::{Decoder, Encoder, Error, ResolveOptions, Resolver, Schema, Tape, Value};
use generate::data::{Dice, same, value};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

fn hopeless() -> ResolveOptions {
    ResolveOptions { hopeless: true, ..ResolveOptions::default() }
}

fn parse(model: &generate::Ty) -> Option<Schema> {
    Schema::parse(&model.text()).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_encoded_is_decoded(model in generate::schema(), seed in any::<u64>()) {
        let schema = parse(&model).unwrap();
        let Some(value) = value(&schema, schema.root(), &mut Dice(seed), 12) else { return Ok(()) };
        let bytes = Encoder::new(&schema).encode(&value).unwrap();
        let decoder = Decoder::new(&schema).unwrap();
        prop_assert!(same(&decoder.decode(&bytes).unwrap(), &value));
        let mut tape = Tape::new();
        prop_assert!(same(&decoder.decode_ref(&bytes, &mut tape).unwrap().to_value(), &value));
        // One after another.
        let twice = [&bytes[..], &bytes].concat();
        let mut rest = &twice[..];
        prop_assert!(same(&decoder.decode_next(&mut rest).unwrap(), &value));
        prop_assert_eq!(rest, &bytes[..]);
        // As JSON.
        for layout in [Layout::Compact, Layout::Indented] {
            let json = value.to_json_with(&schema, layout).unwrap();
            let again = Value::from_json(&schema, &json).unwrap_or_else(|it| panic!("{it}\n{json}\n{schema:?}"));
            prop_assert!(same(&again, &value), "{}", json);
        }
    }

    #[test]
    fn the_resolver_does_what_the_reference_does(model in generate::schema(), changes in any::<u64>(), seed in any::<u64>()) {
        pair(&model, changes, seed)?;
    }

    /// Flipped and truncated bytes: a value or an error, never a panic; and the same from all targets.
    #[test]
    fn damaged_bytes_are_refused_or_decoded(model in generate::schema(), changes in any::<u64>(), seed in any::<u64>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), keep in any::<Option<prop::sample::Index>>()) {
        let mut dice = Dice(changes);
        let writer = parse(&model).unwrap();
        let reader = parse(&generate::evolve::mutated(&model, &mut dice)).unwrap_or(writer.clone());
        let resolver = Resolver::with_options(&reader, &writer, &hopeless()).unwrap();
        let mut bytes = match value(&writer, writer.root(), &mut Dice(seed), 12) {
            Some(value) => Encoder::new(&writer).encode(&value).unwrap(),
            None => seed.to_le_bytes().to_vec(),
        };
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        if let Some(keep) = keep {
            bytes.truncate(keep.index(bytes.len() + 1));
        }
        let mut tape = Tape::new();
        match (resolver.decode(&bytes), resolver.decode_ref(&bytes, &mut tape)) {
            (Ok(value), Ok(borrowed)) => {
                // NaNs have bits that count, too.
                prop_assert!(same(&value, &borrowed.to_value()));
                prop_assert!(Encoder::new(&reader).encode(&value).is_ok());
            }
            (Err(error), Err(other)) => prop_assert_eq!(error, other),
            (value, other) => prop_assert!(false, "{:?} {:?}", value, other),
        }
    }
}

/// True if the pair could be read.
fn pair(model: &generate::Ty, changes: u64, seed: u64) -> Result<Option<bool>, TestCaseError> {
    let mut dice = Dice(changes);
    let other = generate::evolve::mutated(model, &mut dice);
    let (reader, writer) = if dice.below(2) == 0 { (model, &other) } else { (&other, model) };
    let (Some(reader), Some(writer)) = (parse(reader), parse(writer)) else { return Ok(None) };
    let resolver = Resolver::with_options(&reader, &writer, &hopeless()).unwrap();
    let mut read = None;
    for round in 0..4 {
        let mut dice = Dice(seed.rotate_left(17) ^ round);
        let Some(value) = value(&writer, writer.root(), &mut dice, 12) else { return Ok(read) };
        let bytes = Encoder::new(&writer).encode(&value).unwrap();
        let expected =
            reference::resolve((&reader, reader.root()), (&writer, writer.root()), &value)
                .map(|it| it.value);
        let mut tape = Tape::new();
        match (&expected, resolver.decode(&bytes)) {
            (Ok(expected), Ok(found)) => {
                prop_assert!(same(expected, &found), "{expected:?} {found:?}");
                let borrowed = resolver.decode_ref(&bytes, &mut tape).unwrap().to_value();
                prop_assert!(same(expected, &borrowed));
                prop_assert!(Resolver::new(&reader, &writer).is_ok());
                read = Some(true);
            }
            (Err(_), Err(error)) => {
                let Error::Decode(decode) = &error else { panic!("{error}") };
                prop_assert!(decode.writer_pointer().is_some(), "{}", error);
                prop_assert!(decode.offset() <= bytes.len());
                prop_assert_eq!(resolver.decode_ref(&bytes, &mut tape).unwrap_err(), error);
                read = read.or(Some(false));
            }
            (expected, found) => prop_assert!(
                false,
                "expected {:?}, found {:?}\nreader {:?}\nwriter {:?}\n{:?}",
                expected,
                found,
                reader,
                writer,
                value
            ),
        }
    }
    Ok(read)
}

/// The pairs of the property above are neither all readable nor all unreadable, nor are they mostly no schemas.
#[test]
fn the_pairs_are_of_all_kinds() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = generate::schema();
    let mut counts = [0; 3];
    for changes in 0..1500 {
        let model = strategy.new_tree(&mut runner).unwrap().current();
        match pair(&model, changes * 7919, changes).unwrap() {
            Some(true) => counts[0] += 1,
            Some(false) => counts[1] += 1,
            None => counts[2] += 1,
        }
    }
    assert!(counts[0] > 500 && counts[1] > 50, "{counts:?}");
}
