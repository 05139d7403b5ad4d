//! What can go wrong.

use std::{io, path::PathBuf};

/// What can go wrong with a ledger. What becomes of an event is no error but a [`Code`](crate::model::Code).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("could not {operation} {}: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not say what it said when it was written.
    #[error("{} is damaged at byte {offset}: {found}", path.display())]
    Corruption {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What stands there, and what should.
        found: String,
    },
    /// Somebody else has the directory open.
    #[error("{} is in use by another process; stop it first, or choose another directory", .0.display())]
    InUse(PathBuf),
    /// A newer program wrote it.
    #[error("{} has version {found} of its format, this program knows {known}", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// What it says.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// A batch cannot be encoded, or bytes are no batch.
    #[error("no batch: {0}")]
    Batch(String),
    /// An error happened before that makes it unknown what is on disk. Open the directory again.
    #[error("the ledger stopped: {0}; open its directory again to find out what is durable")]
    Stopped(String),
    /// Files that do not belong together: a part of the directory was replaced by an older or another one.
    #[error("the files do not belong together: {0}")]
    Mismatch(String),
    /// Two derivations of the same thing differ. A defect of this crate, of the machine's memory, or an edit of the files.
    #[error("an invariant of the ledger is broken: {0}; nothing more is accepted")]
    Invariant(String),
    /// The archive of old entries failed.
    #[error("the archive failed: {0}")]
    Archive(#[from] lsm::Error),
}

/// What this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of the operating system.
    pub fn io(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { operation, path: path.into(), source }
    }

    /// Whether it is that there is no room: on the device, or in the user's quota.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// Damage.
    pub fn corruption(path: impl Into<PathBuf>, offset: u64, found: impl Into<String>) -> Self {
        Self::Corruption { path: path.into(), offset, found: found.into() }
    }
}
