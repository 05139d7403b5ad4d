//! What was found: as a table, as JSON, and as events of the course runner.

use comfy_table::{Table, presets};
use serde_json::{Value, json};

use crate::finding::{Examination, State};

/// For people. `width` is how many columns the terminal has, if it is known.
#[must_use]
pub fn table(examination: &Examination, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table.set_header(["", "what", "here", "for"]);
    for finding in &examination.findings {
        let (mark, here) = match &finding.state {
            State::Found { detail } => ("found", detail.clone()),
            State::Missing { without, get } => ("missing", format!("{without}\nget it: {get}")),
        };
        table.add_row([mark, finding.name, &here, finding.purpose]);
    }
    let lacking: Vec<&str> = examination.lacking().map(|finding| finding.name).collect();
    let next = if lacking.is_empty() {
        "All that is required is there. Next: ./dev_up.sh, or `just module 1`.".to_owned()
    } else {
        format!(
            "Missing, and required: {}. ./dev_up.sh installs it where it can.",
            lacking.join(", ")
        )
    };
    format!("{}\n{table}\n{next}", examination.system)
}

/// For machines.
#[must_use]
pub fn json(examination: &Examination) -> Value {
    json!(examination)
}

/// What lab 00-A reports, a JSON object a line: see `labs::protocol`.
#[must_use]
pub fn events(examination: &Examination) -> Vec<Value> {
    let measure = |id: &str, value: f64, unit: &str| json!({ "event": "measure", "id": id, "value": value, "unit": unit });
    let rows: Vec<Value> = examination
        .findings
        .iter()
        .map(|finding| {
            let (state, detail) = match &finding.state {
                State::Found { detail } => ("found", detail.clone()),
                State::Missing { without, get } => ("missing", format!("{without}; get it: {get}")),
            };
            json!([finding.name, state, detail, finding.purpose])
        })
        .collect();
    let found = |name: &str| {
        let found =
            examination.findings.iter().any(|it| it.name.starts_with(name) && it.state.is_found());
        f64::from(u8::from(found))
    };
    // There are a few dozen.
    let there = examination.there() as f64;
    vec![
        measure("required_missing", examination.lacking().count() as f64, "things"),
        measure("found", there, "things"),
        measure("brokers", found("broker"), "kinds"),
        measure("gpu_paths", found("GPU"), "kinds"),
        measure("syncs", examination.disk.syncs as f64, "syncs"),
        measure("sync_median_us", examination.disk.sync_median_us, "us"),
        json!({ "event": "table", "title": format!("This machine: {}", examination.system), "columns": ["what", "", "here", "for"], "rows": rows }),
    ]
}
