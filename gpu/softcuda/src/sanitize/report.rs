//! What the checks of a launch have found, in all.

use super::finding::{Finding, Level};
use crate::count::Statistics;
use crate::machine::LaunchError;
use std::fmt;

/// The findings of a launch, and how it ended.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Report {
    /// The kernel.
    pub kernel: String,
    /// What was found, worst first, then in the order of the PTX text.
    pub findings: Vec<Finding>,
    /// Occurrences that were not kept, past the limit.
    pub dropped: u64,
    /// What the launch returned. An error of a thread or a deadlock is among the findings too.
    #[cfg_attr(feature = "json", serde(serialize_with = "outcome"))]
    pub outcome: Result<Statistics, LaunchError>,
}

#[cfg(feature = "json")]
fn outcome<S: serde::Serializer>(
    outcome: &Result<Statistics, LaunchError>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match outcome {
        Ok(_) => to.serialize_str("completed"),
        Err(error) => to.collect_str(error),
    }
}

impl Report {
    /// Whether there is no finding of any level, and the launch came to its end.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.dropped == 0 && self.outcome.is_ok()
    }

    /// Findings of this level.
    pub fn of_level(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.level == level)
    }

    /// Whether anything is wrong: a finding of level [`Level::Error`], or a launch that did not come to its end.
    pub fn has_errors(&self) -> bool {
        self.of_level(Level::Error).next().is_some() || self.outcome.is_err()
    }

    /// One line a finding, with a head and a sum.
    pub fn table(&self) -> String {
        let mut rows = vec![["level", "kind", "count", "at", "and"].map(str::to_owned)];
        for finding in &self.findings {
            let at = |place: &Option<super::Place>| match place {
                Some(place) => match &place.source {
                    Some((file, line)) => format!("{file}:{line}"),
                    None => format!("PTX {}", place.line),
                },
                None => String::new(),
            };
            rows.push([
                finding.level.to_string(),
                finding.kind.describe().to_owned(),
                finding.count.to_string(),
                at(&finding.place),
                at(&finding.other),
            ]);
        }
        let mut widths = [0; 5];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.len().max(*width);
            }
        }
        let mut out = String::new();
        for row in &rows {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(widths).enumerate() {
                line +=
                    &if i == 2 { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            }
            out += line.trim_end();
            out.push('\n');
        }
        out + &self.sum()
    }

    fn sum(&self) -> String {
        let count = |level| self.of_level(level).count();
        let dropped = match self.dropped {
            0 => String::new(),
            n => format!(", {n} occurrences not kept"),
        };
        format!(
            "{}: {} errors, {} warnings{dropped}",
            self.kernel,
            count(Level::Error),
            count(Level::Warning)
        )
    }

    /// As JSON.
    ///
    /// # Errors
    /// When it cannot be written, which no report is known to cause.
    #[cfg(feature = "json")]
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

impl fmt::Display for Report {
    /// In the form of compute-sanitizer: all findings, and a line that sums them up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}\n=========")?;
        }
        write!(f, "========= ERROR SUMMARY: {}", self.sum())
    }
}
