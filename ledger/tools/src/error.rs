//! What can go wrong with a command.

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger's.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A feed is none.
    #[error("the feed: {0}")]
    Lines(#[from] ledger_json::Error),
    /// A change cannot follow those before it.
    #[error("the feed: {0}")]
    Feed(String),
    /// A statement is none.
    #[error("the statement: {0}")]
    Statement(String),
    /// The table of the batch.
    #[cfg(feature = "parquet")]
    #[error("the table: {0}")]
    Table(#[from] polars::error::PolarsError),
    /// What was asked for cannot be done.
    #[error("{0}")]
    Asked(String),
    /// A server or a broker does not answer, or not as it should: it may later.
    #[error("{what}: {why}")]
    Away {
        /// Which one.
        what: String,
        /// What it said.
        why: String,
    },
    /// Another sink writes to the topic now, and has shut this one out.
    #[error(
        "another sink writes to topic {topic} now, and this one was shut out: nothing is lost or doubled; let only one of them run"
    )]
    Fenced {
        /// The topic.
        topic: String,
    },
}

impl Error {
    /// Whether the same may go well later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

/// What this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
