//! CUDA kernels in steps, from the plain to the fast, behind one typed API. Run on a GPU, or without one on
//! [`softcuda`](../softcuda/index.html), by the same calls of the driver and with nothing to install.
//!
//! ```
//! use gpu_kernels::{DeviceBuffer, Gpu, VecAdd, vec_add};
//!
//! let gpu = Gpu::new(0)?;
//! let a = DeviceBuffer::from_slice(&gpu, &[1.0, 2.0, 3.0])?;
//! let b = DeviceBuffer::from_slice(&gpu, &[10.0, 20.0, 30.0])?;
//! let mut c = DeviceBuffer::zeroed(&gpu, 3)?;
//! vec_add(&gpu, VecAdd::Float4, &a, &b, &mut c)?;
//! assert_eq!(c.to_vec()?, [11.0, 22.0, 33.0]);
//!
//! // Shapes that do not agree are refused, with both named.
//! let error = vec_add(&gpu, VecAdd::Scalar, &a, b.slice(1..)?, &mut c).unwrap_err();
//! assert_eq!(error.to_string(), "vec_add: b has 2 elements, needs 3 (as many as a: 3)");
//! # Ok::<(), gpu_kernels::Error>(())
//! ```
//!
//! # Families and variants
//!
//! One function a family; its first arguments are the device and the variant. Each variant computes the same in another way, from the
//! plainest on, as a book's chapter would take them. [`Variant::ALL`] lists them, [`Variant::name`] is what stands in brackets.
//!
//! | function | computes | variants |
//! |---|---|---|
//! | [`vec_add()`] | c = a + b | [`VecAdd`]: `vec_add_scalar`, `vec_add_float4`, `vec_add_grid_stride` |
//! | [`matmul()`] | C = A B, fp32 | [`Matmul`]: `matmul_naive`, `matmul_coalesced`, `matmul_tiled_8`, `matmul_tiled_16`, `matmul_tiled_32`, `matmul_register_blocked`, `matmul_vectorised`, `matmul_double_buffered`, `matmul_cp_async` |
//! | [`matmul_tensor()`] | C = A B, fp16 to fp32 on tensor cores | [`MatmulTensor`]: `matmul_wmma`, `matmul_mma` |
//! | [`reduce_sum()`], [`reduce_sum_into()`] | the sum of all elements | [`Reduction`]: `reduce_interleaved`, `reduce_sequential`, `reduce_shuffle`, `reduce_single_pass` |
//! | [`scan()`] | prefix sums of `u32` or `f32` | [`Scan`]: `scan_kogge_stone`, `scan_brent_kung`, `scan_cooperative`, `scan_look_back` |
//! | [`fma_sweep()`] | chains of multiply-adds, for occupancy | [`FmaChains`]: `fma_ilp1`, `fma_ilp2`, `fma_ilp4`, `fma_ilp8`; any block |
//! | [`histogram()`] | how often each key occurs | [`Histogram`]: `histogram_global`, `histogram_warp_aggregated`, `histogram_privatised`, `histogram_coarsened`, `histogram_aggregated` |
//! | [`conv2d()`] | convolution of an image | [`Convolution`]: `conv2d_naive`, `conv2d_constant`, `conv2d_tiled`, `conv2d_separable` |
//! | [`stencil3d()`] | seven points of a volume | [`Stencil`]: `stencil_naive`, `stencil_tiled`, `stencil_coarsened`, `stencil_register_tiled` |
//! | [`merge()`] | two sorted arrays into one | [`Merge`]: `merge_basic`, `merge_tiled` |
//! | [`radix_sort()`], [`radix_sort_pairs()`] | sorted keys, values with them | [`RadixSort`]: `radix_sort_4bit`, `radix_sort_8bit` |
//! | [`spmv()`] | sparse matrix times vector | [`Spmv`]: `spmv_coo`, `spmv_csr_scalar`, `spmv_csr_vector`, `spmv_ell`, `spmv_jds`, `spmv_hybrid` |
//! | [`bfs()`] | levels of a graph | [`Bfs`]: `bfs_push`, `bfs_pull`, `bfs_frontier`, `bfs_frontier_privatised`, `bfs_direction_optimised` |
//! | [`gelu()`], [`gelu_in_place()`] | the activation, fp32 or fp16 | [`Gelu`]: `gelu_erf`, `gelu_tanh` |
//! | [`softmax()`], [`softmax_in_place()`] | of each row | [`Softmax`]: `softmax_three_pass`, `softmax_online`, `softmax_warp` |
//! | [`layer_norm()`], [`layer_norm_in_place()`] | of each row | [`LayerNorm`]: `layer_norm_two_pass`, `layer_norm_welford` |
//! | [`attention()`] | softmax(q kᵀ) v with the scores in memory, fp32 or fp16 | |
//! | [`flash_attention()`] | the same without, causal or not | [`FlashAttention`]: `flash_attention` (fp32, fp16), `flash_attention_mma` (fp16) |
//! | [`Communicator::all_reduce`] | the sum over several devices, for all of them | [`AllReduce`]: `ring`, `tree`, `direct` |
//!
//! What each must compute, and how far off it may be, is in [`mod@reference`]: plain loops in `f64`, and a bound for each element.
//!
//! # What it costs
//!
//! - Launches are put into the stream of the [`Gpu`] and not waited for, except where a function says so. Errors of a kernel that runs are told
//!   by what waits: [`Gpu::synchronize`], copies to the host.
//! - Copies to and from the host wait for the device.
//! - Memory that a function needs beside its arguments belongs to the stream: it is allocated by the first call, grows, and is used again;
//!   [`Gpu::release_scratch`] gives it back. Growing waits for the device, so call once with the greatest size before measuring.
//! - A file of kernels is compiled by the driver at its first launch in a context.
//! - Checks of shapes take some nanoseconds a call.
//!
//! # With and without a GPU
//!
//! Where a driver with a device is found it is used, else softcuda; `SOFTCUDA=force` or `never` chooses. On softcuda every access is checked,
//! and [`Gpu::record`] gives what each launch did: instructions, sectors, conflicts. Times say nothing there ([`Gpu::is_emulated`]).
//! Kernels are compiled for compute capability 8.0 and later.
//!
//! Buffers of other crates come in by [`View::from_raw`], [`ViewMut::from_raw`] and [`DeviceBuffer::from_raw`]; [`Gpu::new`] uses the device's primary context,
//! as the crate `cust` does.

mod all_reduce;
mod attention;
mod bfs;
mod buffer;
mod check;
mod convolution;
mod driver;
mod element;
mod error;
mod files;
mod flash_attention;
mod float;
mod gelu;
mod gpu;
mod histogram;
mod launch;
mod layer_norm;
mod matmul;
mod matmul_tensor;
mod merge;
mod occupancy;
mod radix_sort;
mod record;
mod reduction;
pub mod reference;
mod scan;
mod scratch;
mod softmax;
mod spmv;
mod stencil;
mod stream;
mod variant;
mod vec_add;
mod view;

/// What the kernels were made of and came to, as JSON: hashes of sources and PTX, and what the assembler said of each kernel by architecture (registers, spills,
/// stack), with its static shared memory.
pub const MANIFEST: &str = include_str!("../kernels/manifest.json");

pub use all_reduce::{AllReduce, AllReduceRow, Communicator, all_reduce_perf};
pub use attention::{AttentionMask, AttentionShape, attention};
pub use bfs::{Bfs, Direction, Graph, GraphOnDevice, Search, bfs};
pub use buffer::DeviceBuffer;
pub use convolution::{Convolution, ImageShape, MAX_RADIUS, Mask, conv2d};
pub use element::Element;
pub use error::{Error, Result};
pub use flash_attention::{FlashAttention, MAX_D, flash_attention};
pub use float::Float;
pub use gelu::{Gelu, gelu, gelu_in_place};
pub use gpu::{Gpu, Properties};
pub use half::f16;
pub use histogram::{Histogram, histogram};
pub use layer_norm::{Affine, LayerNorm, layer_norm, layer_norm_in_place};
pub use matmul::{Matmul, MatmulShape, matmul};
pub use matmul_tensor::{MatmulTensor, matmul_tensor};
pub use merge::{Merge, merge};
pub use occupancy::{FmaChains, FmaSweep, fma_sweep};
pub use radix_sort::{RadixSort, radix_sort, radix_sort_pairs};
pub use record::Launch;
pub use reduction::{Reduction, reduce_sum, reduce_sum_into};
pub use scan::{Scan, ScanElement, scan};
pub use softcuda_driver::{Profiling, Settings as SoftSettings, configure as configure_soft};
pub use softmax::{RowsShape, Softmax, softmax, softmax_in_place};
pub use spmv::{Coo, Csr, Ell, Hybrid, Jds, SparseFormat, SparseMatrix, Spmv, spmv};
pub use stencil::{Stencil, VolumeShape, stencil3d};
pub use stream::{Event, Stream};
pub use variant::Variant;
pub use vec_add::{VecAdd, vec_add};
pub use view::{View, ViewMut};
