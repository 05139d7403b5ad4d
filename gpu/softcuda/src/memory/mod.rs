//! Device memory: the 64-bit address space, its allocations, and the windows of the other state spaces.
//!
//! Addresses are our own, never those of the host, so that a run gives the same addresses every time and an address that was
//! freed is never given out again: a use after free is always found. The bytes live in host memory and are only ever touched by
//! relaxed atomic accesses of at most eight bytes, so that a data race of the CUDA program is no undefined behaviour here.
//!
//! | window | addresses | holds |
//! |---|---|---|
//! | global, constant | from 2^48, 2^44 a device | allocations, module variables |
//! | shared | from 2^49 | the block's shared memory; the space's own addresses start at 0 |
//! | local | from 3 * 2^48 | the thread's local memory; the space's own addresses start at 0 |
//! | parameters | from 2^50 | the kernel's parameters; the space's own addresses start at 0 |

mod address;
mod heap;
mod region;
mod written;

pub use address::{LOCAL_BASE, PARAM_BASE, SHARED_BASE, Space};
pub use heap::{AddressSpace, Memory, MemoryError, Nearest, Regions};
pub use region::{Owner, Region};
pub(crate) use written::{CHUNK, chunks};

#[cfg(test)]
mod tests;
