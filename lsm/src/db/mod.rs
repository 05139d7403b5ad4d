//! The database: opening and closing it, and everything that concerns more than one keyspace.

mod background;
mod checkpoint;
mod commit;
mod core;
mod counters;
mod flush;
mod metrics;
mod moment;
mod names;
mod open;
mod operations;
mod pressure;
mod read;
mod segments;
mod shutdown;
mod statistics;
mod verify;

use std::{fmt, path::Path, sync::Arc};

pub(crate) use self::core::Core;
pub(crate) use self::segments::needs_replay;
use self::shutdown::Handle;
pub(crate) use self::{read::look_up, shutdown::Handle as DbHandle};
pub use self::{
    statistics::{LevelStatistics, Statistics},
    verify::VerifyReport,
};
use crate::{
    Batch, Durability, Error, Keyspace, KeyspaceOptions, MAX_KEY_LEN, Options, Result, Snapshot,
    keyspace::KeyspaceCore,
    version::{CreateKeyspace, Edit, Version},
};

/// An open database: one directory, many keyspaces, any number of threads.
///
/// Cheap to clone. It is closed when the last of its handles (this, its [`Keyspace`]s and [`Snapshot`]s) is dropped, or
/// by [`close`](Self::close), which also tells of errors.
#[derive(Clone)]
pub struct Db {
    handle: Arc<Handle>,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Db {
    /// Opens the database in a directory, or creates it there; replays what the log holds beyond the tables.
    ///
    /// # Errors
    /// - [`Error::NotADatabase`]: the path is a file, or a directory that holds something else;
    /// - [`Error::Locked`]: another process, or another handle in this one, has it open;
    /// - [`Error::ForeignFile`], [`Error::MissingFile`], [`Error::Corruption`], [`Error::NewerFormat`]: what is there is
    ///   not what this engine left there;
    /// - [`Error::InvalidOption`]; [`Error::Io`].
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        Ok(Self { handle: Arc::new(Handle::new(open::open(path.as_ref(), options)?)) })
    }

    /// The keyspace that every database has.
    #[must_use]
    pub fn default_keyspace(&self) -> Keyspace {
        // It is created with the database and cannot be dropped.
        let core = self.core().keyspaces.read().by_id.values().next().cloned();
        match core {
            Some(core) => Keyspace::new(Arc::clone(&self.handle), core),
            None => unreachable!("the default keyspace is created with the database"),
        }
    }

    /// The keyspace with this name; creates it with these options if there is none. The options of one that exists stay
    /// as they are.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], also for a name that is longer than a [key](crate::MAX_KEY_LEN) may be; and whatever keeps the manifest
    /// from being written.
    pub fn keyspace(&self, name: &str, options: KeyspaceOptions) -> Result<Keyspace> {
        if let Some(keyspace) = self.find_keyspace(name) {
            return Ok(keyspace);
        }
        options.validate()?;
        if name.len() > MAX_KEY_LEN {
            let found = format!("a name of {} bytes: the limit is {MAX_KEY_LEN}", name.len());
            return Err(Error::InvalidOption { option: "keyspace", found });
        }
        let core = self.core();
        let _running = core.begin_operation()?;
        let mut structure = core.structure.lock();
        if let Some(keyspace) = self.find_keyspace(name) {
            return Ok(keyspace);
        }
        let id = structure.state.next_keyspace()?;
        let create = CreateKeyspace { id, name: name.to_owned(), options: options.to_text() };
        let edit = Edit { create: vec![create], ..Edit::default() };
        let keyspace = Arc::new(KeyspaceCore::new(
            id,
            name.to_owned(),
            options,
            Version::default(),
            Vec::new(),
        ));
        core.apply(&mut structure, edit, &[], || {
            core.commit.lock().add_keyspace(&keyspace, 0);
            let mut keyspaces = core.keyspaces.write();
            keyspaces.by_name.insert(name.to_owned(), Arc::clone(&keyspace));
            keyspaces.by_id.insert(id, Arc::clone(&keyspace));
        })?;
        Ok(Keyspace::new(Arc::clone(&self.handle), keyspace))
    }

    /// The keyspace with this name, if there is one.
    #[must_use]
    pub fn find_keyspace(&self, name: &str) -> Option<Keyspace> {
        let core = self.core().keyspaces.read().by_name.get(name).cloned()?;
        Some(Keyspace::new(Arc::clone(&self.handle), core))
    }

    /// Names of all keyspaces, sorted.
    #[must_use]
    pub fn keyspaces(&self) -> Vec<String> {
        let mut names: Vec<_> = self.core().keyspaces.read().by_name.keys().cloned().collect();
        names.sort();
        names
    }

    /// Removes a keyspace and all it holds. Handles and cursors that are still around read what it held; writes to it
    /// fail.
    ///
    /// # Errors
    /// [`Error::NoKeyspace`]; [`Error::InvalidOption`] for the default one; whatever keeps the manifest from being written.
    pub fn drop_keyspace(&self, name: &str) -> Result<()> {
        let core = self.core();
        let _running = core.begin_operation()?;
        let mut structure = core.structure.lock();
        let keyspace = core.keyspaces.read().by_name.get(name).cloned();
        let keyspace = keyspace.ok_or_else(|| Error::NoKeyspace { name: name.to_owned() })?;
        if keyspace.id.0 == 0 {
            return Err(Error::InvalidOption {
                option: "keyspace",
                found: "the default keyspace cannot be dropped".to_owned(),
            });
        }
        let tables: Vec<_> =
            keyspace.current().version.tables().map(|(_, table)| Arc::clone(table)).collect();
        let edit = Edit { drop: vec![keyspace.id], ..Edit::default() };
        core.apply(&mut structure, edit, &tables, || {
            core.commit.lock().remove_keyspace(keyspace.id);
            keyspace.mark_dropped();
            let mut keyspaces = core.keyspaces.write();
            keyspaces.by_name.remove(name);
            keyspaces.by_id.remove(&keyspace.id);
        })?;
        core.update_pressure();
        core.reclaim(&structure);
        Ok(())
    }

    /// Commits a batch: all of it, at once.
    ///
    /// # Errors
    /// [`Error::BatchTooLarge`], [`Error::NoKeyspace`], [`Error::InvalidOption`] if it names a keyspace of another
    /// database (a checkpoint is another one, and so is this one when it is opened again), [`Error::ReadOnly`], I/O errors: nothing of it is visible then. [`Error::Poisoned`]: nothing of it is
    /// visible, or, if it was its own sync that failed, all of it, until the database is opened again: then it is there
    /// or not, as a whole.
    #[allow(clippy::needless_pass_by_value)] // a batch is committed once
    pub fn write(&self, batch: Batch, durability: Durability) -> Result<()> {
        self.core().write_batch(&batch, durability)
    }

    /// As [`write`](Self::write), for writers of many batches: the batch is empty afterwards and keeps its memory. After an error it is as it was.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_from(&self, batch: &mut Batch, durability: Durability) -> Result<()> {
        self.core().write_batch(batch, durability)?;
        batch.clear();
        Ok(())
    }

    /// The database as it is now, for as long as the snapshot lives.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let core = self.core();
        let guard = core.snapshots.register(|| core.visible());
        Snapshot::new(Arc::clone(&self.handle), core.identity, guard)
    }

    /// Makes everything that was committed so far durable, whatever durability it was committed with, except for
    /// [`Durability::None`].
    ///
    /// # Errors
    /// [`Error::Poisoned`] if the sync fails.
    pub fn sync(&self) -> Result<()> {
        let core = self.core();
        core.check_writable()?;
        let end = core.commit.lock().log().end();
        core.sync_log(end)
    }

    /// Writes all memtables to tables, and returns when that is done.
    ///
    /// # Errors
    /// What keeps a flush from succeeding; it will be tried again in the background.
    pub fn flush(&self) -> Result<()> {
        for keyspace in self.core().all_keyspaces() {
            self.core().flush_keyspace(&keyspace)?;
        }
        Ok(())
    }

    /// Waits until no flush, compaction or collection is due.
    ///
    /// # Errors
    /// What keeps background work from succeeding.
    pub fn wait_idle(&self) -> Result<()> {
        self.core().wait_idle()
    }

    /// Makes a copy of the database in a new directory, as it is at one moment of the call: every commit before it, in all
    /// keyspaces, and none behind it. Tables and segments are hard links, which cost no space until the original gives them up;
    /// only the log's last segment is copied. When the call returns the copy is durable. Others may read and write meanwhile.
    /// The directory must be on the same file system, and not exist, or be empty.
    ///
    /// Of what is written with [`Durability::None`], the copy has all that was written before the call; of what is written while it is
    /// under way some, perhaps the part of a batch that is in one keyspace and not the other.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if the directory holds something; I/O errors, after which what was made is removed.
    pub fn checkpoint(&self, dir: impl AsRef<Path>) -> Result<()> {
        self.core().checkpoint(dir.as_ref())
    }

    /// Reads everything that the database consists of at one moment of the call, and believes nothing that it holds in memory:
    ///
    /// - CURRENT, and the manifest, whose edits must add up to the database that is open;
    /// - every table: all blocks and their checksums, the order of the entries, filters, index and properties; and that no two tables of a
    ///   level overlap;
    /// - every segment's header; every value that a table points to, with its key and its checksum; and the log from where replay
    ///   would start, record by record, up to the last commit before the call.
    ///
    /// Not read is what nobody would read: records that no table refers to in segments that replay has left behind, and what was allocated
    /// ahead. Others may read and write meanwhile; files that are verified are kept until that is done. Costs reading all of it
    /// once. Damage that the kernel's page cache hides is not found: the bytes are read as every reader gets them.
    ///
    /// # Errors
    /// [`Error::Closed`] if the database was closed, before or meanwhile. Damage is no error of this call, nor is a file that cannot be
    /// read: it is in the report, with file and offset. In a database that is [poisoned](Error::Poisoned) the log is read only if every
    /// commit was completed.
    pub fn verify(&self) -> Result<VerifyReport> {
        self.core().verify()
    }

    /// What the database has done, and what it consists of.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.core().statistics()
    }

    /// Closes the database. Waits for running background work to stop, and for what other threads have under way on its
    /// files (a compaction, which breaks off; a checkpoint); seals the log, and says in the manifest that the close was clean.
    /// Other handles of it fail from now on when they write.
    ///
    /// # Errors
    /// What kept the log from being sealed; what was acknowledged is as safe as before. [`Error::Poisoned`] if a sync has
    /// failed since it was opened.
    pub fn close(self) -> Result<()> {
        self.handle.close()
    }

    /// The database's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.core().dir()
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        self.handle.core()
    }
}
