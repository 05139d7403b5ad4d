//! From a memtable to a table on level 0.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::core::Core;
use crate::{
    EntryKind, Error, Event, Result, SegmentId,
    compaction::{Fate, Outputs, Retain},
    fs::Purpose,
    keyspace::{KeyspaceCore, LiveMemtable},
    log::{LogPosition, SegmentSlice},
    memtable::{MemCursor, Payload},
    options::Layout,
    table::EntryValue,
    version::{Edit, ReplayPosition},
};

impl Core {
    /// Writes a keyspace's oldest closed memtable to level 0 and takes it out of the readers' way.
    ///
    /// # Errors
    /// Disk full, I/O errors: nothing has changed, and it may be tried again.
    pub(crate) fn flush_memtable(
        &self,
        keyspace: &Arc<KeyspaceCore>,
        memtable: &Arc<LiveMemtable>,
    ) -> Result<()> {
        self.flush_to_level0(keyspace, memtable).map_err(|error| self.heed(error))
    }

    fn flush_to_level0(
        &self,
        keyspace: &Arc<KeyspaceCore>,
        memtable: &Arc<LiveMemtable>,
    ) -> Result<()> {
        let started = Instant::now();
        let last = memtable.last_sequence();
        self.publisher.wait_visible(last).map_err(|_| Error::Closed)?;
        // The table will point into the log, and replay will skip what is in the table: so the log must be durable first.
        if let Some(end) = memtable.end()
            && memtable.start().is_some()
        {
            self.sync_log(end)?;
        }
        let entries = memtable.memtable().entries();
        let mut outputs = Outputs::new(self, keyspace, 0, Purpose::Flush);
        let written = self.write_memtable(keyspace, memtable, &mut outputs);
        let outputs = written.and_then(|()| outputs.finish(last))?;
        let bytes = outputs.table_bytes();
        // Mostly all of this is durable already, and nothing is done; if not, better before the lock is held than under it.
        self.sync_to_replay(memtable).inspect_err(|_| outputs.abandon(self))?;
        let mut structure = self.structure.lock();
        if keyspace.is_dropped() {
            outputs.abandon(self);
            return Ok(());
        }
        let replay = self.sync_to_replay(memtable).inspect_err(|_| outputs.abandon(self))?;
        let mut edit = Edit {
            last_sequence: Some(last),
            flushed: vec![(keyspace.id, last)],
            replay: Some(replay),
            ..Edit::default()
        };
        let tables = outputs.open(self).inspect_err(|_| outputs.abandon(self))?;
        edit.add = tables.iter().map(|table| (keyspace.id, 0, table.meta().clone())).collect();
        let add: Vec<_> = tables.into_iter().map(|table| (0, table)).collect();
        self.apply(&mut structure, edit, &[], || {
            keyspace.install(Some(memtable), |version| version.with(&[], &add));
        })
        .inspect_err(|_| outputs.abandon(self))?;
        self.reclaim(&structure);
        drop(structure);
        self.counters.flushes.fetch_add(1, Ordering::Relaxed);
        self.emit(&Event::Flushed {
            keyspace: keyspace.name.clone(),
            entries,
            bytes,
            took: started.elapsed(),
        });
        Ok(())
    }

    /// Where replay starts once `memtable` is flushed, and the log is durable up to there. Records before it need not be this
    /// memtable's: others may have been dropped with their keyspace before anything synced them, and a log that after a
    /// power failure ends before the place where the manifest has replay start is not one that can be opened.
    fn sync_to_replay(&self, memtable: &Arc<LiveMemtable>) -> Result<ReplayPosition> {
        let replay = self.replay_position(Some(memtable));
        let position = LogPosition { segment: SegmentId(replay.segment), offset: replay.offset };
        if self.group_sync.durable() < Some(position) {
            self.sync_log(position)?;
        }
        Ok(replay)
    }

    fn write_memtable(
        &self,
        keyspace: &KeyspaceCore,
        memtable: &Arc<LiveMemtable>,
        outputs: &mut Outputs<'_>,
    ) -> Result<()> {
        let mut retain = Retain::new(self.snapshots.live());
        let mut cursor = MemCursor::new(memtable.memtable().sorted());
        cursor.seek_to_first();
        let nothing_below = keyspace.current().version.tables().next().is_none()
            && keyspace.current().immutables.len() == 1;
        while cursor.valid() {
            let (key, kind) = (cursor.key(), cursor.kind());
            if let Fate::Keep(sequence) =
                retain.decide(key, Some(cursor.seq()), kind, || nothing_below)
            {
                match (kind, cursor.payload()) {
                    (EntryKind::Delete, _) | (_, Payload::None) => {
                        outputs.add(key, sequence, kind, EntryValue::None)?;
                    }
                    (EntryKind::Put, Payload::Inline(value)) => {
                        outputs.add_value(key, sequence, value)?
                    }
                    (EntryKind::Put, Payload::Log { slot, offset, len }) => {
                        let pointer = memtable.pointer(slot, offset, len)?;
                        if is_separated(keyspace, key.len(), len as usize) {
                            outputs.add(key, sequence, kind, EntryValue::Pointer(pointer))?;
                        } else {
                            // SAFETY: the entry is at or below the visible sequence number: its record is complete.
                            let value = unsafe { memtable.segment(slot)?.read(offset, len, key)? };
                            outputs.add(
                                key,
                                sequence,
                                kind,
                                EntryValue::Inline(value_bytes(&value)),
                            )?;
                        }
                    }
                }
            }
            cursor.next();
        }
        Ok(())
    }

    /// Deletes the segments that no table refers to and that replay does not need.
    pub(crate) fn reclaim(&self, structure: &super::core::Structure) {
        self.segments.reclaim(self, structure.state.replay, &self.live_bytes());
    }
}

/// Whether the value in a record of `len` bytes stays in the log.
fn is_separated(keyspace: &KeyspaceCore, key_len: usize, len: usize) -> bool {
    /// Bytes of a record with a short key and value that are neither: checksum, head, lengths.
    const FRAME: usize = 7;
    match keyspace.options.layout {
        Layout::Separated { from } => len >= from.saturating_add(key_len + FRAME),
        Layout::Leveled => false,
    }
}

fn value_bytes<'a>(value: &'a SegmentSlice<'_>) -> &'a [u8] {
    value
}
