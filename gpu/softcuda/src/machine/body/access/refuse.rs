//! Accesses that cannot be: which lane's, and why.

use super::super::super::context::Context;
use super::super::super::error::{Fault, Near};
use super::super::super::instruction::{Flow, LANES};
use super::addresses::first;
use crate::memory::Space;

#[cold]
#[inline(never)]
pub(super) fn misaligned(
    cx: &mut Context<'_>,
    mask: u32,
    at: &[u64; LANES],
    size: u32,
    space: Space,
) -> Flow {
    let align = u64::from(size);
    match first(mask, at, |address| address % align != 0) {
        Some((lane, address)) => {
            cx.fail(lane, Fault::Misaligned { space, address, size, align: size })
        }
        None => Flow::Next,
    }
}

#[cold]
#[inline(never)]
pub(super) fn outside(
    cx: &mut Context<'_>,
    mask: u32,
    at: &[u64; LANES],
    size: u32,
    space: Space,
    len: u64,
) -> Flow {
    let bad = |address: u64| address > len || len - address < u64::from(size);
    match first(mask, at, bad) {
        Some((lane, address)) => {
            let near = Near::Size(len);
            cx.fail(lane, Fault::OutOfBounds { space, address, size, near })
        }
        None => Flow::Next,
    }
}

#[cold]
#[inline(never)]
pub(crate) fn wild(cx: &mut Context<'_>, lane: u32, address: u64, size: u32) -> Flow {
    let near = Near::Global(cx.regions.nearest(address));
    cx.fail(lane, Fault::OutOfBounds { space: Space::Global, address, size, near })
}
