//! What a launch did: instructions by class and line, memory traffic, conflicts.
//!
//! Each instruction of a kernel has four counters, a worker its own set; everything else is worked out from them after the launch.

mod class;
mod statistics;

pub use class::Class;
pub use statistics::{InstructionCount, LineCount, Statistics, Totals};

/// Counters of one instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Warps that ran it.
    pub warps: u64,
    /// Lanes that ran it.
    pub lanes: u64,
    /// Sectors of 32 bytes of global memory.
    pub sectors: u64,
    /// Passes over shared memory; or, of atomics, the largest number of lanes at one address.
    pub passes: u64,
}

impl Count {
    /// Adds the counters of another worker.
    pub(crate) fn add_all(to: &mut [Self], from: &[Self]) {
        for (to, from) in to.iter_mut().zip(from) {
            to.warps += from.warps;
            to.lanes += from.lanes;
            to.sectors += from.sectors;
            to.passes += from.passes;
        }
    }
}
