//! State spaces and where their windows lie in the generic address space.

use std::fmt;

/// Where the first device's allocations start; above everything that a host process can map.
pub(crate) const HEAP_BASE: u64 = 1 << 48;
/// How far the heaps of two devices lie apart.
pub(crate) const HEAP_STRIDE: u64 = 1 << 44;
/// Generic address of the first byte of the block's shared memory.
pub const SHARED_BASE: u64 = 1 << 49;
/// Generic address of the first byte of the thread's local memory.
pub const LOCAL_BASE: u64 = 3 << 48;
/// Generic address of the first byte of the kernel's parameters.
pub const PARAM_BASE: u64 = 1 << 50;
/// Length of each of the windows.
pub(crate) const WINDOW: u64 = 1 << 32;

/// A state space of PTX (PTX ISA, "State Spaces").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// No space named: the address tells.
    Generic,
    /// Memory of the device, seen by all threads.
    Global,
    /// Memory of the block.
    Shared,
    /// Memory of the thread.
    Local,
    /// Read-only variables of the module.
    Const,
    /// Parameters of the kernel.
    Param,
}

impl Space {
    /// The space that a generic address lies in; everything outside the windows is global.
    pub fn of(address: u64) -> Self {
        match address & !(WINDOW - 1) {
            SHARED_BASE => Self::Shared,
            LOCAL_BASE => Self::Local,
            PARAM_BASE => Self::Param,
            _ => Self::Global,
        }
    }

    /// What to add to an address of this space to make it generic.
    pub fn base(self) -> u64 {
        match self {
            Self::Generic | Self::Global | Self::Const => 0,
            Self::Shared => SHARED_BASE,
            Self::Local => LOCAL_BASE,
            Self::Param => PARAM_BASE,
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generic => "generic",
            Self::Global => "global",
            Self::Shared => "shared",
            Self::Local => "local",
            Self::Const => "const",
            Self::Param => "param",
        })
    }
}
