//! The labs that set a machine up.

use std::time::Duration;

use super::{Command, Lab, at_least};
use crate::check::{Check, Must};

/// What this machine has.
pub(super) fn lab_00_a() -> Lab {
    let none = Must::Equal(0.0);
    Lab {
        id: "00-A".into(),
        title: "Course set-up".into(),
        module: "0".into(),
        objective: "One command says what this machine has for the course: a toolchain, a disk and what a durable write costs on it, \
                    brokers, a GPU or its emulation; what is missing, and how to get that on this system."
            .into(),
        command: Command::Cargo {
            package: "doctor".into(),
            bin: "doctor".into(),
            arguments: ["--events", "--out", "out/lab/00-A"].map(str::to_owned).to_vec(),
        },
        artefacts: vec!["machine.json".to_owned()],
        checks: vec![
            Check::new("required_missing", "things that are missing and nothing goes without", "things", none),
            at_least("brokers", "a broker, real or embedded", "kinds", 1.0),
            at_least("gpu_paths", "a way to run kernels, real or emulated", "kinds", 1.0),
            at_least("syncs", "durable writes that were timed on the disk that labs write to", "syncs", 64.0),
        ],
        time_limit: Duration::from_secs(2 * 60),
        rivals: None,
    }
}
