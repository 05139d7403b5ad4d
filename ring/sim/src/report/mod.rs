//! What a study found, before anybody decides how to show it.

mod events;
mod json;
mod text;

pub use events::emit;
pub use json::json;
pub use text::{grouped, text};

use crate::plots::Plot;

/// A study's findings.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The study's name on the command line.
    pub study: &'static str,
    /// What it was run with.
    pub parameters: Vec<(&'static str, Cell)>,
    /// Single numbers.
    pub measures: Vec<Measure>,
    /// Rows of numbers.
    pub tables: Vec<Table>,
    /// Pictures.
    pub plots: Vec<Plot>,
    /// Sentences.
    pub notes: Vec<String>,
    /// What to run next, and what that shows.
    pub next: Vec<(String, &'static str)>,
}

/// A single number.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name for machines.
    pub id: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
}

/// Rows of cells.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name for machines.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// Name for machines, and heading, of each column.
    pub columns: Vec<(String, String)>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A word.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number, shown with so many digits behind the point.
    Real(f64, usize),
    /// There is no such number.
    Missing,
}

impl Cell {
    /// A word.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A share of the whole as a percentage.
    pub const fn percent(share: f64) -> Self {
        Self::Real(share * 100.0, 3)
    }

    /// A share that may not be known.
    pub fn percent_or_missing(share: Option<f64>) -> Self {
        share.map_or(Self::Missing, Self::percent)
    }
}

impl Report {
    /// Notes a number.
    pub fn measure(&mut self, id: impl Into<String>, value: f64, unit: &'static str) {
        self.measures.push(Measure { id: id.into(), value, unit });
    }

    /// Takes over what another study found: measures, tables, plots and notes.
    pub fn absorb(&mut self, other: Self) {
        self.measures.extend(other.measures);
        self.tables.extend(other.tables);
        self.plots.extend(other.plots);
        self.notes.extend(other.notes);
    }
}

impl Table {
    /// A table without rows.
    pub fn new(id: &'static str, title: impl Into<String>, columns: &[(&str, &str)]) -> Self {
        let columns = columns.iter().map(|(name, heading)| ((*name).into(), (*heading).into()));
        Self { id, title: title.into(), columns: columns.collect(), rows: Vec::new() }
    }

    /// Adds a column for each name, which is its heading, too.
    pub fn with_columns(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.columns.extend(names.into_iter().map(|name| (name.clone(), name)));
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let row: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.title);
        self.rows.push(row);
    }
}
