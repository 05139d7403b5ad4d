//! The one error type of the crate.

use std::{io, path::PathBuf, sync::Arc};

/// What went wrong, where, and what to do about it.
///
/// Cheap to clone: a poisoned database hands the same error to every writer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation on a file.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: `open`, `read`, `sync`.
        operation: &'static str,
        /// The file or directory it was attempted on.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Bytes on disk are not what was written there.
    #[error("{}, offset {offset}: {found}; restore the file from a checkpoint or a backup (`lsm-tool verify` lists all damage)", path.display())]
    Corruption {
        /// The damaged file.
        path: PathBuf,
        /// Byte offset of the damaged block or record.
        offset: u64,
        /// What was found, and what was expected in its place.
        found: String,
    },
    /// A file that the manifest names is not there.
    #[error("{} is named by the manifest and missing; restore it from a checkpoint or a backup", path.display())]
    MissingFile {
        /// The missing file.
        path: PathBuf,
    },
    /// The files were written by a newer version of the format.
    #[error("{}: format version {found}, this build reads up to {supported}; open it with a newer release", path.display())]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// Version found.
        found: u16,
        /// Newest version that this build reads.
        supported: u16,
    },
    /// The database holds what was compressed with a codec that this build lacks.
    #[error("{}: keyspace {keyspace:?} is compressed with {codec}, which this build lacks; build the crate `lsm` with feature `{codec}`", path.display())]
    MissingCodec {
        /// The manifest, which says so.
        path: PathBuf,
        /// Name of the keyspace.
        keyspace: String,
        /// The codec, and the cargo feature that brings it: `lz4` or `zstd`.
        codec: &'static str,
    },
    /// The path exists, but it is no database directory.
    #[error("{} is not a database directory: {found}", path.display())]
    NotADatabase {
        /// The path given to `open`.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// The database directory holds a file that this engine did not write.
    #[error("{} does not belong to this database; move it elsewhere, or set Options::ignore_foreign_files", path.display())]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// Another process (or another handle of this one) has the database open.
    #[error("{} is locked by another opener; close it there, or open both read-only", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A key is longer than [`MAX_KEY_LEN`](crate::MAX_KEY_LEN).
    #[error("key of {len} bytes: the limit is {limit}")]
    KeyTooLong {
        /// Length found.
        len: usize,
        /// Longest key allowed.
        limit: usize,
    },
    /// A value is longer than [`MAX_VALUE_LEN`](crate::MAX_VALUE_LEN).
    #[error("value of {len} bytes: the limit is {limit}")]
    ValueTooLong {
        /// Length found.
        len: usize,
        /// Longest value allowed.
        limit: usize,
    },
    /// A batch is larger than [`Options::max_batch_bytes`](crate::Options).
    #[error("batch of {len} bytes: the limit is {limit} (Options::max_batch_bytes); split it")]
    BatchTooLarge {
        /// Bytes in the batch.
        len: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// The manifest would become longer than can be read: it names too many tables, or too long keys. Nothing was changed.
    #[error("{}: with this change it would have {len} bytes, and the limit is {limit}; it is full of the first and last keys of tables: make the tables larger (KeyspaceOptions::table_bytes) or the keys shorter", path.display())]
    ManifestFull {
        /// The manifest.
        path: PathBuf,
        /// Bytes that it would have.
        len: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// The keyspace was never created, or was dropped.
    #[error("there is no keyspace {name:?}")]
    NoKeyspace {
        /// Its name.
        name: String,
    },
    /// An option or an argument makes no sense.
    #[error("{option}: {found}")]
    InvalidOption {
        /// The option's name.
        option: &'static str,
        /// What was given, and what is allowed.
        found: String,
    },
    /// A write on a database that was opened read-only.
    #[error("the database was opened read-only")]
    ReadOnly,
    /// A sync failed, or a write to the log or the manifest that could not be undone, or a background thread panicked: what is
    /// on disk is unknown. Nothing more is accepted, and nothing is tried again.
    #[error(
        "the database accepts no more writes since nobody knows what is on disk ({cause}); close it, find out why the disk failed, and open it again"
    )]
    Poisoned {
        /// The failure that poisoned the database.
        cause: Arc<Error>,
    },
    /// A background thread panicked, or an event listener on it.
    #[error(
        "thread {thread} panicked: this is a bug, in the event listener if that is where the panic message points, else in this crate; reopen the database"
    )]
    Panicked {
        /// The thread's name.
        thread: String,
    },
    /// The database was closed while the operation was under way.
    #[error("the database is closed")]
    Closed,
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps an I/O error with what was attempted, and on which file.
    pub fn io(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { operation, path: path.into(), source: Arc::new(source) }
    }

    /// Damage in a file.
    pub fn corruption(path: impl Into<PathBuf>, offset: u64, found: impl Into<String>) -> Self {
        Self::Corruption { path: path.into(), offset, found: found.into() }
    }

    /// Whether this is damage on disk (as opposed to misuse or a failing disk).
    #[must_use]
    pub fn is_corruption(&self) -> bool {
        matches!(self, Self::Corruption { .. } | Self::MissingFile { .. })
    }

    /// Whether something could not be made durable: the kernel may have dropped the pages, so that another sync would
    /// succeed and prove nothing.
    pub(crate) fn is_failed_sync(&self) -> bool {
        matches!(self, Self::Io { operation: "sync", .. })
    }

    /// Whether the disk was full; the operation may be tried again once there is room.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull
            || source.kind() == io::ErrorKind::QuotaExceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_where_and_what_to_do() {
        let error = Error::corruption("/db/000007.sst", 4096, "checksum 0x1, expected 0x2");
        assert_eq!(
            error.to_string(),
            "/db/000007.sst, offset 4096: checksum 0x1, expected 0x2; restore the file from a \
             checkpoint or a backup (`lsm-tool verify` lists all damage)"
        );
        assert!(error.is_corruption());
        let full = Error::io("allocate", "/db/1.log", io::Error::from(io::ErrorKind::StorageFull));
        assert!(full.is_disk_full() && !full.is_corruption());
    }
}
