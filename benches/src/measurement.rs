//! The files in `out/measurements/`: what benches write and the judge reads.
//!
//! ```json
//! {
//!   "format": 1,
//!   "environment": { "cpu": "...", "cores": 2, "memory_bytes": 8589934592, "kernel": "6.1.0",
//!                    "commit": "fc36709...", "measured_at": 1795449600, "notes": { "rocksdb": "11.8.1" } },
//!   "measurements": [
//!     { "gate": "lsm.fill.absolute", "unit": "s", "rounds": [ { "ours": 0.81 }, { "ours": 0.79 }, { "ours": 0.84 } ] },
//!     { "gate": "lsm.fillrandom.1w", "unit": "inserts/s", "rounds": [
//!         { "ours": 1210000, "rivals": { "rocksdb": 150000, "rocksdb/lz4": 161000, "fjall": 198000 } } ] },
//!     { "gate": "lsm.limited.hits", "unit": "reads/s", "not_measured": "no writable cgroup" }
//!   ]
//! }
//! ```
//! One file an area or a run (`lsm.json`), replaced as a whole. A rival in several configurations has a key for each:
//! name, `/`, configuration. All readings are finite and not negative; a rival's reading is above zero.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The version of the format that this program writes, and the only one it reads.
pub const FORMAT: u32 = 1;

/// The machine and the code that a measurement was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Name of the processor as the kernel has it; empty if it does not say.
    #[serde(default)]
    pub cpu: String,
    /// Cores that this process may use.
    #[serde(default)]
    pub cores: usize,
    /// Memory of the machine; 0 if unknown.
    #[serde(default)]
    pub memory_bytes: u64,
    /// Release of the kernel; empty if unknown.
    #[serde(default)]
    pub kernel: String,
    /// Commit of the work tree, with `+` behind it if there were changes; empty if unknown.
    #[serde(default)]
    pub commit: String,
    /// Seconds since 1970.
    #[serde(default)]
    pub measured_at: u64,
    /// Anything else worth knowing: versions of rivals, the file system.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<String, String>,
}

impl Environment {
    /// This machine, now. Costs some file reads and two runs of `git`; what cannot be found out stays empty.
    #[must_use]
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| -> String {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map_or("", |(_, v)| v.trim()).to_owned()
        };
        let kilobytes = field(&read("/proc/meminfo"), "MemTotal");
        let kilobytes = kilobytes.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
        Self {
            cpu: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: kilobytes.unwrap_or(0).saturating_mul(1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            commit: commit().unwrap_or_default(),
            measured_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()),
            notes: BTreeMap::new(),
        }
    }

    /// Whether measurements of both can stand beside each other: the same code, all of it committed, on the same machine.
    fn is_the_same(&self, other: &Self) -> bool {
        self.commit == other.commit
            && !other.commit.ends_with('+')
            && self.cpu == other.cpu
            && self.kernel == other.kernel
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if !self.cpu.is_empty() {
            parts.push(self.cpu.clone());
        }
        if self.cores > 0 {
            parts.push(format!("{} cores", self.cores));
        }
        if self.memory_bytes > 0 {
            parts.push(format!("{:.1} GiB", self.memory_bytes as f64 / f64::from(1 << 30)));
        }
        if !self.kernel.is_empty() {
            parts.push(format!("Linux {}", self.kernel));
        }
        if !self.commit.is_empty() {
            let short: String = self.commit.chars().take(12).collect();
            let changed = if self.commit.ends_with('+') { ", changed" } else { "" };
            parts.push(format!("commit {short}{changed}"));
        }
        parts.extend(self.notes.iter().map(|(name, value)| format!("{name} {value}")));
        parts.join(", ")
    }
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| -> Option<String> {
        let output = Command::new("git")
            .current_dir(crate::workspace_root())
            .args(arguments)
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain"]).is_some_and(|text| !text.is_empty());
    Some(if changed { head + "+" } else { head })
}

/// One round: a reading of ours, and one of each rival from the same round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Our reading.
    pub ours: f64,
    /// The rivals' readings by `name` or `name/configuration`; empty but for ratios.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rivals: BTreeMap<String, f64>,
}

impl Round {
    /// A round without rivals.
    #[must_use]
    pub fn absolute(ours: f64) -> Self {
        Self { ours, rivals: BTreeMap::new() }
    }

    /// A round against rivals.
    #[must_use]
    pub fn against<S: Into<String>>(ours: f64, rivals: impl IntoIterator<Item = (S, f64)>) -> Self {
        Self {
            ours,
            rivals: rivals.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        }
    }
}

/// What is known about one gate: rounds, or why there are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Which gate.
    pub gate: String,
    /// Unit of the readings.
    pub unit: String,
    /// The rounds in the order they were run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Round>,
    /// Why there are no rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
}

impl Measurement {
    /// A gate that was measured.
    #[must_use]
    pub fn measured(gate: &str, unit: &str, rounds: Vec<Round>) -> Self {
        Self { gate: gate.to_owned(), unit: unit.to_owned(), rounds, not_measured: None }
    }

    /// A gate that could not be measured here, and why.
    #[must_use]
    pub fn missing(gate: &str, unit: &str, reason: &str) -> Self {
        Self {
            gate: gate.to_owned(),
            unit: unit.to_owned(),
            rounds: Vec::new(),
            not_measured: Some(reason.to_owned()),
        }
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.rounds.is_empty() == self.not_measured.is_none() {
            return Err(format!(
                "`{}` needs either rounds or a reason in `not_measured`",
                self.gate
            ));
        }
        for (round, number) in self.rounds.iter().zip(1..) {
            if !round.ours.is_finite() || round.ours < 0.0 {
                return Err(format!(
                    "`{}`, round {number}: {} is no reading",
                    self.gate, round.ours
                ));
            }
            if let Some((rival, value)) =
                round.rivals.iter().find(|(_, value)| !value.is_finite() || **value <= 0.0)
            {
                return Err(format!(
                    "`{}`, round {number}: {value} is no reading of {rival}",
                    self.gate
                ));
            }
        }
        Ok(())
    }
}

/// One file of measurements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurementFile {
    /// [`FORMAT`].
    pub format: u32,
    /// Where and with what it was measured.
    pub environment: Environment,
    /// What was measured.
    pub measurements: Vec<Measurement>,
}

impl MeasurementFile {
    /// A file of this format.
    #[must_use]
    pub fn new(environment: Environment, measurements: Vec<Measurement>) -> Self {
        Self { format: FORMAT, environment, measurements }
    }

    /// Writes it to `dir/NAME.json`, over whatever was there, and returns the path. Readers see the old file or the new one.
    ///
    /// # Errors
    /// [`Error::Malformed`] if a reading is none; [`Error::Io`].
    pub fn save(&self, dir: &Path, name: &str) -> Result<PathBuf> {
        let path = dir.join(format!("{name}.json"));
        for measurement in &self.measurements {
            measurement.check().map_err(|what| Error::malformed(&path, what))?;
        }
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Error::malformed(&path, error))?;
        replace(&path, &text)?;
        Ok(path)
    }

    /// As [`save`](Self::save), but what `dir/NAME.json` has of other gates is kept, if it is of the same code, all of it committed, on the same
    /// machine: for runs of some gates only.
    ///
    /// # Errors
    /// As [`save`](Self::save). An earlier file that cannot be read is written over.
    pub fn save_beside(mut self, dir: &Path, name: &str) -> Result<PathBuf> {
        let mut by_gate = BTreeMap::new();
        let mut note = |measurements: Vec<Measurement>| {
            by_gate.extend(measurements.into_iter().map(|one| (one.gate.clone(), one)));
        };
        if let Ok(earlier) = Self::load(&dir.join(format!("{name}.json")))
            && earlier.environment.is_the_same(&self.environment)
        {
            note(earlier.measurements);
        }
        note(self.measurements);
        self.measurements = by_gate.into_values().collect();
        self.save(dir, name)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Malformed`] if it is of another format or a reading is none.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        let file: Self =
            serde_json::from_str(&text).map_err(|error| Error::malformed(path, error))?;
        if file.format != FORMAT {
            let what =
                format!("format {}, but this judge reads {FORMAT}: measure again", file.format);
            return Err(Error::malformed(path, what));
        }
        for measurement in &file.measurements {
            measurement.check().map_err(|what| Error::malformed(path, what))?;
        }
        Ok(file)
    }
}

/// Replaces a file as a whole, making its directory if need be.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, text).map_err(|error| Error::io(&unfinished, error))?;
    fs::rename(&unfinished, path).map_err(|error| Error::io(path, error))
}

/// Reads every `*.json` in a directory, in the order of their names. A directory that does not exist holds none.
///
/// # Errors
/// As [`MeasurementFile::load`], for any of them.
pub fn load_dir(dir: &Path) -> Result<Vec<(PathBuf, MeasurementFile)>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::io(dir, error))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::io(dir, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), MeasurementFile::load(&path)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was_saved() {
        let dir = tempfile::tempdir().unwrap();
        let file = MeasurementFile::new(
            Environment::here(),
            vec![
                Measurement::measured("a.b", "s", vec![Round::absolute(0.1); 3]),
                Measurement::measured("a.c", "x", vec![Round::against(2.0, [("rival/lz4", 0.3)])]),
                Measurement::missing("a.d", "s", "no device"),
            ],
        );
        let path = file.save(&dir.path().join("deep/down"), "a").unwrap();
        assert_eq!(MeasurementFile::load(&path).unwrap(), file);
        let all = load_dir(path.parent().unwrap()).unwrap();
        assert_eq!(all, [(path, file)]);
        assert!(load_dir(&dir.path().join("absent")).unwrap().is_empty());
    }

    #[test]
    fn measurements_of_other_gates_are_kept_if_they_are_of_the_same_code_and_machine() {
        let dir = tempfile::tempdir().unwrap();
        let reading =
            |gate: &str, value| Measurement::measured(gate, "s", vec![Round::absolute(value); 3]);
        let here =
            Environment { commit: "1234".into(), cpu: "one".into(), ..Environment::default() };
        let save = |environment: &Environment, measurements| {
            let file = MeasurementFile::new(environment.clone(), measurements);
            MeasurementFile::load(&file.save_beside(dir.path(), "a").unwrap()).unwrap().measurements
        };
        assert_eq!(save(&here, vec![reading("a.c", 1.0)]), [reading("a.c", 1.0)]);
        let both = [reading("a.b", 2.0), reading("a.c", 1.0)];
        assert_eq!(save(&here, vec![reading("a.b", 2.0)]), both);
        let newer = [reading("a.b", 2.0), reading("a.c", 3.0)];
        assert_eq!(save(&here, vec![reading("a.c", 3.0)]), newer);
        for other in [
            Environment { commit: "1235".into(), ..here.clone() },
            Environment { cpu: "two".into(), ..here.clone() },
            Environment { kernel: "6".into(), ..here.clone() },
        ] {
            assert_eq!(save(&other, vec![reading("a.d", 4.0)]), [reading("a.d", 4.0)]);
        }
        let uncommitted = Environment { commit: "1234+".into(), ..here };
        save(&uncommitted, vec![reading("a.b", 2.0)]);
        assert_eq!(save(&uncommitted, vec![reading("a.c", 1.0)]), [reading("a.c", 1.0)]);
    }

    #[test]
    fn readings_that_are_none_are_neither_saved_nor_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let bad = [
            Measurement::measured("a.b", "s", vec![]),
            Measurement::measured("a.b", "s", vec![Round::absolute(f64::NAN)]),
            Measurement::measured("a.b", "s", vec![Round::absolute(-1.0)]),
            Measurement::measured("a.b", "s", vec![Round::against(1.0, [("r", 0.0)])]),
            Measurement {
                not_measured: Some("why".into()),
                ..Measurement::measured("a.b", "s", vec![Round::absolute(1.0)])
            },
        ];
        for measurement in bad {
            let file = MeasurementFile::new(Environment::default(), vec![measurement]);
            assert!(file.save(dir.path(), "x").is_err(), "{file:?}");
        }
        for text in [
            "",
            "[]",
            r#"{"format":2,"environment":{},"measurements":[]}"#,
            r#"{"format":1,"environment":{},"measurements":[{"gate":"a.b","unit":"s","rounds":[{"ours":1e999}]}]}"#,
            r#"{"format":1,"environment":{},"measurements":[{"gate":"a.b","unit":"s","rounds":[{"ours":-1}]}]}"#,
            r#"{"format":1,"environment":{},"measurements":[{"gate":"a.b","unit":"s"}]}"#,
            r#"{"format":1,"environment":{},"measurements":[{"gate":"a.b","unit":"s","round":[]}]}"#,
        ] {
            let path = dir.path().join("bad.json");
            fs::write(&path, text).unwrap();
            let error = MeasurementFile::load(&path).unwrap_err().to_string();
            assert!(error.contains("bad.json"), "{error}");
        }
    }
}
