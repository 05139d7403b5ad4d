//! CUDA without a GPU.
