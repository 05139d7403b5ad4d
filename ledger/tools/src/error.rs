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
    /// A line of a feed is none, or cannot follow those before it.
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
}

/// What this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
