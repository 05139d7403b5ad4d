//! What stands with a finding: a datum that proves it, and edits that remove it.

use avro_compat::check::{Finding, Profile, Severity};
use avro_compat::fix::{Fix, fixes};
use avro_compat::witness::{Outcome, Unproven, Witness, witnesses};

use super::{Comparison, Telling};

/// A finding with what stands with it.
pub struct Proven<'r> {
    /// The finding.
    pub finding: Finding<'r>,
    /// Its witness, or why there is none; none if it was not asked for, or the finding is not of the kind that has one.
    pub witness: Option<Result<Witness, Unproven>>,
    /// Edits of the new schema, each of which removes it.
    pub fixes: Vec<Fix>,
}

/// The findings of a comparison that are told, and how many are not.
pub fn proven<'r>(
    comparison: &'r Comparison,
    telling: &Telling,
    profile: Profile,
) -> (Vec<Proven<'r>>, usize) {
    let report = &comparison.report;
    let proves = !telling.no_witness && profile == Profile::Spec;
    let mut proofs = witnesses(report);
    let mut all = Vec::new();
    for finding in report.leaves().take(telling.max_findings) {
        // Warnings have none, and are left out of the witnesses.
        let witness = if proves && finding.severity() >= Severity::Hazard {
            proofs.next().map(|it| it.1)
        } else {
            None
        };
        let suggests = !telling.no_fix && comparison.reader_is_new();
        let fixes = if suggests { fixes(finding) } else { Vec::new() };
        all.push(Proven { finding, witness, fixes });
    }
    let more = report.leaves().count().saturating_sub(all.len());
    (all, more)
}

/// What comes of reading a witness, in words.
pub fn outcome(witness: &Witness) -> String {
    match &witness.outcome {
        Outcome::Fails { error, cause } => cause.as_ref().unwrap_or(error).to_string(),
        Outcome::Changes { before, after } => {
            let place = match &*witness.pointer {
                "" => String::new(),
                pointer => format!(" at {pointer}"),
            };
            format!("{before}{place} is read as {after}")
        }
        other => format!("{other:?}"),
    }
}

/// What is added by a fix, in words: `give field "a" the default 0; adds a hazard: ...`
pub fn title(fix: &Fix) -> String {
    let mut title = fix.title.clone();
    for (severity, message) in &fix.adds {
        title.push_str(&format!("; then {severity}: {message}"));
    }
    title
}
