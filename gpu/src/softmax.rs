//! Softmax of rows.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// How often [`softmax`] walks along a row.
    Softmax: "softmax" {
        /// Three times: greatest, sum, quotient.
        ThreePass = "softmax_three_pass",
        /// Twice: the sum is scaled down where the greatest grows.
        Online = "softmax_online",
        /// Once: a warp has the row in its registers. 1024 columns at most.
        Warp = "softmax_warp",
    }
}

/// Rows and columns of a matrix that is stored row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowsShape {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
}

impl RowsShape {
    /// The elements, once rows and columns have been found to be within limits.
    pub(crate) fn elements(self, check: Check<'_>) -> Result<(usize, [i32; 2])> {
        let sizes = [check.int("rows", self.rows)?, check.int("cols", self.cols)?];
        Ok((check.product("rows x cols", &[self.rows, self.cols])?, sizes))
    }

    pub(crate) fn why(self) -> String {
        format!("rows x cols = {} x {}", self.rows, self.cols)
    }
}

/// `out = exp(x - max) / Σ exp(x - max)` of each row. A row with NaN or +∞, or of -∞ only, becomes NaN.
///
/// # Errors
/// When a buffer has not rows x cols elements, or there are more than 1024 columns for [`Softmax::Warp`].
pub fn softmax<'i, 'o>(
    gpu: &Gpu,
    variant: Softmax,
    shape: RowsShape,
    input: impl Into<View<'i, f32>>,
    out: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, Softmax::FAMILY);
    let (n, _) = shape.elements(check)?;
    check.buffer("input", &input, n, || shape.why())?;
    check.buffer("out", &out, n, || shape.why())?;
    run(check, variant, shape, args![&input, &out])
}

/// [`softmax`] in place.
///
/// # Errors
/// As [`softmax`].
pub fn softmax_in_place<'o>(
    gpu: &Gpu,
    variant: Softmax,
    shape: RowsShape,
    data: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let data = data.into();
    let check = Check::new(gpu, Softmax::FAMILY);
    let (n, _) = shape.elements(check)?;
    check.buffer("data", &data, n, || shape.why())?;
    run(check, variant, shape, args![&data, &data])
}

fn run(check: Check<'_>, variant: Softmax, shape: RowsShape, buffers: &[Arg; 2]) -> Result<()> {
    let (n, [rows, cols]) = shape.elements(check)?;
    if variant == Softmax::Warp {
        check.at_most("cols", shape.cols, 1024)?;
    }
    if n == 0 {
        return Ok(());
    }
    let grid = blocks(shape.rows, if variant == Softmax::Warp { 8 } else { 1 });
    let grid = grid.min(check.gpu.busy_blocks());
    let [from, to] = *buffers;
    Kernel { file: files::SOFTMAX, name: variant.name() }.launch(
        check.gpu,
        Shape::line(grid, 256),
        &[from, to, Arg::from(rows), Arg::from(cols)],
    )
}
