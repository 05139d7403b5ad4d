//! From PTX to programs: names bound, functions inlined, operands given rows, instructions given bodies.
//!
//! `op`: instructions on the way; `emit`: operands; `special`: special registers; `table`: what each opcode becomes; `call`: inlining; `flow`: where
//! diverged lanes meet; `polls`: loops that poll memory; `rows`: registers share rows; `assemble`: the program; `module`: modules, kernels, launches; `listing`: programs
//! to look at.

mod assemble;
mod call;
mod emit;
mod error;
mod flow;
mod kernel;
mod listing;
mod module;
mod op;
mod polls;
mod rows;
mod special;
mod table;

pub use error::LoadError;
pub use listing::Listed;
pub use module::{Kernel, Module, Parameter};
pub use table::supported;
