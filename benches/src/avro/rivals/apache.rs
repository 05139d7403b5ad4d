//! `apache-avro`.

use std::hint::black_box;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Codec, DeflateSettings, Reader, Schema, Writer, from_value};

use crate::avro::Result;
use crate::avro::case::{BLOCK_BYTES, Case, OLD_ORDER, Owned, READER, WRITER};
use crate::avro::contestant::Contestant;

fn leaked(text: &str) -> Result<&'static Schema> {
    Ok(Box::leak(Box::new(Schema::parse_str(text)?)))
}

/// Reads the record, to its value and through that to a struct.
///
/// # Errors
/// Its own.
pub fn decode(case: &'static Case) -> Result<Vec<Contestant>> {
    let (writer, reader) = (leaked(WRITER)?, leaked(READER)?);
    let datum = || GenericDatumReader::builder(writer).reader_schema(reader).build();
    let (to_value, to_struct) = (datum()?, datum()?);
    Ok(vec![
        Contestant::timed("apache-avro/value", 1, move || {
            black_box(to_value.read_value(&mut black_box(&*case.bytes))).is_ok()
        }),
        Contestant::timed("apache-avro/struct", 1, move || {
            let value = to_struct.read_value(&mut black_box(&*case.bytes));
            value.is_ok_and(|it| black_box(from_value::<Owned>(&it)).is_ok())
        }),
    ])
}

/// What it makes of the writer's bytes.
fn values(case: &Case) -> Result<Vec<Value>> {
    let schema = leaked(WRITER)?;
    let datum = GenericDatumReader::builder(schema).build()?;
    let encoder = avro_compat::Encoder::new(&case.writer);
    case.values.iter().map(|it| Ok(datum.read_value(&mut &*encoder.encode(it)?)?)).collect()
}

/// Writes the record.
///
/// # Errors
/// Its own.
pub fn encode(case: &'static Case) -> Result<Contestant> {
    let schema = leaked(WRITER)?;
    let datum = GenericDatumReader::builder(schema).build()?;
    let value = datum.read_value(&mut &*case.bytes)?;
    let writer = GenericDatumWriter::builder(schema).build()?;
    let mut out = Vec::new();
    Ok(Contestant::timed("apache-avro", 1, move || {
        out.clear();
        writer.write_value_ref(&mut out, black_box(&value)).is_ok()
    }))
}

/// Parses a record of ten fields.
#[must_use]
pub fn parse() -> Contestant {
    Contestant::timed("apache-avro", 1, || {
        black_box(Schema::parse_str(black_box(OLD_ORDER))).is_ok()
    })
}

/// Reads a file of all records.
pub fn read(case: &'static Case, file: &'static [u8]) -> Contestant {
    Contestant::timed("apache-avro", case.plain_bytes, move || {
        let count = |all: Reader<'_, &[u8]>| all.filter(|it| black_box(it).is_ok()).count();
        Reader::new(file).is_ok_and(|reader| count(reader) == case.values.len())
    })
}

fn file(schema: &Schema, values: &[Value], codec: Codec) -> Result<Vec<u8>> {
    let writer = Writer::builder().schema(schema).writer(Vec::new());
    let mut writer = writer.codec(codec).block_size(BLOCK_BYTES).build()?;
    for value in values {
        writer.append_value_ref(value)?;
    }
    Ok(writer.into_inner()?)
}

/// Writes all records.
///
/// # Errors
/// Its own.
pub fn write(case: &'static Case, codec: &str) -> Result<Contestant> {
    let codec = match codec {
        "deflate" => Codec::Deflate(DeflateSettings::default()),
        "snappy" => Codec::Snappy,
        _ => Codec::Null,
    };
    let (schema, values) = (leaked(WRITER)?, values(case)?);
    Ok(Contestant::timed("apache-avro", case.plain_bytes, move || {
        black_box(file(schema, &values, codec)).is_ok()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_the_record_as_ours_does() {
        let case = Case::new().unwrap();
        let (writer, reader) = (leaked(WRITER).unwrap(), leaked(READER).unwrap());
        let datum = GenericDatumReader::builder(writer).reader_schema(reader).build().unwrap();
        let theirs: Owned = from_value(&datum.read_value(&mut &*case.bytes).unwrap()).unwrap();
        let resolver = avro_compat::Resolver::new(&case.reader, &case.writer).unwrap();
        assert_eq!(theirs, resolver.decode_as(&case.bytes).unwrap());
    }

    #[test]
    fn it_writes_what_ours_reads() {
        let case = Case::new().unwrap();
        let values = values(&case).unwrap();
        let codec = Codec::Deflate(DeflateSettings::default());
        let file = file(leaked(WRITER).unwrap(), &values, codec).unwrap();
        let found = avro_compat::container::Reader::new(&*file).unwrap();
        // Its maps have no order.
        let sorted = |mut event: avro_compat::Value| {
            if let avro_compat::Value::Record(fields) = &mut event
                && let Some(avro_compat::Value::Map(entries)) = fields.last_mut()
            {
                entries.sort_by(|a, b| a.0.cmp(&b.0));
            }
            event
        };
        let found = found.map(|it| sorted(it.unwrap()));
        assert!(found.eq(case.values.iter().cloned().map(sorted)));
    }
}
