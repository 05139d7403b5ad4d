//! How often each key occurs.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// Where keys meet in [`histogram`].
    Histogram: "histogram" {
        /// An atomic in global memory a key.
        Global = "histogram_global",
        /// An atomic for all lanes of a warp with the same key.
        WarpAggregated = "histogram_warp_aggregated",
        /// Bins of its own for each block in shared memory. This and those below take 12,288 bins at most.
        Privatised = "histogram_privatised",
        /// The same with 16 keys a thread.
        Coarsened = "histogram_coarsened",
        /// The same; runs of equal keys are counted in a register.
        Aggregated = "histogram_aggregated",
    }
}

const BLOCK: u32 = 256;
/// What fits into the 48 KiB of shared memory that a block has without asking.
const MOST_BINS: usize = 12_288;

/// Adds to `bins[k]` the number of keys equal to `k`, modulo 2^32; keys beyond the bins are not counted. Exact. `bins` is not cleared.
///
/// # Errors
/// When there are more bins than the variant takes.
pub fn histogram<'i, 'o>(
    gpu: &Gpu,
    variant: Histogram,
    keys: impl Into<View<'i, u32>>,
    bins: impl Into<ViewMut<'o, u32>>,
) -> Result<()> {
    let (keys, bins) = (keys.into(), bins.into());
    let check = Check::new(gpu, Histogram::FAMILY);
    check.context("keys", &keys)?;
    check.context("bins", &bins)?;
    let bin_count = check.int("the number of bins", bins.len())?;
    let n = keys.len();
    let (per_thread, private) = match variant {
        Histogram::Global | Histogram::WarpAggregated => (1, false),
        Histogram::Privatised => (1, true),
        Histogram::Coarsened | Histogram::Aggregated => (16, true),
    };
    if private {
        check.at_most("the number of bins", bins.len(), MOST_BINS)?;
    }
    if n == 0 || bins.is_empty() {
        return Ok(());
    }
    let dynamic_shared = if private { 4 * bin_count as u32 } else { 0 };
    let grid = blocks(n, per_thread * BLOCK as usize);
    Kernel { file: files::HISTOGRAM, name: variant.name() }.launch(
        gpu,
        Shape { dynamic_shared, ..Shape::line(grid, BLOCK) },
        args![&keys, &bins, bin_count, n as i64],
    )
}
