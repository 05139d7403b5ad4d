//! The disk of the machine: [`MemoryDisk`], and faults that are armed.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ledger::disk::{
    Disk, File, MemoryDisk,
    memory::{Fault, OperationKind, Unsynced},
};

use super::arms::{Arms, Kind, Stray, Verdict, failed, off};
use crate::random::{Random, mix};

/// A directory on a machine whose power and whose disk fail. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct SimDisk {
    memory: MemoryDisk,
    arms: Arc<Mutex<Arms>>,
    /// The most bytes of all files, if there is a limit.
    capacity: Arc<Mutex<Option<u64>>>,
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimDisk {
    /// An empty directory on a machine that works.
    #[must_use]
    pub fn new() -> Self {
        Self::on(MemoryDisk::new())
    }

    /// A directory with this content, on a machine that works.
    #[must_use]
    pub fn on(memory: MemoryDisk) -> Self {
        Self { memory, arms: Arc::default(), capacity: Arc::default() }
    }

    /// What lies on it.
    #[must_use]
    pub fn memory(&self) -> &MemoryDisk {
        &self.memory
    }

    /// The faults of the machine.
    pub(super) fn arms(&self) -> MutexGuard<'_, Arms> {
        self.arms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn shared_arms(&self) -> Arc<Mutex<Arms>> {
        Arc::clone(&self.arms)
    }

    fn capacity(&self) -> MutexGuard<'_, Option<u64>> {
        self.capacity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves room for so many bytes more, or for all.
    pub(super) fn set_room(&self, room: Option<u64>) {
        let capacity = room.map(|room| self.memory.used() + room);
        *self.capacity() = capacity;
        self.memory.set_capacity(capacity);
    }

    /// Whether there is an end to its space.
    pub(super) fn is_limited(&self) -> bool {
        self.capacity().is_some()
    }

    /// The same machine after its power failed, or failed now.
    pub(super) fn reboot(&self, fate: u64) -> Self {
        let mut random = Random::new(fate, 1);
        let sector = if random.percent(50) { 512 } else { 4096 };
        let style = random.below(4);
        let mut choose = |unsynced: &Unsynced<'_>| match style {
            0 => 0,
            1 => unsynced.versions,
            _ => random.below(unsynced.versions as u64 + 1) as usize,
        };
        let memory = self.memory.crash(sector, &mut choose);
        self.on_again(memory)
    }

    /// The same machine after the process was killed.
    pub(super) fn kill(&self) -> Self {
        let memory = self.memory.kill();
        self.on_again(memory)
    }

    fn on_again(&self, memory: MemoryDisk) -> Self {
        self.arms().boot();
        Self { memory, arms: Arc::clone(&self.arms), capacity: Arc::clone(&self.capacity) }
    }

    fn decide(&self, kind: Kind, name: &str, offset: u64, length: u64) -> Verdict {
        self.arms().decide(kind, name, offset, length)
    }

    /// An operation that happens or not, when the power fails within.
    fn whole<T>(
        &self,
        kind: Kind,
        name: &str,
        length: u64,
        happen: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.decide(kind, name, 0, length) {
            Verdict::Off => Err(off()),
            Verdict::GoesOff(fate) => {
                if fate % 2 == 0 {
                    // Whether it worked, nobody hears of.
                    let _ = happen();
                }
                Err(off())
            }
            Verdict::Fails(_) => Err(failed()),
            Verdict::Go | Verdict::Astray(_) => happen(),
        }
    }

    /// Puts back what a write that went astray has spoilt, as an operator would from a copy.
    pub(super) fn repair(&self, stray: &Stray) {
        let Some(mut bytes) = self.memory.bytes(&stray.name) else { return };
        let overwritten = |at: u64| stray.later.iter().any(|range| range.contains(&at));
        let mut put = |from: u64, what: &[u8]| {
            for (at, byte) in (from..).zip(what) {
                if let Some(there) = usize::try_from(at).ok().and_then(|at| bytes.get_mut(at))
                    && !overwritten(at)
                {
                    *there = *byte;
                }
            }
        };
        if let Some((victim, before)) = &stray.victim {
            put(*victim, before);
        }
        put(stray.intended, &stray.bytes);
        self.memory.set_bytes(&stray.name, bytes);
    }
}

impl Disk for SimDisk {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Arc<dyn File>> {
        let made = self.whole(Kind::Create, name, bytes, || {
            let made = self.memory.create(name, bytes);
            if let Err(error) = &made
                && error.kind() == io::ErrorKind::StorageFull
            {
                // As on a real disk: the name is there, and zeros as far as they fitted.
                let left = self.capacity().unwrap_or_default().saturating_sub(self.memory.used());
                let _ = self.memory.create(name, left);
            }
            made
        })?;
        let name = self.arms().opened(name);
        Ok(Arc::new(SimFile { disk: self.clone(), name, file: made }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = self.whole(Kind::Open, name, 0, || self.memory.open(name))?;
        let name = self.arms().opened(name);
        Ok(Arc::new(SimFile { disk: self.clone(), name, file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.whole(Kind::Rename, to, 0, || self.memory.rename(from, to))?;
        self.arms().renamed(from, to);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.whole(Kind::Remove, name, 0, || self.memory.remove(name))?;
        self.arms().removed(name);
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.whole(Kind::Names, "", 0, || self.memory.names())
    }

    fn sync_names(&self) -> io::Result<()> {
        self.whole(Kind::SyncNames, "", 0, || self.memory.sync_names())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.memory.path(name)
    }
}

/// An open file.
struct SimFile {
    disk: SimDisk,
    name: Arc<Mutex<String>>,
    file: Arc<dyn File>,
}

impl SimFile {
    fn name(&self) -> String {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes elsewhere, or nowhere, and says that all is well.
    fn astray(&self, bytes: &[u8], offset: u64, fate: u64) -> io::Result<()> {
        let mut random = Random::new(fate, 2);
        let room = self.file.len()?.saturating_sub(bytes.len() as u64) / 64;
        let elsewhere = random.below(room + 1) * 64;
        let victim = if random.percent(70) && elsewhere != offset {
            let mut before = vec![0; bytes.len()];
            self.file.read_at(&mut before, elsewhere)?;
            self.file.write_at(bytes, elsewhere)?;
            Some((elsewhere, before))
        } else {
            None
        };
        let stray = Stray {
            name: self.name(),
            bytes: bytes.to_vec(),
            intended: offset,
            victim,
            later: Vec::new(),
        };
        let mut arms = self.disk.arms();
        // To what went astray before, this is a write like others.
        arms.written(&stray.name, offset..offset + bytes.len() as u64);
        arms.strays.push(stray);
        Ok(())
    }
}

impl File for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.disk.decide(Kind::Read, &self.name(), offset, buffer.len() as u64) {
            Verdict::Off | Verdict::GoesOff(_) => Err(off()),
            Verdict::Fails(_) => Err(failed()),
            Verdict::Go | Verdict::Astray(_) => self.file.read_at(buffer, offset),
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let name = self.name();
        let part = |fate: u64| {
            // At most the length.
            let length = (mix(fate) % (bytes.len() as u64 + 1)) as usize;
            bytes.get(..length).unwrap_or_default()
        };
        let (written, result) =
            match self.disk.decide(Kind::Write, &name, offset, bytes.len() as u64) {
                Verdict::Off => return Err(off()),
                Verdict::GoesOff(fate) => (part(fate), Err(off())),
                Verdict::Fails(fate) => (part(fate), Err(failed())),
                Verdict::Astray(fate) => return self.astray(bytes, offset, fate),
                Verdict::Go => (bytes, Ok(())),
            };
        let mut before = vec![0; written.len()];
        let read = self.file.read_at(&mut before, offset)?;
        self.file.write_at(written, offset)?;
        // Who writes what is there already has read what went astray, and knows no better.
        if before.get(..read) != Some(written) {
            self.disk.arms().written(&name, offset..offset + written.len() as u64);
        }
        result
    }

    fn sync(&self) -> io::Result<()> {
        match self.disk.decide(Kind::Sync, &self.name(), 0, 0) {
            Verdict::Off => Err(off()),
            Verdict::GoesOff(fate) => {
                if fate % 2 == 0 {
                    self.file.sync()?;
                }
                Err(off())
            }
            Verdict::Fails(_) => {
                // The memory's own failure is final for the file, as it is on Linux.
                let fault = Fault::Fail(io::ErrorKind::Other);
                self.disk.memory.fault_at(OperationKind::Sync, 0, fault);
                let refused = self.file.sync();
                self.disk.memory.clear_hook();
                refused
            }
            Verdict::Go | Verdict::Astray(_) => self.file.sync(),
        }
    }

    fn len(&self) -> io::Result<u64> {
        match self.disk.decide(Kind::Length, &self.name(), 0, 0) {
            Verdict::Off | Verdict::GoesOff(_) => Err(off()),
            _ => self.file.len(),
        }
    }
}
