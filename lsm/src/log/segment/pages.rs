//! Pages and cache lines of a mapped segment: asked for before they are needed.

use std::sync::atomic::Ordering;

use super::{Segment, split};
use crate::fs::Advice;

/// Least and most bytes that are made present ahead of the records.
const POPULATE_LEAST: u32 = 64 << 10;
const POPULATE_MOST: u32 = 2 << 20;
/// Bytes from which on a sync is spared the pages. What one commit or a group of them syncs is less, and the page that comes next is
/// wanted again at once.
const LET_GO_LEAST: u32 = 1 << 20;
/// No less than a page.
const LET_GO_ALIGN: u32 = 64 << 10;

impl Segment {
    /// Advice on a range of a mapped segment; nothing otherwise.
    pub fn advise(&self, offset: u32, len: u32, advice: Advice) {
        if let Some(mapping) = &self.mapping
            && (offset as usize) < mapping.len()
        {
            let len = (len as usize).min(mapping.len() - offset as usize);
            mapping.advise(offset as usize, len, advice);
        }
    }

    /// Whether the records have come so close to pages that nobody has touched that [`populate`](Self::populate) should
    /// be called. Says so once until it is.
    #[inline]
    pub fn wants_pages(&self, end: u32) -> bool {
        self.wanted.load(Ordering::Relaxed) <= end
            && self.mapping.is_some()
            && self.wanted.swap(u32::MAX, Ordering::Relaxed) != u32::MAX
    }

    /// Has the kernel make the pages ahead of the records present and writable, so that writers do not fault on them one
    /// by one: as far ahead as there are records, at most 2 MiB.
    pub fn populate(&self) {
        let (limit, end) = split(self.bounds.load(Ordering::Acquire));
        let from = self.populated.load(Ordering::Relaxed).max(end);
        let to = end.saturating_add(end.clamp(POPULATE_LEAST, POPULATE_MOST)).min(limit);
        if from < to {
            self.advise(from, to - from, Advice::PopulateWrite);
            self.populated.store(to, Ordering::Relaxed);
        }
        let wanted = if to == limit { u32::MAX } else { to - (to - end) / 2 };
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Takes the pages from `from` to `to` out of the page table ahead of a sync, if they are many.
    ///
    /// A sync write-protects every dirty page, so that it hears of the next store, and interrupts all processors on which the
    /// process runs for each of them: for 64 MB some 16,000 times, while writers are at work on the next segment. Pages that nobody has
    /// mapped need no protection, and taking them out together costs one interrupt in many pages. Whoever reads them next has
    /// the kernel map them again, several at once, from the page cache.
    pub(super) fn let_go_of_pages(&self, from: u32, to: u32) {
        // The last may be one that is being written to.
        let to = to / LET_GO_ALIGN * LET_GO_ALIGN;
        if to.saturating_sub(from) >= LET_GO_LEAST {
            self.advise(from, to - from, Advice::DontNeed);
        }
    }

    /// Asks the processor for a record that will be read soon, up to five lines of it. Does nothing if the segment is not
    /// mapped, or off x86-64. Never faults, whatever the arguments are.
    #[inline]
    pub fn prefetch(&self, offset: u32, len: u32) {
        if let Some(mapping) = &self.mapping {
            let start = mapping.as_ptr().wrapping_add(offset as usize);
            // More lines are the hardware prefetcher's business: it sees the stream by then.
            let end = start.wrapping_add(len.min(256) as usize);
            prefetch_line(start);
            let mut line = start.wrapping_add(LINE - start.addr() % LINE);
            while line < end {
                prefetch_line(line);
                line = line.wrapping_add(LINE);
            }
        }
    }
}

/// Bytes that the processor fetches at once.
const LINE: usize = 64;

#[inline]
fn prefetch_line(line: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64; a prefetch is a hint that may name any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = line;
}
