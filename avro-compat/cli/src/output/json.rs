//! For programs: one JSON object.

use avro_compat::check::{Finding, Profile};
use avro_compat::fix::Fix;
use avro_compat::json::{Layout, Writer};
use avro_compat::witness::{Outcome, Unproven, Witness};

use super::proof::{Proven, proven};
use super::{Comparison, Findings, Telling, failure, proof};

pub(super) fn text(findings: &Findings, telling: &Telling) -> String {
    let mut out = Writer::new(Layout::Indented);
    out.begin_object();
    out.name("compatible");
    out.boolean(findings.failures() == 0);
    out.name("passed");
    out.boolean(findings.invalid.is_empty() && findings.worst() < Some(telling.fail_on.into()));
    if let Some(mode) = findings.mode {
        out.member("mode", mode.as_str());
    }
    out.member("profile", if findings.profile == Profile::Java { "java" } else { "spec" });
    if let Some(impact) = findings.impact {
        out.member("change", impact.change.as_str());
        for (name, worst) in
            [("newReaders", impact.new_readers), ("oldReaders", impact.old_readers)]
        {
            out.name(name);
            match worst {
                Some(worst) => out.string(worst.as_str()),
                None => out.null(),
            }
        }
    }
    if let Some(subjects) = findings.subjects {
        out.name("subjects");
        out.integer(subjects as i64);
    }
    out.name("comparisons");
    out.begin_array();
    for it in &findings.comparisons {
        comparison(&mut out, it, telling, findings.profile);
    }
    out.end_array();
    out.name("invalid");
    out.begin_array();
    findings.invalid.iter().for_each(|it| failure::write_json(&mut out, it));
    out.end_array();
    out.end_object();
    out.finish() + "\n"
}

fn comparison(out: &mut Writer, comparison: &Comparison, telling: &Telling, profile: Profile) {
    let Comparison { subject, reader, writer, direction, report } = comparison;
    out.begin_object();
    if let Some(subject) = subject {
        out.member("subject", subject);
    }
    out.member("direction", direction.as_str());
    out.member("reader", reader);
    out.member("writer", writer);
    report.write_verdict(out);
    let (all, more) = proven(comparison, telling, profile);
    out.name("findings");
    out.begin_array();
    for Proven { finding, witness, fixes } in &all {
        out.begin_object();
        self::finding(out, *finding, comparison);
        if let Some(it) = witness {
            out.name("witness");
            self::witness(out, it);
        }
        if !fixes.is_empty() {
            out.name("fixes");
            out.begin_array();
            fixes.iter().for_each(|it: &Fix| it.write_json(out));
            out.end_array();
        }
        out.end_object();
    }
    out.end_array();
    if more > 0 {
        out.name("omitted");
        out.integer(more as i64);
    }
    out.end_object();
}

/// The members of a finding.
pub(super) fn finding(out: &mut Writer, finding: Finding<'_>, comparison: &Comparison) {
    finding.write_members(out);
    if let Some(java) = finding.java() {
        out.member("javaLocation", &java.location);
    }
    let mut around = finding.around().peekable();
    if around.peek().is_some() {
        out.name("inside");
        out.begin_array();
        around.for_each(|it| out.string(&it.message()));
        out.end_array();
    }
    out.name("reader");
    finding.reader_location().write_json(out, Some(&comparison.reader));
    out.name("writer");
    finding.writer_location().write_json(out, Some(&comparison.writer));
}

/// A witness, or why there is none.
pub(super) fn witness(out: &mut Writer, witness: &Result<Witness, Unproven>) {
    out.begin_object();
    match witness {
        Ok(witness) => members(out, witness),
        Err(reason) => out.member("unproven", &reason.to_string()),
    }
    out.end_object();
}

/// The members of a witness.
fn members(out: &mut Writer, witness: &Witness) {
    out.name("json");
    out.raw(&witness.json);
    out.member("hex", &witness.hex());
    out.member("pointer", &witness.pointer);
    match &witness.outcome {
        Outcome::Changes { before, after } => {
            out.member("before", before);
            out.member("after", after);
        }
        _ => out.member("fails", &proof::outcome(witness)),
    }
}
