//! A kernel, lowered.

use super::instruction::Instruction;
use crate::count::Class;

/// Where an instruction comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Line of the PTX text.
    pub line: u32,
    /// File and line of the source, as the last `.loc` gave them.
    pub source: Option<(u32, u32)>,
    /// Number of the opcode's text.
    pub opcode: u32,
    /// What it counts as.
    pub class: Class,
    /// Floating-point operations a lane.
    pub flops: u16,
    /// Bytes that a memory access moves a lane.
    pub bytes: u16,
    /// Whether it is a volatile or ordered access.
    pub strong: bool,
    /// Length of the longest chain of dependent instructions up to here within its basic block: for the parallelism there is.
    pub depth: u16,
    /// Whether it is the first of a basic block.
    pub leader: bool,
}

/// A register whose value is known when a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    Tid(u8),
    Ntid(u8),
    Ctaid(u8),
    Nctaid(u8),
    Lane,
    Warp,
    Warps,
    Sm,
    Sms,
    Grid,
    DynamicShared,
    TotalShared,
    LaneMaskEq,
    LaneMaskLe,
    LaneMaskLt,
    LaneMaskGe,
    LaneMaskGt,
    /// Address of the workspace of a cooperative launch.
    WorkspaceLow,
    WorkspaceHigh,
}

/// A value that is known when a launch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Constant {
    /// Bits.
    Bits(u64),
    /// Address of a variable of the module, by number, and what to add.
    Variable(u32, i64),
}

/// A parameter of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Param {
    pub name: String,
    pub offset: u32,
    pub size: u32,
}

/// A variable in shared memory, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedVariable {
    pub name: String,
    pub offset: u64,
    /// Its bytes; 0 where the launch says how many.
    pub size: u64,
}

/// A kernel, lowered.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub name: String,
    pub code: Vec<Instruction>,
    /// Where each instruction comes from.
    pub places: Vec<Place>,
    /// Texts of the opcodes.
    pub opcodes: Vec<String>,
    /// Operands of instructions that have many.
    pub operands: Vec<u16>,
    /// Targets of `brx.idx`.
    pub targets: Vec<Vec<u32>>,
    /// Units of 128 bytes of the register file.
    pub units: u16,
    /// Rows of 32-bit special registers.
    pub specials: Vec<(Special, u16)>,
    /// Rows of constants and whether they are of 64 bits.
    pub constants: Vec<(Constant, u16, bool)>,
    pub params: Vec<Param>,
    pub params_size: u32,
    /// Bytes of shared memory declared in the code.
    pub shared: u32,
    /// What is declared there.
    pub shared_variables: Vec<SharedVariable>,
    /// Bytes of local memory a thread.
    pub local: u32,
    /// `.reqntid`, or `.maxntid`, and whether it must match.
    pub threads: Option<([u32; 3], bool)>,
    /// Number of `.maxnreg` registers, if given.
    pub max_registers: Option<u32>,
}

impl Program {
    /// The opcode of an instruction.
    pub(crate) fn opcode(&self, pc: u32) -> &str {
        self.places
            .get(pc as usize)
            .and_then(|place| self.opcodes.get(place.opcode as usize))
            .map_or("", String::as_str)
    }

    /// Whether an instruction is a volatile or ordered access.
    pub(crate) fn strong(&self, pc: u32) -> bool {
        self.places.get(pc as usize).is_some_and(|place| place.strong)
    }

    /// The PTX line of an instruction.
    pub(crate) fn line(&self, pc: u32) -> u32 {
        self.places.get(pc as usize).map_or(0, |place| place.line)
    }
}
