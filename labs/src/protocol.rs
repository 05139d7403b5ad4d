//! What a lab's command says on standard output: one JSON object a line.
//!
//! ```json
//! {"event":"progress","done":250000,"total":1000000,"what":"inserting"}
//! {"event":"measure","id":"insert_seconds","value":0.81,"unit":"s"}
//! {"event":"not_measured","id":"io_cross_check","reason":"/proc/self/io is not readable"}
//! {"event":"artefact","path":"out/lab/1-3/latency.svg","title":"Latency of a put"}
//! {"event":"table","title":"Write amplification","columns":["part","bytes"],"rows":[["log",124000000],["flush",17000000]]}
//! {"event":"note","text":"run on ext4"}
//! ```
//! Rules: standard output carries nothing else (messages for people go to standard error). `total` may be 0: not known. A
//! `measure` or `not_measured` of an id comes once. Numbers are finite. A path is absolute or relative to the root of the
//! workspace, which is the command's working directory, and lies in the lab's own directory. A row has as many cells as there are columns;
//! cells are strings or numbers. Exit code 0 says that the work was done, not that the checks hold: the runner judges them.
//! Unknown events and unknown fields are errors, so that a misspelt one does not go unnoticed.

use serde::{Deserialize, Serialize};

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// How far the work has come.
    Progress {
        /// Units done.
        done: u64,
        /// Units in all; 0 if not known.
        total: u64,
        /// The phase.
        what: String,
    },
    /// A measured value.
    Measure {
        /// The name that checks know it by.
        id: String,
        /// The value.
        value: f64,
        /// Its unit.
        unit: String,
    },
    /// A value that could not be measured here.
    NotMeasured {
        /// The name that checks know it by.
        id: String,
        /// Why.
        reason: String,
    },
    /// A file that the lab has written.
    Artefact {
        /// Where.
        path: String,
        /// What it shows.
        title: String,
    },
    /// A table for the report.
    Table(Table),
    /// A sentence for the report.
    Note {
        /// The sentence.
        text: String,
    },
}

/// A table for the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Headings.
    pub columns: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a [`Table`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number, set in figures like all others.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => f.write_str(&gates::report::figure(*number)),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Reads one line. Blank lines are no events and no errors.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse(line: &str) -> std::result::Result<Option<Event>, String> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let event: Event = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if let Event::Table(table) = &event
        && let Some(row) = table.rows.iter().find(|row| row.len() != table.columns.len())
    {
        let (title, columns) = (&table.title, table.columns.len());
        return Err(format!(
            "table `{title}` has {columns} columns, but a row of {} cells",
            row.len()
        ));
    }
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_example_above_is_an_event() {
        let lines = include_str!("protocol.rs").lines();
        let examples: Vec<_> = lines
            .filter_map(|line| line.strip_prefix("//! ").filter(|line| line.starts_with('{')))
            .map(|line| parse(line).unwrap().unwrap())
            .collect();
        assert_eq!(examples.len(), 6);
    }

    #[test]
    fn what_is_no_event_says_why() {
        for (line, says) in [
            ("hello", "expected value"),
            ("{}", "missing field `event`"),
            (r#"{"event":"progres","done":1,"total":1,"what":""}"#, "unknown variant"),
            (r#"{"event":"measure","id":"x","value":"1","unit":"s"}"#, "invalid type"),
            (r#"{"event":"measure","id":"x","value":1e999,"unit":"s"}"#, "out of range"),
            (r#"{"event":"measure","id":"x","value":null,"unit":"s"}"#, "invalid type"),
            (r#"{"event":"measure","id":"x","value":1}"#, "missing field `unit`"),
            (r#"{"event":"note","text":"x","colour":"red"}"#, "unknown field"),
            (r#"{"event":"table","title":"t","columns":["a"],"rows":[["x","y"]]}"#, "2 cells"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
        assert_eq!(parse("  "), Ok(None));
    }

    fn event() -> impl Strategy<Value = Event> {
        let text = ".{0,20}";
        let cell = prop_oneof![
            any::<i32>().prop_map(|n| Cell::Number(f64::from(n) / 8.0)),
            text.prop_map(Cell::Text)
        ];
        let table = (0..4_usize).prop_flat_map(move |width| {
            (
                text,
                proptest::collection::vec(text, width),
                proptest::collection::vec(proptest::collection::vec(cell.clone(), width), 0..4),
            )
        });
        prop_oneof![
            (any::<u64>(), any::<u64>(), text).prop_map(|(done, total, what)| Event::Progress {
                done,
                total,
                what
            }),
            (text, any::<i32>(), text).prop_map(|(id, n, unit)| Event::Measure {
                id,
                value: f64::from(n) / 8.0,
                unit
            }),
            (text, text).prop_map(|(id, reason)| Event::NotMeasured { id, reason }),
            (text, text).prop_map(|(path, title)| Event::Artefact { path, title }),
            table.prop_map(|(title, columns, rows)| Event::Table(Table { title, columns, rows })),
            text.prop_map(|text| Event::Note { text }),
        ]
    }

    proptest! {
        #[test]
        fn events_come_back(event in event()) {
            let line = serde_json::to_string(&event).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(parse(&line), Ok(Some(event)));
        }

        #[test]
        fn no_line_makes_it_panic(line in ".{0,200}") {
            let _ = parse(&line);
        }
    }
}
