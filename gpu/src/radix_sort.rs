//! Sorting by digits.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Arg, Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::ViewMut;

variants! {
    /// How many bits [`radix_sort`] sorts by at a time.
    RadixSort: "radix_sort" {
        /// Four: eight passes.
        FourBits = "radix_sort_4bit",
        /// Eight: four passes, with more to count in each.
        EightBits = "radix_sort_8bit",
    }
}

/// Keys of a block.
const TILE: usize = 2048;

/// Sorts the keys, ascending.
///
/// Scratch, kept by the stream: as many bytes as the keys have, and 64 or 1024 for every 2048 keys.
///
/// # Errors
/// When there are 2^32 keys or more.
pub fn radix_sort<'o>(
    gpu: &Gpu,
    variant: RadixSort,
    keys: impl Into<ViewMut<'o, u32>>,
) -> Result<()> {
    sort(gpu, variant, &keys.into(), None)
}

/// Sorts the keys, ascending, and takes each key's value along. Stable: the values of equal keys stay in their order.
///
/// Scratch as for [`radix_sort`], and as many bytes as the values have.
///
/// # Errors
/// When there are not as many values as keys, or 2^32 or more.
pub fn radix_sort_pairs<'o>(
    gpu: &Gpu,
    variant: RadixSort,
    keys: impl Into<ViewMut<'o, u32>>,
    values: impl Into<ViewMut<'o, u32>>,
) -> Result<()> {
    sort(gpu, variant, &keys.into(), Some(&values.into()))
}

fn sort(
    gpu: &Gpu,
    variant: RadixSort,
    keys: &ViewMut<'_, u32>,
    values: Option<&ViewMut<'_, u32>>,
) -> Result<()> {
    let check = Check::new(gpu, RadixSort::FAMILY);
    let n = keys.len();
    check.context("keys", keys)?;
    if let Some(values) = values {
        check.buffer("values", values, n, || format!("as many as keys: {n}"))?;
    }
    check.at_most("the number of keys", n, u32::MAX as usize)?;
    if n == 0 {
        return Ok(());
    }
    let (bits, histogram, scatter) = match variant {
        RadixSort::FourBits => (4, "radix_histogram_4bit", "radix_scatter_4bit"),
        RadixSort::EightBits => (8, "radix_histogram_8bit", "radix_scatter_8bit"),
    };
    let kernel = |name| Kernel { file: files::RADIX_SORT, name };
    let tiles = blocks(n, TILE);
    let count = tiles << bits;
    gpu.context().enter()?;
    let room = 4 * n as u64;
    let of_values = if values.is_some() { room } else { 0 };
    let (_pieces, [counts, other_keys, other_values]) =
        gpu.stream().scratch.take([4 * count, room, of_values])?;
    let null = Arg::from(0_u64);
    let mut from = (Arg::from(keys), values.map_or(null, Arg::from));
    let mut to =
        (Arg::from(other_keys), if values.is_some() { Arg::from(other_values) } else { null });
    let shape = Shape::line(tiles, 256);
    // An even number of passes: what is sorted ends up where it came from.
    for shift in (0..32).step_by(bits) {
        let (n, shift) = (Arg::from(n as i64), Arg::from(shift));
        kernel(histogram).launch(gpu, shape, &[from.0, Arg::from(counts), n, shift])?;
        kernel("radix_scan").launch(gpu, Shape::line(1, 1024), args![counts, count as i64])?;
        let args = [from.0, from.1, to.0, to.1, Arg::from(counts), n, shift];
        kernel(scatter).launch(gpu, shape, &args)?;
        std::mem::swap(&mut from, &mut to);
    }
    Ok(())
}
