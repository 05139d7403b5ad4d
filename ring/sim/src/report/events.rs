//! A report for the course runner: one event a line.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Cell, Report};

/// Writes measures, artefacts, tables and notes.
///
/// # Errors
/// When they cannot be written.
pub fn emit(report: &Report, plots: &[PathBuf], out: &mut dyn Write) -> io::Result<()> {
    let mut line = |event: Value| writeln!(out, "{event}");
    for measure in &report.measures {
        line(
            json!({"event": "measure", "id": measure.id, "value": measure.value, "unit": measure.unit}),
        )?;
    }
    for (path, plot) in plots.iter().zip(&report.plots) {
        line(json!({"event": "artefact", "path": path, "title": plot.title}))?;
    }
    for table in &report.tables {
        let columns: Vec<&str> =
            table.columns.iter().map(|(_, heading)| heading.as_str()).collect();
        let rows: Vec<Vec<Value>> =
            table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        line(json!({"event": "table", "title": table.title, "columns": columns, "rows": rows}))?;
    }
    for note in &report.notes {
        line(json!({"event": "note", "text": note}))?;
    }
    Ok(())
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => text.as_str().into(),
        Cell::Count(count) => (*count).into(),
        Cell::Real(number, _) => (*number).into(),
        Cell::Missing => "-".into(),
    }
}
