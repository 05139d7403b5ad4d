//! Handles of an open database, and how it ends.

use std::sync::{Arc, atomic::Ordering};

use super::{core::Core, pressure::Work};
use crate::{Error, Event, Result, keyspace::KeyspaceCore, version::Edit};

/// What all handles share: when the last is dropped, the database is closed.
pub(crate) struct Handle {
    core: Arc<Core>,
}

impl Handle {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn close(&self) -> Result<()> {
        self.core.shut_down()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Err(error) = self.core.shut_down() {
            self.core.emit(&Event::BackgroundError { error });
        }
    }
}

impl Core {
    /// Ends background work, seals the log, lets go of the lock. The first call does it; later ones do nothing.
    fn shut_down(&self) -> Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.tables.indexes.wake();
        self.background.stop();
        self.pressure.wake_all();
        self.operations.wait_for_others();
        // Who was let into the log before the mark was set has left it, with the segment that it may have made.
        drop(self.commit.lock());
        let result = match self.poison.get() {
            Some(cause) => Err(Error::Poisoned { cause: Arc::clone(cause) }),
            None if self.options.read_only => Ok(()),
            None => self.seal_log(),
        };
        // Also if that failed: whoever has the lock next has the files to himself.
        self.structure.lock().sealed = true;
        *self.lock.lock() = None;
        result
    }

    fn seal_log(&self) -> Result<()> {
        // Commits that were let in before the database closed put their entries into memtables, and their records into the log.
        let (last, current) = {
            let mut commit = self.commit.lock();
            commit.settle();
            (commit.log().last_sequence(), Arc::clone(commit.log().current()))
        };
        self.publisher.wait_visible(last).map_err(|_| self.why_not_writable())?;
        for keyspace in self.all_keyspaces() {
            // What is in no log would be lost.
            while keyspace.current().memtables().any(|memtable| memtable.has_unlogged()) {
                if keyspace.next_to_flush().is_none() {
                    self.rotate_memtable(&mut self.commit.lock(), keyspace.id)?;
                }
                let Some(memtable) = keyspace.next_to_flush() else { break };
                self.flush_memtable(&keyspace, &memtable)?;
            }
        }
        while self.seal_closed()? {}
        let end = current.seal().map_err(|error| self.heed(error))?;
        let mut structure = self.structure.lock();
        let edit = Edit {
            segment_ends: [(current.id(), end)].into(),
            clean_close: true,
            ..Edit::default()
        };
        self.apply(&mut structure, edit, &[], || {})?;
        drop(structure);
        self.segments.close_spares(self);
        let reserve = self.commit.lock().take_reserve();
        if let Some(reserve) = reserve {
            self.segments.discard(self, &reserve);
        }
        Ok(())
    }

    /// Writes a keyspace's memtables to level 0, and waits until that is done.
    pub(crate) fn flush_keyspace(&self, keyspace: &KeyspaceCore) -> Result<()> {
        self.check_writable()?;
        let before = self.pressure.latest(Work::Flush);
        let active = Arc::clone(&keyspace.current().active);
        if active.memtable().entries() > 0 {
            self.pressure.wait_until(|| {
                self.check_writable()?;
                let mut commit = self.commit.lock();
                if keyspace.is_dropped() || !Arc::ptr_eq(&active, &keyspace.current().active) {
                    return Ok(true);
                }
                if self.rotate_memtable(&mut commit, keyspace.id)? {
                    return Ok(true);
                }
                drop(commit);
                // Older memtables wait in front: what keeps them from being flushed keeps this one.
                self.background.wake_flush();
                self.pressure.failure_since(Work::Flush, before).map_or(Ok(false), Err)
            })?;
        }
        self.background.wake_flush();
        let newest = keyspace.current().immutables.first().cloned();
        let Some(newest) = newest else { return Ok(()) };
        self.pressure.wait_until(|| {
            self.check_writable()?;
            let waits =
                keyspace.current().immutables.iter().any(|memtable| Arc::ptr_eq(memtable, &newest));
            match self.pressure.failure_since(Work::Flush, before) {
                Some(error) if waits => Err(error),
                _ => Ok(!waits || keyspace.is_dropped()),
            }
        })
    }

    /// Waits until nothing is due.
    pub(crate) fn wait_idle(&self) -> Result<()> {
        self.background.declare_quiet(self.visible());
        let before = [Work::Flush, Work::Compaction].map(|work| (work, self.pressure.latest(work)));
        self.background.wake_all();
        self.pressure.wait_until(|| {
            self.check_writable()?;
            if !self.has_work() {
                self.segments.rest(self);
                return Ok(true);
            }
            let failure = before
                .iter()
                .find_map(|(work, attempt)| self.pressure.failure_since(*work, *attempt));
            failure.map_or(Ok(false), Err)
        })
    }

    fn has_work(&self) -> bool {
        let keyspaces = self.all_keyspaces();
        keyspaces.iter().any(|keyspace| {
            if !keyspace.current().immutables.is_empty() {
                return true;
            }
            match keyspace.try_begin_compaction() {
                None => true,
                Some(_running) => self.pick(keyspace).is_some(),
            }
        })
    }
}
