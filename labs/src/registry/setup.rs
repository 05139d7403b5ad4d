//! The labs that set a machine up.

use std::time::Duration;

use super::{Lab, at_least, binary};
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
        command: binary("doctor", &["--events", "--out", "out/lab/00-A"]),
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

/// The dev container.
pub(super) fn lab_m0() -> Lab {
    let some = |measure: &str, what: &str, unit: &str| at_least(measure, what, unit, 0.0);
    Lab {
        id: "M0".into(),
        title: "DevBox".into(),
        module: "0".into(),
        objective: "A container in which the course runs, made of the very lists and scripts that set any machine up; where Docker runs, it is built, weighed and started.".into(),
        command: binary("devbox", &["--events", "--out", "out/lab/M0"]),
        artefacts: vec!["devbox.json".to_owned()],
        checks: vec![
            Check::new("failed", "checks of files, lists, packages and the image that do not hold", "checks", Must::Equal(0.0)),
            at_least("held", "of these, ones that hold", "checks", 4.0),
            some("image_mib", "the image's size: reported", "MiB"),
            some("start_seconds", "from `docker run` to the end of `true`: reported", "s"),
        ],
        time_limit: Duration::from_secs(30 * 60),
        rivals: None,
    }
}
