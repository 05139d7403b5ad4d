//! The one error type of the crate.

use std::path::PathBuf;

/// What the crate's fallible operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done. Anomalies are no errors: they are what a [check](crate::check) finds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a history is not an event.
    #[error("{}, line {line}: {what}", path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A step of a plan, or the plan, cannot be understood.
    #[error("{place}: {what}")]
    Plan {
        /// Where: a file and line, or the step itself.
        place: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A cluster cannot take this fault.
    #[error("{action}: not on this cluster ({cluster}): {why}")]
    Unsupported {
        /// What was asked for.
        action: String,
        /// The kind of cluster.
        cluster: &'static str,
        /// Why not, and which one could.
        why: String,
    },
    /// A cluster or a node of it did not do what it was told.
    #[error("{what}: {why}")]
    Broker {
        /// What was wanted, and of whom.
        what: String,
        /// What came instead, and where to look.
        why: String,
    },
    /// The network said no.
    #[error("{what}: {source}")]
    Network {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// librdkafka said no.
    #[cfg(feature = "kafka")]
    #[error("{what}: {source}")]
    Kafka {
        /// What was tried.
        what: String,
        /// What it said.
        source: rdkafka::error::KafkaError,
    },
}
