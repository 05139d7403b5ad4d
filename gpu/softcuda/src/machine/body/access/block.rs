//! Memory of a block, of a thread, of the launch: shared, local, parameters.

use super::super::super::context::Context;
use super::super::super::error::Fault;
use super::super::super::instruction::{Instruction, LANES};
use super::super::super::observe::AccessKind;
use super::super::traffic;
use super::addresses::{extent, first};
use super::observe::observe;
use super::refuse::{misaligned, outside};
use super::{Found, Wanted};
use crate::memory::Space;

#[inline(always)]
pub(super) fn shared_wide(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let mut short = [0_u32; LANES];
    let mut far = 0;
    for i in 0..LANES {
        short[i] = at[i] as u32;
        far |= at[i] >> 32;
    }
    if far != 0 {
        let len = u64::from(cx.shared_len);
        return Found::Flow(outside(cx, wanted.mask, at, wanted.size as u32, Space::Shared, len));
    }
    shared(cx, ins, wanted, &short, to)
}

#[inline(always)]
pub(super) fn shared(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u32; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let (low, high, bits) = extent(at);
    if bits & (size as u32 - 1) != 0 {
        return Found::Flow(misaligned(cx, mask, &at.map(u64::from), size as u32, Space::Shared));
    }
    let len = cx.shared_len;
    if high >= len || len - high < size as u32 {
        let at = at.map(u64::from);
        return Found::Flow(outside(cx, mask, &at, size as u32, Space::Shared, len.into()));
    }
    let passes = if kind == AccessKind::Atomic {
        traffic::rounds(&at.map(u64::from), mask)
    } else {
        traffic::passes(at, low, high, mask, size as u32)
    };
    cx.count(ins).passes += u64::from(passes);
    if cx.observer.is_some() {
        // Not `map`: that is a call, and a loop of single lanes.
        let mut wide = [0; LANES];
        for (to, &address) in wide.iter_mut().zip(at) {
            *to = address.into();
        }
        observe(cx, ins, wanted, &wide, Space::Shared);
    }
    for (to, &address) in to.iter_mut().zip(at) {
        *to = cx.shared.wrapping_add(address as usize);
    }
    Found::Lanes
}

#[inline(always)]
pub(super) fn local(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    if kind == AccessKind::Atomic {
        let why = "atomic operation on local memory";
        return Found::Flow(cx.fail(mask.trailing_zeros(), Fault::Misuse(why)));
    }
    let (mut high, mut bits) = (0, 0);
    for &address in at {
        high = high.max(address);
        bits |= address;
    }
    if bits & (size as u64 - 1) != 0 {
        return Found::Flow(misaligned(cx, mask, at, size as u32, Space::Local));
    }
    let len = u64::from(cx.local_len);
    if high >= len || len - high < size as u64 {
        return Found::Flow(outside(cx, mask, at, size as u32, Space::Local, len));
    }
    if cx.observer.is_some() {
        observe(cx, ins, wanted, at, Space::Local);
    }
    for (lane, to) in to.iter_mut().enumerate() {
        // Each lane has its own `local_len` bytes.
        let pointer = cx.local.wrapping_add(lane * len as usize).wrapping_add(at[lane] as usize);
        *to = if mask & (1 << lane) != 0 { pointer } else { *to };
    }
    Found::Lanes
}

/// The kernel's parameters, through their window.
#[inline(never)]
pub(super) fn param(
    cx: &mut Context<'_>,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let lane = mask.trailing_zeros();
    if kind != AccessKind::Load {
        return Found::Flow(cx.fail(lane, Fault::Misuse("write to a kernel's parameters")));
    }
    let len = cx.params.len() as u64 * 16;
    let wide = size as u64;
    if first(mask, at, |address| address % wide != 0).is_some() {
        return Found::Flow(misaligned(cx, mask, at, size as u32, Space::Param));
    }
    if first(mask, at, |address| address > len || len - address < wide).is_some() {
        return Found::Flow(outside(cx, mask, at, size as u32, Space::Param, len));
    }
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        let bytes = cx.params.as_ptr().cast::<u8>().cast_mut();
        to[lane] = bytes.wrapping_add(at[lane] as usize);
    }
    Found::Lanes
}
