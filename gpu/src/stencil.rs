//! A stencil of seven points in three dimensions.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// Where the points stand in [`stencil3d`].
    Stencil: "stencil3d" {
        /// In global memory.
        Naive = "stencil_naive",
        /// Cubes of 8 x 8 x 8 in shared memory.
        Tiled = "stencil_tiled",
        /// Planes of 32 x 32 in shared memory, a block going along z.
        Coarsened = "stencil_coarsened",
        /// The same, with what only one thread needs in its registers.
        RegisterTiled = "stencil_register_tiled",
    }
}

/// Points along each axis; point (x, y, z) is element `(z ny + y) nx + x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VolumeShape {
    /// Along x, the fastest.
    pub nx: usize,
    /// Along y.
    pub ny: usize,
    /// Along z.
    pub nz: usize,
}

/// `c0 p + c1 p[x-1] + c2 p[x+1] + c3 p[y-1] + c4 p[y+1] + c5 p[z-1] + c6 p[z+1]` at inner points, added in this order by fused multiply-adds;
/// points of the faces are copied. Exact, so all variants give the same bits.
///
/// # Errors
/// When a buffer has not nx ny nz elements, or the volume is too large for the grid (65,535 blocks along y and z, of 4 x 2 points naive, 6 x 6
/// tiled, 30 x 32 the others).
pub fn stencil3d<'i, 'o>(
    gpu: &Gpu,
    variant: Stencil,
    shape: VolumeShape,
    coefficients: [f32; 7],
    input: impl Into<View<'i, f32>>,
    out: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, Stencil::FAMILY);
    let VolumeShape { nx, ny, nz } = shape;
    let [x, y, z] = [check.int("nx", nx)?, check.int("ny", ny)?, check.int("nz", nz)?];
    let points = check.product("nx x ny x nz", &[nx, ny, nz])?;
    let why = || format!("nx x ny x nz = {nx} x {ny} x {nz}");
    check.buffer("input", &input, points, why)?;
    check.buffer("out", &out, points, why)?;
    if points == 0 {
        return Ok(());
    }
    let ([bx, by, bz], block) = match variant {
        Stencil::Naive => ([32, 4, 2], [32, 4, 2]),
        Stencil::Tiled => ([6, 6, 6], [8, 8, 8]),
        Stencil::Coarsened | Stencil::RegisterTiled => ([30, 30, 32], [32, 32, 1]),
    };
    let grid = [blocks(nx, bx), blocks(ny, by), blocks(nz, bz)];
    let [c0, c1, c2, c3, c4, c5, c6] = coefficients;
    Kernel { file: files::STENCIL, name: variant.name() }.launch(
        gpu,
        Shape { grid, block, dynamic_shared: 0, cooperative: false },
        args![&input, &out, x, y, z, c0, c1, c2, c3, c4, c5, c6],
    )
}
