//! Takes arbitrary bytes for a reader's schema and a writer's schema, NUL between them. No witness contradicts the checker, and fixes fix.
#![no_main]

use avro_compat::Schema;
use avro_compat::check::{CheckOptions, Severity, check};
use avro_compat::fix::{fixes, rename};
use avro_compat::witness::{Unproven, witnesses};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |it| *it == 0);
    let (Some(reader), Some(writer)) = (parts.next(), parts.next()) else { return };
    let parse = |bytes| Schema::parse_bytes(bytes, &Default::default()).ok();
    let (Some(reader), Some(writer)) = (parse(reader), parse(writer)) else { return };
    let mut options = CheckOptions::default();
    options.max_steps = 10_000;
    let report = check(&reader, &writer, &options);
    for (finding, found) in witnesses(&report).take(20) {
        match found {
            Err(it @ Unproven::Contradicted { .. }) => panic!("{finding}: {it}"),
            Ok(witness) => assert!(!witness.to_string().is_empty()),
            Err(_) => {}
        }
    }
    for finding in report.leaves().filter(|it| it.severity() == Severity::Error).take(2) {
        for fix in fixes(finding) {
            let after = check(&fix.schema, &writer, &CheckOptions::default());
            assert!(after.count(Severity::Error) < report.count(Severity::Error), "{fix}");
        }
    }
    for id in reader.ids().take(3) {
        let Some(name) = reader[id].name() else { continue };
        if let Ok(renamed) = rename(&reader, name.full(), "Renamed") {
            assert!(renamed.impact.new_readers <= Some(Severity::Warning));
        }
    }
});
