//! Product of matrices in fp32.

use crate::check::{Check, aligned};
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// What of the matrices stands where in [`matmul`].
    Matmul: "matmul" {
        /// A thread an element, neighbouring threads a row apart.
        Naive = "matmul_naive",
        /// A thread an element, neighbouring threads along a row.
        Coalesced = "matmul_coalesced",
        /// Tiles of 8 x 8 in shared memory.
        Tiled8 = "matmul_tiled_8",
        /// Tiles of 16 x 16 in shared memory.
        Tiled16 = "matmul_tiled_16",
        /// Tiles of 32 x 32 in shared memory.
        Tiled32 = "matmul_tiled_32",
        /// A block 128 x 128, a thread 8 x 8 in registers.
        RegisterBlocked = "matmul_register_blocked",
        /// The same by accesses of 16 bytes. This and those below need buffers that begin at multiples of 16 bytes.
        Vectorised = "matmul_vectorised",
        /// The same, the next slices being loaded while these are multiplied.
        DoubleBuffered = "matmul_double_buffered",
        /// The same by `cp.async`, past the registers.
        CpAsync = "matmul_cp_async",
    }
}

/// `a` is `m` x `k`, `b` is `k` x `n`, `c` is `m` x `n`; all row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MatmulShape {
    /// Rows of `a` and `c`.
    pub m: usize,
    /// Columns of `b` and `c`.
    pub n: usize,
    /// Columns of `a`, rows of `b`.
    pub k: usize,
}

impl MatmulShape {
    /// Bytes that a product by tiles asks of global memory, with elements of `a` and `b` of so many bytes.
    pub(crate) fn bytes_asked(self, tile: usize, element: u128) -> u128 {
        let [m, n, k] = [self.m, self.n, self.k].map(|it| it as u128);
        let [rows, columns] = [self.m, self.n].map(|it| it.div_ceil(tile) as u128);
        let inputs = m.saturating_mul(k).saturating_mul(columns);
        let inputs = inputs.saturating_add(k.saturating_mul(n).saturating_mul(rows));
        inputs.saturating_mul(element).saturating_add(m.saturating_mul(n).saturating_mul(4))
    }

    /// The sizes as kernels take them, once the buffers have been found to fit.
    pub(crate) fn check<T: crate::Element>(
        self,
        check: Check<'_>,
        a: &View<'_, T>,
        b: &View<'_, T>,
        c: &ViewMut<'_, f32>,
    ) -> Result<[i32; 3]> {
        let Self { m, n, k } = self;
        let sizes = [check.int("m", m)?, check.int("n", n)?, check.int("k", k)?];
        check.buffer("a", a, check.product("m x k", &[m, k])?, || format!("m x k = {m} x {k}"))?;
        check.buffer("b", b, check.product("k x n", &[k, n])?, || format!("k x n = {k} x {n}"))?;
        check.buffer("c", c, check.product("m x n", &[m, n])?, || format!("m x n = {m} x {n}"))?;
        Ok(sizes)
    }
}

impl Matmul {
    /// Rows and columns of the part of `c` that one load of an element from global memory serves.
    fn tile(self) -> usize {
        match self {
            Self::Naive | Self::Coalesced => 1,
            Self::Tiled8 => 8,
            Self::Tiled16 => 16,
            Self::Tiled32 => 32,
            Self::RegisterBlocked | Self::Vectorised | Self::DoubleBuffered | Self::CpAsync => 128,
        }
    }

    /// Bytes that all loads and stores of the kernel ask of global memory, by theory: `a` once for each column of tiles, `b` once for each row of
    /// them, `c` once. What would move without caches; more than 2^128 bytes are 2^128 - 1.
    pub fn bytes_asked(self, shape: MatmulShape) -> u128 {
        shape.bytes_asked(self.tile(), 4)
    }
}

/// `c = a b`, row-major; zeros where k = 0. All variants give the same values (of zeros that were rounded to, the sign may
/// differ).
///
/// # Errors
/// When a buffer has not the elements that the shape says, a size is above 2^31 - 1024, the grid would be above its limits (for most variants
/// m, for the naive one n, above 65,535 tiles), or a buffer does not begin where the variant needs it to.
pub fn matmul<'i, 'o>(
    gpu: &Gpu,
    variant: Matmul,
    shape: MatmulShape,
    a: impl Into<View<'i, f32>>,
    b: impl Into<View<'i, f32>>,
    c: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (a, b, c) = (a.into(), b.into(), c.into());
    let [m, n, k] = shape.check(Check::new(gpu, Matmul::FAMILY), &a, &b, &c)?;
    let kernel = Kernel { file: files::MATMUL, name: variant.name() };
    let across = |tile| [blocks(shape.n, tile), blocks(shape.m, tile)];
    let square = |tile: u32| Shape::plane(across(tile as usize), [tile, tile]);
    let shape = match variant {
        Matmul::Naive => Shape::plane([blocks(shape.m, 16), blocks(shape.n, 16)], [16, 16]),
        Matmul::Coalesced | Matmul::Tiled16 => square(16),
        Matmul::Tiled8 => square(8),
        Matmul::Tiled32 => square(32),
        Matmul::RegisterBlocked | Matmul::Vectorised | Matmul::DoubleBuffered | Matmul::CpAsync => {
            Shape::plane(across(128), [256, 1])
        }
    };
    if matches!(variant, Matmul::Vectorised | Matmul::DoubleBuffered | Matmul::CpAsync) {
        aligned(kernel, "a", &a, 16)?;
        aligned(kernel, "b", &b, 16)?;
        aligned(kernel, "c", &c, 16)?;
    }
    if c.is_empty() {
        return Ok(());
    }
    kernel.launch(gpu, shape, args![&a, &b, &c, m, n, k])
}
