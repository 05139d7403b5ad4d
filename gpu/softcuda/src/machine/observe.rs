//! The door for checks: what a launch tells an observer.

use crate::memory::Space;

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Reads and writes as one.
    Atomic,
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
    /// Where each lane's access begins; lanes outside the mask hold anything.
    pub addresses: &'a [u64; 32],
    /// Bytes a lane.
    pub size: u32,
    /// Whether it is ordered or volatile: such accesses are no data races.
    pub strong: bool,
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
    /// Whether all lanes of the warp must arrive together.
    pub aligned: bool,
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
    fn released(&mut self, block: [u32; 3], barrier: u32) {
        let _ = (block, barrier);
    }
}
