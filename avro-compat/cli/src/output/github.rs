//! For GitHub Actions: workflow commands, which become annotations of the new schema's lines.

use std::fmt::Write as _;

use avro_compat::Location;

use super::proof::{Proven, outcome, proven, title};
use super::{Comparison, Findings, Telling, rules};
use crate::error::Error;

pub(super) fn text(findings: &Findings, telling: &Telling) -> String {
    let mut out = String::new();
    for comparison in &findings.comparisons {
        let (all, more) = proven(comparison, telling, findings.profile);
        all.iter().for_each(|it| finding(&mut out, comparison, it));
        if more > 0 {
            let message = escape(&format!("{}: {more} more findings", comparison.title()));
            let _ = writeln!(out, "::notice::{message}");
        }
    }
    findings.invalid.iter().for_each(|it| out.push_str(&failure(it)));
    out
}

fn finding(out: &mut String, comparison: &Comparison, proven: &Proven<'_>) {
    let Proven { finding, witness, fixes } = proven;
    let reader = (finding.reader_location(), &comparison.reader);
    let writer = (finding.writer_location(), &comparison.writer);
    // The annotation is one of the new schema, whoever reads.
    let (new, old) = if comparison.reader_is_new() { (reader, writer) } else { (writer, reader) };
    let mut message = format!("{}: {}", comparison.title(), finding.message());
    let Location { source, position, .. } = &old.0;
    let source = source.as_deref().unwrap_or(old.1);
    let _ = write!(message, "\nagainst {source}:{}:{}", position.line, position.column);
    if let Some(Ok(witness)) = witness {
        let _ = write!(message, "\nwitness: {} ({})", witness.json, witness.hex());
        let _ = write!(message, "\n{}", outcome(witness));
    }
    for fix in fixes {
        let _ = write!(message, "\nfix: {}", title(fix));
    }
    let command = rules::github_command(finding.severity());
    command_line(out, command, &new.0, new.1, finding.kind().as_str(), &message);
}

fn command_line(
    out: &mut String,
    command: &str,
    location: &Location,
    name: &str,
    title: &str,
    message: &str,
) {
    let file = escape_property(location.source.as_deref().unwrap_or(name));
    let (line, column) = (location.position.line, location.position.column);
    let (title, message) = (escape_property(title), escape(message));
    let _ =
        writeln!(out, "::{command} file={file},line={line},col={column},title={title}::{message}");
}

/// An error that is not a finding.
pub(super) fn failure(error: &Error) -> String {
    let mut out = String::new();
    match error {
        Error::Invalid(it) => {
            let message = it.error.problem().to_string();
            command_line(&mut out, "error", it.error.location(), &it.name, "schema", &message);
        }
        other => {
            let _ = writeln!(out, "::error::{}", escape(&other.to_string()));
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}
