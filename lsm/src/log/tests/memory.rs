//! A file system in memory, as small as these tests need: files that can be mapped, copied, damaged, and made to fail.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use crate::fs::{
    Advice, DirEntry, File, FileLock, FileSystem, LockMode, MappedMemory, Mapping, OpenMode,
    Purpose,
};

/// Most bytes in a file: its memory must stay put while it is mapped.
const ROOM: usize = 1 << 20;

#[derive(Debug, Default)]
pub struct MemoryFs {
    files: Mutex<BTreeMap<PathBuf, Arc<MemoryFile>>>,
    pub no_mapping: AtomicBool,
    pub fail_allocate: AtomicBool,
    pub fail_remove: AtomicBool,
    pub dir_syncs: AtomicU64,
}

pub struct MemoryFile {
    memory: Arc<Memory>,
    len: AtomicU64,
    no_mapping: bool,
    fail_allocate: bool,
    pub syncs: AtomicU64,
    pub stored: Arc<AtomicU64>,
    pub fail_writes: AtomicBool,
    pub fail_syncs: AtomicBool,
    pub linked: AtomicBool,
}

struct Memory(NonNull<u8>, usize);

// SAFETY: plain memory; the users of mappings and files keep to the contract of `Mapping`.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    fn new(room: usize) -> Self {
        let bytes = Box::leak(vec![0_u8; room].into_boxed_slice());
        Self(NonNull::from(bytes).cast(), room)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` of a slice of that length, and nobody uses it any more.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.0.as_ptr(), self.1)) });
    }
}

struct Mapped(#[expect(dead_code, reason = "keeps the memory")] Arc<Memory>, Arc<AtomicU64>);

impl MappedMemory for Mapped {
    fn stored(&self, _: usize, len: usize) {
        self.1.fetch_add(len as u64, Ordering::Relaxed);
    }
    fn advise(&self, _: usize, _: usize, _: Advice) {}
}

impl std::fmt::Debug for MemoryFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryFile").field("len", &self.len).finish_non_exhaustive()
    }
}

impl MemoryFs {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// As the trait object that the room wants.
    pub fn erased(self: &Arc<Self>) -> Arc<dyn FileSystem> {
        Arc::clone(self) as Arc<dyn FileSystem>
    }

    pub fn file(&self, path: &Path) -> Arc<MemoryFile> {
        Arc::clone(&self.files.lock()[path])
    }

    pub fn exists(&self, path: &Path) -> bool {
        self.files.lock().contains_key(path)
    }

    pub fn bytes(&self, path: &Path) -> Vec<u8> {
        let file = self.file(path);
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    }

    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let file = Arc::new(MemoryFile::new(bytes.len().max(1), false, false));
        file.write_all_at(bytes, 0).unwrap();
        self.files.lock().insert(path.into(), file);
    }

    /// The same files, in memory of their own: what another process would find.
    pub fn copy(&self) -> Arc<Self> {
        let copy = Self::new();
        let paths: Vec<_> = self.files.lock().keys().cloned().collect();
        for path in paths {
            copy.put(&path, &self.bytes(&path));
        }
        copy
    }
}

impl MemoryFile {
    fn new(room: usize, no_mapping: bool, fail_allocate: bool) -> Self {
        Self {
            memory: Arc::new(Memory::new(room)),
            len: AtomicU64::new(0),
            no_mapping,
            fail_allocate,
            syncs: AtomicU64::new(0),
            stored: Arc::default(),
            fail_writes: AtomicBool::new(false),
            fail_syncs: AtomicBool::new(false),
            linked: AtomicBool::new(false),
        }
    }

    fn fail(flag: &AtomicBool) -> io::Result<()> {
        if flag.load(Ordering::Relaxed) { Err(io::Error::other("injected")) } else { Ok(()) }
    }
}

impl FileSystem for MemoryFs {
    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn open(&self, path: &Path, mode: OpenMode, _: Purpose) -> io::Result<Arc<dyn File>> {
        let mut files = self.files.lock();
        match (files.get(path), mode) {
            (Some(_), OpenMode::CreateNew) => Err(io::ErrorKind::AlreadyExists.into()),
            (Some(file), _) => Ok(Arc::clone(file) as Arc<dyn File>),
            (None, OpenMode::CreateNew) => {
                let file = Arc::new(MemoryFile::new(
                    ROOM,
                    self.no_mapping.load(Ordering::Relaxed),
                    self.fail_allocate.load(Ordering::Relaxed),
                ));
                files.insert(path.into(), Arc::clone(&file));
                Ok(file)
            }
            (None, _) => Err(io::ErrorKind::NotFound.into()),
        }
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        MemoryFile::fail(&self.fail_remove)?;
        self.files.lock().remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.into(), file);
        Ok(())
    }
    fn hard_link(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let files = self.files.lock();
        let within = files.iter().filter(|(path, _)| path.parent() == Some(dir));
        Ok(within
            .map(|(path, file)| DirEntry {
                name: path.file_name().unwrap().into(),
                is_file: true,
                len: file.len().unwrap(),
            })
            .collect())
    }
    fn metadata(&self, _: &Path) -> io::Result<Option<DirEntry>> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.dir_syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn lock(&self, _: &Path, _: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl File for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len.load(Ordering::Relaxed))
    }
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        if offset + buf.len() as u64 > self.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // SAFETY: within the file, which is within the memory; the tests do not read what is being written.
        unsafe {
            let from = self.memory.0.as_ptr().add(offset as usize);
            buf.as_mut_ptr().copy_from_nonoverlapping(from, buf.len());
        }
        Ok(())
    }
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        Self::fail(&self.fail_writes)?;
        let end = offset + buf.len() as u64;
        assert!(end as usize <= self.memory.1, "more than the test file system holds");
        // SAFETY: within the memory; the tests write no range that others use.
        unsafe {
            let to = self.memory.0.as_ptr().add(offset as usize);
            to.copy_from_nonoverlapping(buf.as_ptr(), buf.len());
        }
        self.len.fetch_max(end, Ordering::Relaxed);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        assert!(len as usize <= self.memory.1);
        self.len.store(len, Ordering::Relaxed);
        Ok(())
    }
    fn allocate(&self, len: u64) -> io::Result<()> {
        if self.fail_allocate {
            return Err(io::ErrorKind::StorageFull.into());
        }
        assert!(len as usize <= self.memory.1, "more than the test file system holds");
        self.len.fetch_max(len, Ordering::Relaxed);
        Ok(())
    }
    fn sync_data(&self) -> io::Result<()> {
        Self::fail(&self.fail_syncs)?;
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn has_other_names(&self) -> io::Result<bool> {
        Ok(self.linked.load(Ordering::Relaxed))
    }
    fn map(&self, len: usize, _: bool) -> io::Result<Mapping> {
        if self.no_mapping {
            return Err(io::ErrorKind::Unsupported.into());
        }
        assert!(len as u64 <= self.len()?);
        let memory = Box::new(Mapped(Arc::clone(&self.memory), Arc::clone(&self.stored)));
        // SAFETY: `Mapped` holds the memory, which is at least as long as the file.
        Ok(unsafe { Mapping::new(self.memory.0, len, memory) })
    }
}
