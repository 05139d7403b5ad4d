//! `serde_avro_fast`, which does not resolve: for information.

use std::hint::black_box;

use serde_avro_fast::{Schema, from_datum_slice};

use crate::avro::Result;
use crate::avro::case::{Borrowed, Case, Owned, WRITER};
use crate::avro::contestant::Contestant;

/// Reads the record with the writer's schema.
///
/// # Errors
/// Its own.
pub fn decode(case: &'static Case) -> Result<Vec<Contestant>> {
    let schema: &'static Schema = Box::leak(Box::new(WRITER.parse::<Schema>()?));
    let bytes = case.bytes.as_slice();
    Ok(vec![
        Contestant::timed("serde_avro_fast/borrowed", 1, move || {
            black_box(from_datum_slice::<Borrowed<'_>>(black_box(bytes), schema)).is_ok()
        }),
        Contestant::timed("serde_avro_fast/owned", 1, move || {
            black_box(from_datum_slice::<Owned>(black_box(bytes), schema)).is_ok()
        }),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avro::case::expected;

    #[test]
    fn it_reads_the_record_without_the_default() {
        let case = Case::new().unwrap();
        let schema: Schema = WRITER.parse().unwrap();
        let found: Borrowed<'_> = from_datum_slice(&case.bytes, &schema).unwrap();
        assert_eq!(found, Borrowed { channel: "", ..expected() });
    }
}
