//! A file system that holds syncs of the log, or of tables, back, so that a test decides what happens meanwhile.

use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex},
};

use lsm::fs::{
    DirEntry, File, FileLock, FileSystem, LockMode, Mapping, OpenMode, Purpose, sim::SimFs,
};

#[derive(Debug, Clone)]
pub struct HeldFs {
    pub inner: SimFs,
    extension: &'static str,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    waiting: usize,
}

impl HeldFs {
    /// It can hold syncs of the log.
    pub fn new(inner: SimFs) -> Self {
        Self { inner, extension: "log", gate: Arc::default() }
    }

    /// It can hold syncs of tables.
    pub fn of_tables(inner: SimFs) -> Self {
        Self { inner, extension: "sst", gate: Arc::default() }
    }

    /// From now on they wait.
    pub fn hold(&self) {
        self.gate.state.lock().unwrap().closed = true;
    }

    /// Returns once a sync waits.
    pub fn wait_for_one(&self) {
        let state = self.gate.state.lock().unwrap();
        drop(self.gate.changed.wait_while(state, |state| state.waiting == 0).unwrap());
    }

    /// Lets all go on.
    pub fn release(&self) {
        self.gate.state.lock().unwrap().closed = false;
        self.gate.changed.notify_all();
    }
}

impl FileSystem for HeldFs {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }
    fn open(&self, path: &Path, mode: OpenMode, purpose: Purpose) -> io::Result<Arc<dyn File>> {
        let inner = self.inner.open(path, mode, purpose)?;
        if path.extension().is_none_or(|extension| extension != self.extension) {
            return Ok(inner);
        }
        Ok(Arc::new(HeldFile { inner, gate: Arc::clone(&self.gate) }))
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
        self.inner.sync_dir(dir)
    }
    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        self.inner.lock(path, mode)
    }
}

#[derive(Debug)]
struct HeldFile {
    inner: Arc<dyn File>,
    gate: Arc<Gate>,
}

impl File for HeldFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.inner.read_exact_at(buf, offset)
    }
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_all_at(buf, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }
    fn allocate(&self, len: u64) -> io::Result<()> {
        self.inner.allocate(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.gate.state.lock().unwrap();
        state.waiting += 1;
        self.gate.changed.notify_all();
        state = self.gate.changed.wait_while(state, |state| state.closed).unwrap();
        state.waiting -= 1;
        drop(state);
        self.inner.sync_data()
    }
    fn has_other_names(&self) -> io::Result<bool> {
        self.inner.has_other_names()
    }
    fn map(&self, len: usize, writable: bool) -> io::Result<Mapping> {
        self.inner.map(len, writable)
    }
}
