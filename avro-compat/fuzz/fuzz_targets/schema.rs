//! Takes arbitrary bytes for a schema: by the letter, and leniently. What is taken must be written so that it is taken again as the same, and
//! what the letter takes, leniency takes as the same.
#![no_main]

use avro_compat::{ParseOptions, Schema, Type, WriteOptions};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let strict = ParseOptions::default();
    let lenient = ParseOptions::lenient();
    let by_letter = Schema::parse_bytes(bytes, &strict);
    let by_leniency = Schema::parse_bytes(bytes, &lenient);
    if let Ok(schema) = &by_letter {
        assert_eq!(Ok(schema), by_leniency.as_ref());
        written(schema, &strict);
        for id in schema.ids() {
            let Type::Record(record) = schema[id].ty() else { continue };
            for field in record.fields() {
                if let Some(default) = field.default() {
                    assert_eq!(schema.check_default(field.ty(), default), Ok(()));
                }
            }
        }
    }
    if let Ok(schema) = &by_leniency {
        written(schema, &lenient);
    }
});

fn written(schema: &Schema, options: &ParseOptions) {
    // Definitions that were used before may be written deeper than they stood.
    let mut options = options.clone();
    options.json.max_depth = usize::MAX;
    options.json.max_bytes = usize::MAX;
    for text in [schema.to_json(), schema.to_json_with(&WriteOptions::indented())] {
        let again = Schema::parse_with(&text, &options);
        assert_eq!(again.as_ref(), Ok(schema), "{text}");
        assert!(again.is_ok_and(|it| it.same_canonical_form(schema)));
    }
    for id in schema.ids() {
        let _ = schema.location(schema[id].origin());
    }
}
