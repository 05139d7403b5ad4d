//! Attention without the scores in memory.

use crate::attention::{AttentionMask, AttentionShape, Buffers};
use crate::check::{Check, aligned};
use crate::error::Result;
use crate::files;
use crate::float::Float;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::{View, ViewMut};

variants! {
    /// What [`flash_attention`] multiplies with.
    FlashAttention: "flash_attention" {
        /// The ordinary cores: fp32 arithmetic on fp32 or fp16.
        Cores = "flash_attention",
        /// Tensor cores: fp16 only; q, k and v begin at multiples of 16 bytes.
        TensorCores = "flash_attention_mma",
    }
}

/// The greatest number of elements of a query, key or value.
pub const MAX_D: usize = 128;

/// `out = softmax(scale q kᵀ) v` of each head, tile by tile: needs no memory but its arguments. A query that sees no key gets zeros.
///
/// # Errors
/// When a buffer has not the elements that the shape says, d is above [`MAX_D`], or fp32 is asked of the tensor cores.
#[expect(clippy::too_many_arguments, reason = "these are what attention is a function of")]
pub fn flash_attention<'i, 'o, T: Float>(
    gpu: &Gpu,
    variant: FlashAttention,
    shape: AttentionShape,
    mask: AttentionMask,
    q: impl Into<View<'i, T>>,
    k: impl Into<View<'i, T>>,
    v: impl Into<View<'i, T>>,
    out: impl Into<ViewMut<'o, T>>,
) -> Result<()> {
    let check = Check::new(gpu, FlashAttention::FAMILY);
    let b = Buffers { q: q.into(), k: k.into(), v: v.into(), out: out.into() };
    let [heads, queries, keys, d] = shape.check(check, &b)?;
    check.at_most("d", shape.d, MAX_D)?;
    let small = shape.d <= 64;
    let (name, tile) = match (variant, small) {
        (FlashAttention::Cores, true) => {
            (T::of_two("flash_attention_f32_d64", "flash_attention_f16_d64"), 32)
        }
        (FlashAttention::Cores, false) => {
            (T::of_two("flash_attention_f32_d128", "flash_attention_f16_d128"), 32)
        }
        (FlashAttention::TensorCores, true) => (T::of_two("", "flash_attention_mma_d64"), 64),
        (FlashAttention::TensorCores, false) => (T::of_two("", "flash_attention_mma_d128"), 64),
    };
    if name.is_empty() {
        return Err(check.invalid("the variant", variant, "fp16 elements for tensor cores"));
    }
    let kernel = Kernel { file: files::FLASH_ATTENTION, name };
    if variant == FlashAttention::TensorCores {
        aligned(kernel, "q", &b.q, 16)?;
        aligned(kernel, "k", &b.k, 16)?;
        aligned(kernel, "v", &b.v, 16)?;
    }
    if b.out.is_empty() {
        return Ok(());
    }
    let grid = [blocks(shape.queries, tile), (shape.heads as u64).min(65_535)];
    kernel.launch(
        gpu,
        Shape::plane(grid, [128, 1]),
        args![
            &b.q,
            &b.k,
            &b.v,
            &b.out,
            heads,
            queries,
            keys,
            d,
            mask.scale,
            i32::from(mask.causal)
        ],
    )
}
