//! The judge's table, and its file.

use std::io::Write as _;
use std::path::Path;

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};

use crate::judge::{Judged, Judgement, Verdict};
use crate::measurement::replace;
use crate::{Error, Result};

/// Columns of a table in a log, where no terminal says how wide it is.
const LOG_WIDTH: u16 = 130;

/// A number for people: four significant digits, or whole with separators from a thousand on.
#[must_use]
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if size >= 999.95 {
        let digits = format!("{:.0}", size);
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        return if value < 0.0 { format!("-{text}") } else { text };
    }
    let decimals = match size {
        0.0 => return "0".to_owned(),
        100.0.. => 1,
        10.0.. => 2,
        1.0.. => 3,
        0.001.. => 4,
        _ => return format!("{value:.2e}"),
    };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// One table of all gates, and lines that sum it up.
#[must_use]
pub fn table(judgement: &Judgement) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["gate", "measured", "threshold", "verdict", "noise"]);
    if !table.is_tty() {
        table.set_width(LOG_WIDTH);
    }
    for judged in &judgement.gates {
        table.add_row([
            Cell::new(&judged.gate.id),
            Cell::new(measured(judged)),
            Cell::new(threshold(judged)),
            Cell::new(judged.verdict.to_string()).fg(match judged.verdict {
                Verdict::Pass => Color::Green,
                Verdict::Fail => Color::Red,
                Verdict::TooNoisy => Color::Yellow,
                Verdict::NotMeasured(_) => Color::Grey,
            }),
            Cell::new(noise(judged)),
        ]);
    }
    let mut text = format!("{table}\n");
    text += &format!(
        "{} passed, {} failed, {} too noisy, {} not measured\n",
        judgement.passed(),
        judgement.failed(),
        judgement.noisy(),
        judgement.not_measured()
    );
    for (file, environment) in &judgement.environments {
        text += &format!("{file}: {}\n", environment.summary());
    }
    text
}

/// What was measured, and against whom.
#[must_use]
pub fn measured(judged: &Judged) -> String {
    let Some(decisive) = judged.decisive() else { return "-".to_owned() };
    let unit = &judged.gate.unit;
    match (&decisive.rival, decisive.theirs) {
        (Some(rival), Some(theirs)) => format!(
            "{}x {rival} ({} : {} {unit})",
            figure(decisive.value),
            figure(decisive.ours),
            figure(theirs)
        ),
        _ => format!("{} {unit}", figure(decisive.value)),
    }
}

/// What is required.
#[must_use]
pub fn threshold(judged: &Judged) -> String {
    let gate = &judged.gate;
    let times = if gate.rivals.is_empty() { "" } else { "x" };
    format!("{} {}{times}", gate.comparison, figure(gate.threshold))
}

fn noise(judged: &Judged) -> String {
    judged.decisive().map_or_else(
        || "-".to_owned(),
        |decisive| format!("{} over {} rounds", figure(decisive.spread), judged.rounds),
    )
}

/// Prints the table on standard output.
///
/// # Errors
/// [`Error::Io`] if standard output is closed.
pub fn print(judgement: &Judgement) -> Result<()> {
    let mut output = std::io::stdout().lock();
    output
        .write_all(table(judgement).as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Error::io(Path::new("standard output"), error))
}

/// The judgement as JSON.
///
/// # Errors
/// Only if JSON cannot hold it, which a finite judgement never meets.
pub fn json(judgement: &Judgement) -> Result<String> {
    serde_json::to_string_pretty(judgement)
        .map_err(|error| Error::malformed(Path::new("gates.json"), error))
}

/// Writes the judgement as JSON, over whatever was there.
///
/// # Errors
/// [`Error::Io`].
pub fn save(judgement: &Judgement, path: &Path) -> Result<()> {
    replace(path, &json(judgement)?)
}

/// Reads what [`save`] has written.
///
/// # Errors
/// [`Error::Io`], [`Error::Malformed`].
pub fn load(path: &Path) -> Result<Judgement> {
    let text = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    serde_json::from_slice(&text).map_err(|error| Error::malformed(path, error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;
    use crate::gate::Gates;
    use crate::judge::judge_all;
    use crate::measurement::{Environment, Measurement, MeasurementFile, Round};

    #[test]
    fn a_judgement_comes_back_as_it_was_saved() {
        let rounds =
            [4.0, 6.0, 5.0].map(|ours| Round::against(ours, [("postgres", 0.25)])).to_vec();
        let measurement = Measurement::measured("ledger.batch.rows", "transfers/s", rounds);
        let file = MeasurementFile::new(Environment::here(), vec![measurement]);
        let judgement =
            judge_all(&Gates::embedded().unwrap(), &[("ledger.json".into(), file)], None).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gates.json");
        save(&judgement, &path).unwrap();
        assert_eq!(load(&path).unwrap(), judgement);
    }

    #[test]
    fn figures_for_people() {
        for (value, text) in [
            (0.0, "0"),
            (4.0, "4"),
            (1.25, "1.25"),
            (1.2504, "1.25"),
            (1.251, "1.251"),
            (0.8, "0.8"),
            (12.345, "12.35"),
            (123.45, "123.5"),
            (999.96, "1,000"),
            (1234567.8, "1,234,568"),
            (-1234.0, "-1,234"),
            (0.00001, "1.00e-5"),
            (100.0, "100"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(figure(value), text);
        }
    }
}
