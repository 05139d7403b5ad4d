//! What the database consists of at one moment, held for work that takes longer.

use std::sync::Arc;

use super::{core::Core, segments::needs_replay};
use crate::{
    SegmentId, SequenceNumber,
    log::{LogPosition, Segment},
    version::{State, Version, manifest::Written},
};

/// What the database was at a moment, and what keeps its files from being removed.
pub(super) struct Moment {
    pub(super) state: State,
    /// What the manifest has to say for that.
    pub(super) manifest: Written,
    /// Of all keyspaces.
    pub(super) versions: Vec<Arc<Version>>,
    /// Those that tables refer to, and the log from where replay starts; ascending.
    pub(super) segments: Vec<Arc<Segment>>,
    /// Of these, the ones with bytes that perhaps no sync has covered.
    pub(super) unsynced: Vec<Arc<Segment>>,
    /// The last commit.
    pub(super) last: SequenceNumber,
    /// Where the log ended; in a database that is open read-only, where replay has found its end.
    pub(super) end: LogPosition,
}

impl Core {
    /// The database as it is now. Costs two locks for as long as it takes to list it.
    pub(super) fn moment(&self) -> Moment {
        let structure = self.structure.lock();
        let state = structure.state.clone();
        let mut segments = self.segments.all();
        let (last, end, unsynced) = if self.options.read_only {
            let last = segments.iter().rfind(|segment| needs_replay(segment, state.replay));
            let (segment, offset) =
                last.map_or((SegmentId(0), 0), |segment| (segment.id(), segment.len()));
            (self.visible(), LogPosition { segment, offset }, Vec::new())
        } else {
            let mut commit = self.commit.lock();
            commit.settle();
            (commit.log().last_sequence(), commit.log().end(), commit.unsynced())
        };
        let versions = self.all_keyspaces().into_iter().map(|it| Arc::clone(&it.current().version));
        let live = self.live_bytes();
        segments.retain(|segment| {
            let of_log = needs_replay(segment, state.replay) && segment.id() <= end.segment;
            of_log || live.get(&segment.id()).is_some_and(|live| live.records > 0)
        });
        let manifest = structure.manifest.written();
        Moment { versions: versions.collect(), state, manifest, segments, unsynced, last, end }
    }
}
