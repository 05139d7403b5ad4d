//! CUDA without a GPU.

pub mod memory;
