//! `lsm`, in its default configuration.

use std::path::Path;

use ::lsm::{Db, Durability as Promise, Keyspace, Options};

use super::Result;
use super::engine::{Direction, Durability, Engine, EngineOptions, Layout};

/// An open `lsm` database and its default keyspace.
///
/// Only the shared budget is set. Compression and mapped reads of [`EngineOptions`] are ignored on purpose: one
/// configuration answers every gate. [`Layout::Leveled`] is a keyspace of its own, for the memory-limited gates that
/// name it.
pub struct Lsm {
    db: Db,
    keyspace: Keyspace,
    promise: Promise,
}

impl Engine for Lsm {
    fn open(dir: &Path, options: &EngineOptions) -> Result<Self> {
        let db = Db::open(
            dir,
            Options::default()
                .write_buffer_bytes(usize::try_from(options.write_buffer_bytes)?)
                .cache_bytes(usize::try_from(options.cache_bytes)?),
        )?;
        let keyspace = match options.layout {
            Layout::Default => db.default_keyspace(),
            Layout::Leveled => db.keyspace("leveled", ::lsm::KeyspaceOptions::leveled())?,
        };
        let promise = match options.durability {
            Durability::Buffered => Promise::Buffered,
            Durability::Sync => Promise::Sync,
        };
        Ok(Self { db, keyspace, promise })
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<()> {
        Ok(self.keyspace.put_with(key, value, self.promise)?)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        Ok(self.keyspace.delete_with(key, self.promise)?)
    }

    fn get(&self, key: &[u8], mut see: impl FnMut(&[u8])) -> Result<bool> {
        let found = self.keyspace.get(key)?;
        if let Some(value) = &found {
            see(value);
        }
        Ok(found.is_some())
    }

    fn seek(&self, from: &[u8], count: usize, mut see: impl FnMut(&[u8], &[u8])) -> Result<usize> {
        let mut cursor = self.keyspace.cursor();
        cursor.seek(from)?;
        let mut seen = 0;
        while seen < count && cursor.valid() {
            let (key, value) = cursor.lend()?;
            see(key, value);
            seen += 1;
            cursor.next()?;
        }
        Ok(seen)
    }

    fn scan(&self, direction: Direction, mut see: impl FnMut(&[u8], &[u8])) -> Result<u64> {
        let mut cursor = self.keyspace.cursor();
        match direction {
            Direction::Forward => cursor.seek_to_first()?,
            Direction::Backward => cursor.seek_to_last()?,
        }
        let mut seen = 0;
        while cursor.valid() {
            let (key, value) = cursor.lend()?;
            see(key, value);
            seen += 1;
            match direction {
                Direction::Forward => cursor.next()?,
                Direction::Backward => cursor.prev()?,
            }
        }
        Ok(seen)
    }

    fn flush(&self) -> Result<()> {
        Ok(self.db.flush()?)
    }

    fn settle(&self) -> Result<()> {
        self.db.flush()?;
        Ok(self.db.wait_idle()?)
    }

    fn compact(&self) -> Result<()> {
        self.db.flush()?;
        self.keyspace.compact::<&[u8]>(..)?;
        Ok(self.db.wait_idle()?)
    }

    fn bytes_written(&self) -> Option<u64> {
        Some(self.db.statistics().bytes_written())
    }
}
