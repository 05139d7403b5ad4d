//! Lab A: the ledger.

use std::time::Duration;

use super::{Command, Lab, at_least};
use crate::check::{Check, Must};

/// The lab.
pub(super) fn lab() -> Lab {
    let exactly = |measure: &str, what: &str, unit: &str, number: f64| {
        Check::new(measure, what, unit, Must::Equal(number))
    };
    Lab {
        id: "A".into(),
        title: "Bank-grade ledger".into(),
        module: "A".into(),
        objective: "A ledger's server is killed again and again under load, and its disk runs full: every acknowledged transfer is there, no cent is missing, and \
                    state, stream, batch and clients say the same to the minor unit; the log proves that nobody changed it."
            .into(),
        command: Command::Cargo {
            bin: "lab-ledger".into(),
            arguments: [
                "--seconds", "30", "--kills", "20", "--rate", "20000", "--full-seconds", "15", "--seeds", "300", "--out", "out/lab/A",
                "--json",
            ]
            .map(str::to_owned)
            .to_vec(),
            starts: ["ledger_api", "simulate_transfers", "ledger", "ledger_sim"]
                .map(str::to_owned)
                .to_vec(),
        },
        artefacts: ["chaos.svg", "reconciliation.json"].map(str::to_owned).to_vec(),
        checks: vec![
            at_least("kills", "times that the server was killed (SIGKILL) under load", "kills", 20.0),
            at_least("acknowledged", "transfers that were acknowledged", "transfers", 10_000.0),
            exactly(
                "minor_units_missing",
                "what clients know to be posted and is not, or is and should not be",
                "minor units",
                0.0,
            ),
            at_least("disk_filled", "times that the disk was full, to its last block, in another run", "times", 2.0),
            at_least(
                "full_disk_noticed",
                "times that the server refused a request for that, or ended with an error and was started again",
                "times",
                1.0,
            ),
            exactly("minor_units_missing_full_disk", "the same there, after all of it", "minor units", 0.0),
            exactly("trial_balance_off", "debits less credits, all currencies", "minor units", 0.0),
            // The course allows a cent.
            exactly("difference_stream", "balances by a consumer of the feed, less the state's", "minor units", 0.0),
            exactly(
                "difference_batch",
                "balances by sums over a table of all postings, less the state's",
                "minor units",
                0.0,
            ),
            exactly("difference_statement", "balances as far as clients know, less the state's", "minor units", 0.0),
            exactly("log_leads_to_state", "the log, replayed from its first record, leads to the state", "yes", 1.0),
            at_least("operations", "operations in the log", "operations", 500.0),
            exactly("export_proved", "an export of the log proves itself by its hash", "yes", 1.0),
            exactly("changed_export_proved", "and does so with a bit changed", "yes", 0.0),
            exactly("simulated_failures", "runs of the simulator that broke a promise, of 300", "runs", 0.0),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}
