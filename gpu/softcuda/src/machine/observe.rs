//! The door for checks: what a launch tells an observer.

use crate::memory::Space;
use std::fmt;

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Reads and writes as one.
    Atomic,
    /// Writes at some time before the thread has waited for it (`cp.async`); see [`Observer::copied`].
    Copy,
}

/// What the lanes of a store write, where that is known.
#[derive(Clone, Copy)]
pub struct Values<'a>(pub(crate) Option<&'a dyn Fn(usize) -> u128>);

impl Values<'_> {
    /// What a lane of the access writes, its first byte lowest.
    pub fn of(&self, lane: usize) -> Option<u128> {
        self.0.map(|value| value(lane))
    }
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "known" } else { "unknown" })
    }
}

/// One memory instruction of one warp.
#[derive(Debug)]
pub struct Access<'a> {
    /// What it does.
    pub kind: AccessKind,
    /// The space that its addresses count in.
    pub space: Space,
    /// Number of the instruction in the lowered kernel.
    pub pc: u32,
    /// Line of the PTX text.
    pub line: u32,
    /// The block.
    pub block: [u32; 3],
    /// The warp in the block.
    pub warp: u32,
    /// The lanes that take part.
    pub mask: u32,
    /// The lanes that run together now, with those that the guard leaves out.
    pub active: u32,
    /// The lanes of the warp that have not exited.
    pub live: u32,
    /// Where each lane's access begins; lanes outside the mask hold anything.
    pub addresses: &'a [u64; 32],
    /// Bytes a lane.
    pub size: u32,
    /// Whether it is ordered or volatile: such accesses are no data races.
    pub strong: bool,
    /// What a store writes.
    pub values: Values<'a>,
    /// The block's shared memory, before the access.
    pub shared: &'a [u8],
}

/// Lanes that arrive at a barrier.
#[derive(Clone, Copy, Debug)]
pub struct BarrierUse {
    /// Number of the instruction in the lowered kernel.
    pub pc: u32,
    /// Line of the PTX text.
    pub line: u32,
    /// The block.
    pub block: [u32; 3],
    /// The warp in the block.
    pub warp: u32,
    /// The lanes that arrive.
    pub mask: u32,
    /// The lanes of the warp that have not exited.
    pub live: u32,
    /// The barrier's number.
    pub barrier: u32,
    /// Threads awaited; all of the block where 0.
    pub count: u32,
    /// Whether all lanes of the warp must arrive together.
    pub aligned: bool,
    /// Whether the lanes wait, or only arrive.
    pub waits: bool,
    /// Whether the machine itself has let some lanes of the warp go ahead of others, which poll memory: that they do not arrive
    /// together is then no fault of the kernel.
    pub parted: bool,
}

/// A barrier that has let its threads go.
#[derive(Clone, Copy, Debug)]
pub struct BarrierRelease {
    /// The block.
    pub block: [u32; 3],
    /// The barrier's number.
    pub barrier: u32,
    /// Whether all threads of the block waited there; those that have exited too, where the barrier is for all.
    pub all: bool,
}

/// Lanes of a warp.
#[derive(Clone, Copy, Debug)]
pub struct Lanes {
    /// The block.
    pub block: [u32; 3],
    /// The warp in the block.
    pub warp: u32,
    /// The lanes.
    pub mask: u32,
    /// The lanes of the warp that have not exited.
    pub live: u32,
}

/// Asynchronous copies of one instruction that have been waited for.
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    /// The block.
    pub block: [u32; 3],
    /// The warp in the block.
    pub warp: u32,
    /// The lanes that began them, and have waited.
    pub mask: u32,
    /// Where each lane's copy writes in shared memory; lanes outside the mask hold anything.
    pub addresses: [u32; 32],
    /// Bytes that each writes.
    pub size: u32,
}

/// Sees what a launch does. One a worker; blocks never move between workers, but a worker may have several under way.
pub trait Observer: Send {
    /// A block begins.
    fn block_begins(&mut self, block: [u32; 3]) {
        let _ = block;
    }
    /// A block has ended.
    fn block_ends(&mut self, block: [u32; 3]) {
        let _ = block;
    }
    /// Whether it wants to know of each instruction that a warp runs; asked whenever the warp has its turn.
    fn follows(&mut self, block: [u32; 3], warp: u32) -> bool {
        let _ = (block, warp);
        false
    }
    /// A warp that it [`follows`](Self::follows) has run an instruction, by its number in the lowered kernel, for the lanes of the
    /// mask. One that waits for other lanes is told of once for each part of the warp that arrives.
    fn executed(&mut self, block: [u32; 3], warp: u32, pc: u32, mask: u32) {
        let _ = (block, warp, pc, mask);
    }
    /// A memory access is about to happen; its addresses were found good.
    fn access(&mut self, access: &Access<'_>) {
        let _ = access;
    }
    /// Lanes arrive at a barrier.
    fn barrier(&mut self, arrival: &BarrierUse) {
        let _ = arrival;
    }
    /// A barrier has let its threads go.
    fn released(&mut self, release: &BarrierRelease) {
        let _ = release;
    }
    /// Lanes have met in an instruction with `.sync` and this member mask.
    fn synced(&mut self, lanes: &Lanes) {
        let _ = lanes;
    }
    /// Lanes run a fence, or an access that is one.
    fn fenced(&mut self, lanes: &Lanes) {
        let _ = lanes;
    }
    /// Lanes are at the head of a loop that polls memory: what they run from now on may turn out to have been only waiting.
    fn watched(&mut self, lanes: &Lanes) {
        let _ = lanes;
    }
    /// What these lanes have run since they were last [`watched`](Self::watched) was only waiting, by the rule of
    /// [`Statistics::waiting`](crate::count::Statistics::waiting), or was not.
    fn waited(&mut self, lanes: &Lanes, waited: bool) {
        let _ = (lanes, waited);
    }
    /// Asynchronous copies have been waited for by their threads.
    fn copied(&mut self, copy: &Copied) {
        let _ = copy;
    }
}
