//! Bodies of instructions, by family.

pub(crate) mod access;
pub(crate) mod alu;
pub(crate) mod atomic;
pub(crate) mod bits;
pub(crate) mod control;
pub(crate) mod convert;
pub(crate) mod copy;
pub(crate) mod float;
pub(crate) mod half;
pub(crate) mod integer;
pub(crate) mod matrix;
pub(crate) mod print;
pub(crate) mod round;
pub(crate) mod special;
pub(crate) mod traffic;
pub(crate) mod vote;
