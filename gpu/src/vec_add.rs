//! Sum of two vectors.

use crate::check::{Check, aligned};
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// How threads share the elements of [`vec_add`].
    VecAdd: "vec_add" {
        /// A thread an element.
        Scalar = "vec_add_scalar",
        /// A thread four elements, by accesses of 16 bytes: a quarter of the instructions. Buffers begin at multiples of 16 bytes.
        Float4 = "vec_add_float4",
        /// As many blocks as the device keeps busy with; each thread walks along the array with the width of the grid.
        GridStride = "vec_add_grid_stride",
    }
}

const BLOCK: u32 = 256;

/// `c = a + b`, element by element; exact (rounded once).
///
/// 12 bytes of memory for one FLOP: bound by memory on every GPU.
///
/// # Errors
/// When the lengths differ, or a buffer does not begin at a multiple of 16 bytes for [`VecAdd::Float4`].
pub fn vec_add<'i, 'o>(
    gpu: &Gpu,
    variant: VecAdd,
    a: impl Into<View<'i, f32>>,
    b: impl Into<View<'i, f32>>,
    c: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (a, b, c) = (a.into(), b.into(), c.into());
    let check = Check::new(gpu, VecAdd::FAMILY);
    let n = a.len();
    let as_a = || format!("as many as a: {n}");
    check.context("a", &a)?;
    check.buffer("b", &b, n, as_a)?;
    check.buffer("c", &c, n, as_a)?;
    let kernel = Kernel { file: files::VEC_ADD, name: variant.name() };
    let threads = BLOCK as usize;
    let grid = match variant {
        VecAdd::Scalar => blocks(n, threads),
        VecAdd::Float4 => {
            aligned(kernel, "a", &a, 16)?;
            aligned(kernel, "b", &b, 16)?;
            aligned(kernel, "c", &c, 16)?;
            blocks(n, 4 * threads)
        }
        VecAdd::GridStride => blocks(n, threads).min(gpu.busy_blocks()),
    };
    if n == 0 {
        return Ok(());
    }
    kernel.launch(gpu, Shape::line(grid, BLOCK), args![&a, &b, &c, n as i64])
}
