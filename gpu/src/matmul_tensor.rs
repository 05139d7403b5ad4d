//! Product of matrices on tensor cores.

use crate::check::{Check, aligned};
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::matmul::MatmulShape;
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};
use half::f16;

variants! {
    /// How [`matmul_tensor`] asks for tensor cores.
    MatmulTensor: "matmul_tensor" {
        /// By fragments whose layout is hidden (`wmma`).
        Wmma = "matmul_wmma",
        /// By `ldmatrix` and `mma.sync`, whose layout is known.
        Mma = "matmul_mma",
    }
}

impl MatmulTensor {
    /// Bytes that all loads and stores of the kernel ask of global memory, by theory: as [`Matmul::bytes_asked`](crate::Matmul::bytes_asked) has it,
    /// with tiles of 64 x 64.
    pub fn bytes_asked(self, shape: MatmulShape) -> u128 {
        shape.bytes_asked(64, 2)
    }
}

/// `c = a b` of fp16 matrices with sums in fp32, row-major; zeros where k = 0.
///
/// # Errors
/// As [`matmul`](crate::matmul()); a and b begin at multiples of 16 bytes.
pub fn matmul_tensor<'i, 'o>(
    gpu: &Gpu,
    variant: MatmulTensor,
    shape: MatmulShape,
    a: impl Into<View<'i, f16>>,
    b: impl Into<View<'i, f16>>,
    c: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (a, b, c) = (a.into(), b.into(), c.into());
    let [m, n, k] = shape.check(Check::new(gpu, MatmulTensor::FAMILY), &a, &b, &c)?;
    let kernel = Kernel { file: files::MATMUL_TENSOR, name: variant.name() };
    aligned(kernel, "a", &a, 16)?;
    aligned(kernel, "b", &b, 16)?;
    if c.is_empty() {
        return Ok(());
    }
    let grid = [blocks(shape.n, 64), blocks(shape.m, 64)];
    kernel.launch(gpu, Shape::plane(grid, [128, 1]), args![&a, &b, &c, m, n, k])
}
