//! A kernel, lowered.

use super::instruction::Instruction;
use crate::count::Class;
use std::ops::Range;

/// How an instruction uses a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub used: bool,
    pub defined: bool,
    /// Whether it is a predicate.
    pub predicate: bool,
    /// Whether it is of 64 bits.
    pub wide: bool,
}

/// Where an instruction may go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Goes {
    #[default]
    Next,
    /// To the target in the low half of its immediate; diverged lanes meet where the high half says.
    Branch,
    /// To one of a table of targets, by number in the low half.
    Table,
    /// Nowhere.
    End,
}

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
    /// Whether it does more than write registers, or may; see [`Rounds`] for atomic operations.
    pub acts: bool,
    /// How it uses its fields.
    pub roles: [Role; 5],
    /// Where it may go on, for listings.
    pub goes: Goes,
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

/// What an instruction reads and writes: where in [`Program::linked`], and how many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub first: u32,
    pub uses: u16,
    pub defs: u16,
}

/// A variable in shared memory, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedVariable {
    pub name: String,
    pub offset: u64,
    /// Its bytes; 0 where the launch says how many.
    pub size: u64,
}

/// A loop that polls memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds {
    /// Its instructions, in order.
    pub body: Vec<Range<u32>>,
    /// Rows (or predicates: no units) of what a round hands on to the next, and units of each.
    pub handed_on: Vec<(u16, u16)>,
}

impl Rounds {
    /// Whether an instruction is one of the loop's.
    pub(crate) fn contains(&self, pc: u32) -> bool {
        self.body.iter().any(|range| range.contains(&pc))
    }
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
    /// Loops that poll, by the number that the instruction at their head has.
    pub rounds: Vec<Rounds>,
    /// Targets of `brx.idx`.
    pub targets: Vec<Vec<u32>>,
    /// What each instruction depends on.
    pub links: Vec<Link>,
    /// Registers by number, as they were before they shared rows; those that never change in a launch are left out.
    pub linked: Vec<u32>,
    /// One more than the greatest number in `linked`.
    pub values: u32,
    /// Rows of 32 bits a thread that registers other than predicates take.
    pub pressure: u32,
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
