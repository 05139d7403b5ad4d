//! The lab of data models.

use std::time::Duration;

use super::{Lab, at_least, binary};
use crate::check::{Check, Must};

/// The same films in relational and in document stores.
pub(super) fn lab_1_2() -> Lab {
    let all = Must::Equal(8.0);
    Lab {
        id: "1-2".into(),
        title: "SQL vs document".into(),
        module: "1".into(),
        objective: "The same films as normalised tables and as documents, in SQLite and, where it is installed, in PostgreSQL: eight queries from point \
                    look-up to schema change and partial update are answered alike, and what each costs says when the document model wins."
            .into(),
        command: binary("lab-movies", &["--out", "out/lab/1-2", "--json"]),
        artefacts: ["results.json", "plans.txt", "latencies.svg"].map(str::to_owned).to_vec(),
        checks: vec![
            Check::new(
                "answers_identical",
                "queries that every store has answered, each time, row by row as a list in memory does",
                "queries",
                all.clone(),
            ),
            at_least("stores_measured", "stores: relational and document, of every engine that is here", "stores", 2.0),
            Check::new("queries_measured", "queries with a latency in every store", "queries", all),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: None,
    }
}
