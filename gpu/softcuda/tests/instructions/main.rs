//! Instructions against their definitions in the PTX ISA, edge cases included. Each test is a kernel of one instruction.

mod bits;
mod compare;
mod control;
mod convert;
mod exchange;
mod float;
mod half;
mod harness;
mod integer;
mod memory;
