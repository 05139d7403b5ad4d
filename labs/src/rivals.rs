//! A lab's work beside that of the rivals, from the last run of the gates.
//!
//! The runner builds no rival: RocksDB alone takes some twenty minutes. Where `just bench AREA` has been run, what it measured is
//! shown with the lab; elsewhere a note says how to get it.

use std::collections::BTreeMap;
use std::path::Path;

use gates::Error as GatesError;
use gates::judge::quantile;
use gates::measurement::{Measurement, MeasurementFile};
use gates::report::figure;

use crate::protocol::{Cell, Table};

/// The medians of everything in `out/measurements/AREA.json` below `root` that was measured against rivals: ours, and each rival at the
/// best of its configurations.
///
/// # Errors
/// A sentence for the report: that nothing was measured, and what would do it, or why the file cannot be read.
pub fn table(root: &Path, area: &str) -> Result<Table, String> {
    let path = root.join("out/measurements").join(format!("{area}.json"));
    let file = match MeasurementFile::load(&path) {
        Ok(file) => file,
        Err(GatesError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(format!(
                "Beside its rivals: not measured on this machine; `just bench {area}` builds them and measures both"
            ));
        }
        Err(error) => return Err(format!("Beside its rivals: not shown: {error}")),
    };
    let measured: Vec<_> =
        file.measurements.iter().filter(|one| !medians(one).is_empty()).collect();
    let mut names: Vec<String> = measured.iter().flat_map(|one| medians(one).into_keys()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(format!(
            "Beside its rivals: they were not built in the last run; `just bench {area}` does that"
        ));
    }
    let rows = measured.iter().map(|one| {
        let ours: Vec<f64> = one.rounds.iter().map(|round| round.ours).collect();
        let rivals = medians(one);
        let cell = |name: &String| {
            rivals.get(name).map_or_else(
                || Cell::Text("-".to_owned()),
                |(value, configuration)| Cell::Text(format!("{}{configuration}", figure(*value))),
            )
        };
        let mut row = vec![
            Cell::Text(one.gate.clone()),
            Cell::Text(one.unit.clone()),
            Cell::Number(quantile(&ours, 0.5)),
        ];
        row.extend(names.iter().map(cell));
        row
    });
    let mut columns = ["gate", "unit", "ours"].map(str::to_owned).to_vec();
    columns.extend(names.iter().cloned());
    Ok(Table {
        title: format!(
            "Beside its rivals, each at its best ({}; medians of the last `just bench {area}`)",
            file.environment.summary()
        ),
        rows: rows.collect(),
        columns,
    })
}

/// By rival the median of its best configuration, with the configuration's name: the highest rate, the least of anything else.
fn medians(measurement: &Measurement) -> BTreeMap<String, (f64, String)> {
    let mut by_name = BTreeMap::<&String, Vec<f64>>::new();
    for (name, value) in measurement.rounds.iter().flat_map(|round| &round.rivals) {
        by_name.entry(name).or_default().push(*value);
    }
    let is_rate = measurement.unit.ends_with("/s");
    let mut best = BTreeMap::<String, (f64, String)>::new();
    for (name, values) in by_name {
        let median = quantile(&values, 0.5);
        let (rival, configuration) = name.split_once('/').unwrap_or((name, ""));
        let configuration =
            if configuration.is_empty() { String::new() } else { format!(" ({configuration})") };
        let better = best
            .get(rival)
            .is_none_or(|(value, _)| if is_rate { median > *value } else { median < *value });
        if better {
            best.insert(rival.to_owned(), (median, configuration));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use gates::measurement::{Environment, Round};

    use super::*;

    fn file(measurements: Vec<Measurement>) -> (tempfile::TempDir, MeasurementFile) {
        let root = tempfile::tempdir().unwrap();
        let file = MeasurementFile::new(Environment::default(), measurements);
        file.save(&root.path().join("out/measurements"), "area").unwrap();
        (root, file)
    }

    #[test]
    fn the_best_configuration_stands_for_a_rival() {
        let rounds = |scale: f64| {
            (1..4).map(f64::from).map(move |round| {
                let rivals = [("slow", 1.0), ("slow/tuned", 3.0), ("other", 2.0)];
                Round::against(
                    10.0 * round,
                    rivals.map(|(name, value)| (name, value * scale * round)),
                )
            })
        };
        let (root, _) = file(vec![
            Measurement::measured("area.rate", "reads/s", rounds(1.0).collect()),
            Measurement::measured("area.time", "us", rounds(1.0).collect()),
            Measurement::measured("area.alone", "s", vec![Round::absolute(1.0)]),
        ]);
        let table = table(root.path(), "area").unwrap();
        assert_eq!(table.columns, ["gate", "unit", "ours", "other", "slow"]);
        let text = |row: usize| table.rows[row].iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(table.rows.len(), 2, "what has no rival is not here");
        assert_eq!(text(0), ["area.rate", "reads/s", "20", "4", "6 (tuned)"]);
        assert_eq!(text(1), ["area.time", "us", "20", "4", "2"]);
    }

    #[test]
    fn without_a_run_there_is_advice() {
        let root = tempfile::tempdir().unwrap();
        assert!(table(root.path(), "area").unwrap_err().contains("just bench area"));
        let (root, _) =
            file(vec![Measurement::measured("area.alone", "s", vec![Round::absolute(1.0)])]);
        assert!(table(root.path(), "area").unwrap_err().contains("not built"));
    }
}
