//! Devices and their limits.

use super::dim::Dim;
use crate::memory::{AddressSpace, Memory};
use std::num::NonZero;

/// What a device takes. The default is that of compute capability 8.0 (CUDA C++ Programming Guide, "Technical Specifications").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads of a block.
    pub threads: u32,
    /// Extents of a block.
    pub block: Dim,
    /// Extents of a grid.
    pub grid: Dim,
    /// Bytes of shared memory of a block.
    pub shared: u32,
    /// Bytes of shared memory of a multiprocessor.
    pub shared_per_multiprocessor: u32,
    /// Threads that a multiprocessor holds.
    pub threads_per_multiprocessor: u32,
    /// Blocks that a multiprocessor holds.
    pub blocks_per_multiprocessor: u32,
    /// Multiprocessors, of which cooperative launches may fill all.
    pub multiprocessors: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            threads: 1024,
            block: Dim { x: 1024, y: 1024, z: 64 },
            grid: Dim { x: i32::MAX as u32, y: 65535, z: 65535 },
            shared: 163 << 10,
            shared_per_multiprocessor: 164 << 10,
            threads_per_multiprocessor: 2048,
            blocks_per_multiprocessor: 32,
            multiprocessors: 108,
        }
    }
}

/// A device: its memory, its limits, and how many threads of the host run its blocks.
#[derive(Clone, Debug)]
pub struct Device {
    memory: Memory,
    limits: Limits,
    pub(super) workers: NonZero<usize>,
}

impl Device {
    /// A device of its own address space, with the default limits, run by all cores.
    pub fn new(bytes: u64) -> Self {
        Self::in_space(&AddressSpace::new(), bytes)
    }

    /// One more device of an address space, whose devices reach each other's memory.
    pub fn in_space(space: &AddressSpace, bytes: u64) -> Self {
        let workers = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        Self { memory: space.add_device(bytes), limits: Limits::default(), workers }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Run by so many threads of the host.
    #[must_use]
    pub fn with_workers(mut self, workers: NonZero<usize>) -> Self {
        self.workers = workers;
        self
    }

    /// Its memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Blocks of this shape that all multiprocessors together can hold.
pub(crate) fn most_resident(limits: &Limits, threads: u32, shared: u32) -> u64 {
    let threads = threads.max(1).next_multiple_of(32);
    let by_threads = limits.threads_per_multiprocessor / threads;
    let by_shared = limits.shared_per_multiprocessor.checked_div(shared).unwrap_or(u32::MAX);
    let each = by_threads.min(by_shared).min(limits.blocks_per_multiprocessor);
    u64::from(each) * u64::from(limits.multiprocessors)
}
