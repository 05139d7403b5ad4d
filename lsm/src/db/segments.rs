//! The segments of a database: which are open, which comes next, which nobody needs any more.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use super::core::Core;
use crate::{
    Error, Event, Options, Result, SegmentId,
    fs::{FileSystem, Purpose},
    log::{
        HEADER_LEN, RemovalObserver, Segment, SegmentIdentity, SegmentKind, SpareFiles, file_name,
    },
    version::{ReplayPosition, SegmentUse},
};

/// Files of deleted segments that are kept for new ones, at most.
const SPARE_FILES: usize = 2;

/// All open segments.
#[derive(Debug)]
pub(crate) struct SegmentSet {
    open: Mutex<BTreeMap<SegmentId, Arc<Segment>>>,
    spares: Arc<SpareFiles>,
}

/// How full of garbage the segments are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpaceUse {
    /// Bytes of records in segments that replay does not need.
    pub(crate) used: u64,
    /// Of these, bytes that tables refer to.
    pub(crate) live: u64,
    /// Bytes of records that replay may need.
    pub(crate) unflushed: u64,
}

impl SegmentSet {
    pub(crate) fn new(options: &Options) -> Self {
        let longest = u32::try_from(options.segment_bytes).unwrap_or(u32::MAX);
        let spares = Arc::new(SpareFiles::new(SPARE_FILES, longest));
        Self { open: Mutex::default(), spares }
    }

    pub(crate) fn insert(&self, segment: Arc<Segment>) {
        self.open.lock().insert(segment.id(), segment);
    }

    /// The open segment with this number.
    pub(crate) fn get(&self, id: SegmentId) -> Option<Arc<Segment>> {
        self.open.lock().get(&id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Segment>> {
        self.open.lock().values().cloned().collect()
    }

    /// Creates a segment with room for `capacity` bytes, header included.
    pub(crate) fn create(
        &self,
        core: &Core,
        kind: SegmentKind,
        capacity: u32,
        purpose: Purpose,
    ) -> Result<Arc<Segment>> {
        Segment::create(
            &core.file_system(),
            core.dir(),
            core.new_segment(kind),
            capacity,
            core.options.mapped_log,
            purpose,
        )
        .map_err(|error| core.heed(error))
    }

    /// Creates a log segment with room for at least `capacity` bytes, and opens it to readers.
    pub(crate) fn create_log(&self, core: &Core, capacity: u32) -> Result<Arc<Segment>> {
        let usual = core.usual_segment();
        let segment = self.create(core, SegmentKind::Log, capacity.max(usual), Purpose::Log)?;
        self.insert(Arc::clone(&segment));
        Ok(segment)
    }

    /// As [`create_log`](Self::create_log) for a segment of the usual capacity, in a spare file if there is one. Not under the
    /// commit lock: it waits for the disk.
    pub(crate) fn create_or_recycle_log(&self, core: &Core) -> Result<Arc<Segment>> {
        self.spares.pause(false);
        let Some(spare) = self.spares.take() else { return self.create_log(core, 0) };
        let identity = core.new_segment(SegmentKind::Log);
        let recycled = Segment::recycle(
            &core.file_system(),
            core.dir(),
            &spare,
            identity,
            core.usual_segment(),
            core.options.mapped_log,
            Purpose::Log,
        );
        match recycled {
            Ok(Some(segment)) => {
                self.insert(Arc::clone(&segment));
                core.emit(&Event::SegmentRecycled { segment: identity.id });
                return Ok(segment);
            }
            Ok(None) => {}
            // The file was of no use to anybody but us: nothing is lost with it.
            Err(error) => {
                let error = core.heed(error);
                if core.poison.get().is_some() {
                    return Err(error);
                }
                core.emit(&Event::BackgroundError { error });
                let path = core.dir().join(file_name(identity.id, identity.kind));
                core.leftovers.remove(&*core.fs, &path);
            }
        }
        core.leftovers.remove(&*core.fs, &spare);
        self.create_log(core, 0)
    }

    /// Spare files are for a log that goes on: one that rests gives the space back, and keeps none until it goes on.
    pub(crate) fn rest(&self, core: &Core) {
        self.spares.pause(true);
        self.remove_spares(core);
    }

    /// Removes all spare files, and keeps no more.
    pub(crate) fn close_spares(&self, core: &Core) {
        self.spares.close();
        self.remove_spares(core);
    }

    fn remove_spares(&self, core: &Core) {
        while let Some(spare) = self.spares.take() {
            core.leftovers.remove(&*core.fs, &spare);
        }
    }

    /// Removes a segment that was never used.
    pub(crate) fn discard(&self, core: &Core, segment: &Arc<Segment>) {
        self.open.lock().remove(&segment.id());
        segment.mark_obsolete(core.removal_observer());
    }

    /// Forgets the segments before `replay` that no table refers to. Once nobody reads them, their files are deleted, or kept
    /// for new segments.
    pub(crate) fn reclaim(
        &self,
        core: &Core,
        replay: ReplayPosition,
        live: &BTreeMap<SegmentId, SegmentUse>,
    ) {
        let mut dropped = Vec::new();
        self.open.lock().retain(|id, segment| {
            let keep =
                needs_replay(segment, replay) || live.get(id).is_some_and(|live| live.records > 0);
            if !keep {
                segment.retire(core.removal_observer(), Arc::clone(&self.spares));
                dropped.push(*id);
            }
            keep
        });
        for segment in dropped {
            core.emit(&Event::SegmentDropped { segment });
        }
    }

    /// Adds up the space.
    pub(crate) fn space(
        &self,
        replay: ReplayPosition,
        live: &BTreeMap<SegmentId, SegmentUse>,
    ) -> SpaceUse {
        let mut space = SpaceUse::default();
        for (id, segment) in self.open.lock().iter() {
            let used = u64::from(segment.len().saturating_sub(HEADER_LEN));
            if needs_replay(segment, replay) {
                space.unflushed += used;
            } else {
                space.used += used;
                space.live += live.get(id).map_or(0, |live| live.bytes);
            }
        }
        space
    }
}

/// Whether recovery would read the segment.
pub(crate) fn needs_replay(segment: &Segment, replay: ReplayPosition) -> bool {
    segment.kind() == SegmentKind::Log && segment.id().0 >= replay.segment
}

impl Core {
    /// Makes names in the directory durable.
    pub(crate) fn fs_sync_dir(&self) -> Result<()> {
        self.fs.sync_dir(&self.dir).map_err(|error| Error::io("sync", &self.dir, error))
    }

    /// Hears of segment files that could not be removed.
    pub(crate) fn removal_observer(&self) -> RemovalObserver {
        self.leftovers.observer()
    }

    /// The file system as the rooms below take it.
    pub(crate) fn file_system(&self) -> Arc<dyn FileSystem> {
        Arc::clone(&self.fs) as Arc<dyn FileSystem>
    }

    /// What the next segment is called.
    fn new_segment(&self, kind: SegmentKind) -> SegmentIdentity {
        SegmentIdentity { id: SegmentId(self.next_file()), kind, database_id: self.database_id }
    }

    /// Bytes of the next segment: in proportion to the database, so that what is preallocated stays a small part of it.
    pub(crate) fn usual_segment(&self) -> u32 {
        const LEAST: u64 = 16 << 20;
        const PART: u64 = 16;
        let live: u64 = self.live_bytes().values().map(|live| live.bytes).sum();
        let most = self.options.segment_bytes as u64;
        // `Options::validate` limits it to 2 GiB.
        u32::try_from((live / PART).max(LEAST).min(most)).unwrap_or(u32::MAX)
    }

    /// What all tables refer to, by segment.
    pub(crate) fn live_bytes(&self) -> BTreeMap<SegmentId, SegmentUse> {
        let mut live = BTreeMap::new();
        for keyspace in self.all_keyspaces() {
            keyspace.current().version.add_live_bytes(&mut live);
        }
        live
    }
}
