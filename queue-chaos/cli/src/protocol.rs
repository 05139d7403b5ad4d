//! What the course runner sees on standard output with `--json`: one JSON event a line.

use std::path::Path;

use serde_json::{Value, json};

use crate::exit::{Result, print};

/// Tells the runner, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    on: bool,
}

impl Protocol {
    /// Silent unless `on`.
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    /// Whether anybody listens.
    pub fn is_on(self) -> bool {
        self.on
    }

    fn tell(self, event: &Value) -> Result<()> {
        if self.on { print(&format!("{event}\n")) } else { Ok(()) }
    }

    /// How far the work has come.
    pub fn progress(self, done: u64, total: u64, what: &str) -> Result<()> {
        self.tell(&json!({"event": "progress", "done": done, "total": total, "what": what}))
    }

    /// A measured value.
    pub fn measure(self, id: &str, value: f64, unit: &str) -> Result<()> {
        self.tell(&json!({"event": "measure", "id": id, "value": value, "unit": unit}))
    }

    /// A value that could not be measured.
    pub fn not_measured(self, id: &str, reason: &str) -> Result<()> {
        self.tell(&json!({"event": "not_measured", "id": id, "reason": reason}))
    }

    /// A file that was made.
    pub fn artefact(self, path: &Path, title: &str) -> Result<()> {
        self.tell(&json!({"event": "artefact", "path": path, "title": title}))
    }

    /// A table.
    pub fn table(self, title: &str, columns: &[&str], rows: &[Vec<Value>]) -> Result<()> {
        self.tell(&json!({"event": "table", "title": title, "columns": columns, "rows": rows}))
    }

    /// A remark.
    pub fn note(self, text: &str) -> Result<()> {
        self.tell(&json!({"event": "note", "text": text}))
    }
}
