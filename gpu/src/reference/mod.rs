//! What the kernels have to compute, by plain loops on the host, and how far from it they may be.
//!
//! References of floating-point kernels are in `f64` from the inputs as they are stored; each comes as [`Expected`]: a value for each
//! element and a bound of its error. `u = 2^-24` is the unit roundoff of fp32, `h = 2^-11` that of fp16. Bounds hold for finite inputs
//! where nothing overflows, whatever the order in which threads add. Kernels that are exact to the bit have references of their own type.

mod attention;
mod expected;
mod graph;
mod image;
mod matmul;
mod order;
mod rows;
mod sums;

pub use attention::attention;
pub use expected::{Comparison, Expected, Mismatch};
pub use graph::{bfs, spmv};
pub use image::{conv2d, stencil3d};
pub use matmul::{matmul, matmul_bound, matmul_tensor, matmul_tensor_bound};
pub use order::{histogram, merge, radix_sort};
pub use rows::{erf, gelu, layer_norm, softmax};
pub use sums::{fma_sweep, reduce_sum, reduce_sum_bound, scan_bound, scan_f32, scan_u32, vec_add};

/// Unit roundoff of fp32.
pub const U: f64 = 1.0 / (1 << 24) as f64;
/// Unit roundoff of fp16.
pub const H: f64 = 1.0 / (1 << 11) as f64;
/// The least normal number of fp32: what results below the normal range may be off by.
pub const LEAST: f64 = f32::MIN_POSITIVE as f64;
