//! Merge of sorted arrays.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// Where threads search and merge in [`merge`].
    Merge: "merge" {
        /// In global memory, eight elements a thread.
        Basic = "merge_basic",
        /// In shared memory, 1792 elements a block.
        Tiled = "merge_tiled",
    }
}

/// The elements of `a` and `b`, both ascending, in ascending order; of equal ones those of `a` first.
///
/// If one of them is not ascending, `out` holds anything, or the launch fails.
///
/// # Errors
/// When `out` has not as many elements as `a` and `b` together.
pub fn merge<'i, 'o>(
    gpu: &Gpu,
    variant: Merge,
    a: impl Into<View<'i, i32>>,
    b: impl Into<View<'i, i32>>,
    out: impl Into<ViewMut<'o, i32>>,
) -> Result<()> {
    let (a, b, out) = (a.into(), b.into(), out.into());
    let check = Check::new(gpu, Merge::FAMILY);
    check.context("a", &a)?;
    check.context("b", &b)?;
    let (m, n) = (a.len(), b.len());
    check.buffer("out", &out, m + n, || format!("a and b together: {m} + {n}"))?;
    if out.is_empty() {
        return Ok(());
    }
    let each = if variant == Merge::Basic { 8 * 256 } else { 1792 };
    Kernel { file: files::MERGE, name: variant.name() }.launch(
        gpu,
        Shape::line(blocks(m + n, each), 256),
        args![&a, m as i64, &b, n as i64, &out],
    )
}
