//! Lab 1-3: the storage engine.

use std::time::Duration;

use gates::gate::Gates;

use super::{Lab, binary, gate};
use crate::Result;
use crate::check::{Check, Must};

/// The lab.
pub(super) fn lab(gates: &Gates) -> Result<Lab> {
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
        command: binary("lab-lsm", &["--records", &RECORDS.to_string(), "--out", "out/lab/1-3", "--json"]),
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
