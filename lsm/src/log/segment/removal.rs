//! What becomes of the file of a segment that nobody needs.

use std::{
    io,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use super::Segment;
use crate::log::{header::SegmentKind, spare::SpareFiles};

/// Hears of a segment file that could not be removed. Called from whatever thread dropped the last reference.
pub type RemovalObserver = Arc<dyn Fn(&Path, &io::Error) + Send + Sync>;

/// What becomes of the file of a segment that nobody needs.
pub(super) struct Retirement {
    observer: RemovalObserver,
    spares: Option<Arc<SpareFiles>>,
}

impl Segment {
    /// Has the file removed once nobody holds the segment any more. A failure to remove is no failure of the database:
    /// `observer` hears of it, and the next open removes what is left.
    pub fn mark_obsolete(&self, observer: RemovalObserver) {
        // A second call changes nothing: the file goes away either way.
        let _ = self.obsolete.set(Retirement { observer, spares: None });
    }

    /// Says that the file is about to get another name, under which others may map it, and keep what they read when that name is
    /// gone: from now on it is never recycled.
    pub fn note_shared(&self) {
        self.exclusive.store(false, Ordering::Relaxed);
    }

    /// As [`mark_obsolete`](Self::mark_obsolete), but offers the file to `spares` first, if nobody can read it any more by then:
    /// whoever reads a segment that was created here and not [shared](Self::note_shared) holds it. One that was opened may be
    /// mapped by values that outlived an earlier handle: its file is removed, which takes the name and not the bytes.
    pub fn retire(&self, observer: RemovalObserver, spares: Arc<SpareFiles>) {
        let _ = self.obsolete.set(Retirement { observer, spares: Some(spares) });
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let Some(Retirement { observer, spares }) = self.obsolete.get() else { return };
        if let Some(spares) = spares
            && self.identity.kind == SegmentKind::Log
            && self.exclusive.load(Ordering::Relaxed)
            && spares.keep(&self.path, self.len())
        {
            return;
        }
        if let Err(error) = self.fs.remove(&self.path) {
            observer(&self.path, &error);
        }
    }
}
