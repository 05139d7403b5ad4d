//! Sum of all elements.

use crate::check::{Check, aligned};
use crate::driver;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// How threads come to one sum in [`reduce_sum`].
    Reduction: "reduce_sum" {
        /// A tree in shared memory, neighbours first: warps diverge, banks conflict.
        Interleaved = "reduce_interleaved",
        /// A tree in shared memory, halves first: whole warps fall idle together.
        Sequential = "reduce_sequential",
        /// Lanes exchange registers; shared memory carries one value a warp.
        Shuffle = "reduce_shuffle",
        /// One launch: the block that finishes last adds the blocks' sums. The input begins at a multiple of 16 bytes.
        SinglePass = "reduce_single_pass",
    }
}

const BLOCK: u32 = 256;

impl Reduction {
    /// Elements that a block adds up, of those that leave a sum a block.
    fn section(self) -> usize {
        if self == Self::Interleaved { 256 } else { 512 }
    }

    /// Blocks of a launch over `n` elements on a device of so many multiprocessors: what error bounds depend on.
    pub fn grid(self, n: usize, multiprocessors: u32) -> u64 {
        match self {
            Self::SinglePass => blocks(n, 4 * BLOCK as usize).min(4 * u64::from(multiprocessors)),
            _ => blocks(n, self.section()),
        }
    }

    /// Launches that it takes for `n` elements.
    pub fn launches(self, n: usize) -> u32 {
        let (mut left, mut launches) = (n, 1);
        while self != Self::SinglePass && left > self.section() {
            left = left.div_ceil(self.section());
            launches += 1;
        }
        launches
    }
}

/// The sum of all elements; 0 if there are none. Waits for it.
///
/// # Errors
/// As [`reduce_sum_into`].
pub fn reduce_sum<'i>(
    gpu: &Gpu,
    variant: Reduction,
    input: impl Into<View<'i, f32>>,
) -> Result<f32> {
    let mut out = crate::DeviceBuffer::poisoned(gpu, 1)?;
    reduce_sum_into(gpu, variant, input, &mut out)?;
    gpu.synchronize()?;
    let mut sum = [0.0];
    out.copy_to(&mut sum)?;
    Ok(sum[0])
}

/// Leaves the sum of all elements in `out`, which has one place. Does not wait.
///
/// Scratch: 4 bytes for every 256 or 512 elements (a block for [`Reduction::SinglePass`]), kept by the stream.
///
/// # Errors
/// When `out` has not one element, or the input does not begin at a multiple of 16 bytes for [`Reduction::SinglePass`].
pub fn reduce_sum_into<'i, 'o>(
    gpu: &Gpu,
    variant: Reduction,
    input: impl Into<View<'i, f32>>,
    out: impl Into<ViewMut<'o, f32>>,
) -> Result<()> {
    let (input, out) = (input.into(), out.into());
    let check = Check::new(gpu, Reduction::FAMILY);
    check.context("input", &input)?;
    check.buffer("out", &out, 1, || "one sum".to_owned())?;
    let n = input.len();
    let kernel = Kernel { file: files::REDUCTION, name: variant.name() };
    let grid = variant.grid(n, gpu.properties().multiprocessors);
    gpu.context().enter()?;
    if variant == Reduction::SinglePass {
        aligned(kernel, "input", &input, 16)?;
        let (_pieces, [partial, counter]) = gpu.stream().scratch.take([4 * grid, 4])?;
        driver::fill_async(counter, 0, 4, gpu.stream().raw)?;
        return kernel.launch(
            gpu,
            Shape::line(grid, BLOCK),
            args![&input, partial, &out, counter, n as i64],
        );
    }
    let next = blocks(grid as usize, variant.section());
    let (_pieces, sums) = gpu.stream().scratch.take([4 * grid, 4 * next])?;
    let (mut from, mut left) = (Arg::from(&input), n);
    for level in 0.. {
        let grid = blocks(left, variant.section());
        let to = if grid == 1 { Arg::from(&out) } else { Arg::from(sums[level % 2]) };
        kernel.launch(gpu, Shape::line(grid, BLOCK), &[from, to, Arg::from(left as i64)])?;
        if grid == 1 {
            break;
        }
        (from, left) = (to, grid as usize);
    }
    Ok(())
}
