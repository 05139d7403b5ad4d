//! Layer normalisation of rows.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::softmax::RowsShape;
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// How [`layer_norm`] comes to the variance.
    LayerNorm: "layer_norm" {
        /// Mean first, then the squares of the distances from it.
        TwoPass = "layer_norm_two_pass",
        /// Both in one walk (Welford).
        Welford = "layer_norm_welford",
    }
}

/// What is done to a row once it has mean 0 and variance 1.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'b> {
    /// A factor for each column; ones where there is none.
    pub gain: Option<View<'b, f32>>,
    /// An addend for each column; zeros where there is none.
    pub bias: Option<View<'b, f32>>,
    /// Added to the variance, so that a constant row has a quotient. Above 0.
    pub epsilon: f32,
}

impl Default for Affine<'_> {
    fn default() -> Self {
        Self { gain: None, bias: None, epsilon: 1e-5 }
    }
}

/// `out = (x - mean) / √(variance + epsilon) gain + bias` of each row, the variance being the mean of the squares.
///
/// # Errors
/// When a buffer has not rows x cols elements, gain or bias not cols, or epsilon is not above 0.
pub fn layer_norm<'i, 'o>(
    gpu: &Gpu,
    variant: LayerNorm,
    shape: RowsShape,
    affine: Affine<'_>,
    input: impl Into<View<'i, f32>>,
    out: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, LayerNorm::FAMILY);
    let (n, _) = shape.elements(check)?;
    check.buffer("input", &input, n, || shape.why())?;
    check.buffer("out", &out, n, || shape.why())?;
    run(check, variant, shape, affine, args![&input, &out])
}

/// [`layer_norm`] in place.
///
/// # Errors
/// As [`layer_norm`].
pub fn layer_norm_in_place<'o>(
    gpu: &Gpu,
    variant: LayerNorm,
    shape: RowsShape,
    affine: Affine<'_>,
    data: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let data = data.into();
    let check = Check::new(gpu, LayerNorm::FAMILY);
    let (n, _) = shape.elements(check)?;
    check.buffer("data", &data, n, || shape.why())?;
    run(check, variant, shape, affine, args![&data, &data])
}

fn run(
    check: Check<'_>,
    variant: LayerNorm,
    shape: RowsShape,
    affine: Affine<'_>,
    buffers: &[Arg; 2],
) -> Result<()> {
    let (n, [rows, cols]) = shape.elements(check)?;
    let why = || format!("cols = {}", shape.cols);
    if let Some(gain) = &affine.gain {
        check.buffer("gain", gain, shape.cols, why)?;
    }
    if let Some(bias) = &affine.bias {
        check.buffer("bias", bias, shape.cols, why)?;
    }
    if !(affine.epsilon > 0.0 && affine.epsilon.is_finite()) {
        return Err(check.invalid("epsilon", affine.epsilon, "a finite number above 0"));
    }
    if n == 0 {
        return Ok(());
    }
    let grid = blocks(shape.rows, 1).min(check.gpu.busy_blocks());
    let [from, to] = *buffers;
    let place = |view: &Option<View<'_, f32>>| Arg::from(view.map_or(0, |v| v.as_raw()));
    Kernel { file: files::LAYER_NORM, name: variant.name() }.launch(
        check.gpu,
        Shape::line(grid, 256),
        &[
            from,
            to,
            place(&affine.gain),
            place(&affine.bias),
            Arg::from(rows),
            Arg::from(cols),
            Arg::from(affine.epsilon),
        ],
    )
}
