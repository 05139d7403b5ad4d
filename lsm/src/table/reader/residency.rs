//! Whether what cursors come to is in memory or has to come from the disk, as far as the time it takes tells.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use super::Table;
use crate::{
    fs::Advice,
    table::block::{Handle, TRAILER_LEN},
};

/// What takes longer has come from the disk.
const DISK: Duration = Duration::from_micros(15);
/// So many blocks found in memory undo one that was not.
const COLD: u8 = 16;

impl Table {
    /// Whether what cursors come to mostly has to be read from the disk: then it pays to ask the kernel for pages together,
    /// and first.
    #[inline]
    pub(crate) fn is_cold(&self) -> bool {
        self.cold.load(Relaxed) > 0
    }

    /// Has a mapped block in memory, and learns from how long that takes: a fault that waits for the disk takes longer than
    /// anything else here, and a block mostly lies in two pages, which are two such faults unless they are asked for.
    pub(crate) fn bring(&self, handle: Handle) {
        let Some(mapped) = &self.mapped else { return };
        let (start, len) = (handle.offset as usize, handle.len as usize + TRAILER_LEN);
        let cold = self.cold.load(Relaxed);
        if cold > 0 {
            // The next block too: the disk takes no longer for it.
            mapped.mapping().advise(start, len + len, Advice::WillNeed);
        }
        let before = Instant::now();
        let block = &mapped.bytes()[start..start + len];
        std::hint::black_box((block.first().copied(), block.last().copied()));
        self.note_touch(before.elapsed());
    }

    /// Learns from how long it took to touch something that a cursor comes to.
    pub(crate) fn note_touch(&self, took: Duration) {
        let cold = self.cold.load(Relaxed);
        let now = if took > DISK { COLD } else { cold.saturating_sub(1) };
        if now != cold {
            self.cold.store(now, Relaxed);
        }
    }
}
