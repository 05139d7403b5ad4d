//! Nothing to use: `tests` has programs of the crate `cust` that run on softcuda without a change.
//!
//! A program does the same with two lines: `softcuda-driver` among its dependencies, and `use softcuda_driver as _;` so that it is linked.
//! Where no CUDA is installed, `CUDA_LIBRARY_PATH` must point to a directory with an empty archive `lib64/libcuda.a`, since the build
//! script of `cust` asks for one; `.cargo/config.toml` can say so:
//!
//! ```toml
//! [env]
//! CUDA_LIBRARY_PATH = { value = "cuda", relative = true }
//! ```
