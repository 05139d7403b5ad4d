//! Takes arbitrary bytes for some texts, NUL between them, that refer to each other. In whatever order they are given, they are refused, or
//! they are the same schemas.
#![no_main]

use avro_compat::{ParseOptions, Schema, Schemas};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let texts: Vec<_> =
        text.split('\0').take(5).enumerate().map(|(at, it)| (at.to_string(), it)).collect();
    let forwards = Schemas::parse(texts.iter().map(|(name, text)| (name.as_str(), *text)));
    let backwards = Schemas::parse(texts.iter().rev().map(|(name, text)| (name.as_str(), *text)));
    if let (Ok(forwards), Ok(backwards)) = (&forwards, &backwards) {
        for (name, schema) in forwards.iter() {
            assert_eq!(Some(schema), backwards.get(name));
            assert_eq!(Ok(schema), Schema::parse(&schema.to_json()).as_ref());
        }
    }
    let lenient = Schemas::parse_with(
        texts.iter().map(|(name, text)| (name.as_str(), *text)),
        &ParseOptions::lenient(),
    );
    assert!(lenient.is_ok() || forwards.is_err());
});
