//! Takes arbitrary bytes for a reader's schema, a writer's schema and data, NUL between them. Reports of both profiles can be told in every way;
//! and what the checker calls compatible is read, if it is data of the writer's.
#![no_main]

use avro_compat::check::{Change, CheckOptions, FindingKind, RenderOptions, check};
use avro_compat::json::Layout;
use avro_compat::{
    DecodeProblem, Decoder, Encoder, Error, ParseOptions, ResolveOptions, Resolver, Schema,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |it| *it == 0);
    let (Some(reader), Some(writer)) = (parts.next(), parts.next()) else { return };
    let parse = |bytes| Schema::parse_bytes(bytes, &ParseOptions::lenient()).ok();
    let (Some(reader), Some(writer)) = (parse(reader), parse(writer)) else { return };
    let mut options = CheckOptions::default();
    options.max_steps = 10_000;
    let mut java = CheckOptions::java();
    java.max_steps = 10_000;
    for options in [&options, &java] {
        let report = check(&reader, &writer, options);
        let told = report.render(&RenderOptions::default());
        assert_eq!(told.is_empty(), report.leaves().next().is_none());
        let json = report.to_json(Layout::Compact);
        assert!(avro_compat::json::OwnedJson::read(&json, &Default::default()).is_ok());
    }
    let report = check(&reader, &writer, &options);
    if report.leaves().any(|it| it.kind() == FindingKind::Undecided) {
        return;
    }
    if bytes.len() < 2_000 {
        assert_eq!(Change::between(&reader, &writer), Change::between(&writer, &reader));
    }
    let options =
        ResolveOptions { hopeless: true, max_instructions: 1 << 16, ..ResolveOptions::default() };
    let Ok(resolver) = Resolver::with_options(&reader, &writer, &options) else { return };
    let Some(Ok(value)) =
        parts.next().and_then(|data| Some(Decoder::new(&writer).ok()?.decode(data)))
    else {
        return;
    };
    let Ok(data) = Encoder::new(&writer).encode(&value) else { return };
    if let Err(Error::Decode(error)) = resolver.decode(&data)
        && let DecodeProblem::Unreadable(_) = error.problem()
    {
        assert!(!report.is_compatible(), "{error}");
    }
});
