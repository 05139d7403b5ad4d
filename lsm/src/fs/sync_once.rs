//! A directory whose failed sync is final.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use super::{DirEntry, File, FileLock, FileSystem, LockMode, OpenMode, Purpose};

/// Passes everything on, but does not sync its directory again once that has failed: several threads sync it, each for
/// names of its own, and the kernel tells of a failure once. Whoever came second would be told that all is well.
#[derive(Debug)]
pub(crate) struct SyncOnce {
    inner: Arc<dyn FileSystem>,
    dir: PathBuf,
    /// Held during a sync.
    failure: Mutex<Option<io::Error>>,
}

impl SyncOnce {
    pub(crate) fn new(inner: Arc<dyn FileSystem>, dir: &Path) -> Self {
        Self { inner, dir: dir.to_owned(), failure: Mutex::new(None) }
    }
}

/// The same error once more, as far as it is known by a number or a kind.
pub(crate) fn same_error(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

impl FileSystem for SyncOnce {
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if dir != self.dir {
            return self.inner.sync_dir(dir);
        }
        let mut failure = self.failure.lock();
        if let Some(error) = &*failure {
            return Err(same_error(error));
        }
        let synced = self.inner.sync_dir(dir);
        *failure = synced.as_ref().err().map(same_error);
        synced
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn open(&self, path: &Path, mode: OpenMode, purpose: Purpose) -> io::Result<Arc<dyn File>> {
        self.inner.open(path, mode, purpose)
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

    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        self.inner.lock(path, mode)
    }
}
