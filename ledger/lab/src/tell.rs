//! What the lab says: events for the course runner, or text for people.

use std::{io::Write, path::Path};

use serde_json::{Value, json};

/// Says it on standard output.
pub(crate) struct Tell {
    json: bool,
}

impl Tell {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn progress(&self, done: u64, total: u64, what: &str) {
        self.say(
            &json!({ "event": "progress", "done": done, "total": total, "what": what }),
            &format!("== {what}"),
        );
    }

    pub(crate) fn measure(&self, id: &str, value: f64, unit: &str) {
        self.say(
            &json!({ "event": "measure", "id": id, "value": value, "unit": unit }),
            &format!("{id}: {value} {unit}"),
        );
    }

    pub(crate) fn not_measured(&self, id: &str, reason: &str) {
        let event = json!({ "event": "not_measured", "id": id, "reason": reason });
        self.say(&event, &format!("{id}: not measured: {reason}"));
    }

    pub(crate) fn note(&self, text: &str) {
        self.say(&json!({ "event": "note", "text": text }), text);
    }

    pub(crate) fn artefact(&self, path: &Path, title: &str) {
        let event = json!({ "event": "artefact", "path": path, "title": title });
        self.say(&event, &format!("{}: {title}", path.display()));
    }

    pub(crate) fn table(&self, title: &str, columns: &[&str], rows: &[Vec<Value>]) {
        let text: Vec<String> = rows
            .iter()
            .map(|row| {
                let cells: Vec<String> = row
                    .iter()
                    .map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned))
                    .collect();
                cells.join(" | ")
            })
            .collect();
        let event = json!({ "event": "table", "title": title, "columns": columns, "rows": rows });
        self.say(&event, &format!("{title}\n{}\n{}", columns.join(" | "), text.join("\n")));
    }

    fn say(&self, event: &Value, text: &str) {
        let mut out = std::io::stdout().lock();
        // Nobody listens any more: the work is stopped from outside.
        let _ = if self.json { writeln!(out, "{event}") } else { writeln!(out, "{text}") };
        let _ = out.flush();
    }
}
