//! The file system's operations on names; those on files are in `file`.

use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};

use crate::fs::{DirEntry, File, FileLock, FileSystem, LockMode, OpenMode, Purpose};

use super::{
    Holders, Operation, SimFs,
    file::{Handle, SimFile, SimLock},
    names::{Node, normal},
};

impl FileSystem for SimFs {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let path = normal(path);
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        let mut missing = Vec::new();
        for dir in path.ancestors() {
            match state.names.get(dir) {
                Some(Node::Dir) => break,
                Some(Node::File(_)) if dir == path => return Err(ErrorKind::AlreadyExists.into()),
                Some(Node::File(_)) => return Err(ErrorKind::NotADirectory.into()),
                None => missing.push(dir.to_owned()),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        state.atomic(Operation::CreateDir, &path, 0, |state| {
            for dir in missing.into_iter().rev() {
                state.names.add(dir, Node::Dir);
            }
            Ok(())
        })
    }

    fn open(&self, path: &Path, mode: OpenMode, _purpose: Purpose) -> io::Result<Arc<dyn File>> {
        let path = normal(path);
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        let id = match mode {
            OpenMode::Read | OpenMode::ReadWrite => {
                state.look(Operation::Open, &path, 0, 0)?;
                state.names.file(&path)?
            }
            OpenMode::CreateNew => state.create(&path)?,
        };
        let handle = Handle::open(&self.machine, &mut state, id)?;
        Ok(Arc::new(SimFile::new(handle, mode != OpenMode::Read)))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let path = normal(path);
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        let id = state.names.file(&path)?;
        state.atomic(Operation::Remove, &path, 0, |state| {
            state.names.remove(path.clone());
            state.unlink(id);
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (normal(from), normal(to));
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        let id = state.names.file(&from)?;
        let replaced = match state.names.get(&to) {
            Some(Node::Dir) => return Err(ErrorKind::IsADirectory.into()),
            Some(Node::File(replaced)) => Some(replaced),
            None => {
                state.names.check_free(&to)?;
                None
            }
        };
        state.atomic(Operation::Rename, &to, 0, |state| {
            // POSIX: two names of one file both stay.
            if replaced != Some(id) {
                state.names.rename(from, to.clone(), id);
                if let Some(replaced) = replaced {
                    state.unlink(replaced);
                }
            }
            Ok(())
        })
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (normal(from), normal(to));
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        let id = state.names.file(&from)?;
        state.names.check_free(&to)?;
        state.atomic(Operation::HardLink, &to, 0, |state| {
            state.inode(id)?.links += 1;
            state.names.add(to.clone(), Node::File(id));
            Ok(())
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let dir = normal(dir);
        let mut state = self.machine.state.lock();
        state.look(Operation::List, &dir, 0, 0)?;
        state.names.check_dir(&dir)?;
        Ok(state.names.children(&dir).map(|(path, node)| state.entry(path, node)).collect())
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<DirEntry>> {
        let path = normal(path);
        let mut state = self.machine.state.lock();
        state.look(Operation::Stat, &path, 0, 0)?;
        Ok(state.names.get(&path).map(|node| state.entry(&path, node)))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = normal(dir);
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        state.names.check_dir(&dir)?;
        state.atomic(Operation::SyncDir, &dir, 0, |state| {
            state.names.sync(&dir);
            state.forget_unreachable();
            Ok(())
        })
    }

    fn lock(&self, path: &Path, mode: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        let path = normal(path);
        let mut state = self.machine.state.lock();
        state.check_alive()?;
        let id = match (state.names.get(&path), mode) {
            (None, LockMode::Exclusive) => state.create(&path)?,
            _ => {
                state.look(Operation::Lock, &path, 0, 0)?;
                state.names.file(&path)?
            }
        };
        let holders = match (state.locks.get(&id), mode) {
            (None, LockMode::Exclusive) => Holders::One,
            (None, LockMode::Shared) => Holders::Sharing(1),
            (Some(Holders::Sharing(count)), LockMode::Shared) => Holders::Sharing(count + 1),
            (Some(_), _) => return Ok(None),
        };
        state.locks.insert(id, holders);
        let handle = Handle::open(&self.machine, &mut state, id)?;
        Ok(Some(Box::new(SimLock::new(handle))))
    }
}
