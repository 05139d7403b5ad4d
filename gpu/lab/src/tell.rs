//! What the lab says: events for the course runner, or tables for people.

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

use crate::Result;

/// Says it on standard output.
#[derive(Clone, Copy, Debug)]
pub struct Tell {
    json: bool,
}

impl Tell {
    /// JSON events, a line each, or text.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    fn say(self, event: &Value, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{event}")?;
        } else if !text.is_empty() {
            writeln!(out, "{text}")?;
        }
        Ok(out.flush()?)
    }

    /// How far the work has come.
    pub fn progress(self, done: usize, total: usize, what: &str) -> Result<()> {
        let event = json!({"event": "progress", "done": done, "total": total, "what": what});
        self.say(&event, "")
    }

    /// A measured value.
    pub fn measure(self, id: &str, value: f64, unit: &str) -> Result<()> {
        let event = json!({"event": "measure", "id": id, "value": value, "unit": unit});
        self.say(&event, &format!("{id}: {value:.4} {unit}"))
    }

    /// A value that nobody could measure here.
    pub fn not_measured(self, id: &str, reason: &str) -> Result<()> {
        let event = json!({"event": "not_measured", "id": id, "reason": reason});
        self.say(&event, &format!("{id}: not measured: {reason}"))
    }

    /// A file that was made.
    pub fn artefact(self, path: &Path, title: &str) -> Result<()> {
        let event = json!({"event": "artefact", "path": path, "title": title});
        self.say(&event, &format!("{title}: {}", path.display()))
    }

    /// A remark.
    pub fn note(self, text: &str) -> Result<()> {
        self.say(&json!({"event": "note", "text": text}), text)
    }

    /// A table.
    pub fn table(self, title: &str, columns: &[String], rows: &[Vec<String>]) -> Result<()> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(columns);
        rows.iter().for_each(|row| {
            table.add_row(row);
        });
        let event = json!({"event": "table", "title": title, "columns": columns, "rows": rows});
        self.say(&event, &format!("\n{title}\n{table}"))
    }
}
