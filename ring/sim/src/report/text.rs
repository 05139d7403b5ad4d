//! A report for people.

use std::fmt::Write as _;
use std::path::PathBuf;

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};

use super::{Cell, Report, Table};

/// Rows of one table that are shown; all are in the JSON.
const MOST_ROWS: usize = 48;

/// Columns where no terminal says how wide it is.
const LOG_WIDTH: u16 = 140;

/// Tables, notes, and what to do next.
pub fn text(report: &Report, plots: &[PathBuf]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail; the results are dropped for that reason here and below.
    for table in &report.tables {
        let _ = writeln!(text, "{}\n{}", table.title, grid(table));
        if table.rows.len() > MOST_ROWS {
            let left = table.rows.len() - MOST_ROWS;
            let _ = writeln!(text, "and {left} more rows; --json has them all");
        }
        text.push('\n');
    }
    for note in &report.notes {
        let _ = writeln!(text, "{note}");
    }
    for plot in plots {
        let _ = writeln!(text, "Plot: {}", plot.display());
    }
    if !report.next.is_empty() {
        let mut next = empty();
        next.set_header(["next", "shows"]);
        for (command, shows) in &report.next {
            next.add_row([command.as_str(), shows]);
        }
        let _ = writeln!(text, "\n{next}");
    }
    text
}

fn empty() -> Grid {
    let mut grid = Grid::new();
    grid.load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !grid.is_tty() {
        grid.set_width(LOG_WIDTH);
    }
    grid
}

fn grid(table: &Table) -> Grid {
    let mut grid = empty();
    grid.set_header(table.columns.iter().map(|(_, heading)| heading));
    for row in table.rows.iter().take(MOST_ROWS) {
        grid.add_row(row.iter().map(|cell| {
            let alignment = match cell {
                Cell::Text(_) => CellAlignment::Left,
                _ => CellAlignment::Right,
            };
            comfy_table::Cell::new(shown(cell)).set_alignment(alignment)
        }));
    }
    grid
}

/// A cell for people.
pub fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => grouped(*count),
        Cell::Real(number, digits) => format!("{number:.digits$}"),
        Cell::Missing => "-".to_owned(),
    }
}

/// `1,000,000`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(shown(&Cell::Count(1_234_567)), "1,234,567");
        assert_eq!(shown(&Cell::Count(123)), "123");
        assert_eq!(shown(&Cell::percent(0.25)), "25.000");
        assert_eq!(shown(&Cell::Missing), "-");
    }

    #[test]
    fn long_tables_are_cut_and_say_so() {
        let mut table = Table::new("t", "Title", &[("a", "A")]);
        for number in 0..50 {
            table.row([Cell::Count(number)]);
        }
        let report = Report { tables: vec![table], ..Report::default() };
        let text = text(&report, &[]);
        assert!(
            text.contains("47") && text.contains("and 2 more rows") && !text.contains("48"),
            "{text}"
        );
    }
}
