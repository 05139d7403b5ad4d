//! Why a rename is unsafe, by a datum; and what makes it safe, found by the checker.

use std::path::Path;

use avro_compat::check::{CheckOptions, Severity, check};
use avro_compat::fix::fixes;
use avro_compat::witness::{Outcome, witnesses};
use avro_compat::{Resolver, Schema};
use serde_json::json;

use crate::tweets::Version;
use crate::{Result, protocol};

/// Checks the rename against the second version.
pub fn run(out: &Path) -> Result<()> {
    let (reader, writer) = (Version::Renamed.schema()?, Version::V2.schema()?);
    let report = check(&reader, &writer, &CheckOptions::default());
    let mut rows = Vec::new();
    let mut shown = Vec::new();
    let (mut errors, mut proven) = (0_u64, 0_u64);
    for (finding, witness) in witnesses(&report) {
        let witness = witness?;
        if finding.severity() == Severity::Error {
            errors += 1;
            proven += u64::from(
                matches!(witness.outcome, Outcome::Fails { .. })
                    && !reads(&reader, &writer, &witness.bytes),
            );
        }
        rows.push(vec![
            finding.message(),
            witness.json.clone(),
            witness.hex(),
            witness.to_string(),
        ]);
        shown.push(json!({"finding": finding.message(), "datum": witness.json, "hex": witness.hex(), "outcome": witness.to_string()}));
    }
    let mended = report.leaves().flat_map(fixes).map(|fix| {
        let compatible = check(&fix.schema, &writer, &CheckOptions::default()).is_compatible();
        (fix, compatible)
    });
    let mut suggestions = Vec::new();
    let mut safe = 0_u64;
    for (fix, compatible) in mended {
        safe += u64::from(compatible);
        suggestions.push(vec![
            fix.title.clone(),
            fix.edits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        ]);
    }
    protocol::table(
        "Why the rename is refused: data that it could not read",
        &["found", "datum", "encoded", "what comes of it"],
        rows,
    );
    protocol::table(
        "What would make it safe, checked again",
        &["suggestion", "edits of the schema"],
        suggestions,
    );
    protocol::measure("rename_errors_without_witness", errors - proven, "errors");
    protocol::measure("rename_errors", errors, "errors");
    protocol::measure("rename_fixes", safe, "fixes");
    let path = out.join("rename.json");
    std::fs::write(&path, serde_json::to_string_pretty(&shown)?)?;
    protocol::artefact(&path, "The data that the rename could not read");
    Ok(())
}

/// Whether a datum can be read at all: the proof is not taken on trust.
fn reads(reader: &Schema, writer: &Schema, bytes: &[u8]) -> bool {
    Resolver::new(reader, writer).and_then(|resolver| resolver.decode(bytes)).is_ok()
}
