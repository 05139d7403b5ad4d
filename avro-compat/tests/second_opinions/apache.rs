//! Asking `apache-avro`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use apache_avro::reader::datum::GenericDatumReader;
use avro_compat::Value;
use serde_json::json;

use super::case::{self, told};
use super::deviations::{APACHE, ENDLESS, endless};
use super::{Tally, generate};

#[test]
fn apache_avro_differs_in_ways_that_are_known() {
    let mut tally = Tally::default();
    // It says a lot where it panics.
    for pair in case::pairs(generate::pairs(12_000)) {
        tally.pairs += 1;
        if endless(&pair.reader) {
            tally.refused += 1;
            *tally.known.entry(ENDLESS).or_default() += 1;
            continue;
        }
        let (Ok((reader, _)), Ok((writer, _))) =
            (pair.reader.to_apache_lossy(), pair.writer.to_apache_lossy())
        else {
            tally.refused += 1;
            continue;
        };
        let decoder = GenericDatumReader::builder(&writer).reader_schema(&reader).build();
        let Ok(decoder) = decoder else {
            tally.refused += 1;
            continue;
        };
        for ((bytes, value), expected) in pair.data.iter().zip(&pair.values).zip(&pair.read) {
            let mut left = &bytes[..];
            let found = catch_unwind(AssertUnwindSafe(|| decoder.read_value(&mut left)));
            let found = match found {
                Ok(it) => it.map_err(|it| it.to_string()),
                Err(_) => Err("panics".to_owned()),
            };
            let root = pair.reader.root();
            let expected = expected.as_ref().map(|it| told(&pair.reader, root, it));
            let found = found.map(|it| match Value::from_apache(&pair.reader, &it) {
                Ok(it) => told(&pair.reader, root, &it),
                // It is no value of the reader's schema.
                Err(error) => json!({"invalid": error.to_string()}),
            });
            tally.take(&pair, value, expected, found, APACHE);
        }
    }
    tally.judge("apache-avro", APACHE);
}
