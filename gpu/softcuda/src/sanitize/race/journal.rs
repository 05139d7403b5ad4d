//! Accesses since all threads met that nothing else of this time can race with.
//!
//! Most kernels write shared memory, meet, read it, and meet again: no word is written and also touched in another way between two
//! meetings. A bit for each word tells that of an access, for all its lanes at once; then it is only written down here. Nobody asks
//! the shadow before an access comes for which the bits do not answer: then all that was written down is entered first, in its order,
//! and until all threads meet, accesses go to the shadow at once. So the shadow says the same as it would without a journal.

use super::touch::By;
use super::{Lane, Shadow, each, words};
use crate::machine::{Access, AccessKind, Copied};
use crate::memory::chunks;
use crate::sanitize::initial::ranges;
use crate::sanitize::shape::{Shape, runs};

/// What an access was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    Read,
    Write,
    /// Writes of copies that were waited for: each lane stands alone.
    Copied,
}

/// An access that was written down.
#[derive(Clone, Copy, Debug)]
struct Entry {
    now: u32,
    met: u32,
    mask: u32,
    active: u32,
    /// The first lane's address, and the number of the row that tells how far from it those of the others are.
    first: u32,
    row: u32,
    site: u16,
    warp: u8,
    size: u8,
    did: Did,
    whole: bool,
}

/// Entries, and rows, that are written down at most before the shadow takes them.
const ENTRIES: usize = 1 << 13;
const ROWS: usize = 1 << 10;
/// Meetings of all threads for which the journal rests at most, after it was of no use.
const REST: u32 = 64;

/// The journal of one block.
#[derive(Debug)]
pub(super) struct Journal {
    /// When all threads last met.
    full: u32,
    /// A bit for each word that was read since, or written.
    read: Vec<u64>,
    written: Vec<u64>,
    entries: Vec<Entry>,
    /// Distances of lanes' addresses from the first lane's.
    rows: Vec<[u32; 32]>,
    /// The last row of each instruction: it most often serves again.
    rows_of: Vec<u32>,
    /// Until all threads meet, nothing is written down.
    closed: bool,
    /// So many more meetings, too; and how many it will be when it is closed the next time.
    rest: u32,
    next_rest: u32,
}

/// The words of a range of bytes, as words of bits.
#[inline(always)]
fn word_bits(start: u64, len: u64) -> impl Iterator<Item = (usize, u64)> {
    let first = start / 4;
    chunks(first, (start + len - 1) / 4 + 1 - first)
}

impl Journal {
    pub(super) fn new(bytes: usize) -> Self {
        let bits = vec![0; (bytes / 4).div_ceil(64)];
        Self {
            full: 0,
            read: bits.clone(),
            written: bits,
            entries: Vec::new(),
            rows: Vec::new(),
            rows_of: Vec::new(),
            closed: false,
            rest: 0,
            next_rest: 1,
        }
    }

    /// Forgets what was there before all threads met.
    #[inline]
    pub(super) fn at(&mut self, full: u32) {
        if self.full == full {
            return;
        }
        self.full = full;
        if !self.closed {
            self.next_rest = 1;
            self.entries.clear();
            self.rows.clear();
            self.read.fill(0);
            self.written.fill(0);
        } else if self.rest != 0 {
            self.rest = self.rest.saturating_sub(1);
        } else {
            self.closed = false;
            self.read.fill(0);
            self.written.fill(0);
        }
    }

    /// From now on, until all threads meet, accesses go to the shadow.
    pub(super) fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.rest = self.next_rest - 1;
            self.next_rest = (2 * self.next_rest).min(REST);
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether accesses are written down at present.
    #[cfg(test)]
    pub(super) fn is_open(&self) -> bool {
        !self.closed
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= ENTRIES || self.rows.len() >= ROWS
    }

    /// Whether a plain access races with nothing; then it is written down, unless it is a copy that begins.
    #[inline]
    pub(super) fn takes(&mut self, access: &Access<'_>, shape: Shape, by: &By) -> bool {
        if self.closed {
            return false;
        }
        let Self { read, written, .. } = self;
        let mut clash = 0;
        let did = match access.kind {
            AccessKind::Load => {
                ranges(access, shape, |start, len, _| {
                    for (at, bits) in word_bits(start, len) {
                        let (Some(read), Some(written)) = (read.get_mut(at), written.get(at))
                        else {
                            return;
                        };
                        clash |= written & bits;
                        *read |= bits;
                    }
                });
                Did::Read
            }
            AccessKind::Store => {
                // Lanes that write to the same place as their neighbours are one range.
                clash = u64::from(!shape.other & access.mask & access.mask << 1);
                ranges(access, shape, |start, len, _| {
                    for (at, bits) in word_bits(start, len) {
                        let (Some(read), Some(written)) = (read.get(at), written.get_mut(at))
                        else {
                            return;
                        };
                        clash |= (*written | read) & bits;
                        *written |= bits;
                    }
                });
                Did::Write
            }
            AccessKind::Copy => {
                ranges(access, shape, |start, len, _| {
                    for (at, bits) in word_bits(start, len) {
                        let touched = |of: &[u64]| of.get(at).map_or(0, |word| word & bits);
                        clash |= touched(read) | touched(written);
                    }
                });
                return clash == 0;
            }
            AccessKind::Atomic => return false,
        };
        if clash != 0 {
            return false;
        }
        let mut at = [0; 32];
        for (to, &from) in at.iter_mut().zip(access.addresses) {
            *to = from as u32;
        }
        let size = access.size as u8;
        self.add(
            by,
            Entry { size, mask: access.mask, active: access.active, ..by.entry(did) },
            &at,
        );
        true
    }

    #[inline(always)]
    fn add(&mut self, by: &By, entry: Entry, at: &[u32; 32]) {
        let first = at[0];
        let mut row = *at;
        for address in &mut row {
            *address = address.wrapping_sub(first);
        }
        let site = usize::from(by.site);
        if site >= self.rows_of.len() {
            self.rows_of.resize(site + 1, 0);
        }
        let number = &mut self.rows_of[site];
        if self.rows.get(*number as usize).is_none_or(|last| *last != row) {
            *number = self.rows.len() as u32;
            self.rows.push(row);
        }
        self.entries.push(Entry { first, row: *number, ..entry });
    }

    /// Writes down that copies have been waited for, unless it is closed.
    pub(super) fn copied(&mut self, copied: &Copied, mask: u32, by: &By) -> bool {
        if self.closed {
            return false;
        }
        for lane in each(mask) {
            for (at, bits) in word_bits(copied.addresses[lane].into(), copied.size.into()) {
                if let Some(written) = self.written.get_mut(at) {
                    *written |= bits;
                }
            }
        }
        let size = copied.size as u8;
        self.add(by, Entry { size, mask, ..by.entry(Did::Copied) }, &copied.addresses);
        true
    }
}

impl By {
    /// An entry of no lanes.
    #[inline(always)]
    fn entry(&self, did: Did) -> Entry {
        let &Self { warp, site, whole, now, met, .. } = self;
        let (mask, active, first, row, size) = (0, 0, 0, 0, 0);
        Entry { now, met, mask, active, first, row, site, warp: warp as u8, size, did, whole }
    }
}

impl Shadow {
    /// Enters what was written down.
    #[cold]
    #[inline(never)]
    pub(super) fn enter(&mut self) {
        let entries = std::mem::take(&mut self.journal.entries);
        let rows = std::mem::take(&mut self.journal.rows);
        let full = self.journal.full;
        for entry in &entries {
            let &Entry { now, met, mask, active, first, row, site, warp, size, did, whole } = entry;
            let Some(row) = rows.get(row as usize) else { continue };
            let at = row.map(|distance| first.wrapping_add(distance));
            let by = By { warp: warp.into(), site, whole, now, full, met };
            let size = size.into();
            if did == Did::Read {
                self.enter_reads(&by, &at, mask, size);
                continue;
            }
            self.serial = self.serial.wrapping_add(1);
            for i in each(mask) {
                let active = if did == Did::Copied { 1 << i } else { active };
                for (word, bytes) in words(at[i], size) {
                    self.write(Lane { by, active, lane: i as u32, word, bytes });
                }
            }
        }
        // Their room is used again.
        (self.journal.entries, self.journal.rows) = (entries, rows);
        self.journal.entries.clear();
        self.journal.rows.clear();
    }

    /// Remembers lanes that read.
    #[inline]
    pub(super) fn enter_reads(&mut self, by: &By, at: &[u32; 32], mask: u32, size: u32) {
        let Shape { other, apart } = Shape::of(at, size);
        let set = super::reads(size);
        if size == 4 && !self.plods() && (apart & mask).count_ones() < (other & mask).count_ones() {
            // Neighbours read neighbours.
            let count = (apart & (apart - 1)).trailing_zeros();
            let rows = mask == u32::MAX && apart.count_ones() == 32_u32.div_ceil(count);
            let again =
                rows && each(apart).all(|i| at[i] == at[0] && (i as u32).is_multiple_of(count));
            if again && self.reads.add_run(by, at[0] as usize / 4, apart, count as usize) {
                // All runs read the same, as the rows of a small block do.
                return;
            }
            for (first, count) in runs(mask, apart) {
                let lanes = first as usize..(first + count) as usize;
                let cell = at[lanes.start] as usize / 4;
                if !self.reads.add_run(by, cell, 1 << first, count as usize) {
                    for i in lanes {
                        self.touch(set, by, 1 << i, at[i], size);
                    }
                }
            }
            return;
        }
        // Neighbours that read the same are one.
        for run in runs(mask, other) {
            let address = at[run.0 as usize];
            self.touch(set, by, crate::sanitize::shape::lanes(run), address, size);
        }
    }
}
