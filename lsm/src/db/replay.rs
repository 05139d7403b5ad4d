//! From the log back into memtables.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use super::commit::LOG_PER_BUFFER;
use crate::{
    Error, KeyspaceId, Options, Result, SegmentId,
    entry::hash_key,
    fs::{FileSystem, Purpose},
    keyspace::LiveMemtable,
    log::{
        self, BatchRecord, BatchView, HEADER_LEN, LogPosition, ScanReport, Segment,
        SegmentIdentity, SegmentKind,
    },
    version::State,
};

/// Replays the log into memtables.
pub(crate) struct Replay<'a> {
    fs: &'a Arc<dyn FileSystem>,
    dir: &'a Path,
    options: &'a Options,
    state: &'a State,
    /// The segments that were replayed.
    pub(crate) segments: BTreeMap<SegmentId, Arc<Segment>>,
    /// Oldest first; the last one stays active.
    pub(crate) memtables: HashMap<KeyspaceId, Vec<Recovered>>,
}

/// A memtable that replay fills.
pub(crate) struct Recovered {
    pub(crate) memtable: Arc<LiveMemtable>,
    slots: HashMap<SegmentId, u16>,
    /// Bytes of log that its entries take.
    pub(crate) bytes: usize,
}

impl Recovered {
    fn new() -> Self {
        Self { memtable: Arc::new(LiveMemtable::new(0)), slots: HashMap::new(), bytes: 0 }
    }
}

impl<'a> Replay<'a> {
    pub(crate) fn new(
        fs: &'a Arc<dyn FileSystem>,
        dir: &'a Path,
        options: &'a Options,
        state: &'a State,
    ) -> Self {
        Self { fs, dir, options, state, segments: BTreeMap::new(), memtables: HashMap::new() }
    }

    /// `None` if there is no log yet: the manifest names its start before the first commit. Log segments that are there
    /// all the same were made by an opening that a crash interrupted, or hold values that tables of a checkpoint refer to.
    pub(crate) fn run(&mut self) -> Result<Option<ScanReport>> {
        let named = self.state.replay;
        if named.segment == 0 {
            return Ok(None);
        }
        let segment = SegmentId(named.segment);
        let start = log::ReplayPosition {
            segment,
            offset: named.offset.max(HEADER_LEN),
            next_sequence: named.sequence.max(1),
        };
        let (fs, dir, state) = (self.fs, self.dir, self.state);
        let mut sink = |batch: BatchView<'_>| self.batch(batch);
        let report = log::scan(fs, dir, state.database_id, start, &state.segment_ends, &mut sink)?;
        for scanned in &report.segments {
            match self.segments.get(&scanned.segment.id()) {
                Some(segment) => segment.restrict(scanned.end),
                None => {
                    self.segments.insert(scanned.segment.id(), Arc::clone(&scanned.segment));
                }
            }
        }
        Ok(Some(report))
    }

    fn batch(&mut self, batch: BatchView<'_>) -> Result<()> {
        let Some(first) = batch.records.first().map(|record| record.pointer) else { return Ok(()) };
        let start = crate::version::ReplayPosition {
            segment: first.segment.0,
            offset: first.offset,
            // Replay adds the batch's gap to it again.
            sequence: batch.sequence - batch.gap,
        };
        for record in batch.records {
            let Some(keyspace) = self.state.keyspaces.get(&record.keyspace) else {
                self.check_was_dropped(record)?;
                continue;
            };
            if batch.sequence <= keyspace.flushed {
                continue;
            }
            let pointer = record.pointer;
            let segment = self.segment(pointer.segment)?;
            let recovered =
                self.memtables.entry(record.keyspace).or_insert_with(|| vec![Recovered::new()]);
            let full = recovered.last().is_some_and(|last| {
                last.bytes + pointer.len as usize > self.options.write_buffer_bytes * LOG_PER_BUFFER
                    && last.bytes > 0
                    || last.slots.len() + 2 > crate::keyspace::MAX_SEGMENTS
            });
            // A batch stays in one memtable: a memtable ends between sequence numbers.
            let fresh = recovered.last().is_none_or(|last| {
                last.memtable.memtable().max_seq().is_none_or(|newest| newest < batch.sequence)
            });
            if full && fresh {
                if let Some(last) = recovered.last() {
                    let end = LogPosition { segment: pointer.segment, offset: pointer.offset };
                    last.memtable.close(batch.sequence - 1, end);
                }
                recovered.push(Recovered::new());
            }
            let Some(last) = recovered.last_mut() else { continue };
            let slot = match last.slots.get(&pointer.segment) {
                Some(slot) => *slot,
                None => {
                    let slot = last.memtable.add_segment(&segment).ok_or(Error::Closed)?;
                    last.slots.insert(pointer.segment, slot);
                    slot
                }
            };
            last.bytes += pointer.len as usize;
            last.memtable.note_start(start);
            let hash = hash_key(record.key);
            last.memtable.insert_logged(
                hash,
                record.key,
                batch.sequence,
                record.kind,
                slot,
                pointer,
            );
        }
        Ok(())
    }

    /// Numbers of keyspaces are given out in rising order, and the manifest knows of each before the log does: a number
    /// that it has not come to is no dropped keyspace's.
    fn check_was_dropped(&self, record: &BatchRecord<'_>) -> Result<()> {
        let (id, last) = (record.keyspace.0, self.state.last_keyspace);
        if id <= last {
            return Ok(());
        }
        Err(Error::corruption(
            self.dir.join(log::file_name(record.pointer.segment, SegmentKind::Log)),
            u64::from(record.pointer.offset),
            format!("a record of keyspace {id}; the manifest has created none above {last}"),
        ))
    }

    fn segment(&mut self, id: SegmentId) -> Result<Arc<Segment>> {
        if let Some(segment) = self.segments.get(&id) {
            return Ok(Arc::clone(segment));
        }
        let identity =
            SegmentIdentity { id, kind: SegmentKind::Log, database_id: self.state.database_id };
        let segment = Segment::open(self.fs, self.dir, identity, Purpose::Log)?;
        self.segments.insert(id, Arc::clone(&segment));
        Ok(segment)
    }
}
