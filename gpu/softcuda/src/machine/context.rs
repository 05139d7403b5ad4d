//! What the body of an instruction sees.

use super::error::{Fault, LaneFault};
use super::instruction::{FULL, Flow, Instruction, LANES};
use super::lane::Word;
use super::observe::{Lanes, Observer};
use super::program::Program;
use super::waiting::Round;
use crate::count::Count;
use crate::memory::{Region, Regions};

/// The last allocation that an instruction touched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cached {
    pub base: u64,
    pub len: u64,
    pub bytes: *mut u8,
    pub writable: bool,
}

impl Cached {
    /// Nothing is in it.
    pub(crate) const EMPTY: Self =
        Self { base: 0, len: 0, bytes: std::ptr::null_mut(), writable: false };

    pub(crate) fn of(region: &Region) -> Self {
        Self {
            base: region.base(),
            len: region.len(),
            bytes: region.bytes(),
            writable: region.owner() != crate::memory::Owner::Constant,
        }
    }

    /// The host's address, if all bytes lie inside.
    #[inline(always)]
    pub(crate) fn get(&self, address: u64, len: u64) -> Option<*mut u8> {
        let offset = address.wrapping_sub(self.base);
        if offset <= self.len && self.len - offset >= len {
            // SAFETY: the offset is within the allocation.
            Some(unsafe { self.bytes.add(offset as usize) })
        } else {
            None
        }
    }
}

/// An asynchronous copy that has not happened yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// Number of the instruction among those of the warp that begin copies.
    pub number: u32,
    pub lane: u8,
    /// Whether it is part of a group, and of which.
    pub committed: bool,
    pub group: u32,
    /// Where in shared memory.
    pub to: u32,
    pub from: *mut u8,
    /// Bytes to write, and how many of them are read; the rest is zero.
    pub size: u8,
    pub take: u8,
}

/// What a warp keeps besides its registers and splits.
#[derive(Debug, Default)]
pub(crate) struct Asides {
    pub copies: Vec<Pending>,
    /// Instructions that began copies.
    pub begun: u32,
    /// Rounds of loops that poll, under way.
    pub rounds: Vec<Round>,
    /// Rounds of each loop that did not only wait, since one last did.
    pub worked: Vec<u8>,
    /// Groups that each lane has committed.
    pub groups: [u32; LANES],
    /// Whether any has.
    pub committed: bool,
}

impl Asides {
    /// Nothing has run yet.
    pub(crate) fn begin(&mut self) {
        // Most kernels have none of these, and blocks may be short.
        if self.committed || !self.copies.is_empty() {
            self.copies.clear();
            self.groups = Default::default();
            self.committed = false;
        }
        if !self.worked.is_empty() || !self.rounds.is_empty() {
            self.rounds.clear();
            self.worked.clear();
        }
    }
}

/// What the body of an instruction sees: the registers of its warp and the memory about it.
pub(crate) struct Context<'l> {
    /// The warp's register file.
    pub rows: *mut u8,
    pub program: &'l Program,
    pub regions: &'l Regions,
    /// The kernel's parameters, in units of 16 bytes.
    pub params: &'l [u128],
    /// One an instruction.
    pub cache: *mut Cached,
    /// One an instruction.
    pub counts: *mut Count,
    /// One an instruction: what only waited.
    pub waits: *mut Count,
    /// The block's shared memory.
    pub shared: *mut u8,
    pub shared_len: u32,
    /// The warp's local memory, lane after lane.
    pub local: *mut u8,
    /// Bytes a lane.
    pub local_len: u32,
    pub asides: &'l mut Asides,
    /// The lanes that run together now, before the guard.
    pub active: u32,
    /// The lanes of the warp that have not exited.
    pub live: u32,
    /// All members of the instruction's mask are here.
    pub gathered: bool,
    /// Whether the last atomic operation changed anything.
    pub changes: bool,
    /// Accesses by which a lane may wait for another.
    pub polls: u32,
    pub fault: Option<Box<LaneFault>>,
    pub observer: Option<&'l mut (dyn Observer + 'static)>,
    /// Whether the observer wants to know of each instruction.
    pub followed: bool,
    pub host: &'l super::launch::Host<'l>,
    pub block: [u32; 3],
    pub warp: u32,
    /// Instructions that the worker has run, for clocks.
    pub clock: u64,
}

impl Context<'_> {
    /// The number of the instruction.
    #[inline(always)]
    pub(crate) fn index(&self, ins: &Instruction) -> usize {
        // SAFETY: every instruction that runs is an element of the program's code.
        unsafe { std::ptr::from_ref(ins).offset_from_unsigned(self.program.code.as_ptr()) }
    }

    /// The row that begins at a unit.
    #[inline(always)]
    pub(crate) fn row<W: Word>(&self, unit: u16) -> *mut [W; LANES] {
        // SAFETY: lowering gives out units within the file only.
        unsafe { self.rows.add(usize::from(unit) << 7).cast() }
    }

    /// A copy of a row.
    ///
    /// # Safety
    /// The row must lie within the program's.
    #[inline(always)]
    pub(crate) unsafe fn read<W: Word>(&self, unit: u16) -> [W; LANES] {
        // SAFETY: the caller's promise.
        unsafe { *self.row(unit) }
    }

    /// Sets the lanes of the mask.
    ///
    /// # Safety
    /// The row must lie within the program's.
    #[inline(always)]
    pub(crate) unsafe fn write<W: Word>(&mut self, unit: u16, values: &[W; LANES], mask: u32) {
        // SAFETY: the caller's promise; `values` is not part of the file.
        let row = unsafe { &mut *self.row::<W>(unit) };
        if mask == FULL {
            *row = *values;
        } else {
            for i in 0..LANES {
                row[i] = if mask & (1 << i) != 0 { values[i] } else { row[i] };
            }
        }
    }

    /// The lanes where a predicate is true.
    ///
    /// # Safety
    /// The predicate must be one of the program's.
    #[inline(always)]
    pub(crate) unsafe fn predicate(&self, number: u16) -> u32 {
        // SAFETY: the caller's promise.
        unsafe { *self.rows.cast::<u32>().add(usize::from(number)) }
    }

    /// Sets a predicate for the lanes of the mask.
    ///
    /// # Safety
    /// The predicate must be one of the program's.
    #[inline(always)]
    pub(crate) unsafe fn set_predicate(&mut self, number: u16, lanes: u32, mask: u32) {
        // SAFETY: the caller's promise.
        let word = unsafe { &mut *self.rows.cast::<u32>().add(usize::from(number)) };
        *word = (*word & !mask) | (lanes & mask);
    }

    /// The counters of an instruction.
    #[inline(always)]
    pub(crate) fn count(&mut self, ins: &Instruction) -> &mut Count {
        // SAFETY: there is one for each instruction.
        unsafe { &mut *self.counts.add(self.index(ins)) }
    }

    /// The allocation that the instruction touched last, or finds now; `None` if no allocation holds all of the bytes.
    #[inline(always)]
    pub(crate) fn find(&mut self, ins: &Instruction, address: u64, len: u64) -> Option<*mut u8> {
        // SAFETY: there is one for each instruction.
        let cached = unsafe { &mut *self.cache.add(self.index(ins)) };
        match cached.get(address, len) {
            Some(bytes) => Some(bytes),
            None => self.find_slowly(ins, address, len),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_slowly(&mut self, ins: &Instruction, address: u64, len: u64) -> Option<*mut u8> {
        let region = self.regions.find_range(address, len)?;
        let found = Cached::of(region);
        // SAFETY: there is one for each instruction.
        unsafe { *self.cache.add(self.index(ins)) = found };
        found.get(address, len)
    }

    /// Lanes of this warp, for an observer.
    pub(crate) fn lanes(&self, mask: u32) -> Lanes {
        Lanes { block: self.block, warp: self.warp, mask, live: self.live }
    }

    /// Stops the launch.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&mut self, lane: u32, kind: Fault) -> Flow {
        self.fault = Some(Box::new(LaneFault { lane, kind }));
        Flow::Fault
    }
}
