//! CUDA kernels in steps, from the plain to the fast, behind one typed API. Run on a GPU, or without one on
//! [`softcuda`](https://docs.rs/softcuda), by the same calls of the driver and with nothing to install.
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
pub use softcuda_driver::{Settings as SoftSettings, configure as configure_soft};
pub use softmax::{RowsShape, Softmax, softmax, softmax_in_place};
pub use spmv::{Coo, Csr, Ell, Hybrid, Jds, SparseFormat, SparseMatrix, Spmv, spmv};
pub use stencil::{Stencil, VolumeShape, stencil3d};
pub use stream::{Event, Stream};
pub use variant::Variant;
pub use vec_add::{VecAdd, vec_add};
pub use view::{View, ViewMut};
