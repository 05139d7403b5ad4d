//! A second database out of hard links.

use std::path::Path;

use super::{core::Core, names::LOCK};
use crate::{
    Error, Result,
    fs::{FileSystem, OpenMode, Purpose},
    log,
    version::{AppendError, Manifest, ReplayPosition, manifest::CURRENT, table_file_name},
};

impl Core {
    /// Flushes, then links every table and every segment that tables refer to into `dir`.
    pub(crate) fn checkpoint(&self, dir: &Path) -> Result<()> {
        let found = self.fs.metadata(dir).map_err(|error| Error::io("stat", dir, error))?;
        let is_free = match &found {
            None => true,
            Some(entry) if entry.is_file => false,
            // A checkpoint that failed leaves its directory.
            Some(_) => self.fs.list(dir).map_err(|error| Error::io("list", dir, error))?.is_empty(),
        };
        if !is_free {
            return Err(Error::InvalidOption {
                option: "checkpoint directory",
                found: format!("{} exists and is not empty; name a new one", dir.display()),
            });
        }
        for keyspace in self.all_keyspaces() {
            self.flush_keyspace(&keyspace)?;
        }
        self.fs.create_dir_all(dir).map_err(|error| Error::io("create", dir, error))?;
        self.link_into(dir).inspect_err(|_| self.remove_checkpoint(dir))
    }

    fn link_into(&self, dir: &Path) -> Result<()> {
        // Under the lock nothing that the state names is removed.
        let structure = self.structure.lock();
        let mut state = structure.state.clone();
        let link = |name: &str| {
            let (from, to) = (self.dir.join(name), dir.join(name));
            self.fs.hard_link(&from, &to).map_err(|error| Error::io("link", from, error))
        };
        for keyspace in state.keyspaces.values() {
            for table in keyspace.levels.iter().flatten() {
                link(&table_file_name(table.id))?;
            }
        }
        let live = self.live_bytes();
        let current = self.commit.lock().log().end().segment;
        for segment in self.segments.all() {
            let refers = live.get(&segment.id()).is_some_and(|live| live.records > 0);
            if !refers {
                continue;
            }
            let name = log::file_name(segment.id(), segment.kind());
            if segment.id() == current {
                // The log goes on in this file: the checkpoint gets a copy of what is in it now.
                self.copy_segment(&segment, &dir.join(&name))?;
            } else {
                link(&name)?;
            }
        }
        // What is in no table is not part of the checkpoint: its log starts anew.
        state.replay = ReplayPosition::default();
        state.segment_ends.clear();
        state.next_file =
            state.next_file.max(self.next_file.load(std::sync::atomic::Ordering::Relaxed)) + 1;
        state.clean_close = false;
        let lock = dir.join(LOCK);
        self.fs
            .open(&lock, OpenMode::CreateNew, Purpose::Other)
            .map_err(|error| Error::io("create", lock, error))?;
        let number = state.next_file;
        state.next_file += 1;
        Manifest::create(self.file_system(), dir, number, &state)
            .map_err(AppendError::into_error)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.fs.sync_dir(parent).map_err(|error| Error::io("sync", parent, error))?;
        }
        Ok(())
    }

    fn copy_segment(&self, segment: &log::Segment, to: &Path) -> Result<()> {
        const CHUNK: usize = 1 << 20;
        let from = segment.path();
        let source = self
            .fs
            .open(from, OpenMode::Read, Purpose::Other)
            .map_err(|error| Error::io("open", from, error))?;
        let target = self
            .fs
            .open(to, OpenMode::CreateNew, Purpose::Other)
            .map_err(|error| Error::io("create", to, error))?;
        let len = u64::from(segment.len());
        let mut at = 0;
        let mut buffer = vec![0; CHUNK];
        while at < len {
            let part = usize::try_from(len - at).unwrap_or(CHUNK).min(CHUNK);
            let buffer = &mut buffer[..part];
            source.read_exact_at(buffer, at).map_err(|error| Error::io("read", from, error))?;
            target.write_all_at(buffer, at).map_err(|error| Error::io("write", to, error))?;
            at += part as u64;
        }
        target.sync_data().map_err(|error| Error::io("sync", to, error))
    }

    /// Removes what a failed checkpoint left. The directory itself stays, empty.
    fn remove_checkpoint(&self, dir: &Path) {
        // First of all what makes it a database.
        let _ = self.fs.remove(&dir.join(CURRENT));
        for entry in self.fs.list(dir).unwrap_or_default() {
            let _ = self.fs.remove(&dir.join(entry.name));
        }
    }
}
