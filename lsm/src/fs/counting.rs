//! Counts the bytes that pass through a file system, by purpose.

use std::{
    fmt, io,
    ops::{Add, AddAssign},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;

use super::{
    Advice, DirEntry, File, FileLock, FileSystem, LockMode, MappedMemory, Mapping, OpenMode,
    Purpose,
};
use crate::striped::Striped;

/// What was read and written for one [`Purpose`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurposeCounts {
    /// Bytes given to [`File::write_all_at`], and bytes stored to mappings.
    pub bytes_written: u64,
    /// Bytes asked of [`File::read_exact_at`]. What is read through a mapping is invisible.
    pub bytes_read: u64,
    /// Calls of [`File::write_all_at`]. Stores to mappings are no calls.
    pub writes: u64,
    /// Calls of [`File::read_exact_at`].
    pub reads: u64,
    /// Calls of [`File::sync_data`]; those of [`FileSystem::sync_dir`] are with [`Purpose::Other`].
    pub syncs: u64,
}

impl PurposeCounts {
    /// What came after `earlier`. Counters never decrease, so a later value minus an earlier one never underflows;
    /// mixed up, the difference is 0.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            bytes_written: self.bytes_written.saturating_sub(earlier.bytes_written),
            bytes_read: self.bytes_read.saturating_sub(earlier.bytes_read),
            writes: self.writes.saturating_sub(earlier.writes),
            reads: self.reads.saturating_sub(earlier.reads),
            syncs: self.syncs.saturating_sub(earlier.syncs),
        }
    }
}

impl Add for PurposeCounts {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for PurposeCounts {
    fn add_assign(&mut self, other: Self) {
        self.bytes_written += other.bytes_written;
        self.bytes_read += other.bytes_read;
        self.writes += other.writes;
        self.reads += other.reads;
        self.syncs += other.syncs;
    }
}

/// The counts of every [`Purpose`] at one moment.
///
/// Counters are read one by one while others may count on: each is exact, their relation is only so in quiet moments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IoCounts {
    /// Indexed by `Purpose as usize`.
    pub by_purpose: [PurposeCounts; Purpose::ALL.len()],
}

impl IoCounts {
    /// The counts of one purpose.
    #[must_use]
    pub fn of(&self, purpose: Purpose) -> PurposeCounts {
        self.by_purpose[purpose as usize]
    }

    /// The sum over all purposes.
    #[must_use]
    pub fn total(&self) -> PurposeCounts {
        self.by_purpose.iter().fold(PurposeCounts::default(), |sum, &counts| sum + counts)
    }

    /// What came after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut difference = *self;
        for (later, earlier) in difference.by_purpose.iter_mut().zip(&earlier.by_purpose) {
            *later = later.since(earlier);
        }
        difference
    }
}

/// One purpose's counters, on cache lines of their own: flushes do not slow puts down.
#[derive(Debug, Default)]
struct Counters {
    /// Stores to mappings happen on every put, by all writers at once.
    bytes_stored: Striped,
    others: CachePadded<OtherCounters>,
}

#[derive(Debug, Default)]
struct OtherCounters {
    bytes_written: AtomicU64,
    bytes_read: AtomicU64,
    writes: AtomicU64,
    reads: AtomicU64,
    syncs: AtomicU64,
}

impl Counters {
    fn read(&self) -> PurposeCounts {
        // Relaxed throughout: these are statistics, they order nothing.
        PurposeCounts {
            bytes_written: self.bytes_stored.sum()
                + self.others.bytes_written.load(Ordering::Relaxed),
            bytes_read: self.others.bytes_read.load(Ordering::Relaxed),
            writes: self.others.writes.load(Ordering::Relaxed),
            reads: self.others.reads.load(Ordering::Relaxed),
            syncs: self.others.syncs.load(Ordering::Relaxed),
        }
    }
}

type AllCounters = Arc<[Counters; Purpose::ALL.len()]>;

/// A file system that counts what passes through it to another one.
///
/// Operations that fail are not counted. A store to a mapping costs one relaxed addition when the file system below
/// does not listen to stores (as [`DiskFs`](super::DiskFs) does not). Clones share their counters.
#[derive(Clone)]
pub struct CountingFs {
    inner: Arc<dyn FileSystem>,
    counters: AllCounters,
}

impl CountingFs {
    /// Counts what happens on `inner` through this handle and its clones, from zero.
    #[must_use]
    pub fn new(inner: Arc<dyn FileSystem>) -> Self {
        Self { inner, counters: AllCounters::default() }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> IoCounts {
        let mut counts = IoCounts::default();
        for (count, counters) in counts.by_purpose.iter_mut().zip(self.counters.iter()) {
            *count = counters.read();
        }
        counts
    }

    /// The file system that is counted.
    #[must_use]
    pub fn inner(&self) -> &Arc<dyn FileSystem> {
        &self.inner
    }
}

impl fmt::Debug for CountingFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingFs")
            .field("inner", &self.inner)
            .field("total", &self.counts().total())
            .finish()
    }
}

impl FileSystem for CountingFs {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn open(&self, path: &Path, mode: OpenMode, purpose: Purpose) -> io::Result<Arc<dyn File>> {
        let inner = self.inner.open(path, mode, purpose)?;
        Ok(Arc::new(CountingFile { inner, purpose, counters: Arc::clone(&self.counters) }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.hard_link(from, to)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.list(dir)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<DirEntry>> {
        self.inner.metadata(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.inner.sync_dir(dir)?;
        self.counters[Purpose::Other as usize].others.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        self.inner.lock(path, mode)
    }
}

#[derive(Debug)]
struct CountingFile {
    inner: Arc<dyn File>,
    purpose: Purpose,
    counters: AllCounters,
}

impl CountingFile {
    fn counters(&self) -> &OtherCounters {
        &self.counters[self.purpose as usize].others
    }
}

impl File for CountingFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.inner.read_exact_at(buf, offset)?;
        self.counters().reads.fetch_add(1, Ordering::Relaxed);
        self.counters().bytes_read.fetch_add(buf.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_all_at(buf, offset)?;
        self.counters().writes.fetch_add(1, Ordering::Relaxed);
        self.counters().bytes_written.fetch_add(buf.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn data_end(&self, from: u64) -> io::Result<u64> {
        self.inner.data_end(from)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.inner.allocate(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.inner.sync_data()?;
        self.counters().syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn has_other_names(&self) -> io::Result<bool> {
        self.inner.has_other_names()
    }

    fn map(&self, len: usize, writable: bool) -> io::Result<Mapping> {
        let inner = self.inner.map(len, writable)?;
        if !writable {
            return Ok(inner);
        }
        let (ptr, len) = (inner.ptr, inner.len);
        let memory =
            CountingMemory { inner, purpose: self.purpose, counters: Arc::clone(&self.counters) };
        // SAFETY: `ptr` is valid for `len` bytes as long as the inner mapping lives, and `memory` owns that.
        Ok(unsafe { Mapping::new(ptr, len, Box::new(memory)) })
    }
}

struct CountingMemory {
    inner: Mapping,
    purpose: Purpose,
    counters: AllCounters,
}

impl MappedMemory for CountingMemory {
    fn stored(&self, offset: usize, len: usize) {
        self.inner.stored(offset, len);
        self.counters[self.purpose as usize].bytes_stored.add(len as u64);
    }

    fn advise(&self, offset: usize, len: usize, advice: Advice) {
        self.inner.advise(offset, len, advice);
    }
}

#[cfg(test)]
#[cfg(not(miri))]
mod tests {
    use super::*;
    use crate::fs::{DiskFs, conformance};

    #[test]
    fn conforms() {
        let dir = tempfile::tempdir().unwrap();
        conformance::check(&CountingFs::new(Arc::new(DiskFs)), dir.path());
    }

    #[test]
    fn every_byte_lands_in_its_column() {
        let dir = tempfile::tempdir().unwrap();
        let fs = CountingFs::new(Arc::new(DiskFs));
        let mut expected = IoCounts::default();
        for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, index);
            let path = dir.path().join(index.to_string());
            let file = fs.open(&path, OpenMode::CreateNew, purpose).unwrap();
            file.write_all_at(&vec![1; 100 + index], 0).unwrap();
            file.write_all_at(b"", 0).unwrap();
            file.read_exact_at(&mut vec![0; 10 + index], 0).unwrap();
            file.read_exact_at(&mut [0; 1000], 0).unwrap_err();
            file.sync_data().unwrap();
            let map = file.map(100, true).unwrap();
            map.stored(0, 7);
            map.stored(50, 50);
            expected.by_purpose[index] = PurposeCounts {
                bytes_written: 157 + index as u64,
                bytes_read: 10 + index as u64,
                writes: 2,
                reads: 1,
                syncs: 1,
            };
        }
        assert_eq!(fs.counts(), expected);
        let before = fs.clone().counts();
        fs.sync_dir(dir.path()).unwrap();
        let difference = fs.counts().since(&before);
        assert_eq!(difference.of(Purpose::Other), PurposeCounts { syncs: 1, ..Default::default() });
        assert_eq!(difference.total().syncs, 1);
        assert_eq!(fs.counts().total().bytes_written, 6 * 157 + 15);
    }

    #[test]
    fn the_disk_does_not_listen_to_stores_and_a_count_does() {
        let dir = tempfile::tempdir().unwrap();
        let counting = CountingFs::new(Arc::new(DiskFs));
        let path = dir.path().join("file");
        let counted = counting.open(&path, OpenMode::CreateNew, Purpose::Log).unwrap();
        counted.allocate(10).unwrap();
        let plain = DiskFs.open(&path, OpenMode::ReadWrite, Purpose::Log).unwrap();
        assert!(!plain.map(10, true).unwrap().hears_stores());
        assert!(counted.map(10, true).unwrap().hears_stores());
        assert!(!counted.map(10, false).unwrap().hears_stores());
    }
}
