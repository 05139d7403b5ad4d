//! CUDA without a GPU.

pub mod count;
pub mod machine;
pub mod memory;
pub mod ptx;
