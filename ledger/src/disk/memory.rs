//! A directory in memory that crashes and fails on demand: what tests and the simulator run on.
//!
//! - **Crashes.** [`MemoryDisk::crash`] makes what the next process finds. Of what no sync had covered, each sector has any of the contents that it
//!   had since then, as the caller chooses; a name that was not synced is there or not. What was synced is there.
//! - **Faults.** A closure sees every operation before it happens, and may make it fail, tear it, lose it, let it go elsewhere, or switch the machine
//!   off ([`MemoryDisk::on_operation`]). Bits flip ([`MemoryDisk::flip`]), and there may be an end to space ([`MemoryDisk::set_capacity`]).
//! - **A failed sync is final**, as on Linux: what it should have written may be lost in a crash whatever later syncs say, unless it is written anew.
//!
//! Everything is a function of what is called and chosen: there is no clock and no randomness here.
//!
//! ```
//! use ledger::disk::{Disk, MemoryDisk};
//!
//! let disk = MemoryDisk::new();
//! let file = disk.create("a", 1024)?;
//! disk.sync_names()?;
//! file.write_at(b"one", 0)?;
//! file.sync()?;
//! file.write_at(b"two", 0)?;
//!
//! let nothing_more = disk.fork().crash(512, &mut |_| 0);
//! assert_eq!(&nothing_more.bytes("a").unwrap()[..3], b"one");
//! let all = disk.crash(512, &mut |unsynced| unsynced.versions);
//! assert_eq!(&all.bytes("a").unwrap()[..3], b"two");
//! assert!(file.sync().is_err(), "the old machine is off");
//! # Ok::<(), std::io::Error>(())
//! ```

mod image;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::image::Image;
use super::{Disk, File};

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// [`Disk::create`].
    Create,
    /// [`Disk::open`].
    Open,
    /// [`Disk::rename`].
    Rename,
    /// [`Disk::remove`].
    Remove,
    /// [`Disk::names`].
    Names,
    /// [`Disk::sync_names`].
    SyncNames,
    /// [`File::read_at`].
    Read,
    /// [`File::write_at`].
    Write,
    /// [`File::sync`].
    Sync,
}

/// One operation, as a hook sees it.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// How many were there before, since the disk was made; reads count too.
    pub number: u64,
    /// What it is.
    pub kind: OperationKind,
    /// The file; empty if it is about no single one.
    pub file: &'a str,
    /// Where in it; 0 if that means nothing.
    pub offset: u64,
    /// How many bytes; 0 if that means nothing.
    pub length: u64,
}

/// What becomes of an operation instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing. A sync that fails is final for its file.
    Fail(io::ErrorKind),
    /// A write fails after so many of its bytes. Anything else fails and does nothing.
    Tear(usize, io::ErrorKind),
    /// A write, a sync, or a sync of names says that it succeeded, and did nothing.
    Lose,
    /// A write goes to this offset of its file, and says that it succeeded. Does nothing to other operations.
    Misdirect(u64),
    /// The machine goes off: this and all that follows fail, until [`MemoryDisk::crash`] gives the next machine.
    PowerOff,
}

/// A place at which a crash has a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsynced<'a> {
    /// What it is.
    pub what: UnsyncedKind,
    /// Which file. Of a rename, the new name.
    pub file: &'a str,
    /// Where in it.
    pub offset: u64,
    /// The choices are 0, what was synced, to this, the newest.
    pub versions: usize,
}

/// What was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsyncedKind {
    /// A sector's content.
    Sector,
    /// That the file grew. Where that is lost, so are sectors beyond.
    Length,
    /// A name that was created, renamed or removed.
    Name,
}

/// Decides what becomes of an operation.
pub type Hook = Box<dyn FnMut(&Operation<'_>) -> Option<Fault> + Send>;

struct Inner {
    image: Image,
    hook: Option<Hook>,
    capacity: Option<u64>,
    operations: u64,
    off: bool,
}

/// A directory in memory. Clones are the same directory.
#[derive(Clone)]
pub struct MemoryDisk(Arc<Mutex<Inner>>);

impl std::fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryDisk").field("operations", &self.operations()).finish_non_exhaustive()
    }
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryDisk {
    /// An empty directory, without faults and without an end.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Image::default(), None)
    }

    fn of(image: Image, capacity: Option<u64>) -> Self {
        let inner = Inner { image, hook: None, capacity, operations: 0, off: false };
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // What a panicking hook left is as good as before it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `hook` before every operation from now on, instead of any that was there. It must not use the disk itself.
    pub fn on_operation(&self, hook: impl FnMut(&Operation<'_>) -> Option<Fault> + Send + 'static) {
        self.inner().hook = Some(Box::new(hook));
    }

    /// Lets the `nth` operation of a kind from now on, 0 the next, end as `fault` says. Takes the hook's place.
    pub fn fault_at(&self, kind: OperationKind, nth: u64, fault: Fault) {
        let mut left = nth;
        self.on_operation(move |operation| {
            if operation.kind != kind {
                return None;
            }
            let now = left == 0;
            left = left.wrapping_sub(1);
            now.then_some(fault)
        });
    }

    /// No faults any more.
    pub fn clear_hook(&self) {
        self.inner().hook = None;
    }

    /// How many operations there were.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.inner().operations
    }

    /// The most bytes of all files together; what needs more fails with [`io::ErrorKind::StorageFull`].
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.inner().capacity = bytes;
    }

    /// The bytes of all files that have names.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.inner().image.used()
    }

    /// Flips a bit of a file, 0 the lowest, in all that a crash could bring to light. Whether there is such a byte.
    pub fn flip(&self, name: &str, offset: u64, bit: u8) -> bool {
        self.inner().image.flip(name, offset, bit)
    }

    /// What a file holds, synced or not.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.inner().image.bytes(name).map(<[u8]>::to_vec)
    }

    /// Replaces what a file holds, or makes one; synced, name and all.
    pub fn set_bytes(&self, name: &str, bytes: Vec<u8>) {
        self.inner().image.set_bytes(name, bytes);
    }

    /// Removes a file, durably, as a person would.
    pub fn take_away(&self, name: &str) {
        self.inner().image.take_away(name);
    }

    /// Another disk with the same content, synced and not, without the hook.
    #[must_use]
    pub fn fork(&self) -> Self {
        let inner = self.inner();
        Self::of(inner.image.clone(), inner.capacity)
    }

    /// What is found after the machine went off now, with every choice as `choose` makes it. This disk is off afterwards: whatever is done with it
    /// fails. `sector` is the size of what is written as one; 512 is what disks promise, less is worse than they are.
    ///
    /// # Panics
    ///
    /// If `sector` is 0.
    #[must_use]
    pub fn crash(&self, sector: usize, choose: &mut dyn FnMut(&Unsynced<'_>) -> usize) -> Self {
        assert!(sector > 0, "a sector has bytes");
        let mut inner = self.inner();
        inner.off = true;
        Self::of(inner.image.crash(sector, choose), inner.capacity)
    }

    /// What is found after the process was killed and the machine lives on: everything. This disk is off afterwards.
    #[must_use]
    pub fn kill(&self) -> Self {
        let mut inner = self.inner();
        inner.off = true;
        Self::of(inner.image.clone(), inner.capacity)
    }

    /// Counts an operation, and says what is to become of it.
    fn begin(
        inner: &mut Inner,
        kind: OperationKind,
        file: &str,
        offset: u64,
        length: u64,
    ) -> io::Result<Option<Fault>> {
        if inner.off {
            return Err(io::Error::other("the machine is off"));
        }
        let operation = Operation { number: inner.operations, kind, file, offset, length };
        inner.operations += 1;
        match inner.hook.as_mut().and_then(|hook| hook(&operation)) {
            Some(Fault::PowerOff) => {
                inner.off = true;
                Err(io::Error::other("the machine went off"))
            }
            Some(Fault::Fail(error)) => {
                Err(io::Error::new(error, format!("injected into {kind:?}")))
            }
            Some(Fault::Tear(_, error)) if kind != OperationKind::Write => {
                Err(io::Error::new(error, format!("injected into {kind:?}")))
            }
            fault => Ok(fault),
        }
    }
}

impl Inner {
    /// Whether so many bytes more fit.
    fn reserve(&self, more: u64) -> io::Result<()> {
        match self.capacity {
            Some(capacity) if self.image.used().saturating_add(more) > capacity => {
                Err(io::Error::new(io::ErrorKind::StorageFull, "the disk in memory is full"))
            }
            _ => Ok(()),
        }
    }
}

impl Disk for MemoryDisk {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>> {
        let inner = &mut *self.inner();
        Self::begin(inner, OperationKind::Create, name, 0, bytes)?;
        inner.reserve(bytes)?;
        let id = inner.image.create(name, bytes)?;
        Ok(Arc::new(MemoryFile { disk: self.clone(), id }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let inner = &mut *self.inner();
        Self::begin(inner, OperationKind::Open, name, 0, 0)?;
        let id = inner.image.find(name)?;
        Ok(Arc::new(MemoryFile { disk: self.clone(), id }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let inner = &mut *self.inner();
        Self::begin(inner, OperationKind::Rename, to, 0, 0)?;
        inner.image.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let inner = &mut *self.inner();
        Self::begin(inner, OperationKind::Remove, name, 0, 0)?;
        inner.image.remove(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let inner = &mut *self.inner();
        Self::begin(inner, OperationKind::Names, "", 0, 0)?;
        Ok(inner.image.names())
    }

    fn sync_names(&self) -> io::Result<()> {
        let inner = &mut *self.inner();
        if Self::begin(inner, OperationKind::SyncNames, "", 0, 0)? != Some(Fault::Lose) {
            inner.image.sync_names();
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/memory").join(name)
    }
}

/// An open file.
struct MemoryFile {
    disk: MemoryDisk,
    id: usize,
}

impl File for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = &mut *self.disk.inner();
        let name = inner.image.name(self.id);
        MemoryDisk::begin(inner, OperationKind::Read, &name, offset, buffer.len() as u64)?;
        Ok(inner.image.read(self.id, buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let inner = &mut *self.disk.inner();
        let name = inner.image.name(self.id);
        let (bytes, offset, result) = match MemoryDisk::begin(
            inner,
            OperationKind::Write,
            &name,
            offset,
            bytes.len() as u64,
        )? {
            Some(Fault::Lose) => return Ok(()),
            Some(Fault::Misdirect(elsewhere)) => (bytes, elsewhere, Ok(())),
            Some(Fault::Tear(length, error)) => {
                let torn = io::Error::new(error, "injected into Write");
                (&bytes[..length.min(bytes.len())], offset, Err(torn))
            }
            _ => (bytes, offset, Ok(())),
        };
        let end = offset
            .checked_add(bytes.len() as u64)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        inner.reserve(end.saturating_sub(inner.image.len(self.id)))?;
        inner.image.write(self.id, bytes, offset)?;
        result
    }

    fn sync(&self) -> io::Result<()> {
        let inner = &mut *self.disk.inner();
        let name = inner.image.name(self.id);
        match MemoryDisk::begin(inner, OperationKind::Sync, &name, 0, 0) {
            Ok(Some(Fault::Lose)) => Ok(()),
            Ok(_) => {
                inner.image.sync(self.id);
                Ok(())
            }
            Err(error) => {
                inner.image.break_sync(self.id);
                Err(error)
            }
        }
    }

    fn len(&self) -> io::Result<u64> {
        let inner = self.disk.inner();
        if inner.off {
            return Err(io::Error::other("the machine is off"));
        }
        Ok(inner.image.len(self.id))
    }
}
