//! Witnesses by themselves.

use std::fmt::Write as _;

use avro_compat::json::{Layout, Writer};
use avro_compat::witness::{Outcome, witnesses};

use super::{Comparison, json, proof};

/// For people.
pub fn witnesses_text(comparison: &Comparison) -> String {
    let mut out = String::new();
    for (finding, witness) in witnesses(&comparison.report) {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{finding}");
        match witness {
            Ok(witness) => {
                let bytes = if witness.bytes.is_empty() { "none".into() } else { witness.hex() };
                let _ = writeln!(out, "  json:  {}\n  bytes: {bytes}", witness.json);
                let label = match witness.outcome {
                    Outcome::Changes { .. } => "reads",
                    _ => "fails",
                };
                let _ = writeln!(out, "  {label}: {}", proof::outcome(&witness));
            }
            Err(reason) => {
                let _ = writeln!(out, "  no witness: {reason}");
            }
        }
    }
    if out.is_empty() {
        let Comparison { reader, writer, .. } = comparison;
        let _ = writeln!(out, "{reader} reads all that {writer} can write, as it was meant");
    }
    out
}

/// For programs.
pub fn witnesses_json(comparison: &Comparison) -> String {
    let mut out = Writer::new(Layout::Indented);
    out.begin_object();
    out.member("reader", &comparison.reader);
    out.member("writer", &comparison.writer);
    out.name("compatible");
    out.boolean(comparison.report.is_compatible());
    out.name("witnesses");
    out.begin_array();
    for (finding, witness) in witnesses(&comparison.report) {
        out.begin_object();
        json::finding(&mut out, finding, comparison);
        out.name("witness");
        json::witness(&mut out, &witness);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    out.finish() + "\n"
}
