//! Races in shared memory: two accesses of different threads to one byte, one of them a write, one of them plain, that no
//! synchronisation orders.
//!
//! Shadow memory has a record of the last write of each word of 4 bytes, with the lane of each byte, and a record for each cell and
//! warp of the lanes that touch it: cells of 4 bytes for most reads, of 16 for wide ones, of 1 for narrow ones and for strong
//! accesses. What a record has no room for is spilled into a list. Records are never cleared: those with an old stamp mean nothing.
//!
//! Most accesses never come so far: see [`journal`].

mod against;
mod copies;
mod journal;
mod spill;
#[cfg(test)]
mod tests;
mod touch;
mod write;

use super::initial::ranges;
use super::order::{Order, each};
use super::shape::{Shape, runs};
use crate::machine::{Access, AccessKind, Copied};
use copies::{Copies, Copying};
use journal::Journal;
use spill::{Spilled, Spills};
use touch::{By, Touches};
use write::Write;

/// How two accesses are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Lanes of one instruction.
    Instruction,
    /// Lanes of one warp that ran together at one of the two.
    Together,
    /// Lanes of one warp that ran apart.
    Apart,
    /// Threads of different warps.
    Warps,
}

/// What the earlier of two accesses was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    Read,
    Write,
    /// An asynchronous copy that is not waited for.
    Copy,
}

/// Two accesses that race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hazard {
    pub earlier: Earlier,
    pub earlier_pc: u32,
    pub earlier_thread: u32,
    pub lane: u32,
    pub address: u32,
    pub relation: Relation,
    /// Both write the same.
    pub same_value: bool,
}

/// Kinds of touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Reads,
    WideReads,
    NarrowReads,
    StrongReads,
    StrongWrites,
    Writes,
}

/// Where plain reads of so many bytes are remembered.
fn reads(size: u32) -> Set {
    match size {
        16 => Set::WideReads,
        size if size < 4 => Set::NarrowReads,
        _ => Set::Reads,
    }
}

/// What plain writes race with.
const ALL: [Set; 5] =
    [Set::Reads, Set::WideReads, Set::NarrowReads, Set::StrongReads, Set::StrongWrites];
/// What strong writes race with, besides plain writes.
const PLAIN: [Set; 3] = [Set::Reads, Set::WideReads, Set::NarrowReads];

impl Set {
    /// Bytes of a cell, log 2.
    fn unit(self) -> u32 {
        match self {
            Self::Reads | Self::Writes => 2,
            Self::WideReads => 4,
            Self::NarrowReads | Self::StrongReads | Self::StrongWrites => 0,
        }
    }
}

/// The shadow of one block's shared memory.
#[derive(Debug)]
pub(super) struct Shadow {
    bytes: usize,
    warps: usize,
    writes: Vec<Write>,
    /// When all threads last met before the last write of a word.
    written: Vec<u32>,
    reads: Touches,
    /// The other kinds, made when there is the first of them.
    others: [Option<Touches>; 4],
    spills: Spills,
    copies: Copies,
    journal: Journal,
    /// Everything lane by lane, and at once: what the faster ways are compared with.
    #[cfg(test)]
    plodding: bool,
    serial: u32,
    /// Instructions that touch shared memory, by a short number.
    sites: Vec<u32>,
    site_of: Vec<u16>,
}

/// One lane's part in an access.
#[derive(Clone, Copy)]
struct Lane {
    by: By,
    active: u32,
    lane: u32,
    word: u32,
    bytes: u8,
}

/// Instructions that have a number of their own.
const SITES: usize = 1 << 15;

/// The words that bytes lie in, with the bytes of each.
#[inline]
fn words(address: u32, size: u32) -> impl Iterator<Item = (u32, u8)> {
    let small = size < 4;
    let count = if small { 1 } else { size / 4 };
    let bytes = if small { ((1 << size) - 1) << (address & 3) } else { 15 };
    (0..count).map(move |i| (address / 4 + i, bytes))
}

impl Shadow {
    pub(super) fn new(bytes: u32, warps: u32) -> Self {
        let (bytes, warps) = (bytes.next_multiple_of(16) as usize, warps as usize);
        Self {
            bytes,
            warps,
            writes: vec![Write::default(); bytes / 4],
            written: vec![0; bytes / 4],
            reads: Touches::new(bytes / 4, warps),
            others: [const { None }; 4],
            spills: Spills::default(),
            copies: Copies::new(bytes, warps),
            journal: Journal::new(bytes),
            #[cfg(test)]
            plodding: false,
            serial: 0,
            sites: Vec::new(),
            site_of: Vec::new(),
        }
    }

    #[inline]
    fn plods(&self) -> bool {
        #[cfg(test)]
        return self.plodding;
        #[cfg(not(test))]
        false
    }

    /// A new block.
    pub(super) fn begin(&mut self) {
        self.copies.clear();
    }

    fn site(&mut self, pc: u32) -> u16 {
        let index = pc as usize;
        if index >= self.site_of.len() {
            self.site_of.resize(index + 1, u16::MAX);
        }
        if self.site_of[index] == u16::MAX {
            // The last number stands for all that have none of their own.
            let next = self.sites.len().min(SITES - 1);
            self.sites.truncate(next);
            self.sites.push(pc);
            self.site_of[index] = next as u16;
        }
        self.site_of[index]
    }

    fn set(&self, set: Set) -> Option<&Touches> {
        match set {
            Set::Reads => Some(&self.reads),
            Set::WideReads => self.others[0].as_ref(),
            Set::NarrowReads => self.others[1].as_ref(),
            Set::StrongReads => self.others[2].as_ref(),
            Set::StrongWrites => self.others[3].as_ref(),
            Set::Writes => None,
        }
    }

    /// An access to shared memory.
    #[inline]
    pub(super) fn access(
        &mut self,
        access: &Access<'_>,
        shape: Shape,
        order: &mut Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        self.at(order);
        let by = By {
            warp: access.warp,
            site: self.site(access.pc),
            whole: access.active == access.live,
            now: order.now(access.warp),
            full: order.full(),
            met: order.met(access.warp),
        };
        if !self.copies.is_empty() && (self.plods() || self.copies.are_touched(access, shape)) {
            self.copies.against(access, &self.sites, found);
        }
        let strong = access.strong || access.kind == AccessKind::Atomic;
        if !strong && !self.plods() && self.journal.takes(access, shape, &by) {
            if access.kind == AccessKind::Copy {
                self.begin_copies(access, &by);
            } else if self.journal.is_full() {
                self.enter();
            }
            return;
        }
        self.close_journal();
        self.serial = self.serial.wrapping_add(1);
        let lane = Lane { by, active: access.active, lane: 0, word: 0, bytes: 0 };
        match access.kind {
            AccessKind::Load if !strong => self.loads(access, shape, lane, order, found),
            AccessKind::Store if !strong => self.stores(access, shape, lane, order, found),
            AccessKind::Copy => self.copies(access, lane, order, found),
            _ => self.strong(access, lane, order, found),
        }
    }

    /// Forgets what was there before all threads met.
    #[inline]
    fn at(&mut self, order: &Order) {
        self.spills.at(order.full());
        self.journal.at(order.full());
    }

    fn close_journal(&mut self) {
        self.journal.close();
        if !self.journal.is_empty() {
            self.enter();
        }
    }

    fn loads(
        &mut self,
        access: &Access<'_>,
        shape: Shape,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let others = self.others_count();
        let mut busy = others || self.plods();
        ranges(access, shape, |start, len, _| {
            let (first, last) = (start as usize / 4, (start + len - 1) as usize / 4);
            for &written in self.written.get(first..=last).unwrap_or_default() {
                busy |= written == lane.by.full;
            }
        });
        if busy {
            for i in each(access.mask) {
                for (word, bytes) in words(access.addresses[i] as u32, access.size) {
                    let lane = Lane { lane: i as u32, word, bytes, ..lane };
                    self.against_write(lane, order, None, found);
                    self.against(Set::StrongWrites, lane, order, found);
                }
            }
        }
        let mut at = [0; 32];
        for (to, &from) in at.iter_mut().zip(access.addresses) {
            *to = from as u32;
        }
        self.enter_reads(&lane.by, &at, access.mask, access.size);
    }

    /// Whether reads must be checked against more than the last writes.
    #[inline]
    fn others_count(&self) -> bool {
        self.others[3].is_some() || !self.spills.is_empty()
    }

    fn stores(
        &mut self,
        access: &Access<'_>,
        shape: Shape,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let starts = if access.size == 4 { shape.apart } else { u32::MAX };
        for (first, count) in runs(access.mask, starts) {
            if count > 1
                && !self.plods()
                && self.store_run(access.addresses[first as usize] as u32, first, count, lane)
            {
                continue;
            }
            for i in first..first + count {
                for (word, bytes) in words(access.addresses[i as usize] as u32, access.size) {
                    let lane = Lane { lane: i, word, bytes, ..lane };
                    self.against_write(lane, order, Some(access), found);
                    for set in ALL {
                        self.against(set, lane, order, found);
                    }
                    self.write(lane);
                }
            }
        }
    }

    fn strong(
        &mut self,
        access: &Access<'_>,
        lane: Lane,
        order: &mut Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let kind = access.kind;
        let (reads, writes) = (kind != AccessKind::Store, kind != AccessKind::Load);
        for i in each(access.mask) {
            let address = access.addresses[i] as u32;
            if order.fences(access.warp) {
                order.strong(access.warp, i as u32, address / 4, reads, writes);
            }
            for (word, bytes) in words(address, access.size) {
                let lane = Lane { lane: i as u32, word, bytes, ..lane };
                self.against_write(lane, order, None, found);
                for set in PLAIN.into_iter().filter(|_| writes) {
                    self.against(set, lane, order, found);
                }
            }
            let set = if writes { Set::StrongWrites } else { Set::StrongReads };
            self.touch(set, &lane.by, 1 << i, address, access.size);
        }
    }

    /// Copies begin: they must not run into what others still do. They count as written when they have been waited for.
    fn copies(
        &mut self,
        access: &Access<'_>,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        for i in each(access.mask) {
            let (address, size) = (access.addresses[i] as u32, access.size);
            for (word, bytes) in words(address, size) {
                let lane = Lane { lane: i as u32, word, bytes, ..lane };
                self.against_write(lane, order, None, found);
                for set in ALL {
                    self.against(set, lane, order, found);
                }
            }
        }
        self.begin_copies(access, &lane.by);
    }

    fn begin_copies(&mut self, access: &Access<'_>, by: &By) {
        let &By { warp, site, .. } = by;
        let mut addresses = [0; 32];
        for (to, &from) in addresses.iter_mut().zip(access.addresses) {
            *to = from as u32;
        }
        let (mask, size) = (access.mask, access.size);
        self.copies.begin(Copying { warp, mask, addresses, size, site });
    }

    /// Copies have been waited for: now they are writes like others.
    pub(super) fn copied(&mut self, copied: &Copied, order: &Order) {
        self.at(order);
        let &Copied { warp, ref addresses, size, .. } = copied;
        let (now, full, met) = (order.now(warp), order.full(), order.met(warp));
        let mut copies = std::mem::take(&mut self.copies);
        copies.end(copied, |lanes, site| {
            let by = By { warp, site, whole: false, now, full, met };
            if self.journal.copied(copied, lanes, &by) {
                return;
            }
            self.serial = self.serial.wrapping_add(1);
            for i in each(lanes) {
                for (word, bytes) in words(addresses[i], size) {
                    self.write(Lane { by, active: 1 << i, lane: i as u32, word, bytes });
                }
            }
        });
        self.copies = copies;
        if self.journal.is_full() {
            self.enter();
        }
    }

    /// Remembers lanes that read, or that touch bytes by a strong access.
    #[inline]
    fn touch(&mut self, set: Set, by: &By, lanes: u32, address: u32, size: u32) {
        let cells = (address >> set.unit())..=((address + size - 1) >> set.unit());
        let other = match set {
            Set::Reads | Set::Writes => None,
            Set::WideReads => Some(0),
            Set::NarrowReads => Some(1),
            Set::StrongReads => Some(2),
            Set::StrongWrites => Some(3),
        };
        let touches = match other {
            None => &mut self.reads,
            Some(at) => {
                let (count, warps) = (self.bytes >> set.unit(), self.warps);
                self.others[at].get_or_insert_with(|| Touches::new(count, warps))
            }
        };
        for cell in cells {
            let Some(touch) = touches.add(by, cell as usize, lanes) else { continue };
            let first = cell << set.unit();
            let bytes = if set.unit() == 0 { 1 << (first % 4) } else { 15 };
            let set = if set == Set::WideReads { Set::Reads } else { set };
            let words = if other == Some(0) { 4 } else { 1 };
            for word in first / 4..first / 4 + words {
                self.spills.add(Spilled { set, warp: by.warp, bytes, touch }, word);
            }
        }
    }
}
