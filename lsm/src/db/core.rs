//! The inside of an open database: what its handles and its background threads share.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::{
    background::Background, commit::CommitState, counters::Counters, names::note_failed_sync,
    operations::Operations, pressure::Pressure, segments::SegmentSet,
};
use crate::{
    Error, Event, KeyspaceId, Options, Result, SequenceNumber,
    compaction::RateLimiter,
    fs::{CountingFs, FileLock},
    keyspace::KeyspaceCore,
    leftovers::Leftovers,
    log::{GroupSync, LogPosition, Publisher, Segment},
    snapshot::SnapshotList,
    version::{AppendError, Edit, LiveTable, Manifest, ReplayPosition, State, TableSource},
};

/// The manifest, the state it describes, and the lock under which both change.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) manifest: Manifest,
    pub(crate) state: State,
    /// Whether the database is closed: nothing changes any more, for another opener may have it.
    pub(crate) sealed: bool,
}

/// Everything behind a [`Db`](crate::Db).
///
/// Locks, in the order in which they may be taken: `structure`, then `commit`, then a keyspace's own. Never the other
/// way round; reads take none.
pub(crate) struct Core {
    pub(crate) options: Options,
    pub(crate) dir: PathBuf,
    pub(crate) fs: Arc<CountingFs>,
    pub(crate) database_id: u64,
    /// Tells this opening from every other of the process; a checkpoint and a later life have the same database id.
    pub(crate) identity: u64,
    pub(crate) tables: TableSource,
    pub(crate) segments: SegmentSet,
    pub(crate) leftovers: Arc<Leftovers>,
    /// On cache lines of its own, because every commit changes it.
    pub(crate) commit: CachePadded<Mutex<CommitState>>,
    pub(crate) publisher: Publisher,
    pub(crate) group_sync: GroupSync,
    pub(crate) structure: Mutex<Structure>,
    pub(crate) keyspaces: RwLock<Keyspaces>,
    pub(crate) snapshots: Arc<SnapshotList>,
    pub(crate) next_file: AtomicU64,
    pub(crate) background: Background,
    pub(crate) pressure: Pressure,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) counters: Counters,
    pub(crate) poison: OnceLock<Arc<Error>>,
    pub(crate) closed: AtomicBool,
    pub(crate) operations: Operations,
    /// Held until the last handle is gone.
    pub(crate) lock: Mutex<Option<Box<dyn FileLock>>>,
}

/// The open keyspaces, by both of their identities.
#[derive(Debug, Default)]
pub(crate) struct Keyspaces {
    pub(crate) by_name: HashMap<String, Arc<KeyspaceCore>>,
    pub(crate) by_id: BTreeMap<KeyspaceId, Arc<KeyspaceCore>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Core {
    /// The newest sequence number that reads may see.
    #[inline]
    pub(crate) fn visible(&self) -> SequenceNumber {
        self.publisher.visible()
    }

    /// An identity that no database has had in this process.
    pub(crate) fn new_identity() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn next_file(&self) -> u64 {
        self.next_file.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn all_keyspaces(&self) -> Vec<Arc<KeyspaceCore>> {
        self.keyspaces.read().by_id.values().cloned().collect()
    }

    pub(crate) fn emit(&self, event: &Event) {
        if let Some(listener) = &self.options.listener {
            listener.event(event);
        }
    }

    /// Fails if the database takes no writes.
    #[inline]
    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.poison.get().is_some()
            || self.options.read_only
            || self.closed.load(Ordering::Acquire)
        {
            return Err(self.why_not_writable());
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn why_not_writable(&self) -> Error {
        match self.poison.get() {
            Some(cause) => Error::Poisoned { cause: Arc::clone(cause) },
            None if self.options.read_only => Error::ReadOnly,
            None => Error::Closed,
        }
    }

    /// Ends writing for good: what is on disk is no longer known. Returns the error that writers get.
    pub(crate) fn poison(&self, cause: Error) -> Error {
        let cause = match cause {
            Error::Poisoned { cause } => cause,
            other => Arc::new(other),
        };
        let cause = Arc::clone(self.poison.get_or_init(|| {
            // Mostly it was a sync, and the next opener has to know.
            note_failed_sync(&*self.fs, &self.dir);
            cause
        }));
        self.publisher.poison();
        self.background.wake_all();
        self.pressure.wake_all();
        let error = Error::Poisoned { cause };
        self.emit(&Event::BackgroundError { error: error.clone() });
        error
    }

    /// What an error of work on the database's own files means for the database: a failed sync ends its writing, even one
    /// of a file that could be written anew. The disk has lost data, and the same sync may have been to cover more.
    pub(crate) fn heed(&self, error: Error) -> Error {
        if error.is_failed_sync() { self.poison(error) } else { error }
    }

    /// Makes everything up to `position` of the log durable; concurrent callers share the syncs. Then it is visible, too.
    pub(crate) fn sync_log(&self, position: LogPosition) -> Result<()> {
        self.group_sync
            .sync_to(
                position,
                || {
                    let commit = self.commit.lock();
                    let (last, end) = (commit.log().last_sequence(), commit.log().end());
                    (end, (last, end, commit.unsynced()))
                },
                |(last, end, segments)| self.sync_segments(last, end, &segments),
            )
            .map_err(|error| self.poison(error))
    }

    /// Syncs the log up to `end`: `segments` are all that may have bytes there which no sync has covered, and `last` is the
    /// last commit before it.
    fn sync_segments(
        &self,
        last: SequenceNumber,
        end: LogPosition,
        segments: &[Arc<Segment>],
    ) -> Result<()> {
        // Records before `end` may still be under way on other threads.
        self.publisher.wait_visible(last).map_err(|_| self.why_not_writable())?;
        for segment in segments {
            segment.sync()?;
        }
        // Once for all: each note becomes a mark in the log.
        self.commit.lock().log_mut().note_durable(end);
        Ok(())
    }

    /// Records a change of the structure: in the manifest, in the state that it describes, and then, with `install`, in
    /// what readers see. Tables that it removes are deleted once nobody reads them.
    ///
    /// # Errors
    /// If the manifest could not be written. The database is poisoned if its state on disk is unknown; otherwise
    /// nothing has changed.
    pub(crate) fn apply(
        &self,
        structure: &mut MutexGuard<'_, Structure>,
        mut edit: Edit,
        removed: &[Arc<LiveTable>],
        install: impl FnOnce(),
    ) -> Result<()> {
        // An edit behind one whose sync failed would have a hole before it.
        if let Some(cause) = self.poison.get() {
            return Err(Error::Poisoned { cause: Arc::clone(cause) });
        }
        if structure.sealed {
            return Err(Error::Closed);
        }
        edit.next_file = Some(self.next_file.load(Ordering::Relaxed));
        let Structure { manifest, state, .. } = &mut **structure;
        let mut next = state.clone();
        next.apply(&edit).map_err(|found| Error::InvalidOption { option: "edit", found })?;
        match manifest.append(&edit) {
            Ok(()) => {}
            Err(AppendError::Unchanged(error)) => return Err(self.heed(error)),
            Err(AppendError::Unknown(error)) => return Err(self.poison(error)),
        }
        *state = next;
        install();
        for table in removed {
            table.mark_obsolete();
        }
        if manifest.wants_rewrite() {
            state.next_file = self.next_file.load(Ordering::Relaxed) + 1;
            let number = self.next_file();
            match manifest.rewrite(number, state) {
                Ok(old) => {
                    self.leftovers.remove(&*self.fs, &old);
                }
                // Tried again at the next edit. The edit at hand is good in any case.
                Err(AppendError::Unchanged(error)) => {
                    let error = self.heed(error);
                    self.emit(&Event::BackgroundError { error });
                }
                // More edits in the old manifest would be lost if CURRENT names the new one.
                Err(AppendError::Unknown(error)) => {
                    self.poison(error);
                }
            }
        }
        Ok(())
    }

    /// Where replay would have to start now: at the oldest record that is in no table, or at the log's end.
    pub(crate) fn replay_position(
        &self,
        except: Option<&Arc<crate::keyspace::LiveMemtable>>,
    ) -> ReplayPosition {
        let commit = self.commit.lock();
        let mut position = commit.position();
        // The lock is held to the end: nothing may be committed between the two looks.
        for keyspace in self.keyspaces.read().by_id.values() {
            for memtable in keyspace.current().memtables() {
                if except.is_some_and(|except| Arc::ptr_eq(except, memtable)) {
                    continue;
                }
                if let Some(start) = memtable.start() {
                    position = if start.sequence < position.sequence { start } else { position };
                }
            }
        }
        position
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}
