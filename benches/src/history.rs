//! What gates have measured before: `out/gates.history.jsonl`, a line a run of a bench.
//!
//! ```json
//! {"file":"ring.json","measured_at":1795449600,"commit":"fc36709...","machine":"AMD EPYC, 2 cores","gates":{"ring.lookup.jump.10":{"value":1.31,"verdict":"pass"}}}
//! ```
//! A run is known by its file and its time: judging it twice adds nothing. A line that is none (a disk that was full, an editor) is passed over, and stays.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::judge::Judgement;
use crate::measurement::MeasurementFile;
use crate::{Error, Result};

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 1 << 20;

/// A run of a bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The file with its measurements.
    pub file: String,
    /// When, in seconds since 1970.
    pub measured_at: u64,
    /// Of which commit.
    pub commit: String,
    /// On what.
    pub machine: String,
    /// What was measured, by gate.
    pub gates: BTreeMap<String, Point>,
}

/// What one gate measured in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What was compared with the threshold.
    pub value: f64,
    /// What the judge said.
    pub verdict: String,
}

/// Where the history is, below the root of the workspace.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join("out/gates.history.jsonl")
}

/// Adds the runs of a judgement that are not there yet. Costs reading the history.
///
/// # Errors
/// [`Error::Io`].
pub fn record(
    files: &[(PathBuf, MeasurementFile)],
    judgement: &Judgement,
    path: &Path,
) -> Result<()> {
    let known = load(path)?;
    let mut lines = String::new();
    for (file, measured) in files {
        let file =
            file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let at = measured.environment.measured_at;
        if known.iter().any(|run| run.file == file && run.measured_at == at) {
            continue;
        }
        let gates: BTreeMap<_, _> = judgement
            .gates
            .iter()
            .filter(|judged| measured.measurements.iter().any(|one| one.gate == judged.gate.id))
            .filter_map(|judged| {
                let value = judged.decisive()?.value;
                let point = Point { value, verdict: judged.verdict.to_string() };
                value.is_finite().then(|| (judged.gate.id.clone(), point))
            })
            .collect();
        if gates.is_empty() {
            continue;
        }
        let run = Run {
            file,
            measured_at: at,
            commit: measured.environment.commit.clone(),
            machine: format!("{}, {} cores", measured.environment.cpu, measured.environment.cores),
            gates,
        };
        lines += &serde_json::to_string(&run).map_err(|error| Error::malformed(path, error))?;
        lines.push('\n');
    }
    if lines.is_empty() {
        return Ok(());
    }
    let failed = |error| Error::io(path, error);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    file.write_all(lines.as_bytes()).map_err(failed)
}

/// Reads all runs, in the order in which they were recorded. A file that does not exist holds none.
///
/// # Errors
/// [`Error::Io`].
pub fn load(path: &Path) -> Result<Vec<Run>> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.map_err(|error| Error::io(path, error))?,
    };
    let mut runs = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(|error| Error::io(path, error))?;
        if line.len() <= MAX_LINE
            && let Ok(run) = serde_json::from_slice(&line)
        {
            runs.push(run);
        }
    }
    Ok(runs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;
    use crate::gate::Gates;
    use crate::judge::judge_all;
    use crate::measurement::{Environment, Measurement, Round};

    fn measured(at: u64, seconds: f64) -> Vec<(PathBuf, MeasurementFile)> {
        let rounds = (0..3).map(|_| Round::absolute(seconds)).collect();
        let environment = Environment {
            measured_at: at,
            cores: 2,
            cpu: "A".to_owned(),
            ..Environment::default()
        };
        let file = MeasurementFile::new(
            environment,
            vec![Measurement::measured("lsm.fill.course", "s", rounds)],
        );
        vec![("out/measurements/lsm.json".into(), file)]
    }

    #[test]
    fn runs_are_recorded_once_each() {
        let directory = tempfile::tempdir().unwrap();
        let path = path(directory.path());
        let gates = Gates::embedded().unwrap();
        for (at, seconds) in [(10, 0.5), (20, 5.0), (20, 5.0)] {
            let files = measured(at, seconds);
            let judgement = judge_all(&gates, &files, None).unwrap();
            record(&files, &judgement, &path).unwrap();
        }
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"half a li").unwrap();
        let runs = load(&path).unwrap();
        let points: Vec<_> =
            runs.iter().map(|run| (run.measured_at, &run.gates["lsm.fill.course"])).collect();
        assert_eq!(points.len(), 2);
        assert_eq!(*points[0].1, Point { value: 0.5, verdict: "pass".to_owned() });
        assert_eq!(points[1].1.verdict, "fail");
        assert_eq!(runs[0].machine, "A, 2 cores");
        assert!(load(&directory.path().join("none")).unwrap().is_empty());
    }
}
