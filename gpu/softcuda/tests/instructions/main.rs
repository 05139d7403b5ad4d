//! Instructions against their definitions in the PTX ISA, edge cases included. Each test is a kernel of one instruction.

#![allow(
    clippy::unwrap_used,
    clippy::precedence,
    reason = "a test may stop where it stands; bits are put together"
)]

mod bits;
mod compare;
mod conformance;
mod control;
mod convert;
mod definition;
mod exchange;
mod families;
mod float;
mod half;
mod harness;
mod integer;
mod matrix;
mod memory;
