//! Ours.

use std::hint::black_box;

use avro_compat::check::{CheckOptions, check};
use avro_compat::container::{Codec, Reader, Writer, WriterOptions};
use avro_compat::{Encoder, Resolver, Schema, Tape};

use super::Result;
use super::case::{BLOCK_BYTES, Borrowed, Case, OLD_ORDER, Owned, new_order};
use super::contestant::Contestant;

/// Reads the record in every way.
///
/// # Errors
/// None.
pub fn decode(case: &'static Case) -> Result<Vec<Contestant>> {
    let resolver: &'static Resolver =
        Box::leak(Box::new(Resolver::new(&case.reader, &case.writer)?));
    let bytes = case.bytes.as_slice();
    let mut tape = Tape::new();
    Ok(vec![
        Contestant::timed("avro-compat/ref", 1, move || {
            black_box(resolver.decode_ref(black_box(bytes), &mut tape)).is_ok()
        }),
        Contestant::timed("avro-compat/borrowed", 1, move || {
            black_box(resolver.decode_as::<Borrowed<'_>>(black_box(bytes))).is_ok()
        }),
        Contestant::timed("avro-compat/owned", 1, move || {
            black_box(resolver.decode_as::<Owned>(black_box(bytes))).is_ok()
        }),
        Contestant::timed("avro-compat/value", 1, move || {
            black_box(resolver.decode(black_box(bytes))).is_ok()
        }),
    ])
}

/// Writes the record.
#[must_use]
pub fn encode(case: &'static Case) -> Contestant {
    let encoder = Encoder::new(&case.writer);
    let mut out = Vec::new();
    Contestant::timed("avro-compat", 1, move || {
        out.clear();
        encoder.encode_to(black_box(&case.value), &mut out).is_ok()
    })
}

/// Compiles the pair of schemas.
#[must_use]
pub fn compile(case: &'static Case) -> Contestant {
    Contestant::timed("avro-compat", 1, move || {
        black_box(Resolver::new(black_box(&case.reader), black_box(&case.writer))).is_ok()
    })
}

/// Checks a pair of records of ten fields that are compatible.
///
/// # Errors
/// None.
pub fn check_pair() -> Result<Contestant> {
    let (old, new) = (Schema::parse(OLD_ORDER)?, Schema::parse(&new_order())?);
    let options = CheckOptions::default();
    Ok(Contestant::timed("avro-compat", 1, move || {
        check(black_box(&new), black_box(&old), &options).is_compatible()
    }))
}

/// Parses a record of ten fields.
#[must_use]
pub fn parse() -> Contestant {
    Contestant::timed("avro-compat", 1, || black_box(Schema::parse(black_box(OLD_ORDER))).is_ok())
}

/// The file of all records.
///
/// # Errors
/// None.
pub fn file(case: &Case, codec: &str) -> Result<Vec<u8>> {
    let options = WriterOptions {
        codec: Codec::parse(codec)?,
        block_bytes: BLOCK_BYTES,
        ..WriterOptions::default()
    };
    let mut writer = Writer::with_options(Vec::new(), &case.writer, &options)?;
    for value in &case.values {
        writer.append(value)?;
    }
    Ok(writer.finish()?)
}

/// Reads a file of all records, to trees of values and to values that borrow.
pub fn read(case: &'static Case, file: &'static [u8]) -> Vec<Contestant> {
    vec![
        Contestant::timed("avro-compat", case.plain_bytes, move || {
            Reader::new(file).is_ok_and(|reader| count(reader) == case.values.len())
        }),
        Contestant::timed("avro-compat/ref", case.plain_bytes, move || {
            borrowed(file).is_ok_and(|found| found == case.values.len())
        }),
    ]
}

fn count<T, E>(all: impl Iterator<Item = std::result::Result<T, E>>) -> usize {
    all.filter(|one| black_box(one).is_ok()).count()
}

fn borrowed(file: &[u8]) -> Result<usize> {
    let mut reader = Reader::new(file)?;
    let mut count = 0;
    let mut spare = Tape::new();
    while let Some(mut block) = reader.next_block()? {
        let mut tape = spare.recycle();
        while let Some(value) = block.next_ref(&mut tape)? {
            black_box(value);
            count += 1;
        }
        spare = tape.recycle();
    }
    Ok(count)
}

/// Writes all records.
#[must_use]
pub fn write(case: &'static Case, codec: &'static str) -> Contestant {
    Contestant::timed("avro-compat", case.plain_bytes, move || black_box(file(case, codec)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::case::expected;
    use super::*;

    #[test]
    fn the_record_is_read_as_expected() {
        let case = Case::new().unwrap();
        let resolver = Resolver::new(&case.reader, &case.writer).unwrap();
        assert_eq!(resolver.decode_as::<Borrowed<'_>>(&case.bytes).unwrap(), expected());
        let owned: Owned = resolver.decode_as(&case.bytes).unwrap();
        assert_eq!(owned.labels["device"], "phone");
        let mut tape = Tape::new();
        let value = resolver.decode_ref(&case.bytes, &mut tape).unwrap().to_value();
        assert_eq!(value, resolver.decode(&case.bytes).unwrap());
    }

    #[test]
    fn files_are_read_in_both_ways() {
        let case: &'static Case = Box::leak(Box::new(Case::new().unwrap()));
        for codec in ["null", "deflate", "snappy"] {
            let file = file(case, codec).unwrap();
            assert_eq!(borrowed(&file).unwrap(), case.values.len());
            assert_eq!(count(Reader::new(&*file).unwrap()), case.values.len());
        }
    }
}
