//! The binary encoding's smallest parts (specification, "Binary Encoding").

mod input;
pub(crate) mod output;
mod utf8;

pub(crate) use input::{Fault, Input, Place, fault, mismatch};
