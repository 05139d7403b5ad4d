//! Races in shared memory: two accesses of different threads to one byte, one of them a write, one of them plain, that no
//! synchronisation orders.
//!
//! Shadow memory has a record of the last write of each word of 4 bytes, with the lane of each byte, and a record for each cell and
//! warp of the lanes that touch it: cells of 4 bytes for most reads, of 16 for wide ones, of 1 for narrow ones and for strong
//! accesses. What a record has no room for is spilled into a list. Records are never cleared: those with an old stamp mean nothing.

mod against;
mod copies;
mod spill;
mod touch;
mod write;

use super::order::{Order, each};
use super::shape::{Shape, lanes, runs};
use crate::machine::{Access, AccessKind, Copied};
use copies::{Copies, Copying};
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
#[derive(Clone, Copy, Debug)]
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
            copies: Copies::default(),
            serial: 0,
            sites: Vec::new(),
            site_of: Vec::new(),
        }
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
        self.spills.at(order.full());
        self.serial = self.serial.wrapping_add(1);
        let by = By {
            warp: access.warp,
            site: self.site(access.pc),
            whole: access.active == access.live,
            now: order.now(access.warp),
            full: order.full(),
            met: order.met(access.warp),
        };
        let lane = Lane { by, active: access.active, lane: 0, word: 0, bytes: 0 };
        if !self.copies.is_empty() {
            self.copies.against(access, &self.sites, found);
        }
        let strong = access.strong || access.kind == AccessKind::Atomic;
        match access.kind {
            AccessKind::Load if !strong => self.loads(access, shape, lane, order, found),
            AccessKind::Store if !strong => self.stores(access, lane, order, found),
            AccessKind::Copy => self.copies(access, lane, order, found),
            _ => self.strong(access, lane, order, found),
        }
    }

    #[inline]
    fn loads(
        &mut self,
        access: &Access<'_>,
        shape: Shape,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let at = access.addresses;
        let Shape { other, apart } = shape;
        if access.size == 4 && access.mask == u32::MAX && apart.count_ones() < other.count_ones() {
            // Neighbours read neighbours.
            let count = (apart & (apart - 1)).trailing_zeros();
            let again = apart.count_ones() == 32_u32.div_ceil(count)
                && each(apart).all(|i| at[i] == at[0] && (i as u32).is_multiple_of(count));
            if again && self.load_run(at[0] as u32, apart, count, lane) {
                // All runs read the same, as the rows of a small block do.
                return;
            }
            for (first, count) in runs(apart) {
                if !self.load_run(at[first as usize] as u32, 1 << first, count, lane) {
                    for i in first..first + count {
                        self.load(access, at[i as usize] as u32, 1 << i, lane, order, found);
                    }
                }
            }
            return;
        }
        // Neighbours that read the same are one. Lanes that take no part may stand between them.
        for run in runs(other) {
            let lanes = lanes(run) & access.mask;
            if lanes != 0 {
                self.load(access, at[run.0 as usize] as u32, lanes, lane, order, found);
            }
        }
    }

    /// Lanes read a run of words: these the first, their neighbours each further one. `false`: more must be looked at.
    #[inline]
    fn load_run(&mut self, address: u32, lanes: u32, count: u32, lane: Lane) -> bool {
        let (word, count) = ((address / 4) as usize, count as usize);
        let Some(written) = self.written.get(word..word + count) else { return false };
        let mut quiet = !self.others_count();
        for &written in written {
            quiet &= written != lane.by.full;
        }
        quiet && self.reads.add_run(&lane.by, word, lanes, count)
    }

    /// Whether reads must be checked against more than the last writes.
    #[inline]
    fn others_count(&self) -> bool {
        self.others[3].is_some() || !self.spills.is_empty()
    }

    /// Lanes read at one address.
    #[inline]
    fn load(
        &mut self,
        access: &Access<'_>,
        address: u32,
        lanes: u32,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        if address + access.size > self.bytes as u32 {
            return;
        }
        let others = self.others_count();
        for (word, bytes) in words(address, access.size) {
            if self.written[word as usize] == lane.by.full || others {
                for i in each(lanes) {
                    let lane = Lane { lane: i as u32, word, bytes, ..lane };
                    self.against_write(lane, order, None, found);
                    self.against(Set::StrongWrites, lane, order, found);
                }
            }
        }
        let set = match access.size {
            16 => Set::WideReads,
            size if size < 4 => Set::NarrowReads,
            _ => Set::Reads,
        };
        self.touch(set, &lane.by, lanes, address, access.size);
    }

    fn stores(
        &mut self,
        access: &Access<'_>,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        for i in each(access.mask) {
            for (word, bytes) in words(access.addresses[i] as u32, access.size) {
                let lane = Lane { lane: i as u32, word, bytes, ..lane };
                self.against_write(lane, order, Some(access), found);
                for set in ALL {
                    self.against(set, lane, order, found);
                }
                self.write(lane);
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
            let By { warp, site, .. } = lane.by;
            self.copies.begin(Copying { warp, lane: i as u32, address, size, site });
        }
    }

    /// A copy has been waited for: now it is a write like others.
    pub(super) fn copied(&mut self, copied: &Copied, order: &Order) {
        let Some(Copying { warp, lane, address, size, site }) = self.copies.end(copied) else {
            return;
        };
        self.spills.at(order.full());
        self.serial = self.serial.wrapping_add(1);
        let (now, full, met) = (order.now(warp), order.full(), order.met(warp));
        let by = By { warp, site, whole: false, now, full, met };
        for (word, bytes) in words(address, size) {
            self.write(Lane { by, active: 1 << lane, lane, word, bytes });
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
