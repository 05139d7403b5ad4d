//! Bytes and operations that a launch asks of each part of a GPU.

use super::footprint::Footprint;
use crate::count::{Class, InstructionCount, Statistics};

/// Bytes that a launch moves, by how far away they lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Traffic {
    /// Bytes of global memory that its threads asked for: what a text book counts that knows no caches.
    pub requested_bytes: u64,
    /// Bytes of all sectors of all requests to global memory: what the second cache moves when the first serves none. An upper bound.
    pub l2_bytes: u64,
    /// Bytes of the different sectors, read and written: what DRAM moves when the second cache is large enough. A lower bound.
    pub dram_bytes: u64,
    /// Bytes of the different sectors, to be held by a cache that is large enough.
    pub footprint_bytes: u64,
    /// Bytes of shared memory that its threads asked for.
    pub shared_bytes: u64,
    /// Passes over the banks of shared memory, those of atomics too.
    pub shared_passes: u64,
    /// Floating-point operations outside the tensor cores.
    pub flops: u64,
    /// Floating-point operations of the tensor cores.
    pub tensor_flops: u64,
}

/// Loads of constant memory are served by a cache of their own.
fn is_constant(it: &InstructionCount) -> bool {
    it.opcode.starts_with("ld.const")
}

impl Traffic {
    /// Of a launch and what it touched.
    pub fn new(statistics: &Statistics, footprint: &Footprint) -> Self {
        let global = statistics.sum(|it| !is_constant(it));
        let shared_atomics =
            statistics.sum(|it| it.class == Class::Atomic && it.totals.global_sectors == 0);
        let tensor_flops = statistics.class(Class::Matrix).flops;
        Self {
            requested_bytes: global.global_bytes,
            l2_bytes: global.global_sectors * 32,
            dram_bytes: footprint.compulsory_bytes(),
            footprint_bytes: footprint.bytes(),
            shared_bytes: global.shared_bytes,
            shared_passes: global.shared_passes + shared_atomics.atomic_rounds,
            flops: global.flops - tensor_flops,
            tensor_flops,
        }
    }
}
