//! CUDA without a GPU.

pub mod count;
pub mod lower;
pub mod machine;
pub mod memory;
pub mod ptx;

pub use count::Statistics;
pub use lower::{Kernel, LoadError, Module};
pub use machine::{Arg, Device, Dim, LaunchError, LaunchOptions};
