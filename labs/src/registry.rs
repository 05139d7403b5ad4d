//! The labs that are ready. What is here runs; what is still to come is not here.

mod avro;
mod dash;
mod gpu;
mod ledger;
mod lsm;
mod movies;
mod queue;
mod ring;
mod setup;

use std::path::PathBuf;
use std::time::Duration;

use gates::gate::{Comparison, Gate, Gates};

use crate::check::{Check, Must};
use crate::{Error, Result};

/// How a lab is started, with the root of the workspace as its working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A binary of this workspace, built first, as `.cargo/config.toml` says.
    Cargo {
        /// Its name.
        bin: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Other binaries of the workspace, which it starts: they are built with it.
        starts: Vec<String>,
    },
    /// Any program.
    Program {
        /// Which.
        path: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let arguments = match self {
            Self::Cargo { bin, arguments, .. } => {
                write!(f, "cargo course {bin} --")?;
                arguments
            }
            Self::Program { path, arguments } => {
                write!(f, "{}", path.display())?;
                arguments
            }
        };
        arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// A lab of the course.
#[derive(Clone, Debug, PartialEq)]
pub struct Lab {
    /// The course's number of it: `1-3`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The module that it belongs to: `1`.
    pub module: String,
    /// What one has seen after it.
    pub objective: String,
    /// How it is started.
    pub command: Command,
    /// The names of the files that it must leave in [`directory`](Self::directory).
    pub artefacts: Vec<String>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// When it is stopped.
    pub time_limit: Duration,
    /// The area of gates whose rivals do the same work, if there is one.
    pub rivals: Option<String>,
}

impl Lab {
    /// Where it leaves its files, below the root of the workspace. Emptied before each run.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        ["out", "lab", &self.id].iter().collect()
    }
}

/// All ready labs, in the course's order.
///
/// # Errors
/// [`Error::UnknownGate`] or [`Error::Gates`] when registry and `gates.toml` disagree; a test holds that they do not.
pub fn labs() -> Result<Vec<Lab>> {
    let gates = Gates::embedded()?;
    let mut labs = vec![
        setup::lab_00_a(),
        queue::lab_00_b(),
        setup::lab_m0(),
        queue::lab_1_1(),
        movies::lab_1_2(),
        lsm::lab(&gates)?,
        avro::lab(),
        queue::lab_1_5(),
        ring::lab(),
        dash::lab_m1(),
    ];
    labs.extend(gpu::labs(&gates)?);
    labs.push(ledger::lab());
    Ok(labs)
}

/// The labs of that name, in the order of `ids`.
///
/// # Errors
/// [`Error::UnknownLab`] for the first that is not ready; as [`labs`].
pub fn by_ids(ids: &[String]) -> Result<Vec<Lab>> {
    let all = labs()?;
    let find = |id: &String| {
        all.iter().find(|lab| lab.id == *id).cloned().ok_or_else(|| Error::UnknownLab {
            asked: id.clone(),
            ready: list(all.iter().map(|lab| lab.id.as_str())),
        })
    };
    ids.iter().map(find).collect()
}

/// The ready labs of a module.
///
/// # Errors
/// [`Error::EmptyModule`] if there is none; as [`labs`].
pub fn by_module(module: &str) -> Result<Vec<Lab>> {
    let all = labs()?;
    let ready = list(all.iter().map(|lab| lab.module.as_str()));
    let found: Vec<_> = all.into_iter().filter(|lab| lab.module == module).collect();
    if found.is_empty() {
        return Err(Error::EmptyModule { asked: module.to_owned(), ready });
    }
    Ok(found)
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.collect();
    names.dedup();
    names.join(", ")
}

/// A gate that a lab is judged by.
fn gate<'g>(gates: &'g Gates, lab: &str, name: &str) -> Result<&'g Gate> {
    gates.get(name).ok_or_else(|| Error::UnknownGate { lab: lab.into(), gate: name.into() })
}

/// A binary of the workspace with its arguments.
fn binary(bin: &str, arguments: &[&str]) -> Command {
    let arguments = arguments.iter().copied().map(str::to_owned).collect();
    Command::Cargo { bin: bin.into(), arguments, starts: Vec::new() }
}

/// At least one number, and at most another.
fn between(measure: &str, what: &str, unit: &str, low: f64, high: f64) -> Check {
    Check::new(measure, what, unit, Must::Between { low, high })
}

/// So many or more.
fn at_least(measure: &str, what: &str, unit: &str, low: f64) -> Check {
    let comparison = Comparison::AtLeast;
    Check::new(measure, what, unit, Must::Compare { comparison, threshold: low, gate: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labs_are_well_formed() {
        let all = labs().unwrap();
        let mut ids: Vec<_> = all.iter().map(|lab| lab.id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "an id is used twice");
        for lab in &all {
            assert!(!lab.checks.is_empty(), "{} checks nothing", lab.id);
            assert!(lab.id.starts_with(&lab.module) || lab.id.starts_with('M'));
            let mut measures: Vec<_> = lab.checks.iter().map(|check| &check.measure).collect();
            measures.sort();
            measures.dedup();
            assert_eq!(measures.len(), lab.checks.len(), "{} checks a measure twice", lab.id);
            assert!(lab.command.to_string().contains(lab.directory().to_str().unwrap()));
        }
    }

    #[test]
    fn thresholds_come_from_the_gates() {
        let gates = Gates::embedded().unwrap();
        for check in labs().unwrap().iter().flat_map(|lab| &lab.checks) {
            if let Must::Compare { comparison, threshold, gate: Some(gate) } = &check.must {
                let gate = gates.get(gate).unwrap();
                assert_eq!((*comparison, *threshold), (gate.comparison, gate.threshold));
                assert_eq!(check.unit, gate.unit);
            }
        }
    }

    #[test]
    fn choosing() {
        assert_eq!(by_ids(&["1-3".into()]).unwrap().len(), 1);
        assert!(
            by_ids(&["9-9".into()])
                .unwrap_err()
                .to_string()
                .contains("ready: 00-A, 00-B, M0, 1-1, 1-2, 1-3")
        );
        assert_eq!(by_module("1").unwrap()[0].id, "1-1");
        let ids: Vec<_> = by_module("0").unwrap().into_iter().map(|lab| lab.id).collect();
        assert_eq!(ids, ["00-A", "00-B", "M0"]);
        let ids: Vec<_> = by_module("3").unwrap().into_iter().map(|lab| lab.id).collect();
        assert_eq!(ids, ["3-1", "3-2", "3-3", "3-4", "3-5", "3-6"]);
        let error = by_module("7").unwrap_err().to_string();
        assert!(error.contains("modules with ready labs: 0, 1, 3"), "{error}");
    }
}
