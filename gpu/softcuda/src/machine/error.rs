//! What can go wrong with a launch.

use super::dim::Dim;
use crate::memory::{MemoryError, Nearest, Space};
use std::fmt;

/// What a lane did wrong; the launch adds where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaneFault {
    pub lane: u32,
    pub kind: Fault,
}

/// What an instruction did wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An access outside every allocation, or past the end of the space.
    #[error("access of {size} bytes at {space} address 0x{address:x} is out of bounds: {near}")]
    OutOfBounds {
        /// The space.
        space: Space,
        /// Where the access begins.
        address: u64,
        /// Its bytes.
        size: u32,
        /// What lies there or near.
        near: Near,
    },
    /// An access whose address is no multiple of its size.
    #[error("access of {size} bytes at {space} address 0x{address:x} is not aligned to {align}")]
    Misaligned {
        /// The space.
        space: Space,
        /// Where the access begins.
        address: u64,
        /// Its bytes.
        size: u32,
        /// What the address must be a multiple of.
        align: u32,
    },
    /// A write to a constant.
    #[error("write of {size} bytes to constant memory at 0x{address:x}")]
    ReadOnly {
        /// Where the write begins.
        address: u64,
        /// Its bytes.
        size: u32,
    },
    /// `trap`.
    #[error("trap")]
    Trap,
    /// `assert` of CUDA C++.
    #[error("assertion `{message}` failed in {function}, {file}:{line}")]
    Assertion {
        /// What was asserted.
        message: String,
        /// The source.
        file: String,
        /// Its line.
        line: u32,
        /// The function.
        function: String,
    },
    /// `brx.idx` with an index past its table.
    #[error("branch index {index} is not below {len}")]
    BranchIndex {
        /// The index.
        index: u32,
        /// Length of the table.
        len: u32,
    },
    /// A lane ran a `.sync` instruction whose member mask leaves it out.
    #[error("member mask 0x{members:08x} does not name the lane that runs the instruction")]
    NotMember {
        /// The mask.
        members: u32,
    },
    /// A barrier's number or count is not allowed.
    #[error(
        "barrier {barrier} with {threads} threads: the number must be below 16 and the count a multiple of 32 up to the block's size"
    )]
    Barrier {
        /// Its number.
        barrier: u32,
        /// Its count.
        threads: u32,
    },
    /// Any other misuse of an instruction.
    #[error("{0}")]
    Misuse(&'static str),
}

/// What lies near an address that is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// Of global memory.
    Global(Nearest),
    /// Of a space that has so many bytes.
    Size(u64),
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global(near) => near.fmt(f),
            Self::Size(bytes) => write!(f, "there are {bytes} bytes"),
        }
    }
}

/// A thread and what it was running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPlace {
    /// The kernel.
    pub kernel: String,
    /// `blockIdx`.
    pub block: [u32; 3],
    /// `threadIdx`.
    pub thread: [u32; 3],
    /// The instruction's opcode.
    pub opcode: String,
    /// The instruction's line in the PTX text.
    pub line: u32,
    /// File and line of the source, where the text has `.loc`.
    pub source: Option<(String, u32)>,
}

impl fmt::Display for ThreadPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([bx, by, bz], [tx, ty, tz]) = (self.block, self.thread);
        write!(
            f,
            "kernel {}, block ({bx},{by},{bz}), thread ({tx},{ty},{tz}), `{}` at PTX line {}",
            self.kernel, self.opcode, self.line
        )?;
        match &self.source {
            Some((file, line)) => write!(f, ", {file}:{line}"),
            None => Ok(()),
        }
    }
}

/// Where some lanes of a warp stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarpPlace {
    /// `blockIdx`.
    pub block: [u32; 3],
    /// The warp in its block.
    pub warp: u32,
    /// The lanes.
    pub lanes: u32,
    /// The next instruction's opcode.
    pub opcode: String,
    /// Its line in the PTX text.
    pub line: u32,
    /// What they wait for.
    pub state: &'static str,
}

impl fmt::Display for WarpPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.block;
        write!(
            f,
            "block ({x},{y},{z}) warp {} lanes 0x{:08x} {} `{}` at PTX line {}",
            self.warp, self.lanes, self.state, self.opcode, self.line
        )
    }
}

/// The first few places, for messages.
pub(crate) fn list(places: &[WarpPlace]) -> String {
    const SHOWN: usize = 8;
    let mut text: Vec<String> = places.iter().take(SHOWN).map(ToString::to_string).collect();
    if places.len() > SHOWN {
        text.push(format!("and {} more", places.len() - SHOWN));
    }
    text.join("; ")
}

/// Why a launch was refused or stopped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LaunchError {
    /// An instruction went wrong. What the kernel wrote until then stays written.
    #[error("{fault} ({place})")]
    Fault {
        /// The thread and its instruction.
        place: Box<ThreadPlace>,
        /// What it did.
        fault: Fault,
    },
    /// More instructions than the launch may run.
    #[error("kernel {kernel} ran more than {limit} warp instructions: {}", list(places))]
    StepLimit {
        /// The kernel.
        kernel: String,
        /// The limit.
        limit: u64,
        /// Where the warps of the worker that found it stood.
        places: Vec<WarpPlace>,
    },
    /// All warps of a block wait for each other.
    #[error("kernel {kernel}: no thread of a block can go on: {}", list(places))]
    Deadlock {
        /// The kernel.
        kernel: String,
        /// Where the block's warps stand.
        places: Vec<WarpPlace>,
    },
    /// No threads, or more than the device takes.
    #[error(
        "kernel {kernel}: block of {block} threads: each extent must be 1 to {most}, and the product at most {threads}"
    )]
    Block {
        /// The kernel.
        kernel: String,
        /// What was asked for.
        block: Dim,
        /// The largest extents.
        most: Dim,
        /// The most threads.
        threads: u32,
    },
    /// No blocks, or more than the device takes.
    #[error("kernel {kernel}: grid of {grid} blocks: each extent must be 1 to {most}")]
    Grid {
        /// The kernel.
        kernel: String,
        /// What was asked for.
        grid: Dim,
        /// The largest extents.
        most: Dim,
    },
    /// The kernel was compiled for other blocks.
    #[error("kernel {kernel}: block of {block} threads, but it was compiled for {} {compiled}", if *required { "exactly" } else { "at most" })]
    Compiled {
        /// The kernel.
        kernel: String,
        /// What was asked for.
        block: Dim,
        /// `.reqntid` or `.maxntid`.
        compiled: Dim,
        /// Whether it is `.reqntid`.
        required: bool,
    },
    /// More shared memory than a block may have.
    #[error(
        "kernel {kernel}: {fixed} + {dynamic} bytes of shared memory, the device has {most} a block"
    )]
    Shared {
        /// The kernel.
        kernel: String,
        /// Declared in the code.
        fixed: u32,
        /// Asked for by the launch.
        dynamic: u32,
        /// The limit.
        most: u32,
    },
    /// Not as many arguments as parameters.
    #[error("kernel {kernel} takes {expected} arguments, {found} were given")]
    ArgumentCount {
        /// The kernel.
        kernel: String,
        /// Number of parameters.
        expected: usize,
        /// Number of arguments.
        found: usize,
    },
    /// An argument of another size than the parameter.
    #[error("kernel {kernel}: argument {index} has {found} bytes, parameter {name} has {expected}")]
    ArgumentSize {
        /// The kernel.
        kernel: String,
        /// Position of the argument, from 0.
        index: usize,
        /// The parameter's name.
        name: String,
        /// The parameter's bytes.
        expected: u32,
        /// The argument's bytes.
        found: u32,
    },
    /// A cooperative launch of more blocks than can be resident at once.
    #[error(
        "kernel {kernel}: cooperative launch of {blocks} blocks, at most {most} can be resident"
    )]
    Cooperative {
        /// The kernel.
        kernel: String,
        /// Blocks asked for.
        blocks: u64,
        /// Blocks that can be resident.
        most: u64,
    },
    /// The module's variables could not be placed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}
