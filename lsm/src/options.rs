//! How a database and its keyspaces are set up.

mod keyspace;

use std::{fmt, sync::Arc};

pub use self::keyspace::{KeyspaceOptions, Layout};
use crate::{
    Error, EventListener, Result,
    fs::{DiskFs, FileSystem},
    table::ReadMode,
};

/// Bytes of log that a memtable may stand for, in write buffers.
pub(crate) const LOG_PER_BUFFER: usize = 2;

/// What a write waits for before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The write is on stable storage (`fdatasync`); concurrent writers share one sync. Survives a power failure.
    Sync,
    /// The write is in the log, in the kernel's page cache. Survives `kill -9` and a crash of the process, not of the
    /// machine: then a suffix of the latest writes may be lost, never a hole among them.
    #[default]
    Buffered,
    /// The write is in memory only, and not in the log, until its memtable is flushed; [`close`](crate::Db::close) and
    /// [`flush`](crate::Db::flush) do that. A crash of the process loses what was not flushed, and keyspaces are flushed one
    /// after another: after a crash such a write may be lost although later ones, also later ones of its kind in other
    /// keyspaces, are there, and a batch over several keyspaces may be there in one and not in another. What the other
    /// durabilities promise of their own writes holds beside it. For data that can be made again.
    None,
}

/// Settings of a database, given at [`Db::open`](crate::Db::open); none of them is stored.
///
/// ```
/// let options = lsm::Options::default().write_buffer_bytes(16 << 20).cache_bytes(128 << 20);
/// assert!(options.validate().is_ok());
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) write_buffer_bytes: usize,
    pub(crate) cache_bytes: usize,
    pub(crate) segment_bytes: usize,
    pub(crate) max_batch_bytes: usize,
    pub(crate) max_immutable_memtables: usize,
    pub(crate) max_log_bytes: Option<u64>,
    pub(crate) compaction_threads: usize,
    pub(crate) rate_limit: Option<u64>,
    pub(crate) read_mode: ReadMode,
    pub(crate) mapped_log: bool,
    pub(crate) read_only: bool,
    pub(crate) create_if_missing: bool,
    pub(crate) ignore_foreign_files: bool,
    pub(crate) space_target: f64,
    pub(crate) space_limit: f64,
    pub(crate) collect_on_scans: bool,
    pub(crate) listener: Option<Arc<dyn EventListener>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("write_buffer_bytes", &self.write_buffer_bytes)
            .field("cache_bytes", &self.cache_bytes)
            .field("segment_bytes", &self.segment_bytes)
            .field("max_batch_bytes", &self.max_batch_bytes)
            .field("max_log_bytes", &self.log_bound())
            .field("compaction_threads", &self.compaction_threads)
            .field("rate_limit", &self.rate_limit)
            .field("read_mode", &self.read_mode)
            .field("mapped_log", &self.mapped_log)
            .field("read_only", &self.read_only)
            .field("space_target", &self.space_target)
            .field("space_limit", &self.space_limit)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fs: Arc::new(DiskFs),
            write_buffer_bytes: 64 << 20,
            cache_bytes: 64 << 20,
            segment_bytes: 64 << 20,
            max_batch_bytes: 256 << 20,
            max_immutable_memtables: 1,
            max_log_bytes: None,
            compaction_threads: 1,
            rate_limit: None,
            read_mode: ReadMode::Mapped,
            mapped_log: true,
            read_only: false,
            create_if_missing: true,
            ignore_foreign_files: false,
            space_target: 1.3,
            space_limit: 2.5,
            collect_on_scans: true,
            listener: None,
        }
    }
}

impl Options {
    /// The file system to use; [`DiskFs`] by default.
    #[must_use]
    pub fn file_system(mut self, fs: Arc<dyn FileSystem>) -> Self {
        self.fs = fs;
        self
    }

    /// When a memtable is flushed: once it takes this much memory, or once twice as much log was written since its first
    /// entry (which bounds the time to open after a crash). A memtable holds keys and where their values are: some 75
    /// bytes an entry with keys of 16 bytes, the order that its flush makes included. One memtable is filled while another is
    /// flushed, so writers take up to twice this. Default 64 MiB.
    ///
    /// Each keyspace has such a buffer of its own, and nothing bounds their sum: with many keyspaces that are written to at the
    /// same time, choose it accordingly. [`max_log_bytes`](Self::max_log_bytes) flushes those that are not written to any more.
    #[must_use]
    pub fn write_buffer_bytes(mut self, bytes: usize) -> Self {
        self.write_buffer_bytes = bytes;
        self
    }

    /// Memory for readers: three quarters for hash indexes of tables that are read, 12 bytes a key, and a quarter for
    /// decompressed blocks; with [`ReadMode::Positioned`] a half for indexes, and a half for all blocks. Default 64 MiB. Mapped blocks
    /// that are not compressed live in the kernel's page cache instead.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Largest log segment: the unit of preallocation, and of deletion after collection. A small database has smaller ones, of
    /// 16 MiB or a sixteenth of its values. Default 64 MiB.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: usize) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Largest batch, in bytes of log. Default 256 MiB; at most 4 GiB less a little.
    #[must_use]
    pub fn max_batch_bytes(mut self, bytes: usize) -> Self {
        self.max_batch_bytes = bytes;
        self
    }

    /// How many memtables of a keyspace may wait for their flush before its writers wait too. Default 1: a flush takes a fraction of
    /// the time in which a memtable fills up.
    #[must_use]
    pub fn max_immutable_memtables(mut self, count: usize) -> Self {
        self.max_immutable_memtables = count;
        self
    }

    /// Bytes of log that memtables may need, about: what the next open has to read after a crash, and the space of values that are
    /// garbage already. When they come to need more, the memtable is flushed whose first entry is the oldest, however small it
    /// is: in a keyspace that is hardly ever written to it would keep all of the log since then. Default: four times what
    /// memtables may take before writers wait (see [`write_buffer_bytes`](Self::write_buffer_bytes) and
    /// [`max_immutable_memtables`](Self::max_immutable_memtables)), twice the log that one keyspace alone comes to need: 512 MiB.
    /// At least 4 KiB; less than a write buffer makes for more and smaller flushes of all keyspaces.
    ///
    /// If that flush fails, or takes as long as others take to write as much again, writers to all keyspaces wait for it at twice this, and
    /// get its error.
    #[must_use]
    pub fn max_log_bytes(mut self, bytes: u64) -> Self {
        self.max_log_bytes = Some(bytes);
        self
    }

    /// Threads for compaction and collection; flushes have a thread of their own. Default 1.
    #[must_use]
    pub fn compaction_threads(mut self, count: usize) -> Self {
        self.compaction_threads = count;
        self
    }

    /// Bytes a second that compactions and collections may write, all of them together, those of [`Keyspace::compact`]
    /// included; no limit by default. Flushes are not limited, since writers wait for them. Too low a limit ends up limiting
    /// writers, too: see [`KeyspaceOptions::level0_tables`]. At least 64 KiB a second.
    ///
    /// [`Keyspace::compact`]: crate::Keyspace::compact
    #[must_use]
    pub fn rate_limit(mut self, bytes_per_second: Option<u64>) -> Self {
        self.rate_limit = bytes_per_second;
        self
    }

    /// Whether tables are read through mappings (default) or with `pread` into the cache. Through a mapping, a disk that cannot be read
    /// is a `SIGBUS` to the process; with `pread`, an error.
    #[must_use]
    pub fn read_mode(mut self, mode: ReadMode) -> Self {
        self.read_mode = mode;
        self
    }

    /// Whether the log is appended to through a mapping (default), or with `write(2)`: for file systems that cannot
    /// map, where the engine falls back to it by itself, and for those who do not trust mappings.
    ///
    /// What a mapping cannot do is to return an error: a page that cannot be read from the disk, or not be stored to, is a `SIGBUS` to
    /// the process. The log's blocks are allocated before they are mapped, so that a full disk is no such case on a file
    /// system that writes in place; on one that copies on write it may be. Segments that were there when the
    /// database was opened are only read, and are mapped in any case, where the file system can.
    #[must_use]
    pub fn mapped_log(mut self, mapped: bool) -> Self {
        self.mapped_log = mapped;
        self
    }

    /// Opens without writing a byte: any number of processes may do so at a time, while none has it open for writing; a writer
    /// that comes meanwhile is refused, with [`Error::Locked`]. Values that were read stay what they are when the database is closed
    /// and a writer opens it.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Whether an empty or missing directory becomes a new database (default), or is an error.
    #[must_use]
    pub fn create_if_missing(mut self, create: bool) -> Self {
        self.create_if_missing = create;
        self
    }

    /// Whether files in the directory that this engine did not write are left alone, instead of refusing to open.
    #[must_use]
    pub fn ignore_foreign_files(mut self, ignore: bool) -> Self {
        self.ignore_foreign_files = ignore;
        self
    }

    /// When garbage among separated values is collected while nobody writes: once their segments take this many times the
    /// bytes that are live. Lower saves space and costs writes. Default 1.3; at least 1.05.
    #[must_use]
    pub fn space_target(mut self, ratio: f64) -> Self {
        self.space_target = ratio;
        self
    }

    /// The same while there are writers: garbage that is left to grow is cheaper to collect, because more of what lies
    /// around it has become garbage too. While writers are faster than merges, space is a matter of these, whatever the
    /// limit: values of level 0 count as live until they are merged. Never below the [`space_target`](Self::space_target). Default 2.5.
    #[must_use]
    pub fn space_limit(mut self, ratio: f64) -> Self {
        self.space_limit = ratio;
        self
    }

    /// Whether values that are scanned often, and lie in the order they were written, are collected into key order
    /// (default).
    #[must_use]
    pub fn collect_on_scans(mut self, collect: bool) -> Self {
        self.collect_on_scans = collect;
        self
    }

    /// Hears of flushes, compactions, stalls and errors.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn EventListener>) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Bytes of log that memtables may need.
    pub(crate) fn log_bound(&self) -> u64 {
        let memtables = self.max_immutable_memtables as u64 + 1;
        let alone =
            (self.write_buffer_bytes as u64).saturating_mul(memtables * LOG_PER_BUFFER as u64);
        self.max_log_bytes.unwrap_or(alone.saturating_mul(2))
    }

    /// Checks that the options make sense together.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] names the first that does not.
    pub fn validate(&self) -> Result<()> {
        let check = |ok: bool, option: &'static str, found: String| {
            if ok { Ok(()) } else { Err(Error::InvalidOption { option, found }) }
        };
        check(
            (4096..=u32::MAX as usize / 2).contains(&self.segment_bytes),
            "segment_bytes",
            format!("{}; allowed: 4 KiB to 2 GiB", self.segment_bytes),
        )?;
        check(
            // What is derived from it (bytes of log a memtable, all memtables) must still be a number.
            (4096..=usize::MAX / 64).contains(&self.write_buffer_bytes),
            "write_buffer_bytes",
            format!("{}; allowed: 4 KiB to {}", self.write_buffer_bytes, usize::MAX / 64),
        )?;
        check(
            (1024..=u32::MAX as usize - 4096).contains(&self.max_batch_bytes),
            "max_batch_bytes",
            format!("{}; allowed: 1 KiB to 4 GiB less 4 KiB", self.max_batch_bytes),
        )?;
        check(
            (1..=16).contains(&self.max_immutable_memtables),
            "max_immutable_memtables",
            format!("{}; allowed: 1 to 16", self.max_immutable_memtables),
        )?;
        check(
            self.log_bound() >= 4096,
            "max_log_bytes",
            format!("{}; allowed: 4 KiB and more", self.log_bound()),
        )?;
        check(
            (1..=64).contains(&self.compaction_threads),
            "compaction_threads",
            format!("{}; allowed: 1 to 64", self.compaction_threads),
        )?;
        check(
            self.space_target.is_finite() && self.space_target >= 1.05,
            "space_target",
            format!("{}; allowed: 1.05 and more", self.space_target),
        )?;
        check(
            !self.space_limit.is_nan(),
            "space_limit",
            format!("{}; allowed: any number", self.space_limit),
        )?;
        check(
            self.rate_limit.is_none_or(|rate| rate >= 64 << 10),
            "rate_limit",
            format!("{:?}; allowed: none, or 64 KiB a second and more", self.rate_limit),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_named() {
        let error = Options::default().space_target(0.5).validate().unwrap_err();
        assert!(error.to_string().contains("space_target"), "{error}");
    }
}
