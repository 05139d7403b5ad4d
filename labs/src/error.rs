//! What keeps the runner from running.

use std::path::{Path, PathBuf};

/// Why the runner could not do its work. A check that failed is a verdict, not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing to run under that name.
    #[error("no ready lab `{asked}`; ready: {ready}")]
    UnknownLab {
        /// What was asked for.
        asked: String,
        /// The ids that there are.
        ready: String,
    },
    /// A module whose labs are still to come.
    #[error("no ready lab in module {asked}; modules with ready labs: {ready}")]
    EmptyModule {
        /// What was asked for.
        asked: String,
        /// The modules that there are.
        ready: String,
    },
    /// A lab asks for a gate that `gates.toml` does not have.
    #[error("lab {lab} is judged by gate `{gate}`, which is not in benches/gates.toml")]
    UnknownGate {
        /// The lab.
        lab: String,
        /// The gate.
        gate: String,
    },
    /// A page of the book says something of its commands that is not understood.
    #[error("{}:{line}: {what}", page.display())]
    Book {
        /// Which page.
        page: PathBuf,
        /// On which line.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// No page has commands and a path like that.
    #[error("no page with commands has {asked} in its path")]
    NoPage {
        /// What was asked for.
        asked: String,
    },
    /// The front page has no table to write over.
    #[error(
        "README.md has no lines `{begin}` and `{end}`, between which the table of numbers stands"
    )]
    FrontPage {
        /// The line before the table.
        begin: &'static str,
        /// The line behind it.
        end: &'static str,
    },
    /// The gates could not be read.
    #[error(transparent)]
    Gates(#[from] gates::Error),
    /// The results could not be written as JSON, or cargo's could not be read.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The runner's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }
}
