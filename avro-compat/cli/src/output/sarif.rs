//! For code scanning: SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use avro_compat::check::{Finding, FindingKind};
use avro_compat::fix::Fix;
use avro_compat::json::{Json, Position};
use avro_compat::{Location, check::Severity};
use serde_json::{Value, json};

use super::proof::{Proven, outcome, proven, title};
use super::{Comparison, Findings, Telling, rules};
use crate::address::uri;
use crate::error::Error;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn text(findings: &Findings, telling: &Telling) -> String {
    let mut kinds: Vec<FindingKind> = Vec::new();
    let mut results = Vec::new();
    for comparison in &findings.comparisons {
        for proven in proven(comparison, telling, findings.profile).0 {
            let kind = proven.finding.kind();
            let rule = kinds.iter().position(|it| *it == kind).unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            });
            results.push(result(comparison, &proven, rule));
        }
    }
    let mut all: Vec<Value> = kinds.into_iter().map(rule).collect();
    results.extend(findings.invalid.iter().map(|it| invalid(it, all.len())));
    if !findings.invalid.is_empty() {
        all.push(invalid_rule());
    }
    run(&all, &results, findings.invalid.is_empty())
}

/// An error that is not a finding.
pub(super) fn failure(error: &Error) -> String {
    run(&[invalid_rule()], &[invalid(error, 0)], false)
}

fn run(rules: &[Value], results: &[Value], successful: bool) -> String {
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "avro-compat",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": successful}],
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(kind: FindingKind) -> Value {
    json!({
        "id": kind.as_str(),
        "shortDescription": {"text": rules::description(kind)},
        "defaultConfiguration": {
            "level": rules::sarif_level(kind.severity().unwrap_or(Severity::Error)),
        },
    })
}

fn invalid_rule() -> Value {
    json!({
        "id": "schema",
        "shortDescription": {"text": "The input cannot be read, or is no schema"},
        "defaultConfiguration": {"level": "error"},
    })
}

fn invalid(error: &Error, rule: usize) -> Value {
    let (message, locations) = match error {
        Error::Invalid(it) => {
            let location = it.error.location();
            let Position { line, column } = location.position;
            let region = json!({"startLine": line, "startColumn": column});
            let name = location.source.as_deref().unwrap_or(&it.name);
            (
                it.error.problem().to_string(),
                vec![json!({"physicalLocation": physical(name, &region)})],
            )
        }
        other => (other.to_string(), Vec::new()),
    };
    json!({
        "ruleId": "schema",
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": message},
        "locations": locations,
    })
}

fn result(comparison: &Comparison, proven: &Proven<'_>, rule: usize) -> Value {
    let Proven { finding, witness, fixes } = proven;
    let reader = place(&finding.reader_location(), finding.reader_json(), &comparison.reader);
    let writer = place(&finding.writer_location(), finding.writer_json(), &comparison.writer);
    // The result is one of the new schema, whoever reads.
    let (new, old, label) = if comparison.reader_is_new() {
        (reader, writer, "written as this")
    } else {
        (writer, reader, "read as this")
    };
    let mut message = format!("{}: {}", comparison.title(), finding.message());
    let mut properties =
        json!({"path": finding.path_text(), "direction": comparison.direction.as_str()});
    if let Some(subject) = &comparison.subject {
        properties["subject"] = json!(subject);
    }
    if let Some(Ok(witness)) = witness {
        message.push_str(&format!("\nWitness: {} ({})", witness.json, witness.hex()));
        let (json, hex) = (&witness.json, witness.hex());
        properties["witness"] = json!({"json": json, "hex": hex, "outcome": outcome(witness)});
    }
    let related = json!([{"id": 0, "physicalLocation": old, "message": {"text": label}}]);
    let mut result = json!({
        "ruleId": finding.kind().as_str(),
        "ruleIndex": rule,
        "level": rules::sarif_level(finding.severity()),
        "message": {"text": message},
        "locations": [{"physicalLocation": new}],
        "relatedLocations": related,
        "properties": properties,
    });
    if !fixes.is_empty() {
        let all: Vec<_> = fixes.iter().map(|it| fix(it, *finding, &comparison.reader)).collect();
        result["fixes"] = json!(all);
    }
    result
}

/// A place, from where a value begins to where it ends.
fn place(location: &Location, json: Json<'_>, name: &str) -> Value {
    let Position { line, column } = location.position;
    let end = Position::of(json.document().text(), json.span().end);
    let region = json!({
        "startLine": line, "startColumn": column, "endLine": end.line, "endColumn": end.column,
    });
    physical(location.source.as_deref().unwrap_or(name), &region)
}

fn physical(name: &str, region: &Value) -> Value {
    json!({"artifactLocation": {"uri": uri(name)}, "region": region})
}

fn fix(fix: &Fix, finding: Finding<'_>, name: &str) -> Value {
    let text = finding.report().reader().text();
    let replacements: Vec<_> = fix
        .edits
        .iter()
        .map(|it| {
            let [start, end] = [it.span.start, it.span.end].map(|at| Position::of(text, at));
            json!({
                "deletedRegion": {
                    "startLine": start.line, "startColumn": start.column,
                    "endLine": end.line, "endColumn": end.column,
                },
                "insertedContent": {"text": it.replacement},
            })
        })
        .collect();
    json!({
        "description": {"text": title(fix)},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri(name)},
            "replacements": replacements,
        }],
    })
}
