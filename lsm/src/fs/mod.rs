//! The file system behind a trait, so that every I/O can be counted, failed, or crashed.
//!
//! [`DiskFs`] is the real one. [`sim::SimFs`] (feature `sim`) lives in memory, keeps what was synced, and at a crash
//! drops, tears or reorders the rest. [`CountingFs`] wraps either and counts bytes by [`Purpose`].

use std::{fmt, io, path::Path, ptr::NonNull, sync::Arc};

#[cfg(test)]
mod conformance;
mod counting;
mod disk;
mod read_ahead;
#[cfg(feature = "sim")]
pub mod sim;
mod sync_once;

pub use counting::{CountingFs, IoCounts, PurposeCounts};
pub use disk::DiskFs;
pub(crate) use read_ahead::ReadAhead;
pub(crate) use sync_once::{SyncOnce, same_error};

/// What a file is for: the column in which its bytes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Purpose {
    /// Log segments, which are value segments too.
    Log,
    /// Tables written by a flush.
    Flush,
    /// Tables written by a compaction.
    Compaction,
    /// Value segments written by a collection.
    Collection,
    /// The manifest and the pointer to it.
    Manifest,
    /// The lock file, checkpoints, reads of unknown purpose.
    Other,
}

impl Purpose {
    /// Every purpose, in the order of its number.
    pub const ALL: [Self; 6] =
        [Self::Log, Self::Flush, Self::Compaction, Self::Collection, Self::Manifest, Self::Other];
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Reads only; the file must exist.
    Read,
    /// Reads and writes; the file must exist.
    ReadWrite,
    /// Reads and writes; the file must not exist.
    CreateNew,
}

/// Shared or exclusive use of a lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Any number of openers, all read-only.
    Shared,
    /// One opener.
    Exclusive,
}

/// How a mapped range is about to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Point reads: no read-ahead.
    Random,
    /// A scan: read ahead generously.
    Sequential,
    /// This range will be needed soon: start reading it now.
    WillNeed,
    /// This range is not needed for now.
    DontNeed,
    /// This range will be written soon: make its pages present and writable now.
    PopulateWrite,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The last component of its path.
    pub name: std::ffi::OsString,
    /// Whether it is a regular file.
    pub is_file: bool,
    /// Length in bytes (0 for what is no file).
    pub len: u64,
}

/// A lock that is held until it is dropped.
pub trait FileLock: Send + Sync + fmt::Debug {}

/// The operations that the engine needs from a file system.
///
/// Paths are those that the engine was opened with, joined with file names: an implementation needs no notion of a
/// current directory. All methods may be called from any thread.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// Creates a directory and its parents; no error if it exists as a directory.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Opens or creates a file. `purpose` says in which column its bytes count.
    fn open(&self, path: &Path, mode: OpenMode, purpose: Purpose) -> io::Result<Arc<dyn File>>;
    /// Removes a file. Durable after [`sync_dir`](Self::sync_dir).
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Renames a file over whatever is at `to`, atomically. Durable after [`sync_dir`](Self::sync_dir).
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name. Durable after [`sync_dir`](Self::sync_dir).
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// The names in a directory, in no particular order.
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>>;
    /// What is at a path: `None` if nothing is.
    fn metadata(&self, path: &Path) -> io::Result<Option<DirEntry>>;
    /// Makes the names in a directory durable (creations, removals, renames).
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes a lock on a file, which is created if it is missing and if `mode` is exclusive. `None` if another opener
    /// holds a conflicting one.
    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>>;
}

/// An open file. Positioned reads and writes only; no cursor.
pub trait File: Send + Sync + fmt::Debug {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Fills `buf` from `offset`; `UnexpectedEof` if the file ends before.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all of `buf` at `offset`, extending the file if need be. On an error any prefix may have been written.
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()>;
    /// Where the last data at or behind `from` may end: everything behind that is zeros. `from` if there is none. A file
    /// system that does not know where its holes are says the length; so does one to which preallocated space that was
    /// never written is data.
    fn data_end(&self, from: u64) -> io::Result<u64> {
        Ok(self.len()?.max(from))
    }
    /// Cuts or extends (with zeros, without allocating) to `len`.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Allocates disk space for `0..len` and makes the file at least that long (zeros): a full disk is an error here,
    /// never later when a mapped page is stored to.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// Makes data and length durable: what `fdatasync` does. Includes what was stored through mappings.
    fn sync_data(&self) -> io::Result<()>;
    /// Whether the file has more than one name (hard links). A file system that cannot tell says yes: then nobody takes the file
    /// for their own.
    fn has_other_names(&self) -> io::Result<bool> {
        Ok(true)
    }
    /// Maps `0..len` shared. `Unsupported` where the file system cannot map.
    /// With `writable`, stores go to the file. `len` must not exceed the file's length.
    fn map(&self, len: usize, writable: bool) -> io::Result<Mapping>;
}

/// What keeps a [`Mapping`]'s memory alive, and hears of stores to it.
pub trait MappedMemory: Send + Sync {
    /// Whether [`stored`](Self::stored) does anything. Asked once, when the [`Mapping`] is made: with `false`, a
    /// store costs a predictable branch instead of a call through the trait object.
    fn hears_stores(&self) -> bool {
        true
    }
    /// Says that `offset..offset + len` has been stored to (or is about to be advised on).
    /// Counting file systems count the bytes; simulated ones may crash here.
    fn stored(&self, offset: usize, len: usize);
    /// Advice on a range. A hint: it may do nothing.
    fn advise(&self, offset: usize, len: usize, advice: Advice);
}

/// A shared mapping of a file's first `len` bytes.
///
/// Memory-safety contract: the bytes are shared with the file, so nobody may hold a `&[u8]` to a range while it is
/// stored to. The engine stores to any byte of a segment at most once, before it hands out references to it, and
/// never cuts a file below bytes that are referenced. References outlive the lock: what was read from a file stays mapped when the
/// database was closed. So a writer stores only to files that it has created itself since it took the lock, which no other
/// process has opened meanwhile. What a process without the lock does to the files is outside of this contract.
pub struct Mapping {
    ptr: NonNull<u8>,
    len: usize,
    hears_stores: bool,
    memory: Box<dyn MappedMemory>,
}

// SAFETY: the pointer is to memory that `memory` owns and that stays put until drop; `MappedMemory` is Send + Sync, and
// the contract above is what makes concurrent access through `&Mapping` sound.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Wraps memory.
    ///
    /// # Safety
    /// `ptr` must be valid for reads (and for writes, if the mapping is writable) of `len` bytes, shared, for as long
    /// as `memory` lives.
    pub unsafe fn new(ptr: NonNull<u8>, len: usize, memory: Box<dyn MappedMemory>) -> Self {
        Self { ptr, len, hears_stores: memory.hears_stores(), memory }
    }

    /// The first byte.
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.ptr.as_ptr()
    }

    /// Bytes mapped.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reports a store of `offset..offset + len`; call it after the store, from the thread that stored.
    ///
    /// A simulated file system takes only reported stores to be made. Costs a branch where nobody listens.
    #[inline]
    pub fn stored(&self, offset: usize, len: usize) {
        if self.hears_stores {
            self.memory.stored(offset, len);
        }
    }

    /// Whether somebody listens to [`stored`](Self::stored).
    #[inline]
    #[must_use]
    pub fn hears_stores(&self) -> bool {
        self.hears_stores
    }

    /// Advice on a range.
    pub fn advise(&self, offset: usize, len: usize, advice: Advice) {
        self.memory.advise(offset, len, advice);
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("len", &self.len).finish_non_exhaustive()
    }
}
