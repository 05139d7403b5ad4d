//! What remains of a run: a table on the terminal, a page, a JSON file.

mod gates;
mod kept;
mod page;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ::gates::measurement::Environment;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::check::Verdict;
use crate::execution::{End, LabResult};
use crate::{Error, Result};

pub use kept::{Kept, kept};
pub(crate) use page::day;

/// Columns of a table in a log, where no terminal says how wide it is.
const LOG_WIDTH: u16 = 130;

/// Everything that a run has shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// Version of this format.
    pub format: u32,
    /// Where it was run.
    pub environment: Environment,
    /// The labs, in the order they ran.
    pub labs: Vec<LabResult>,
}

impl Results {
    /// Results of this machine.
    #[must_use]
    pub fn new(environment: Environment, labs: Vec<LabResult>) -> Self {
        Self { format: 1, environment, labs }
    }

    /// How many checks passed, failed, and were not measured.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        self.labs
            .iter()
            .map(LabResult::counts)
            .fold((0, 0, 0), |sum, lab| (sum.0 + lab.0, sum.1 + lab.1, sum.2 + lab.2))
    }

    /// What the runner exits with: 2 if a lab could not be built or started, else 1 if a check failed, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.labs.iter().any(|lab| matches!(lab.outcome.end, End::NotStarted(_))) {
            2
        } else {
            u8::from(self.counts().1 > 0)
        }
    }

    /// One line: green or not, and the counts.
    #[must_use]
    pub fn summary(&self) -> String {
        let (passed, failed, not_measured) = self.counts();
        let colour = if failed == 0 { "green" } else { "not green" };
        format!("{colour}: {passed} checks passed, {failed} failed, {not_measured} not measured")
    }
}

/// The acceptance table and its summary.
#[must_use]
pub fn table(results: &Results) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["lab", "check", "measured", "required", "verdict"]);
    if !table.is_tty() {
        table.set_width(LOG_WIDTH);
    }
    for lab in &results.labs {
        for judged in &lab.checks {
            table.add_row([
                Cell::new(&lab.id),
                Cell::new(&judged.what),
                Cell::new(judged.measured_text()),
                Cell::new(&judged.required),
                Cell::new(judged.verdict.to_string()).fg(match judged.verdict {
                    Verdict::Pass => Color::Green,
                    Verdict::Fail => Color::Red,
                    Verdict::NotMeasured(_) => Color::Grey,
                }),
            ]);
        }
    }
    format!("{table}\n{}\n", results.summary())
}

/// Prints the acceptance table on standard output.
///
/// # Errors
/// [`Error::Io`] if standard output is closed.
pub fn print(results: &Results) -> Result<()> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(table(results).as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Error::io(Path::new("standard output"), error))
}

/// Writes what a run has shown to `out/report/results.json`, keeps it lab by lab, and renders the page anew; returns the page's path.
///
/// # Errors
/// [`Error::Io`].
pub fn save(results: &Results, root: &Path) -> Result<PathBuf> {
    write(root, "results.json", &serde_json::to_string_pretty(results)?)?;
    kept::keep(results, root)?;
    render(root)
}

/// Renders `out/report/index.html` from what is kept of all labs, and from what the gates have measured; returns its path.
///
/// # Errors
/// [`Error::Io`].
pub fn render(root: &Path) -> Result<PathBuf> {
    let (judged, history) = gates::load(root);
    write(root, "index.html", &page::page(&kept(root)?, &judged, &history))
}

fn write(root: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let directory = root.join("out/report");
    std::fs::create_dir_all(&directory).map_err(|error| Error::io(&directory, error))?;
    let path = directory.join(name);
    std::fs::write(&path, text).map_err(|error| Error::io(&path, error))?;
    Ok(path)
}
