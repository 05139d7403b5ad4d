//! A file system on which compactions or flushes fail, or get nowhere, for as long as a test wants.

use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex},
};

use lsm::fs::{
    DirEntry, File, FileLock, FileSystem, LockMode, OpenMode, Purpose,
    sim::{InjectedError, SimFs},
};

/// What becomes of work that creates a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// It waits.
    Closed,
    /// It fails.
    Broken(InjectedError),
}

/// See the [module](self). Clones are the same file system.
#[derive(Debug, Clone)]
pub struct GatedFs {
    fs: SimFs,
    /// Whose tables the gate is for.
    purpose: Purpose,
    state: Arc<(Mutex<Gate>, Condvar)>,
}

impl GatedFs {
    /// For compactions.
    pub fn new(fs: &SimFs, gate: Gate) -> Self {
        Self::before(Purpose::Compaction, fs, gate)
    }

    pub fn before(purpose: Purpose, fs: &SimFs, gate: Gate) -> Self {
        Self { fs: fs.clone(), purpose, state: Arc::new((Mutex::new(gate), Condvar::new())) }
    }

    pub fn set(&self, gate: Gate) {
        *self.state.0.lock().unwrap() = gate;
        self.state.1.notify_all();
    }

    fn pass(&self) -> io::Result<()> {
        let closed = |gate: &mut Gate| *gate == Gate::Closed;
        let gate = self.state.1.wait_while(self.state.0.lock().unwrap(), closed).unwrap();
        match *gate {
            Gate::Broken(InjectedError::Kind(kind)) => Err(kind.into()),
            Gate::Broken(InjectedError::Os(number)) => Err(io::Error::from_raw_os_error(number)),
            Gate::Open | Gate::Closed => Ok(()),
        }
    }
}

impl FileSystem for GatedFs {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.fs.create_dir_all(path)
    }

    fn open(&self, path: &Path, mode: OpenMode, purpose: Purpose) -> io::Result<Arc<dyn File>> {
        if mode == OpenMode::CreateNew && purpose == self.purpose {
            self.pass()?;
        }
        self.fs.open(path, mode, purpose)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.fs.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fs.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fs.hard_link(from, to)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.fs.list(dir)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<DirEntry>> {
        self.fs.metadata(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.fs.sync_dir(dir)
    }

    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        self.fs.lock(path, mode)
    }
}
