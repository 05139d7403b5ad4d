//! The Gaussian error linear unit.

use crate::check::{Check, aligned};
use crate::error::Result;
use crate::files;
use crate::float::Float;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// The formula of [`gelu`].
    Gelu: "gelu" {
        /// `x / 2 (1 + erf(x / √2))`.
        Erf = "gelu_erf",
        /// `x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
        Tanh = "gelu_tanh",
    }
}

/// The unit of each element, of fp32 or fp16 (computed in fp32). -∞ gives NaN.
///
/// # Errors
/// When the lengths differ, or fp16 buffers do not begin at multiples of 4 bytes.
pub fn gelu<'i, 'o, T: Float>(
    gpu: &Gpu,
    variant: Gelu,
    input: impl Into<View<'i, T>>,
    out: impl Into<ViewMut<'o, T>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, Gelu::FAMILY);
    check.context("input", &input)?;
    check.buffer("out", &out, input.len(), || format!("as many as input: {}", input.len()))?;
    let kernel = kernel::<T>(variant);
    aligned(kernel, "input", &input, T::ALIGNMENT)?;
    aligned(kernel, "out", &out, T::ALIGNMENT)?;
    run::<T>(gpu, kernel, input.len(), args![&input, &out])
}

/// [`gelu`] in place.
///
/// # Errors
/// When an fp16 buffer does not begin at a multiple of 4 bytes.
pub fn gelu_in_place<'o, T: Float>(
    gpu: &Gpu,
    variant: Gelu,
    data: impl Into<ViewMut<'o, T>>,
) -> Result<()> {
    let data = data.into();
    Check::new(gpu, Gelu::FAMILY).context("data", &data)?;
    let kernel = kernel::<T>(variant);
    aligned(kernel, "data", &data, T::ALIGNMENT)?;
    run::<T>(gpu, kernel, data.len(), args![&data, &data])
}

fn kernel<T: Float>(variant: Gelu) -> Kernel {
    let name = match variant {
        Gelu::Erf => T::of_two("gelu_erf_f32", "gelu_erf_f16"),
        Gelu::Tanh => T::of_two("gelu_tanh_f32", "gelu_tanh_f16"),
    };
    Kernel { file: files::GELU, name }
}

fn run<T: Float>(gpu: &Gpu, kernel: Kernel, n: usize, buffers: &[Arg; 2]) -> Result<()> {
    if n == 0 {
        return Ok(());
    }
    let each = 256 * T::PAIR as usize;
    let [from, to] = *buffers;
    kernel.launch(gpu, Shape::line(blocks(n, each), 256), &[from, to, Arg::from(n as i64)])
}
