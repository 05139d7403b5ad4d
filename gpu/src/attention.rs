//! Attention with the scores in memory.

use crate::check::Check;
use crate::error::Result;
use crate::files;
use crate::float::Float;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::view::{View, ViewMut};

/// Sizes of queries, keys and values, which are stored head by head and row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttentionShape {
    /// All heads of all sequences.
    pub heads: usize,
    /// Queries of a head.
    pub queries: usize,
    /// Keys, and values, of a head.
    pub keys: usize,
    /// Elements of a query, key or value.
    pub d: usize,
}

/// What a query sees, and how scores are scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionMask {
    /// Query i sees keys j ≤ i + keys - queries only, so that the last query sees all.
    pub causal: bool,
    /// The factor of the scores; usually `1 / √d`.
    pub scale: f32,
}

impl AttentionMask {
    /// The usual scale: `1 / √d`.
    pub fn new(d: usize, causal: bool) -> Self {
        Self { causal, scale: 1.0 / (d.max(1) as f32).sqrt() }
    }
}

/// The buffers of an attention.
pub(crate) struct Buffers<'b, T: Float> {
    pub q: View<'b, T>,
    pub k: View<'b, T>,
    pub v: View<'b, T>,
    pub out: ViewMut<'b, T>,
}

impl AttentionShape {
    /// The sizes as kernels take them, once the buffers have been found to fit.
    pub(crate) fn check<T: Float>(self, check: Check<'_>, b: &Buffers<'_, T>) -> Result<[i32; 4]> {
        let Self { heads, queries, keys, d } = self;
        let sizes = [
            check.int("heads", heads)?,
            check.int("queries", queries)?,
            check.int("keys", keys)?,
            check.int("d", d)?,
        ];
        let of_queries = check.product("heads x queries x d", &[heads, queries, d])?;
        let of_keys = check.product("heads x keys x d", &[heads, keys, d])?;
        let q = || format!("heads x queries x d = {heads} x {queries} x {d}");
        let k = || format!("heads x keys x d = {heads} x {keys} x {d}");
        check.buffer("q", &b.q, of_queries, q)?;
        check.buffer("k", &b.k, of_keys, k)?;
        check.buffer("v", &b.v, of_keys, k)?;
        check.buffer("out", &b.out, of_queries, q)?;
        Ok(sizes)
    }
}

/// `out = softmax(scale q kᵀ) v` of each head, in three kernels: scores, softmax, weighted sum. A query that sees no key gets zeros.
///
/// Scratch, kept by the stream: 4 heads x queries x keys bytes, which is what [`flash_attention`](crate::flash_attention()) does without; see
/// [`Gpu::release_scratch`].
///
/// # Errors
/// When a buffer has not the elements that the shape says, there are more than 1,048,560 queries, or no room for the scores.
pub fn attention<'i, 'o, T: Float>(
    gpu: &Gpu,
    shape: AttentionShape,
    mask: AttentionMask,
    q: impl Into<View<'i, T>>,
    k: impl Into<View<'i, T>>,
    v: impl Into<View<'i, T>>,
    out: impl Into<ViewMut<'o, T>>,
) -> Result<()> {
    let check = Check::new(gpu, "attention");
    let b = Buffers { q: q.into(), k: k.into(), v: v.into(), out: out.into() };
    let [heads, queries, keys, d] = shape.check(check, &b)?;
    let rows = check.product("heads x queries", &[shape.heads, shape.queries])?;
    let cells = check.product("heads x queries x keys", &[rows, shape.keys])?;
    if b.out.is_empty() {
        return Ok(());
    }
    gpu.context().enter()?;
    let (_pieces, [scores]) = gpu.stream().scratch.take([4 * cells as u64])?;
    let kernel = |name| Kernel { file: files::ATTENTION, name };
    let cube = |columns| Shape {
        grid: [blocks(columns, 16), blocks(shape.queries, 16), (shape.heads as u64).min(65_535)],
        block: [16, 16, 1],
        dynamic_shared: 0,
        cooperative: false,
    };
    if cells != 0 {
        kernel(T::of_two("attention_scores_f32", "attention_scores_f16")).launch(
            gpu,
            cube(shape.keys),
            args![&b.q, &b.k, scores, heads, queries, keys, d, mask.scale, i32::from(mask.causal)],
        )?;
        let grid = blocks(rows, 1).min(gpu.busy_blocks());
        let args = args![scores, rows as i64, keys];
        kernel("attention_softmax").launch(gpu, Shape::line(grid, 256), args)?;
    }
    kernel(T::of_two("attention_values_f32", "attention_values_f16")).launch(
        gpu,
        cube(shape.d),
        args![scores, &b.v, &b.out, heads, queries, keys, d],
    )
}
