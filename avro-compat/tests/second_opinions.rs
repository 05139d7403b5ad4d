//! The resolver beside two others: `apache-avro`, with the feature of that name, and Python's `fastavro`.
//!
//! Generated data are read under generated pairs of schemas by each. Where one of them differs, a known deviation must say why: those of
//! `second_opinions/deviations.rs`, which the book's page on the crate lists, too.
//!
//! fastavro is asked through the `python3` of `AVRO_COMPAT_PYTHON`, of `fastavro` in the target directory, or of the path. Where none has it, the test says
//! so and passes; with `AVRO_COMPAT_FASTAVRO=require` in the environment it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "it is a test, and says why it does not run"
)]

#[cfg(feature = "apache-avro")]
#[path = "second_opinions/apache.rs"]
mod apache;
#[path = "second_opinions/case.rs"]
mod case;
#[path = "second_opinions/deviations.rs"]
mod deviations;
#[path = "second_opinions/fastavro.rs"]
mod fastavro;
mod generate;
#[path = "pairs/mod.rs"]
mod known_pairs;
mod reference;

use std::collections::BTreeMap;

use avro_compat::Value;
use case::{Case, Difference, Pair, leaves};
use deviations::Deviation;
use generate::data;
use serde_json::Value as Json;

/// What came of it.
#[derive(Default)]
struct Tally {
    pairs: usize,
    refused: usize,
    data: usize,
    same: usize,
    known: BTreeMap<&'static str, usize>,
    unknown: BTreeMap<(Difference, String), (usize, String)>,
}

impl Tally {
    fn take(
        &mut self,
        pair: &Pair,
        value: &Value,
        expected: Option<Json>,
        found: Result<Json, String>,
        known: &[Deviation],
    ) {
        self.data += 1;
        let error = found.as_ref().err().cloned().unwrap_or_default();
        let (difference, places) = match (&expected, &found) {
            (Some(expected), Ok(found)) => {
                let mut places = Vec::new();
                leaves(expected, found, &mut places);
                (Difference::Other, places)
            }
            (Some(_), Err(_)) => (Difference::Refuses, vec![(Json::Null, Json::Null)]),
            (None, Ok(found)) => (Difference::Reads, vec![(Json::Null, found.clone())]),
            (None, Err(_)) => (Difference::Other, Vec::new()),
        };
        self.same += usize::from(places.is_empty());
        for leaves in places {
            let case = Case { pair, difference, value, error: &error, leaves };
            self.explain(&case, known);
        }
    }

    fn explain(&mut self, case: &Case<'_>, known: &[Deviation]) {
        if let Some(it) = known.iter().find(|it| (it.explains)(case)) {
            *self.known.entry(it.name).or_default() += 1;
            return;
        }
        let kind = |it: &Json| match it {
            Json::Object(it) => it.keys().next().cloned().unwrap_or_default(),
            Json::String(_) => "string".to_owned(),
            Json::Number(_) => "number".to_owned(),
            other => other.to_string().chars().take(5).collect(),
        };
        let (ours, theirs) = &case.leaves;
        let mut message: String =
            case.error.chars().filter(|it| !it.is_ascii_digit()).take(34).collect();
        if case.difference == Difference::Reads {
            message = format!(
                "{} of {:?}",
                kind(theirs),
                case.pair.writer[case.pair.writer.root()].kind()
            );
        }
        if case.difference == Difference::Other {
            message = format!("{} as {}", kind(ours), kind(theirs));
        }
        let Pair { reader_text, writer_text, .. } = case.pair;
        let (value, error) = (case.value, case.error);
        let example = format!(
            "\n  reader {reader_text}\n  writer {writer_text}\n  value {value:?}\n  {ours} as {theirs} {error}"
        );
        let entry = self.unknown.entry((case.difference, message)).or_insert((0, example.clone()));
        entry.0 += 1;
        // The smallest tells most.
        if example.len() < entry.1.len() {
            entry.1 = example;
        }
    }

    /// All differences are known, and all that are known were met.
    fn judge(&self, peer: &str, known: &[Deviation]) {
        eprintln!(
            "{peer}: {} pairs, {} refused; {} data, {} read the same; {:?}",
            self.pairs, self.refused, self.data, self.same, self.known
        );
        for ((difference, message), (count, example)) in &self.unknown {
            eprintln!("UNKNOWN {count} x {difference:?} {message}{example}");
        }
        assert!(self.unknown.is_empty(), "{peer} differs in ways that are not known");
        for deviation in known.iter().filter(|_| self.pairs > 10_000) {
            assert!(
                self.known.contains_key(deviation.name),
                "{peer}: {} was not met: is it mended?",
                deviation.name
            );
        }
        assert!(self.same * 3 > self.data * 2, "{peer}: {} of {}", self.same, self.data);
    }
}

/// What is known is in the book, too, and nothing else is.
#[test]
fn the_book_lists_the_deviations() {
    let book =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/crates/avro-compat.md");
    let book = std::fs::read_to_string(book).unwrap();
    let section = book.split("\n## ").find(|it| it.starts_with("Second opinions")).unwrap();
    let listed = |peer: &str| -> std::collections::BTreeSet<String> {
        let lines = section.lines().filter_map(|it| it.strip_prefix(&format!("| {peer} | ")));
        lines.filter_map(|it| it.split(" | ").next()).map(str::to_owned).collect()
    };
    let names = |known: &[Deviation]| known.iter().map(|it| it.name.to_owned()).collect();
    let mut apache: std::collections::BTreeSet<String> = names(deviations::APACHE);
    apache.insert(deviations::ENDLESS.to_owned());
    assert_eq!(listed("`apache-avro`"), apache);
    let fastavro: std::collections::BTreeSet<String> = names(deviations::FASTAVRO);
    assert_eq!(listed("`fastavro`"), fastavro);
}
