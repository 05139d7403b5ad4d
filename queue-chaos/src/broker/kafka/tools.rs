//! Kafka's own tools, from the same jars.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keeper::{Keeping, Process, Program};
use super::{Distribution, KafkaOptions};
use crate::{Error, Result};

/// What it takes to run them.
#[derive(Debug)]
pub(super) struct Tools {
    pub java: PathBuf,
    class_path: OsString,
    run: String,
}

/// A tool that runs.
#[derive(Debug)]
pub(super) struct Running {
    process: Process,
    what: String,
    output: PathBuf,
}

impl Tools {
    /// Those of a distribution; `run` is a mark on their processes.
    ///
    /// # Errors
    /// If Java is too old for Kafka, or not there.
    pub fn new(options: &KafkaOptions, run: &str) -> Result<Self> {
        let version = Distribution::java_version(&options.java)?;
        if version < 17 {
            return Err(Error::Broker {
                what: format!("running Kafka {}", options.distribution.version()),
                why: format!("{} is Java {version}; it needs 17", options.java.display()),
            });
        }
        Ok(Self {
            java: options.java.clone(),
            class_path: options.distribution.class_path(),
            run: run.to_owned(),
        })
    }

    /// What every Java here is told: to start quickly, to be small, and to leave nothing in the directory of temporary files.
    pub fn java_arguments(&self) -> [OsString; 6] {
        [
            "-XX:+UseSerialGC".into(),
            "-XX:TieredStopAtLevel=1".into(),
            "-XX:-UsePerfData".into(),
            "-Djava.awt.headless=true".into(),
            "-cp".into(),
            self.class_path.clone(),
        ]
    }

    /// Starts a tool; what it prints goes to a file, which is written anew.
    pub fn start(&self, class: &str, arguments: &[OsString], output: &Path) -> Result<Running> {
        let _ = fs::remove_file(output);
        let mut all: Vec<OsString> =
            vec!["-Xmx128m".into(), format!("-Dqueue-chaos.run={}", self.run).into()];
        all.extend(self.java_arguments());
        all.push(class.into());
        all.extend_from_slice(arguments);
        let program =
            Program { path: self.java.clone(), arguments: all, output: output.to_owned() };
        let what = format!("running {}", class.rsplit('.').next().unwrap_or(class));
        match Process::start(&program, Keeping::of_this_machine()) {
            Ok(process) => Ok(Running { process, what, output: output.to_owned() }),
            Err(error) => Err(Error::Broker { what, why: error.to_string() }),
        }
    }
}

impl Running {
    /// Waits for its end. Returns what it printed.
    ///
    /// # Errors
    /// [`Error::Broker`] with what it printed if it failed, or took too long.
    pub fn finish(self, patience: Duration) -> Result<String> {
        let status = self.process.wait(patience);
        let said = fs::read_to_string(&self.output).unwrap_or_default();
        let why = match status {
            Some(status) if status.success() => return Ok(said),
            Some(status) => format!("{status}; it said:\n{}", said.trim_end()),
            None => format!("not within {patience:?}; it said:\n{}", said.trim_end()),
        };
        Err(Error::Broker { what: self.what, why })
    }
}
