//! A report for machines.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Cell, Report, Table};

/// One object: `study`, `parameters`, `measures` (id to value and unit), `tables` (id to rows, a row from column to cell), `notes`,
/// `plots` (the files that were written).
pub fn json(report: &Report, plots: &[PathBuf]) -> Value {
    let parameters: Map<String, Value> =
        report.parameters.iter().map(|(name, cell)| ((*name).to_owned(), value(cell))).collect();
    let measures: Map<String, Value> = report
        .measures
        .iter()
        .map(|measure| {
            let value = serde_json::json!({"value": measure.value, "unit": measure.unit});
            (measure.id.clone(), value)
        })
        .collect();
    let tables: Map<String, Value> =
        report.tables.iter().map(|table| (table.id.to_owned(), rows(table))).collect();
    serde_json::json!({
        "study": report.study, "parameters": parameters, "measures": measures, "tables": tables, "notes": report.notes, "plots": plots,
    })
}

fn rows(table: &Table) -> Value {
    let row = |cells: &Vec<Cell>| {
        let cells = table.columns.iter().zip(cells);
        let row: Map<String, Value> =
            cells.map(|((name, _), cell)| (name.clone(), value(cell))).collect();
        Value::Object(row)
    };
    Value::Array(table.rows.iter().map(row).collect())
}

/// A cell with all its digits; nothing for what is missing.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => text.as_str().into(),
        Cell::Count(count) => (*count).into(),
        Cell::Real(number, _) => (*number).into(),
        Cell::Missing => Value::Null,
    }
}
