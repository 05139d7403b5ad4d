//! How much log may belong to memtables that are not flushed.
//!
//! A keyspace that is written to flushes by itself. One that is not keeps its memtable, and with it all of the log since that
//! memtable's first entry: segments that nothing else refers to, and records that the next open has to read.
//!
//! Nor does it end there if such a flush fails, or takes longer than others take to write as much again: then writers wait, as they do
//! for a memtable of their own.

use std::sync::Arc;

use super::CommitState;
use crate::{
    Result,
    db::{background::Background, core::Core},
    keyspace::KeyspaceCore,
};

/// Parts of the bound after which is looked again at a memtable that is over it and could not be flushed yet.
const LOOKS: u64 = 16;
/// Bounds at which writers wait.
const STOP: u64 = 2;

impl Core {
    /// Rotates out the memtable whose first entry is the oldest in the log, if that is farther back than the options allow.
    ///
    /// One at a time: the next when that one is flushed, so that many that are over the bound together keep the flush thread
    /// from no other work. Only those that are over it: a memtable is flushed for this reason at most once in as much log.
    ///
    /// Returns the keyspace whose flush has to come before anything more is written, if there is one.
    pub(crate) fn bound_log(&self, commit: &mut CommitState) -> Option<Arc<KeyspaceCore>> {
        let bound = self.options.log_bound();
        let now = commit.logged;
        let Some(oldest) = self.oldest_log() else {
            commit.next_log_look = now.saturating_add(bound);
            return None;
        };
        let behind = oldest.behind(commit);
        if behind < bound {
            commit.next_log_look = oldest.start.saturating_add(bound);
            return None;
        }
        if oldest.is_active {
            // Otherwise it has others before it, which are on their way, or its keyspace was dropped.
            let _ = self.rotate_memtable(commit, oldest.keyspace.id);
        }
        self.background.wake_flush();
        let stop = behind >= self.log_stop();
        let next = if stop { 0 } else { (bound / LOOKS).max(1) };
        commit.next_log_look = now.saturating_add(next);
        stop.then_some(oldest.keyspace)
    }

    /// Waits until a keyspace's memtables are not what keeps writers from writing.
    ///
    /// # Errors
    /// What keeps their flush from succeeding.
    pub(super) fn wait_for_log(&self, keyspace: &Arc<KeyspaceCore>) -> Result<()> {
        let goes_on = || {
            let commit = self.commit.lock();
            self.oldest_log().is_none_or(|oldest| {
                !Arc::ptr_eq(&oldest.keyspace, keyspace) || oldest.behind(&commit) < self.log_stop()
            })
        };
        let reason = "the log waits for the flush of an old memtable";
        self.stall(reason, &keyspace.flushes, Background::wake_flush, goes_on)
    }

    /// Bytes of log since the oldest record that is in no table, at which writers wait.
    fn log_stop(&self) -> u64 {
        self.options.log_bound().saturating_mul(STOP)
    }

    /// Bytes of log since the oldest record that is in no table.
    pub(crate) fn unflushed_log(&self, commit: &CommitState) -> u64 {
        self.oldest_log().map_or(0, |oldest| oldest.behind(commit))
    }

    /// Under the commit lock, so that no keyspace's memtables change.
    fn oldest_log(&self) -> Option<Oldest> {
        let keyspaces = self.keyspaces.read();
        let starts = keyspaces.by_id.values().filter_map(|keyspace| {
            let current = keyspace.current();
            let oldest = current.memtables().enumerate();
            let starts = oldest.filter_map(|(age, it)| Some((it.log_start()?, age == 0)));
            let (start, is_active) = starts.min()?;
            Some((start, is_active, keyspace))
        });
        let (start, is_active, keyspace) = starts.min_by_key(|(start, ..)| *start)?;
        Some(Oldest { start, keyspace: Arc::clone(keyspace), is_active })
    }
}

/// The memtable whose first entry is the oldest in the log.
struct Oldest {
    /// Bytes of log before that entry.
    start: u64,
    keyspace: Arc<KeyspaceCore>,
    /// Whether it takes commits.
    is_active: bool,
}

impl Oldest {
    /// Bytes of log since that entry.
    fn behind(&self, commit: &CommitState) -> u64 {
        commit.logged.saturating_sub(self.start)
    }
}
