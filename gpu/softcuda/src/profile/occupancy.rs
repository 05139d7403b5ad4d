//! Theoretical occupancy: how many blocks of a launch a multiprocessor holds.
//!
//! After the *CUDA Occupancy Calculator* (the arithmetic that `cudaOccupancyMaxActiveBlocksPerMultiprocessor` documents): registers are
//! given out to warps in units, within the sub-partition that the warp is dealt to; shared memory to blocks in units, with what the
//! system reserves; blocks and warps have limits of their own.

use super::gpu::Gpu;

/// What a block takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Usage {
    /// Threads.
    pub threads: u32,
    /// Registers a thread, as the assembler gives them; `None` where nobody knows: then they limit nothing, and the occupancy is an
    /// upper bound.
    pub registers: Option<u32>,
    /// Bytes of shared memory, static and dynamic.
    pub shared: u32,
}

/// What there could be no more blocks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Limiter {
    /// Warps of a multiprocessor.
    Warps,
    /// Registers.
    Registers,
    /// Shared memory.
    Shared,
    /// Blocks of a multiprocessor.
    Blocks,
}

impl Limiter {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warps => "warps",
            Self::Registers => "registers",
            Self::Shared => "shared memory",
            Self::Blocks => "blocks",
        }
    }
}

/// How full a multiprocessor is.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Occupancy {
    /// Blocks of a multiprocessor; 0 where not even one fits.
    pub blocks: u32,
    /// Warps of them.
    pub warps: u32,
    /// Warps, of those that a multiprocessor can hold.
    pub occupancy: f64,
    /// What there could be no more blocks for: all that come to the same number.
    pub limited_by: Vec<Limiter>,
    /// Blocks by warps alone.
    pub by_warps: u32,
    /// Blocks by registers alone; `None` where they are unknown or none.
    pub by_registers: Option<u32>,
    /// Blocks by shared memory alone; `None` where there is none.
    pub by_shared: Option<u32>,
    /// Blocks by their number alone.
    pub by_blocks: u32,
}

/// How many blocks a multiprocessor of `gpu` holds.
pub fn occupancy(gpu: &Gpu, usage: &Usage) -> Occupancy {
    let warps = usage.threads.div_ceil(32).max(1);
    let fits = usage.threads != 0 && usage.threads <= gpu.threads;
    let by_warps = if fits { gpu.warps / warps } else { 0 };
    let by_registers = usage.registers.filter(|&n| n != 0).map(|n| by_registers(gpu, warps, n));
    let reserved = usage.shared.saturating_add(gpu.shared_reserved);
    let shared = reserved.checked_next_multiple_of(gpu.shared_unit).unwrap_or(u32::MAX);
    let by_shared = (shared != 0).then(|| {
        if usage.shared > gpu.shared_per_block() {
            0
        } else {
            gpu.shared_per_multiprocessor / shared
        }
    });
    let all = [
        (Limiter::Warps, Some(by_warps)),
        (Limiter::Registers, by_registers),
        (Limiter::Shared, by_shared),
        (Limiter::Blocks, Some(gpu.blocks)),
    ];
    let blocks = all.iter().filter_map(|&(_, n)| n).min().unwrap_or(0);
    let limited_by =
        all.iter().filter(|&&(_, n)| n == Some(blocks)).map(|&(limiter, _)| limiter).collect();
    let resident = blocks * warps;
    Occupancy {
        blocks,
        warps: resident,
        occupancy: f64::from(resident) / f64::from(gpu.warps),
        limited_by,
        by_warps,
        by_registers,
        by_shared,
        by_blocks: gpu.blocks,
    }
}

fn by_registers(gpu: &Gpu, warps: u32, registers: u32) -> u32 {
    if registers > gpu.registers_per_thread {
        return 0;
    }
    let of_warp = (registers * 32).next_multiple_of(gpu.register_unit);
    // A block's warps are dealt out evenly, so its registers are those of a multiple of the partitions.
    let of_block = of_warp * warps.next_multiple_of(gpu.partitions);
    if of_block > gpu.registers {
        return 0;
    }
    let in_partition = gpu.registers / gpu.partitions / of_warp;
    in_partition * gpu.partitions / warps
}
