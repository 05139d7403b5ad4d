//! CUDA without a GPU.

pub mod ptx;
