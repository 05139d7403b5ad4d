//! How much log may belong to memtables that are not flushed.
//!
//! A keyspace that is written to flushes by itself. One that is not keeps its memtable, and with it all of the log since that
//! memtable's first entry: segments that nothing else refers to, and records that the next open has to read.

use super::CommitState;
use crate::{KeyspaceId, db::core::Core};

/// Parts of the bound after which is looked again at a memtable that is over it and could not be flushed yet.
const LOOKS: u64 = 16;

impl Core {
    /// Rotates out the memtable whose first entry is the oldest in the log, if that is farther back than the options allow.
    ///
    /// One at a time: the next when that one is flushed, so that many that are over the bound together keep the flush thread
    /// from no other work. Only those that are over it: a memtable is flushed for this reason at most once in as much log.
    pub(crate) fn bound_log(&self, commit: &mut CommitState) {
        let bound = self.options.log_bound();
        let now = commit.logged;
        match self.oldest_log() {
            Some(oldest) if now.saturating_sub(oldest.start) >= bound => {
                commit.next_log_look = now.saturating_add((bound / LOOKS).max(1));
                if oldest.is_active {
                    // Otherwise it has others before it, which are on their way, or its keyspace was dropped.
                    let _ = self.rotate_memtable(commit, oldest.keyspace);
                }
                self.background.wake_flush();
            }
            Some(oldest) => commit.next_log_look = oldest.start.saturating_add(bound),
            None => commit.next_log_look = now.saturating_add(bound),
        }
    }

    /// Bytes of log since the oldest record that is in no table.
    pub(crate) fn unflushed_log(&self, commit: &CommitState) -> u64 {
        self.oldest_log().map_or(0, |oldest| commit.logged.saturating_sub(oldest.start))
    }

    /// Under the commit lock, so that no keyspace's memtables change.
    fn oldest_log(&self) -> Option<Oldest> {
        let keyspaces = self.keyspaces.read();
        let starts = keyspaces.by_id.values().filter_map(|keyspace| {
            let current = keyspace.current();
            let oldest = current.memtables().enumerate();
            let starts = oldest.filter_map(|(age, it)| Some((it.log_start()?, age == 0)));
            let (start, is_active) = starts.min()?;
            Some(Oldest { start, keyspace: keyspace.id, is_active })
        });
        starts.min_by_key(|oldest| oldest.start)
    }
}

/// The memtable whose first entry is the oldest in the log.
struct Oldest {
    /// Bytes of log before that entry.
    start: u64,
    keyspace: KeyspaceId,
    /// Whether it takes commits.
    is_active: bool,
}
