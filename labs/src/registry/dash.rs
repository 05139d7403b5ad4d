//! The lab over all servers at once.

use std::time::Duration;

use super::{Lab, at_least, between, binary};
use crate::check::{Check, Must};

/// What servers under load show on the panels.
pub(super) fn lab_m1() -> Lab {
    let none = || Must::Equal(0.0);
    // Paced load: none at all means that nothing was measured, and much more that a rate is wrong.
    let paced = |id: &str, what: &str, offered: f64| between(id, what, "1/s", 1.0, 1.5 * offered);
    Lab {
        id: "M1".into(),
        title: "Observability".into(),
        module: "1".into(),
        objective: "One page shows what our servers do under load: producer throughput, consumer lag, replication lag, flushes and compactions, the \
                    registry and the ledger; every panel has data, and every rate is one that was offered."
            .into(),
        command: binary("dash", &["lab", "--seconds", "30", "--out", "out/lab/M1"]),
        artefacts: ["panels.svg", "snapshot.json"].map(str::to_owned).to_vec(),
        checks: vec![
            Check::new("panels_without_data", "panels that nothing was drawn on", "panels", none()),
            at_least("panels_with_data", "panels with at least one line", "panels", 9.0),
            Check::new("targets_down", "servers whose last scrape failed", "targets", none()),
            at_least("scrapes", "of all servers, a second apart", "scrapes", 10.0),
            paced("producer_tps", "messages appended; 500 are offered", 500.0),
            paced("ledger_transfers", "transfers, made or refused; 2,000 are offered", 2_000.0),
            paced("registry_requests", "requests of the registry; 20 are offered, and scrapes", 21.0),
            at_least("max_flush_rate", "bytes that flushes wrote, of the server that wrote most", "B/s", 1.0),
            between("ledger_commit_p99", "of a commit, its sync included", "s", 0.000_001, 10.0),
            Check::new("under_replicated", "partitions, in the end, while no broker is away", "partitions", none()),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}
