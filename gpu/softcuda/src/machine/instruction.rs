//! Lowered instructions.

use super::context::Context;

/// Lanes of a warp.
pub(crate) const LANES: usize = 32;
/// All lanes.
pub(crate) const FULL: u32 = u32::MAX;
/// No instruction: the place of reconvergence of what never meets again.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// Runs an instruction for the lanes of the mask.
pub(crate) type Body = unsafe fn(&mut Context<'_>, &Instruction, u32) -> Flow;

/// An instruction. Operands are numbers of rows (see [`lane`](super::lane)) or of predicates; what each means is the body's business.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(crate) struct Instruction {
    pub run: Body,
    /// An offset, a branch's target and place of reconvergence, the start of a list of operands, ...
    pub imm: u64,
    /// All ones where the guard is negated.
    pub guard_xor: u32,
    /// Predicate that lets lanes take part; number 0 is always true.
    pub guard: u16,
    pub d: u16,
    pub a: u16,
    pub b: u16,
    pub c: u16,
    pub e: u16,
}

impl Instruction {
    /// An instruction without guard and operands.
    pub(crate) fn new(run: Body) -> Self {
        Self { run, imm: 0, guard_xor: 0, guard: 0, d: 0, a: 0, b: 0, c: 0, e: 0 }
    }
}

/// What happens after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next one.
    Next,
    /// All lanes go to the target in the low half of `imm`.
    Jump,
    /// The lanes of the mask go to the target, the others to the next instruction; they meet where the high half of `imm` says.
    Branch,
    /// Each lane goes where the table says (`brx.idx`).
    Indirect,
    /// The lanes of the mask are done.
    Exit,
    /// The lanes arrive at a barrier.
    Barrier,
    /// The lanes wait until all of the member mask are here.
    Gather,
    /// The next one, after the others had their turn.
    Yield,
    /// The next one, and from now on the lanes are watched.
    Watch,
    /// An error, in the context.
    Fault,
}
