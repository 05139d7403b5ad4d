//! What can go wrong.

use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. Each says what was found, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The data are no list of films at all.
    #[error("the data are no JSON array: {0}")]
    Data(serde_json::Error),
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused. Its own sentence is in the source of the error, and in this one.
    #[error("PostgreSQL: {}", full(.0))]
    Postgres(#[from] postgres::Error),
    /// A private PostgreSQL could not be made or started.
    #[error("a PostgreSQL of its own: {0}")]
    Cluster(#[from] private_postgres::Error),
    /// MongoDB refused.
    #[cfg(feature = "mongodb")]
    #[error("MongoDB: {0}")]
    Mongo(#[from] mongodb::error::Error),
    /// A store answered with something that is no answer.
    #[error("{store} answered {what}, which is neither a whole number nor text nor nothing")]
    Answer {
        /// Which store.
        store: &'static str,
        /// What it said.
        what: String,
    },
    /// The picture could not be drawn.
    #[error("the picture: {0}")]
    Picture(String),
}

impl Error {
    /// An error at a path.
    #[must_use]
    pub fn io(path: &Path, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

/// The driver says "db error"; what the server said is behind it.
fn full(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}
