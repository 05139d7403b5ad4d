//! The active memtables: room in them, the slots of segments, and a new one when one is full.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    CommitState,
    ticket::{Obstacle, Place},
};
use crate::{
    Error, KeyspaceId, Result, SegmentId,
    db::core::Core,
    keyspace::{KeyspaceCore, LiveMemtable, MAX_SEGMENTS},
    options::LOG_PER_BUFFER,
};

/// How often, in parts of the write buffer, a memtable's memory is added up.
const CHECKS_PER_BUFFER: usize = 64;

/// Commits to one keyspace, one after the other, and their bytes of log: added up here, where every commit has to be, and not there.
#[derive(Debug, Default)]
pub(super) struct Run {
    bytes: usize,
    keyspace: Option<KeyspaceId>,
}

impl Run {
    /// Bytes of log of a keyspace that are only here.
    #[inline]
    fn of(&self, id: KeyspaceId) -> usize {
        if self.keyspace == Some(id) { self.bytes } else { 0 }
    }

    /// Forgets what it has of a keyspace.
    fn forget(&mut self, id: KeyspaceId) {
        if self.keyspace == Some(id) {
            *self = Self::default();
        }
    }
}

/// A keyspace's active memtable, as commits need it: on one cache line, which most commits only read.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Active {
    keyspace: Arc<KeyspaceCore>,
    memtable: Arc<LiveMemtable>,
    /// The current segment's slot in it.
    slot: Option<(SegmentId, u16)>,
    slots_used: usize,
    /// Bytes of log since its first entry, but for those of the [`Run`].
    log_bytes: usize,
    /// At how many its memory is added up next.
    next_check: usize,
}

impl Active {
    /// `log_bytes` are those that replay has put into the memtable.
    fn new(keyspace: Arc<KeyspaceCore>, memtable: Arc<LiveMemtable>, log_bytes: usize) -> Self {
        let slots_used = memtable.slots_used();
        Self { keyspace, memtable, slot: None, slots_used, log_bytes, next_check: 0 }
    }

    /// Once a memtable is an eighth full, tells it how many entries it will have: in proportion, to whichever of its two limits is
    /// nearer.
    fn project(&self, bytes: usize, log_bytes: usize, limit: usize) {
        let parts = |used: usize, limit: usize| limit as f64 / used.max(1) as f64;
        let times = parts(bytes, limit).min(parts(log_bytes, limit.saturating_mul(LOG_PER_BUFFER)));
        if times <= 8.0 {
            let memtable = self.memtable.memtable();
            memtable.expect((memtable.entries() as f64 * times.max(1.0)) as usize);
        }
    }
}

/// Keyspaces with a number below this are found by an index.
const INDEXED: usize = 1024;

/// The active memtables, by keyspace number. Numbers are never used twice, so that they grow as keyspaces come and go, and
/// the manifest may name any: memory is for the keyspaces there are.
#[derive(Debug, Default)]
pub(super) struct ActiveSet {
    low: Vec<Option<Active>>,
    /// Those from [`INDEXED`] on.
    high: BTreeMap<KeyspaceId, Active>,
}

impl ActiveSet {
    #[inline]
    fn get_mut(&mut self, id: KeyspaceId) -> Option<&mut Active> {
        match self.low.get_mut(id.0 as usize) {
            Some(active) => active.as_mut(),
            None => self.high.get_mut(&id),
        }
    }

    fn insert(&mut self, id: KeyspaceId, active: Active) {
        let index = id.0 as usize;
        if index >= INDEXED {
            self.high.insert(id, active);
            return;
        }
        if self.low.len() <= index {
            self.low.resize_with(index + 1, || None);
        }
        self.low[index] = Some(active);
    }

    fn remove(&mut self, id: KeyspaceId) {
        match self.low.get_mut(id.0 as usize) {
            Some(active) => *active = None,
            None => drop(self.high.remove(&id)),
        }
    }
}

#[cold]
fn no_keyspace(id: KeyspaceId) -> Error {
    Error::NoKeyspace { name: format!("number {}", id.0) }
}

impl CommitState {
    /// Lets commits reach a keyspace.
    pub(crate) fn add_keyspace(&mut self, keyspace: &Arc<KeyspaceCore>, log_bytes: usize) {
        let memtable = Arc::clone(&keyspace.current().active);
        self.active.insert(keyspace.id, Active::new(Arc::clone(keyspace), memtable, log_bytes));
    }

    pub(crate) fn remove_keyspace(&mut self, id: KeyspaceId) {
        self.active.remove(id);
        self.run.forget(id);
    }

    fn active(&mut self, id: KeyspaceId) -> Result<&mut Active> {
        self.active.get_mut(id).ok_or_else(|| no_keyspace(id))
    }

    /// Makes room in a keyspace's active memtable for a commit of `len` bytes: rotates it if it is full.
    pub(super) fn make_room(
        &mut self,
        core: &Core,
        id: KeyspaceId,
        len: usize,
    ) -> Result<(), Obstacle> {
        let limit = core.options.write_buffer_bytes;
        let in_run = self.run.of(id);
        let active = self.active(id)?;
        let log_bytes = active.log_bytes + in_run;
        let mut full = active.slots_used + 2 > MAX_SEGMENTS
            || (log_bytes > 0 && log_bytes + len > limit.saturating_mul(LOG_PER_BUFFER));
        if !full && log_bytes >= active.next_check {
            active.next_check = log_bytes + limit / CHECKS_PER_BUFFER;
            let bytes = active.memtable.memtable().bytes_with_order();
            full = log_bytes > 0 && bytes >= limit;
            active.project(bytes, log_bytes, limit);
            core.note_memtable(&active.keyspace, bytes);
        }
        if full && !core.rotate_memtable(self, id)? {
            return Err(Obstacle::Memtables(Arc::clone(&self.active(id)?.keyspace)));
        }
        Ok(())
    }

    /// The memtable that a commit goes to, and the slot in it of the segment that the commit is in, if it is in the log.
    #[inline]
    pub(super) fn target(
        &mut self,
        id: KeyspaceId,
        place: &Place,
    ) -> Result<(&Arc<LiveMemtable>, u16)> {
        let Self { log, active, run, .. } = self;
        if run.keyspace != Some(id) {
            if let Some(before) = run.keyspace.and_then(|before| active.get_mut(before)) {
                before.log_bytes += run.bytes;
            }
            *run = Run { bytes: 0, keyspace: Some(id) };
        }
        run.bytes += place.len;
        // `make_room` has found it under the same lock.
        let active = active.get_mut(id).ok_or(Error::Closed)?;
        let mut slot = 0;
        if let Some(log) = log.as_ref().filter(|_| place.logged) {
            let segment = log.current();
            slot = match active.slot {
                Some((known, slot)) if known == segment.id() => slot,
                _ => {
                    active.slots_used += 1;
                    // `make_room` left two slots free.
                    let slot = active.memtable.add_segment(segment).ok_or(Error::Closed)?;
                    active.slot = Some((segment.id(), slot));
                    slot
                }
            };
            active.memtable.note_start(place.start, place.log_start);
        }
        Ok((&active.memtable, slot))
    }
}

impl Core {
    /// Closes a keyspace's active memtable and starts a new one. Returns `false` if too many wait for their flush.
    pub(crate) fn rotate_memtable(&self, commit: &mut CommitState, id: KeyspaceId) -> Result<bool> {
        let (last, end) = (commit.log().last_sequence(), commit.log().end());
        let limit = self.options.max_immutable_memtables;
        let CommitState { active, run, .. } = commit;
        let active = active.get_mut(id).ok_or_else(|| no_keyspace(id))?;
        if active.keyspace.current().immutables.len() >= limit {
            return Ok(false);
        }
        run.forget(id);
        let old = Arc::clone(&active.memtable);
        // The next will be about as large.
        let next = Arc::new(LiveMemtable::new(old.memtable().keys()));
        old.close(last, end);
        active.keyspace.rotate(Arc::clone(&next));
        *active = Active::new(Arc::clone(&active.keyspace), next, 0);
        self.background.wake_flush();
        Ok(true)
    }
}
