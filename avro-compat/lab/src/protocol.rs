//! The course runner's protocol.

use std::path::Path;

use serde_json::{Value, json};

#[expect(clippy::print_stdout, reason = "the protocol")]
fn emit(event: &Value) {
    println!("{event}");
}

/// What stops the lab.
#[expect(clippy::print_stderr, reason = "this is where a program's errors go")]
pub fn complain(error: &dyn std::error::Error) {
    eprintln!("lab-avro: {error}");
}

/// How far a phase has come.
pub fn progress(done: u64, total: u64, what: &str) {
    emit(&json!({"event": "progress", "done": done, "total": total, "what": what}));
}

/// A count of something.
pub fn measure(id: &str, value: u64, unit: &str) {
    emit(&json!({"event": "measure", "id": id, "value": value, "unit": unit}));
}

/// A file that was written.
pub fn artefact(path: &Path, title: &str) {
    emit(&json!({"event": "artefact", "path": path, "title": title}));
}

/// A table for the report.
pub fn table(title: &str, columns: &[&str], rows: Vec<Vec<String>>) {
    emit(&json!({"event": "table", "title": title, "columns": columns, "rows": rows}));
}

/// A sentence for the report.
pub fn note(text: &str) {
    emit(&json!({"event": "note", "text": text}));
}
