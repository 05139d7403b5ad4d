//! Matrix instructions of a warp (PTX ISA, "Warp-Level Matrix Instructions"): `ldmatrix`, `stmatrix`, `mma`, `wmma`.
//!
//! Products are exact and sums are kept in double precision, rounded once at the end: at least as exact as the hardware, whose order of
//! summation is not stated. Integer sums wrap.
//!
//! How `wmma` spreads a matrix over lanes is unspecified; here element `i` of a row-major list is in lane `i / 2 % 32`, pair by pair, and
//! what lanes hold twice is repeated.

mod element;
mod fragment;
mod product;
mod shared;
mod transfer;

pub(crate) use element::Element;
pub(crate) use product::{Fragment, Product, product, wmma_registers};
pub(crate) use shared::{load_tiles, store_tiles, tiles};
pub(crate) use transfer::{Transfer, transfers};

use super::super::context::Context;
use super::super::error::Fault;
use super::super::instruction::{FULL, Flow, Instruction};
use super::vote::gather;

/// All lanes must run a matrix instruction together.
///
/// # Safety
/// As for [`gather`].
unsafe fn all(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Result<(), Flow> {
    // SAFETY: the caller's promise.
    unsafe { gather(cx, ins, mask) }?;
    if mask != FULL {
        return Err(
            cx.fail(0, Fault::Misuse("a matrix instruction needs all 32 lanes of the warp"))
        );
    }
    Ok(())
}
