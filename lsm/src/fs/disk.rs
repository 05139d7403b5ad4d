//! The real file system: `std::fs`, `rustix` for what `std` lacks, `memmap2` for mappings.

use std::{
    fs::{self, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::Path,
    ptr::NonNull,
    sync::Arc,
};

use memmap2::{MmapOptions, MmapRaw};

use super::{
    Advice, DirEntry, File, FileLock, FileSystem, LockMode, MappedMemory, Mapping, OpenMode,
    Purpose,
};

/// The operating system's files.
///
/// Descriptors are close-on-exec. Locks are `flock` locks: two handles of one process conflict as two processes do.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskFs;

impl FileSystem for DiskFs {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn open(&self, path: &Path, mode: OpenMode, _purpose: Purpose) -> io::Result<Arc<dyn File>> {
        let mut options = OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => {}
            OpenMode::ReadWrite => {
                options.write(true);
            }
            OpenMode::CreateNew => {
                options.write(true).create_new(true);
            }
        }
        Ok(Arc::new(DiskFile { file: options.open(path)? }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let found = match self.metadata(&entry.path()) {
                // A link to nowhere is a name too, though no file.
                Ok(None) if entry.file_type().is_ok_and(|kind| kind.is_symlink()) => {
                    DirEntry { name: entry.file_name(), is_file: false, len: 0 }
                }
                // Removed since the directory was read.
                Ok(None) => continue,
                Ok(Some(found)) => found,
                Err(error) => return Err(error),
            };
            entries.push(DirEntry { name: entry.file_name(), ..found });
        }
        Ok(entries)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<DirEntry>> {
        match fs::metadata(path) {
            Ok(found) => Ok(Some(DirEntry {
                name: path.file_name().unwrap_or_default().to_owned(),
                is_file: found.is_file(),
                len: if found.is_file() { found.len() } else { 0 },
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // An empty path is what `Path::parent` makes of a bare file name.
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let opened = fs::File::open(dir)?;
        if !opened.metadata()?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        opened.sync_all()
    }

    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        let (file, taken) = match mode {
            LockMode::Exclusive => {
                let mut options = OpenOptions::new();
                let file =
                    options.read(true).write(true).create(true).truncate(false).open(path)?;
                let taken = file.try_lock();
                (file, taken)
            }
            LockMode::Shared => {
                let file = fs::File::open(path)?;
                let taken = file.try_lock_shared();
                (file, taken)
            }
        };
        match taken {
            Ok(()) => Ok(Some(Box::new(DiskLock::new(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// A `flock` lock. Closing the last descriptor would release it, too; but between its fork and its exec a child process has a
/// copy of each, and whoever opens the database again right after it was closed would find it locked now and then.
#[derive(Debug)]
struct DiskLock {
    file: fs::File,
    owner: u32,
}

impl DiskLock {
    fn new(file: fs::File) -> Self {
        Self { file, owner: std::process::id() }
    }
}

impl FileLock for DiskLock {}

impl Drop for DiskLock {
    fn drop(&mut self) {
        // The lock is its process's: a fork that drops what it inherited lets go of nothing.
        if self.owner == std::process::id() {
            // If it fails, closing does it.
            let _ = self.file.unlock();
        }
    }
}

#[derive(Debug)]
struct DiskFile {
    file: fs::File,
}

impl File for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(buf, offset)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn data_end(&self, from: u64) -> io::Result<u64> {
        use rustix::{
            fs::{SeekFrom, seek},
            io::Errno,
        };
        /// A file in more pieces than this is read instead.
        const PIECES: usize = 1000;
        let mut end = from;
        for _ in 0..PIECES {
            // This moves the descriptor's cursor, which nobody uses.
            match seek(&self.file, SeekFrom::Data(end)) {
                Ok(data) => end = seek(&self.file, SeekFrom::Hole(data))?,
                // No data behind it.
                Err(Errno::NXIO) => return Ok(end),
                Err(Errno::INVAL | Errno::OPNOTSUPP) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.len()?.max(from))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if len == 0 {
            return Ok(());
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::{
                fs::{FallocateFlags, fallocate},
                io::{Errno, retry_on_intr},
            };
            match retry_on_intr(|| fallocate(&self.file, FallocateFlags::empty(), 0, len)) {
                Ok(()) => return Ok(()),
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
                Err(error) => return Err(error.into()),
            }
        }
        allocate_by_writing(&self.file, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn has_other_names(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.nlink() > 1)
    }

    fn map(&self, len: usize, writable: bool) -> io::Result<Mapping> {
        if len == 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "cannot map 0 bytes"));
        }
        let file_len = self.len()?;
        if len as u64 > file_len {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("cannot map {len} bytes of a file of {file_len}"),
            ));
        }
        let mut options = MmapOptions::new();
        options.len(len);
        let map = if writable {
            options.map_raw(&self.file)?
        } else {
            options.map_raw_read_only(&self.file)?
        };
        let Some(ptr) = NonNull::new(map.as_mut_ptr()) else {
            return Err(io::Error::other("mmap returned a null pointer"));
        };
        // SAFETY: `map` is a shared mapping of `len` bytes at `ptr`, and lives in the box until the `Mapping` is gone.
        Ok(unsafe { Mapping::new(ptr, len, Box::new(DiskMemory { map })) })
    }
}

/// What `fallocate` does, for file systems that cannot: blocks that read as zeros get zeros written, so that each is
/// backed by disk space. Not atomic against concurrent writers; the engine allocates before it shares a file.
fn allocate_by_writing(file: &fs::File, len: u64) -> io::Result<()> {
    const BLOCK: u64 = 64 * 1024;
    let zeros = vec![0; BLOCK as usize];
    let mut found = vec![0; BLOCK as usize];
    let old_len = file.metadata()?.len();
    if len > old_len {
        file.set_len(len)?;
    }
    for offset in (0..len).step_by(BLOCK as usize) {
        let size = BLOCK.min(len - offset) as usize;
        let (zeros, found) = (&zeros[..size], &mut found[..size]);
        if offset < old_len {
            file.read_exact_at(found, offset)?;
            // A block that is partly data is allocated in parts: only its zero pages may be holes.
            for (index, page) in found.chunks(4096).enumerate() {
                if page == &zeros[..page.len()] {
                    file.write_all_at(page, offset + index as u64 * 4096)?;
                }
            }
        } else {
            file.write_all_at(zeros, offset)?;
        }
    }
    Ok(())
}

struct DiskMemory {
    map: MmapRaw,
}

impl MappedMemory for DiskMemory {
    fn hears_stores(&self) -> bool {
        false
    }

    fn stored(&self, _offset: usize, _len: usize) {}

    fn advise(&self, offset: usize, len: usize, advice: Advice) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::mm::Advice as Kernel;

            let page = rustix::param::page_size();
            let start = offset.min(self.map.len()) / page * page;
            let end = offset.saturating_add(len).min(self.map.len());
            if start >= end {
                return;
            }
            let advice = match advice {
                Advice::Random => Kernel::Random,
                Advice::Sequential => Kernel::Sequential,
                Advice::WillNeed => Kernel::WillNeed,
                Advice::DontNeed => Kernel::LinuxDontNeed,
                // Linux 5.14; an older kernel says EINVAL, and the pages fault in one by one as ever.
                Advice::PopulateWrite => Kernel::LinuxPopulateWrite,
            };
            // SAFETY: `start..end` lies in the mapping, and `start` is a multiple of the page size as is the mapping's
            // address. The mapping is shared and file-backed, so no advice here changes what its bytes read as:
            // DONTNEED drops page-table entries, not the page cache.
            let _hint = unsafe {
                rustix::mm::madvise(self.map.as_mut_ptr().add(start).cast(), end - start, advice)
            };
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = (offset, len, advice);
    }
}

#[cfg(test)]
#[cfg(not(miri))]
mod tests {
    use super::*;
    use crate::fs::conformance;

    #[test]
    fn conforms() {
        let dir = tempfile::tempdir().unwrap();
        conformance::check(&DiskFs, dir.path());
    }

    /// A child process has a copy of every descriptor from its fork to its exec.
    #[test]
    fn a_lock_that_is_let_go_is_free_whoever_has_its_descriptor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("LOCK");
        drop(DiskFs.lock(&path, LockMode::Exclusive).unwrap().unwrap());
        for (held, wanted) in
            [(LockMode::Exclusive, LockMode::Shared), (LockMode::Shared, LockMode::Exclusive)]
        {
            let file = fs::File::open(&path).unwrap();
            match held {
                LockMode::Exclusive => file.lock().unwrap(),
                LockMode::Shared => file.lock_shared().unwrap(),
            }
            let _copy = file.try_clone().unwrap();
            let lock = DiskLock::new(file);
            assert!(DiskFs.lock(&path, wanted).unwrap().is_none());
            drop(lock);
            assert!(DiskFs.lock(&path, wanted).unwrap().is_some());
        }
    }

    #[test]
    fn allocation_by_writing_keeps_data_and_fills_holes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sparse");
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).unwrap();
        file.set_len(200_000).unwrap();
        file.write_all_at(b"here", 70_000).unwrap();
        allocate_by_writing(&file, 300_001).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 300_001);
        assert!(file.metadata().unwrap().blocks() * 512 >= 300_001);
        let mut bytes = vec![1; 300_001];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes[70_000..70_004], b"here");
        assert_eq!(bytes.iter().filter(|&&byte| byte != 0).count(), 4);
        allocate_by_writing(&file, 10).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 300_001);
    }

    #[test]
    fn a_link_to_nowhere_is_listed_as_no_file() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("link")).unwrap();
        let entries = DiskFs.list(dir.path()).unwrap();
        assert_eq!(entries, [DirEntry { name: "link".into(), is_file: false, len: 0 }]);
    }

    #[test]
    fn advice_never_changes_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let file =
            DiskFs.open(&dir.path().join("file"), OpenMode::CreateNew, Purpose::Log).unwrap();
        file.allocate(20_000).unwrap();
        let map = file.map(20_000, true).unwrap();
        // SAFETY: in bounds, and nobody refers to the bytes.
        unsafe { map.as_ptr().add(9_999).write(7) };
        for advice in [
            Advice::PopulateWrite,
            Advice::Random,
            Advice::Sequential,
            Advice::WillNeed,
            Advice::DontNeed,
        ] {
            map.advise(9_990, 100, advice);
            map.advise(19_999, usize::MAX, advice);
            map.advise(usize::MAX, 1, advice);
        }
        // SAFETY: as above.
        assert_eq!(unsafe { map.as_ptr().add(9_999).read() }, 7);
    }
}
