//! For people: excerpts of both schemas as a compiler shows them, with witnesses and fixes.

use std::fmt::Write as _;

use avro_compat::check::{Part, RenderOptions, Severity};

use super::comparison::counts;
use super::proof::{self, Proven, proven};
use super::{Comparison, Findings, Paint, Telling};

/// What stands before each finding while they are taken apart; no schema's text is shown with it.
const MARK: char = '\u{1}';

/// More fixes of one finding than this are not suggested.
const FIXES: usize = 3;

pub(super) fn text(findings: &Findings, telling: &Telling, paint: &Paint) -> String {
    let mut out = String::new();
    for comparison in &findings.comparisons {
        if comparison.report.worst().is_some() {
            told(&mut out, comparison, telling, findings, paint);
            out.push('\n');
        }
    }
    for error in &findings.invalid {
        out.push_str(&super::failure::text(error, paint));
        out.push('\n');
    }
    summary(&mut out, findings, paint);
    out
}

fn told(
    out: &mut String,
    comparison: &Comparison,
    telling: &Telling,
    findings: &Findings,
    paint: &Paint,
) {
    let report = &comparison.report;
    let title = paint.label(&comparison.title());
    let _ = writeln!(out, "{title}: {}\n", counts(report));
    let (proven, more) = proven(comparison, telling, findings.profile);
    let pieces = pieces(comparison, telling, paint);
    for (at, (piece, proven)) in pieces.iter().zip(&proven).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(piece);
        notes(out, proven, paint);
    }
    if more > 0 {
        let _ = writeln!(out, "\n... and {more} more: raise --max-findings");
    }
}

/// The text of each finding, by itself.
fn pieces(comparison: &Comparison, telling: &Telling, paint: &Paint) -> Vec<String> {
    let name = |it: &str| it.replace(MARK, " ");
    let mut options = RenderOptions::named(name(&comparison.reader), name(&comparison.writer));
    options.max_findings = telling.max_findings;
    let rendered = comparison.report.render_with(&options, &mut |part, text| {
        let painted = paint.part(part, &text.replace(MARK, " "));
        if let Part::Head(_) = part { format!("{MARK}{painted}") } else { painted }
    });
    let pieces = rendered.split(MARK).skip(1);
    pieces.map(|it| it.trim_end_matches('\n').to_owned() + "\n").collect()
}

fn notes(out: &mut String, proven: &Proven<'_>, paint: &Paint) {
    let Proven { finding, witness, fixes } = proven;
    let (reader, writer) = (finding.reader_location(), finding.writer_location());
    // As wide as the numbers of lines above.
    let margin = reader.position.line.max(writer.position.line).to_string().len() + 2;
    let frame = paint.part(Part::Frame, &format!("{:margin$}= ", ""));
    let blank = format!("{:1$}", "", margin + 2);
    match witness {
        None => {}
        Some(Ok(witness)) => {
            let label = paint.label("witness:");
            let hex = if witness.bytes.is_empty() { "no bytes".into() } else { witness.hex() };
            let _ = writeln!(out, "{frame}{label} {} ({hex})", witness.json);
            let _ = writeln!(out, "{blank}         {}", proof::outcome(witness));
        }
        Some(Err(reason)) => {
            let label = paint.label("no witness:");
            let _ = writeln!(out, "{frame}{label} {reason}");
        }
    }
    for fix in fixes.iter().take(FIXES) {
        let label = paint.label("fix:");
        let _ = writeln!(out, "{frame}{label} {}", proof::title(fix));
        for edit in &fix.edits {
            let _ = writeln!(out, "{blank}     {edit}");
        }
    }
}

fn summary(out: &mut String, findings: &Findings, paint: &Paint) {
    let compared = match findings.comparisons.len() {
        1 => "1 comparison".to_owned(),
        n => format!("{n} comparisons"),
    };
    let subjects = match findings.subjects {
        None => String::new(),
        Some(1) => " of 1 subject".to_owned(),
        Some(n) => format!(" of {n} subjects"),
    };
    let mode = findings.mode.map_or_else(String::new, |it| format!("{it}, "));
    let verdict = match findings.failures() {
        0 => {
            let hazards: usize = count(findings, Severity::Hazard);
            let note = match hazards {
                0 => String::new(),
                1 => ", 1 hazard".to_owned(),
                n => format!(", {n} hazards"),
            };
            format!("{} ({mode}{compared}{subjects}{note})", paint.good("compatible"))
        }
        n => {
            let failed = if n == 1 { "1 fails".into() } else { format!("{n} fail") };
            format!("{} ({mode}{compared}{subjects}, {failed})", paint.bad("incompatible"))
        }
    };
    let _ = writeln!(out, "{verdict}");
    if let Some(impact) = findings.impact {
        let side =
            |worst: Option<Severity>| worst.map_or("nothing".to_owned(), |it| it.to_string());
        let _ = writeln!(
            out,
            "change: {} (worst for new readers of old data: {}; for old readers of new data: {})",
            paint.label(impact.change.as_str()),
            side(impact.new_readers),
            side(impact.old_readers),
        );
    }
}

fn count(findings: &Findings, severity: Severity) -> usize {
    findings.comparisons.iter().map(|it| it.report.count(severity)).sum()
}
