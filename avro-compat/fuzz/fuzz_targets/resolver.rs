//! Takes arbitrary bytes for a reader's schema, a writer's schema and data, NUL between them. All targets read the same, or find the same wrong;
//! what is read can be written with the reader's schema, and read again.
#![no_main]

use avro_compat::{Decoder, Encoder, ResolveOptions, Resolver, Schema, Tape, Value};
use serde_core::de::IgnoredAny;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |it| *it == 0);
    let (Some(reader), Some(writer), Some(data)) = (parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let parse = |bytes| std::str::from_utf8(bytes).ok().and_then(|it| Schema::parse(it).ok());
    let Some(reader) = parse(reader) else { return };
    let writer = if writer.is_empty() { Some(reader.clone()) } else { parse(writer) };
    let Some(writer) = writer else { return };
    let options = ResolveOptions {
        hopeless: true,
        max_instructions: 1 << 16,
        max_empty: 1000,
        ..ResolveOptions::default()
    };
    let Ok(resolver) = Resolver::with_options(&reader, &writer, &options) else { return };
    let value = resolver.decode(data);
    let mut tape = Tape::new();
    let borrowed = resolver.decode_ref(data, &mut tape).map(|it| it.to_value());
    let ignored = resolver.decode_as::<IgnoredAny>(data);
    match value {
        Ok(value) => {
            // With schemas that nothing can be read with nothing is read.
            assert!(Resolver::new(&reader, &writer).is_ok());
            assert!(ignored.is_ok());
            let encoder = Encoder::new(&reader);
            let bytes = encoder.encode(&value);
            assert_eq!(borrowed.map(|it| encoder.encode(&it)), Ok(bytes.clone()));
            let Ok(bytes) = bytes else { panic!("what was read can be written") };
            let decoder = Decoder::new(&reader);
            if let Ok(Ok(again)) = decoder.map(|it| it.decode(&bytes)) {
                assert_eq!(encoder.encode(&again), Ok(bytes));
            }
            if let Ok(json) = value.to_json(&reader) {
                let _ = Value::from_json(&reader, &json);
            }
        }
        Err(error) => {
            assert_eq!(borrowed, Err(error.clone()));
            assert_eq!(ignored.err(), Some(error));
        }
    }
});
