//! What keeps the judge from judging.

use std::path::{Path, PathBuf};

/// Any error of a bench: each carries a sentence for a person, none is handled by kind.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Why nothing could be judged. A gate that failed is a verdict, not an error.
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
    /// A file is not what it should be.
    #[error("{path}: {what}", path = path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What was found, and what to do about it.
        what: String,
    },
    /// The gates contradict themselves.
    #[error("gates.toml: {0}")]
    Gates(String),
    /// A measurement that no gate asks for: a misspelt id would otherwise go unnoticed.
    #[error("{path}: measures `{gate}`, which is no gate; see benches/gates.toml for the ids", path = path.display())]
    UnknownGate {
        /// The file.
        path: PathBuf,
        /// The id in it.
        gate: String,
    },
    /// Two measurements of one gate: nobody can say which one counts.
    #[error("`{gate}` is measured in {first} and in {second}; remove the older file", first = first.display(), second = second.display())]
    MeasuredTwice {
        /// The gate.
        gate: String,
        /// One file.
        first: PathBuf,
        /// The other file (or the same).
        second: PathBuf,
    },
    /// An area without gates.
    #[error("no gate in area `{area}`; areas: {known}")]
    UnknownArea {
        /// What was asked for.
        area: String,
        /// What there is.
        known: String,
    },
}

/// The judge's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }

    pub(crate) fn malformed(path: &Path, what: impl ToString) -> Self {
        Self::Malformed { path: path.to_path_buf(), what: what.to_string() }
    }
}
