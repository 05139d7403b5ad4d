//! The labs that are ready. What is here runs; what is still to come is not here.

mod dash;
mod gpu;
mod ledger;
mod movies;
mod setup;

use std::path::PathBuf;
use std::time::Duration;

use gates::gate::{Comparison, Gate, Gates};

use crate::check::{Check, Must};
use crate::{Error, Result};

/// How a lab is started, with the root of the workspace as its working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A binary of this workspace, built in the release profile first.
    Cargo {
        /// Its package.
        package: String,
        /// Its name.
        bin: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// What `cargo build --release` is given besides, to build the programs that it starts.
        also: Vec<String>,
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
            Self::Cargo { package, bin, arguments, .. } => {
                write!(f, "cargo run --release -p {package} --bin {bin} --")?;
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
        lab_00_b(),
        setup::lab_m0(),
        lab_1_1(),
        movies::lab_1_2(),
        lab_1_3(&gates)?,
        lab_1_4(),
        lab_1_5(),
        lab_1_6(),
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

/// What labs over queues have in common: the command, the artefacts, and that nothing is lost.
fn queue_lab(
    id: &str,
    title: &str,
    objective: &str,
    arguments: &[&str],
    checks: Vec<Check>,
) -> Lab {
    let out = format!("out/lab/{id}");
    let arguments =
        arguments.iter().copied().chain(["--out", &out, "--json"]).map(str::to_owned).collect();
    let none =
        |measure: &str, what: &str, unit: &str| Check::new(measure, what, unit, Must::Equal(0.0));
    let mut all = vec![
        none("messages_lost", "acknowledged messages that are not there afterwards", "messages"),
        none(
            "gaps",
            "records that a consumer or its group went past without getting them",
            "records",
        ),
        none("duplicates", "messages that are there twice", "messages"),
        none("anomalies", "anything else that the checker has found", "anomalies"),
        none("unknowns", "reasons why the checker could not say so for certain", "reasons"),
        none("final_lag", "messages that were not committed in the end", "messages"),
    ];
    all.extend(checks);
    Lab {
        id: id.into(),
        title: title.into(),
        module: "1".into(),
        objective: objective.into(),
        command: Command::Cargo {
            package: "queue-chaos-cli".into(),
            bin: "queue-chaos".into(),
            arguments,
            also: Vec::new(),
        },
        artefacts: ["timeline.svg", "report.html", "summary.json", "run.cast", "history.jsonl"]
            .map(str::to_owned)
            .to_vec(),
        checks: all,
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}

/// A gate that a lab is judged by.
fn gate<'g>(gates: &'g Gates, lab: &str, name: &str) -> Result<&'g Gate> {
    gates.get(name).ok_or_else(|| Error::UnknownGate { lab: lab.into(), gate: name.into() })
}

/// So many or more.
fn at_least(measure: &str, what: &str, unit: &str, low: f64) -> Check {
    let comparison = Comparison::AtLeast;
    Check::new(measure, what, unit, Must::Compare { comparison, threshold: low, gate: None })
}

fn lab_00_b() -> Lab {
    let checks = vec![
        at_least(
            "messages_acknowledged",
            "messages that the broker has acknowledged",
            "messages",
            20_000.0,
        ),
        Check::new("broker_stops", "times that the broker was stopped", "stops", Must::Equal(1.0)),
        // It is away for three seconds.
        at_least(
            "max_lag_seconds",
            "the oldest message that was not read, at its oldest",
            "s",
            1.0,
        ),
    ];
    let objective = "A producer and a consumer go on working through a broker that goes away and comes back: the consumer resumes where it was, \
                     and how far it is behind is measured in seconds.";
    Lab {
        module: "0".into(),
        ..queue_lab("00-B", "Kafka hello-world", objective, &["hello"], checks)
    }
}

fn lab_1_1() -> Lab {
    let checks = vec![
        at_least(
            "messages_acknowledged",
            "messages that the broker has acknowledged",
            "messages",
            100_000.0,
        ),
        Check::new("broker_stops", "times that the broker was stopped", "stops", Must::Equal(2.0)),
        Check::new(
            "lag_over_backlog",
            "the group's lag / what producers had sent and it had not committed, at its highest",
            "ratio",
            Must::Between { low: 0.0, high: 1.0 },
        ),
        at_least(
            "max_lag_seconds",
            "the oldest message that was not read, at its oldest",
            "s",
            1.0,
        ),
    ];
    let objective = "The broker is stopped and started twice under load. Nothing acknowledged is lost, no consumer skips a record, and the group is \
                     never further behind than what has piled up.";
    queue_lab("1-1", "Queue chaos", objective, &["hello", "--twice"], checks)
}

fn lab_1_5() -> Lab {
    let checks = vec![
        at_least(
            "max_under_replicated",
            "partitions with fewer replicas in sync than they have, at most",
            "partitions",
            1.0,
        ),
        at_least("under_replicated_seconds", "for so long", "s", 5.0),
        Check::new("last_under_replicated", "in the end", "partitions", Must::Equal(0.0)),
        at_least("max_lag", "messages that consumers were behind, at most", "messages", 500.0),
    ];
    let objective = "A broker joins a cluster, and what is copied between nodes comes through a line of 200 kbit/s: partitions are under-replicated, \
                     producers wait, consumers fall behind, and all of it recovers.";
    queue_lab("1-5", "Replication lag", objective, &["replicate"], checks)
}

fn lab_1_3(gates: &Gates) -> Result<Lab> {
    const RECORDS: u32 = 1_000_000;
    let id = "1-3";
    let gate = |name: &str| gate(gates, id, name);
    Ok(Lab {
        id: id.into(),
        title: "Mini LSM-tree".into(),
        module: "1".into(),
        objective: "A memtable, a write-ahead log and tables take a million inserts within the course's limit; every byte that \
                    reaches the disk is accounted for; nothing acknowledged is lost to kill -9."
            .into(),
        command: Command::Cargo {
            package: "lsm-tools".into(),
            bin: "lab-lsm".into(),
            arguments: ["--records", &RECORDS.to_string(), "--out", "out/lab/1-3", "--json"]
                .map(str::to_owned)
                .to_vec(),
            also: Vec::new(),
        },
        artefacts: [
            "amplification-over-time.svg",
            "amplification-by-strategy.svg",
            "latency.svg",
            "levels-over-time.svg",
        ]
        .map(str::to_owned)
        .to_vec(),
        checks: vec![
            Check::of_gate("insert_seconds", "1,000,000 inserts, one put each", gate("lsm.fill.course")?),
            Check::of_gate(
                "write_amplification",
                "all bytes written (log, flush, compaction, manifest) per user byte",
                gate("lsm.amp.fill.116")?,
            ),
            Check::new(
                "io_cross_check",
                "bytes written as the kernel counts them / as the engine counts them",
                "ratio",
                Must::Near { target: 1.0, tolerance: 0.10 },
            ),
            Check::new(
                "records_read_back",
                "records that are there, each with its own value, after kill -9",
                "records",
                Must::Equal(f64::from(RECORDS)),
            ),
        ],
        time_limit: Duration::from_secs(15 * 60),
        rivals: Some("lsm".into()),
    })
}

fn lab_1_4() -> Lab {
    const MESSAGES: u32 = 1_000;
    /// Of the lab's script.
    const COMMANDS: f64 = 16.0;
    let messages = f64::from(MESSAGES);
    let count = |id, what, must| Check::new(id, what, "messages", Must::Equal(must));
    Lab {
        id: "1-4".into(),
        title: "Schema evolution (Avro)".into(),
        module: "1".into(),
        objective: "A schema gets a second version in a registry; consumers of both versions read messages of both; a rename is refused, with \
                    a message that it could not read, and an alias makes it safe."
            .into(),
        command: Command::Cargo {
            package: "avro-lab".into(),
            bin: "lab-avro".into(),
            arguments: ["--messages", &MESSAGES.to_string(), "--out", "out/lab/1-4", "--json"]
                .map(str::to_owned)
                .to_vec(),
            also: Vec::new(),
        },
        artefacts: ["commands.sh", "transcript.txt", "rename.json", "tweets-v1.avro", "tweets-v2.avro"]
            .map(str::to_owned)
            .to_vec(),
        checks: vec![
            Check::new(
                "curl_commands_as_expected",
                "curl commands that the registry answered as it must",
                "commands",
                Must::Equal(COMMANDS),
            ),
            count("messages_read_by_v1", "of v1 and v2 in turns, read with v1: the new field is left out", messages),
            count("messages_read_by_v2", "the same read with v2: what is not there is the default", messages),
            Check::new(
                "records_of_files_read",
                "of a container file of either version, read with the other",
                "records",
                Must::Equal(2.0 * messages),
            ),
            Check::new("rename_status", "HTTP status of a rename without alias", "status", Must::Equal(409.0)),
            count("messages_read_by_the_rename", "of v1 and v2, read with it nevertheless", 0.0),
            Check::new("rename_errors", "reasons that the checker has", "errors", Must::Equal(1.0)),
            Check::new(
                "rename_errors_without_witness",
                "of these without a datum that was written and could not be read",
                "errors",
                Must::Equal(0.0),
            ),
            Check::new(
                "rename_fixes",
                "edits of the schema that it suggests, each checked again",
                "fixes",
                Must::Between { low: 1.0, high: 100.0 },
            ),
            count("messages_read_through_the_alias", "of v1 and v2, read with the alias", messages),
            count("renamed_messages_read_by_v1", "of the third version, read with v1: consumers go first", 0.0),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}

fn lab_1_6() -> Lab {
    let id = "1-6";
    Lab {
        id: id.into(),
        title: "Consistent hash ring".into(),
        module: "1".into(),
        objective: "When a fourth node joins three, a quarter of a million keys moves and no more, as many as arithmetic says; virtual \
                    nodes even out shares as theory says; caches feel what moved."
            .into(),
        command: Command::Cargo {
            package: "ring_sim".into(),
            bin: "ring_sim".into(),
            arguments: ["lab", "--keys", "1_000_000", "--out", "out/lab/1-6", "--json"]
                .map(str::to_owned)
                .to_vec(),
            also: Vec::new(),
        },
        artefacts: ["load.svg", "moved-keys.svg", "virtual-nodes.svg", "warm-up.svg"]
            .map(str::to_owned)
            .to_vec(),
        checks: vec![
            // Allocated tokens give the new node its share; sampling a million keys adds 0.04 points (one standard deviation).
            Check::new(
                "moved_sampled_percent",
                "of 1,000,000 keys move from 3 to 4 nodes: ring with 32 allocated tokens a node",
                "%",
                Must::Between { low: 24.0, high: 26.0 },
            ),
            Check::new(
                "difference_points",
                "between that and what interval arithmetic over all hashes says",
                "points",
                Must::Between { low: 0.0, high: 0.5 },
            ),
            Check::new(
                "times_minimum",
                "moved / the least that must move",
                "ratio",
                Must::Near { target: 1.0, tolerance: 0.01 },
            ),
            // The new node's share is Beta(160, 480) distributed: three standard deviations are 5.1 points.
            Check::new(
                "moved_sampled_percent_random",
                "of the keys move on a ring with 160 random tokens a node: three standard deviations of theory",
                "%",
                Must::Between { low: 19.9, high: 30.1 },
            ),
            Check::new(
                "difference_points_random",
                "between that and interval arithmetic",
                "points",
                Must::Between { low: 0.0, high: 0.5 },
            ),
            Check::new(
                "deviation_over_theory",
                "deviation of shares from the mean / theory: 1 to 4,096 random tokens a node",
                "ratio",
                Must::Near { target: 1.0, tolerance: 0.1 },
            ),
            Check::new(
                "imbalance_allocated_32",
                "most loaded node / mean with 32 allocated tokens a node",
                "max / mean",
                Must::Between { low: 1.0, high: 1.05 },
            ),
            // 3 of 4 keys move for 1 of 4.
            Check::new(
                "origin_peak_ring_over_modulo",
                "load of the origin behind the caches at its peak: ring / hash modulo nodes",
                "ratio",
                Must::Between { low: 0.0, high: 0.8 },
            ),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: Some("ring".into()),
    }
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
