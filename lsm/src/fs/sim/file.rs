//! Open files, mappings and locks.

use std::{
    fmt,
    io::{self, ErrorKind},
    sync::Arc,
};

use crate::fs::{Advice, File, FileLock, MappedMemory, Mapping};

use super::{Holders, Machine, Operation, State, memory::Memory, names::InodeId, plan::Fate};

/// A file may not end beyond this: memory is what it is made of, and a test that asks for more has a bug.
const MAX_LEN: u64 = 1 << 34;

/// One use of a file, which keeps it in existence.
pub(super) struct Handle {
    machine: Arc<Machine>,
    id: InodeId,
}

impl Handle {
    pub(super) fn open(
        machine: &Arc<Machine>,
        state: &mut State,
        id: InodeId,
    ) -> io::Result<Arc<Self>> {
        state.inode(id)?.opens += 1;
        Ok(Arc::new(Self { machine: Arc::clone(machine), id }))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.machine.state.lock().close(self.id);
    }
}

pub(super) struct SimFile {
    handle: Arc<Handle>,
    writable: bool,
}

impl SimFile {
    pub(super) fn new(handle: Arc<Handle>, writable: bool) -> Self {
        Self { handle, writable }
    }

    /// Runs something on the live file system.
    fn with<T>(&self, run: impl FnOnce(&mut State, InodeId) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.handle.machine.state.lock();
        state.check_alive()?;
        run(&mut state, self.handle.id)
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.writable {
            Ok(())
        } else {
            Err(io::Error::new(ErrorKind::PermissionDenied, "the file was opened for reading"))
        }
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFile")
            .field("inode", &self.handle.id)
            .field("writable", &self.writable)
            .finish()
    }
}

fn check_len(len: Option<u64>) -> io::Result<u64> {
    len.filter(|&len| len <= MAX_LEN).ok_or_else(|| ErrorKind::FileTooLarge.into())
}

impl State {
    /// Writes as much of `bytes` as there is space for.
    fn write(&mut self, id: InodeId, bytes: &[u8], offset: u64) -> io::Result<()> {
        let free = self.free();
        let inode = self.inode(id)?;
        let end = offset + bytes.len() as u64;
        let until = inode.room_until(offset..end, free);
        let written = &bytes[..(until - offset) as usize];
        let new = inode.holes(offset..until);
        inode.write(written, offset);
        inode.claim(offset..until);
        self.used += new;
        if until < end { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl File for SimFile {
    fn len(&self) -> io::Result<u64> {
        self.with(|state, id| {
            let path = state.inode(id)?.path.clone();
            state.look(Operation::Stat, &path, 0, 0)?;
            Ok(state.inode(id)?.len())
        })
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.with(|state, id| {
            let path = state.inode(id)?.path.clone();
            state.look(Operation::Read, &path, offset, buf.len() as u64)?;
            if state.inode(id)?.read(buf, offset) {
                Ok(())
            } else {
                Err(ErrorKind::UnexpectedEof.into())
            }
        })
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.with(|state, id| {
            self.check_writable()?;
            let len = buf.len() as u64;
            if len == 0 {
                return Ok(());
            }
            check_len(offset.checked_add(len))?;
            let path = state.inode(id)?.path.clone();
            match state.point(Operation::Write, &path, offset, len)? {
                Fate::Done => state.write(id, buf, offset),
                Fate::Failed(error, mut random) | Fate::Crashed(error, mut random) => {
                    let torn = random.up_to(len) as usize;
                    // That the disk was full, too, makes the prefix shorter and changes nothing else.
                    let _ = state.write(id, &buf[..torn], offset);
                    Err(error)
                }
            }
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|state, id| {
            self.check_writable()?;
            check_len(Some(len))?;
            let path = state.inode(id)?.path.clone();
            state.atomic(Operation::SetLen, &path, len, |state| {
                let inode = state.inode(id)?;
                if len < inode.len() {
                    state.used -= inode.cut(len);
                } else if len > inode.len() {
                    inode.extend(len);
                }
                Ok(())
            })
        })
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.with(|state, id| {
            self.check_writable()?;
            check_len(Some(len))?;
            if len == 0 {
                return Ok(());
            }
            let path = state.inode(id)?.path.clone();
            state.atomic(Operation::Allocate, &path, len, |state| {
                let free = state.free();
                let inode = state.inode(id)?;
                let new = inode.holes(0..len);
                if new > free {
                    return Err(ErrorKind::StorageFull.into());
                }
                inode.claim(0..len);
                if len > inode.len() {
                    inode.extend(len);
                }
                state.used += new;
                Ok(())
            })
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(|state, id| {
            let path = state.inode(id)?.path.clone();
            let fate = state.point(Operation::SyncData, &path, 0, 0)?;
            let inode = state.inode(id)?;
            match fate {
                Fate::Done => {
                    inode.sync(|| true);
                    Ok(())
                }
                Fate::Failed(error, _) => {
                    inode.fail_sync();
                    Err(error)
                }
                Fate::Crashed(error, mut random) => {
                    match random.up_to(2) {
                        0 => {}
                        1 => inode.sync(|| true),
                        _ => inode.sync(|| random.coin()),
                    }
                    Err(error)
                }
            }
        })
    }

    fn has_other_names(&self) -> io::Result<bool> {
        self.with(|state, id| Ok(state.inode(id)?.links > 1))
    }

    fn map(&self, len: usize, writable: bool) -> io::Result<Mapping> {
        self.with(|state, id| {
            if writable {
                self.check_writable()?;
            }
            let path = state.inode(id)?.path.clone();
            state.look(Operation::Map, &path, 0, len as u64)?;
            let mappable = state.mappable;
            let inode = state.inode(id)?;
            if len == 0 || len as u64 > inode.len() {
                return Err(io::Error::new(
                    ErrorKind::InvalidInput,
                    format!("cannot map {len} bytes of a file of {}", inode.len()),
                ));
            }
            if !mappable {
                return Err(ErrorKind::Unsupported.into());
            }
            let memory = inode.map(len)?;
            let start = memory.start();
            let memory = SimMapped { handle: Arc::clone(&self.handle), memory, len, writable };
            // SAFETY: the memory is at least `len` bytes long, never moves, and lives as long as the `SimMapped` does.
            Ok(unsafe { Mapping::new(start, len, Box::new(memory)) })
        })
    }
}

struct SimMapped {
    handle: Arc<Handle>,
    memory: Arc<Memory>,
    len: usize,
    writable: bool,
}

impl MappedMemory for SimMapped {
    fn hears_stores(&self) -> bool {
        self.writable
    }

    fn stored(&self, offset: usize, len: usize) {
        let id = self.handle.id;
        let mut state = self.handle.machine.state.lock();
        let bytes = offset.min(self.len) as u64..offset.saturating_add(len).min(self.len) as u64;
        if bytes.is_empty() {
            return;
        }
        let Ok(inode) = state.inode(id) else { return };
        let path = inode.path.clone();
        let size = bytes.end - bytes.start;
        let Ok(fate) = state.point(Operation::Store, &path, bytes.start, size) else {
            return;
        };
        let free = state.free();
        let dies_in = state.points - 1;
        // The handle keeps the file in existence.
        let Ok(inode) = state.inode(id) else { return };
        // A file that was cut below the mapping takes nothing beyond its end.
        let end = bytes.end.min(inode.len());
        let wanted = match fate {
            Fate::Done | Fate::Failed(..) => end,
            Fate::Crashed(_, mut random) => end.min(bytes.start + random.up_to(size)),
        };
        let until = inode.room_until(bytes.start..wanted, free);
        let killed = until < wanted;
        let new = inode.holes(bytes.start..until);
        inode.claim(bytes.start..until);
        inode.store(&self.memory, bytes.start..until);
        state.used += new;
        if killed {
            state.dead = Some(dies_in);
        }
    }

    fn advise(&self, _offset: usize, _len: usize, _advice: Advice) {}
}

/// A lock on a file: whose drop gives it back.
pub(super) struct SimLock {
    handle: Arc<Handle>,
}

impl SimLock {
    pub(super) fn new(handle: Arc<Handle>) -> Self {
        Self { handle }
    }
}

impl fmt::Debug for SimLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLock").field("inode", &self.handle.id).finish()
    }
}

impl FileLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.handle.machine.state.lock();
        match state.locks.get_mut(&self.handle.id) {
            Some(Holders::Sharing(count)) if *count > 1 => *count -= 1,
            _ => {
                state.locks.remove(&self.handle.id);
            }
        }
    }
}
