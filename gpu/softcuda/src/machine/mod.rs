//! The machine: warps of 32 lanes that run lowered code in lockstep.
//!
//! - `instruction`: an instruction is a function pointer and the numbers of its operands' rows; `lane`: rows and the types that
//!   their lanes hold; `level`: the same body compiled for the processor's vector extensions.
//! - `context`: what a body sees; `body`: the bodies, by family.
//! - `warp`: splits of a diverged warp and where they meet again; `interpret`: the loop over instructions; `block`: warps, barriers; `worker`: blocks over threads;
//!   `waiting`: rounds of loops that only wait; `dim`, `device`, `argument`, `launch`: extents, limits, arguments, results; `error`: what can go wrong in a kernel; `observe`: the door for checks.
//!
//! Divergence: a branch that splits its lanes pushes an entry with the branch's immediate post-dominator; lanes wait there for the
//! others of the entry. Splits take turns, so a lane that spins does not starve the one it waits for; and an entry whose missing
//! lanes poll memory (atomics, volatile or ordered accesses) gives way after a while: those that have arrived go on alone, as
//! Volta's independent scheduling lets them. Lanes that wait for each other in a `.sync` instruction must be at the same one.

pub(crate) mod argument;
pub(crate) mod block;
pub(crate) mod body;
pub(crate) mod context;
pub(crate) mod device;
pub(crate) mod dim;
pub(crate) mod error;
pub(crate) mod instruction;
pub(crate) mod interpret;
pub(crate) mod lane;
pub(crate) mod launch;
pub(crate) mod level;
pub(crate) mod observe;
pub(crate) mod program;
pub(crate) mod share;
pub(crate) mod waiting;
pub(crate) mod warp;
pub(crate) mod worker;

pub use argument::Arg;
pub use device::{Device, Limits};
pub use dim::Dim;
pub use error::{Fault, LaunchError, Near, ThreadPlace, WarpPlace};
pub use launch::LaunchOptions;
pub use observe::{
    Access, AccessKind, BarrierRelease, BarrierUse, Copied, Lanes, Observer, Values,
};

#[cfg(test)]
mod tests;
