//! What all operations share: I/O points, the table of files, space.

use std::{
    io::{self, ErrorKind},
    path::Path,
};

use crate::fs::DirEntry;

use super::{
    Operation, Outcome, Point, State,
    inode::Inode,
    names::{InodeId, Node},
    plan::{Fate, crashed},
};

impl State {
    /// Fails if the process is dead.
    pub(super) fn check_alive(&self) -> io::Result<()> {
        self.dead.map_or(Ok(()), |point| Err(crashed(point)))
    }

    /// Counts an I/O point, and says what becomes of it.
    pub(super) fn point(
        &mut self,
        operation: Operation,
        path: &Path,
        offset: u64,
        len: u64,
    ) -> io::Result<Fate> {
        self.check_alive()?;
        let number = self.points;
        self.points += 1;
        let fate = self.plan.decide(number, operation, path);
        let outcome = match fate {
            Fate::Done => Outcome::Done,
            Fate::Failed(..) => Outcome::Failed,
            Fate::Crashed(..) => {
                self.dead = Some(number);
                Outcome::Crashed
            }
        };
        if let Some(trace) = &mut self.trace {
            trace.push(Point { number, operation, path: path.to_owned(), offset, len, outcome });
        }
        Ok(fate)
    }

    /// What changes nothing: an I/O point if those are counted.
    pub(super) fn look(
        &mut self,
        operation: Operation,
        path: &Path,
        offset: u64,
        len: u64,
    ) -> io::Result<()> {
        if !self.counts_reads {
            return self.check_alive();
        }
        match self.point(operation, path, offset, len)? {
            Fate::Done => Ok(()),
            Fate::Failed(error, _) | Fate::Crashed(error, _) => Err(error),
        }
    }

    /// An I/O point that happens or not: `change` is called if so.
    pub(super) fn atomic<T>(
        &mut self,
        operation: Operation,
        path: &Path,
        len: u64,
        change: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.point(operation, path, 0, len)? {
            Fate::Done => change(self),
            Fate::Failed(error, _) => Err(error),
            Fate::Crashed(error, mut random) => {
                if random.coin() {
                    // Whether it also failed by itself, the dead process never learns.
                    let _ = change(self);
                }
                Err(error)
            }
        }
    }

    pub(super) fn inode(&mut self, id: InodeId) -> io::Result<&mut Inode> {
        self.inodes.get_mut(&id).ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn insert(&mut self, inode: Inode) -> InodeId {
        let id = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(id, inode);
        id
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<InodeId> {
        self.names.check_free(path)?;
        self.atomic(Operation::Create, path, 0, |state| {
            let mut inode = Inode::new(path.to_owned());
            inode.links = 1;
            let id = state.insert(inode);
            state.names.add(path.to_owned(), Node::File(id));
            Ok(id)
        })
    }

    /// Takes one name away.
    pub(super) fn unlink(&mut self, id: InodeId) {
        if let Some(inode) = self.inodes.get_mut(&id) {
            inode.links -= 1;
        }
        self.release_if_unused(id);
    }

    /// Takes one handle away.
    pub(super) fn close(&mut self, id: InodeId) {
        if let Some(inode) = self.inodes.get_mut(&id) {
            inode.opens -= 1;
        }
        self.release_if_unused(id);
    }

    pub(super) fn release_if_unused(&mut self, id: InodeId) {
        if let Some(inode) = self.inodes.get_mut(&id)
            && inode.links == 0
            && inode.opens == 0
        {
            self.used -= inode.release();
        }
    }

    /// Drops the files that no crash can bring back.
    pub(super) fn forget_unreachable(&mut self) {
        let reachable = self.names.reachable();
        self.inodes.retain(|id, inode| inode.opens > 0 || reachable.contains(id));
    }

    /// Sectors that the operation under way can have.
    pub(super) fn free(&self) -> u64 {
        if self.plan.is_full(self.points.saturating_sub(1)) {
            return 0;
        }
        self.capacity.saturating_sub(self.used)
    }

    pub(super) fn entry(&self, path: &Path, node: Node) -> DirEntry {
        let len = match node {
            Node::File(id) => self.inodes.get(&id).map_or(0, Inode::len),
            Node::Dir => 0,
        };
        let name = path.file_name().unwrap_or_default().to_owned();
        DirEntry { name, is_file: matches!(node, Node::File(_)), len }
    }
}
