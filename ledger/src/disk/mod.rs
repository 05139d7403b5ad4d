//! Files behind a trait, so that every write can be torn, lost, misdirected or refused in a simulation.
//!
//! Names are plain file names within one directory, without separators.

use std::{io, sync::Arc};

pub mod memory;
mod real;

pub use memory::MemoryDisk;
pub use real::RealDisk;

/// One directory.
pub trait Disk: Send + Sync {
    /// Creates a file of `bytes` zeros, which are allocated, written and synced: a later write within them changes no metadata. Fails if there
    /// is one of this name.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    ///
    /// What the system says; [`io::ErrorKind::NotFound`] if there is none.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Renames a file, over another if there is one. Durable after [`sync_names`](Self::sync_names).
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Durable after [`sync_names`](Self::sync_names).
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// All names, in ascending order.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Makes the names durable: what was created, renamed and removed.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync_names(&self) -> io::Result<()>;

    /// Where it is, for messages.
    fn path(&self, name: &str) -> std::path::PathBuf;
}

/// One file. Its length is what it was created with, and grows by writes beyond it.
pub trait File: Send + Sync {
    /// Reads from `offset` until `buffer` is full or the file ends; how many bytes that were.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    ///
    /// What the system says; what was written is then unknown.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes what was written durable (`fdatasync`). After an error nobody may try again: the kernel may have dropped the pages.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync(&self) -> io::Result<()>;

    /// Says that hardly anybody will read it soon: what the system keeps of it in memory may go. A hint, which changes nothing that can be seen.
    fn rest(&self) {}

    /// How long it is.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn len(&self) -> io::Result<u64>;

    /// Whether it is empty.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}
