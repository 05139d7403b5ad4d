//! A second database out of hard links.
//!
//! A checkpoint is the database as it was at one moment: the tables of that moment, and the log up to it. Commit order is
//! log order, so whoever opens the checkpoint replays what was in no table yet, and finds every commit before the moment
//! in all of its keyspaces, and none behind it. Only the moment is taken under locks; the files are linked while others
//! write, flush and compact, for what holds a table or a segment keeps its file.

use std::{path::Path, sync::atomic::Ordering};

use super::{
    core::Core,
    moment::Moment,
    names::LOCK,
    open::{make_directory, sync_parent},
    segments::needs_replay,
};
use crate::{
    Error, Result,
    fs::{FileSystem, OpenMode, Purpose},
    log::{self, Segment, SegmentKind},
    version::{AppendError, Manifest, manifest::CURRENT, table_file_name},
};

impl Core {
    /// Flushes, then links every table, every segment that tables refer to, and the log into `dir`.
    pub(crate) fn checkpoint(&self, dir: &Path) -> Result<()> {
        let _running = self.begin_operation()?;
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
        // So that the log that goes along is short, and for what is in no log.
        for keyspace in self.all_keyspaces() {
            self.flush_keyspace(&keyspace)?;
        }
        let moment = self.moment();
        // Records before the end may still be under way on other threads.
        self.publisher.wait_visible(moment.last).map_err(|_| self.why_not_writable())?;
        for segment in moment.unsynced.iter().filter(|segment| segment.id() != moment.end.segment) {
            segment.sync().map_err(|error| self.heed(error))?;
        }
        make_directory(&*self.fs, dir)?;
        self.link_into(dir, moment).inspect_err(|_| self.remove_checkpoint(dir))
    }

    fn link_into(&self, dir: &Path, moment: Moment) -> Result<()> {
        let Moment { mut state, segments, end, .. } = moment;
        let link = |name: &str| {
            let (from, to) = (self.dir.join(name), dir.join(name));
            self.fs.hard_link(&from, &to).map_err(|error| Error::io("link", from, error))
        };
        for keyspace in state.keyspaces.values() {
            for table in keyspace.levels.iter().flatten() {
                link(&table_file_name(table.id))?;
            }
        }
        for segment in &segments {
            let name = log::file_name(segment.id(), segment.kind());
            let mut len = segment.len();
            if segment.id() == end.segment {
                // The log goes on in this file: the checkpoint gets a copy of what was in it. It may end earlier since, if a
                // commit behind the last one was taken back.
                len = len.min(end.offset);
                self.copy_segment(segment, len, &dir.join(&name))?;
            } else {
                segment.note_shared();
                link(&name)?;
            }
            if segment.kind() == SegmentKind::Log && needs_replay(segment, state.replay) {
                state.segment_ends.insert(segment.id(), len);
            }
        }
        state.next_file = state.next_file.max(self.next_file.load(Ordering::Relaxed)) + 1;
        state.clean_close = false;
        let lock = dir.join(LOCK);
        self.fs
            .open(&lock, OpenMode::CreateNew, Purpose::Other)
            .map_err(|error| Error::io("create", lock, error))?;
        let number = state.next_file;
        state.next_file += 1;
        Manifest::create(self.file_system(), dir, number, &state)
            .map_err(AppendError::into_error)?;
        sync_parent(&*self.fs, dir)
    }

    fn copy_segment(&self, segment: &Segment, len: u32, to: &Path) -> Result<()> {
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
        let len = u64::from(len);
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
