//! What the lab says: events for the course runner, or tables for people.

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

use crate::Result;

/// Says it on standard output.
#[derive(Clone, Debug)]
pub struct Tell {
    json: bool,
    counted: Rc<Counted>,
}

/// Measures that softcuda has told, by id, with their units: where a GPU runs the kernels, they stand for what it cannot tell.
pub type Counted = HashMap<String, (f64, String)>;

impl Tell {
    /// JSON events, a line each, or text.
    pub fn new(json: bool) -> Self {
        Self { json, counted: Rc::default() }
    }

    /// The same with what softcuda has told before.
    #[must_use]
    pub fn beside(&self, counted: Counted) -> Self {
        Self { counted: Rc::new(counted), ..self.clone() }
    }

    /// Passes on what another process has said, but for measures, which it gives back.
    pub fn pass_on(&self, line: &str) -> Result<Option<(String, f64, String)>> {
        let event: Value = serde_json::from_str(line)?;
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        match event["event"].as_str() {
            Some("measure") => {
                return Ok(event["value"].as_f64().map(|it| (text("id"), it, text("unit"))));
            }
            Some("not_measured" | "progress") => {}
            Some("table") => {
                let rows = event["rows"].as_array().into_iter().flatten().map(texts);
                self.table(&text("title"), &texts(&event["columns"]), &rows.collect::<Vec<_>>())?;
            }
            Some("artefact") => self.artefact(Path::new(&text("path")), &text("title"))?,
            _ => self.note(&text("text"))?,
        }
        Ok(None)
    }

    fn say(&self, event: &Value, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{event}")?;
        } else if !text.is_empty() {
            writeln!(out, "{text}")?;
        }
        Ok(out.flush()?)
    }

    /// How far the work has come.
    pub fn progress(&self, done: usize, total: usize, what: &str) -> Result<()> {
        let event = json!({"event": "progress", "done": done, "total": total, "what": what});
        self.say(&event, "")
    }

    /// A measured value.
    pub fn measure(&self, id: &str, value: f64, unit: &str) -> Result<()> {
        let event = json!({"event": "measure", "id": id, "value": value, "unit": unit});
        self.say(&event, &format!("{id}: {value:.4} {unit}"))
    }

    /// A value that could not be measured here, but by softcuda perhaps.
    pub fn not_measured(&self, id: &str, reason: &str) -> Result<()> {
        if let Some((value, unit)) = self.counted.get(id) {
            return self.measure(id, *value, unit);
        }
        let event = json!({"event": "not_measured", "id": id, "reason": reason});
        self.say(&event, &format!("{id}: not measured: {reason}"))
    }

    /// A file that was made.
    pub fn artefact(&self, path: &Path, title: &str) -> Result<()> {
        let event = json!({"event": "artefact", "path": path, "title": title});
        self.say(&event, &format!("{title}: {}", path.display()))
    }

    /// A remark.
    pub fn note(&self, text: &str) -> Result<()> {
        self.say(&json!({"event": "note", "text": text}), text)
    }

    /// A table.
    pub fn table(&self, title: &str, columns: &[String], rows: &[Vec<String>]) -> Result<()> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(columns);
        rows.iter().for_each(|row| {
            table.add_row(row);
        });
        let event = json!({"event": "table", "title": title, "columns": columns, "rows": rows});
        self.say(&event, &format!("\n{title}\n{table}"))
    }
}

/// The strings of an array.
fn texts(array: &Value) -> Vec<String> {
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    array.as_array().into_iter().flatten().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_of_another_process_stand_for_what_is_not_measured() {
        let tell = Tell::new(true);
        let line = r#"{"event":"measure","id":"coalescing","value":100.0,"unit":"%"}"#;
        let (id, value, unit) = tell.pass_on(line).unwrap().unwrap();
        assert_eq!((id.as_str(), value, unit.as_str()), ("coalescing", 100.0, "%"));
        let beside = tell.beside(Counted::from([(id, (value, unit))]));
        assert_eq!(beside.counted["coalescing"].0, 100.0);
        let line = r#"{"event":"not_measured","id":"gb_per_second","reason":"no device"}"#;
        assert!(tell.pass_on(line).unwrap().is_none());
        assert!(tell.pass_on("no event").is_err());
        assert_eq!(texts(&json!(["a", "b"])), ["a", "b"]);
    }
}
