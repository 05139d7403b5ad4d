//! Global memory: an access is of one allocation, or each lane of its own.

use super::super::super::context::Context;
use super::super::super::error::Fault;
use super::super::super::instruction::{FULL, Flow, Instruction, LANES};
use super::super::super::observe::AccessKind;
use super::super::traffic;
use super::addresses::{extent, nearby};
use super::observe::observe;
use super::refuse::{misaligned, wild};
use super::{Found, Wanted};
use crate::memory::Space;

#[inline(always)]
pub(super) fn global(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let wide = size as u64;
    if mask == FULL {
        // Side by side: the most frequent case by far.
        let start = at[0];
        let mut apart = 0;
        for (i, &address) in at.iter().enumerate() {
            apart |= address ^ start.wrapping_add(i as u64 * wide);
        }
        if apart == 0 && start.is_multiple_of(wide) {
            let all = wide * LANES as u64;
            if let Some(bytes) = cx.find(ins, start, all) {
                if let Some(flow) = forbidden(cx, ins, wanted, 0, start) {
                    return Found::Flow(flow);
                }
                cx.count(ins).sectors += ((start + all - 1) >> 5) - (start >> 5) + 1;
                if kind == AccessKind::Atomic {
                    cx.count(ins).passes += 1;
                }
                if cx.observer.is_some() {
                    observe(cx, ins, wanted, at, Space::Global);
                }
                return Found::Row(bytes);
            }
        }
    }
    scattered(cx, ins, wanted, at, to)
}

#[inline(always)]
fn scattered(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, size, kind, .. } = wanted;
    let wide = size as u64;
    let mut bits = 0;
    for &address in at {
        bits |= address;
    }
    if bits & (wide - 1) != 0 {
        return Found::Flow(misaligned(cx, mask, at, size as u32, Space::Global));
    }
    let near = nearby(at);
    let (mut low, mut span) = (0, u64::MAX);
    cx.count(ins).sectors += match near {
        Some(mut near) => {
            let (least, most, _) = extent(&near);
            low = at[0].wrapping_sub(1 << 31).wrapping_add(least.into());
            span = u64::from(most - least);
            // Counted from a multiple of 32.
            let shift = least.wrapping_sub((low & 31) as u32);
            for address in &mut near {
                *address = address.wrapping_sub(shift);
            }
            u64::from(traffic::sectors(&near))
        }
        None => u64::from(traffic::unordered(*at)),
    };
    if kind == AccessKind::Atomic {
        cx.count(ins).passes += u64::from(traffic::rounds(at, mask));
    }
    let whole = span.checked_add(wide).and_then(|len| cx.find(ins, low, len));
    if let Some(bytes) = whole {
        if let Some(flow) = forbidden(cx, ins, wanted, mask.trailing_zeros(), low) {
            return Found::Flow(flow);
        }
        for (lane, to) in to.iter_mut().enumerate() {
            let pointer = bytes.wrapping_add(at[lane].wrapping_sub(low) as usize);
            *to = if mask & (1 << lane) != 0 { pointer } else { *to };
        }
    } else {
        // Check all before any is touched.
        for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
            let Some(bytes) = cx.find(ins, at[lane], wide) else {
                return Found::Flow(wild(cx, lane as u32, at[lane], size as u32));
            };
            if let Some(flow) = forbidden(cx, ins, wanted, lane as u32, at[lane]) {
                return Found::Flow(flow);
            }
            to[lane] = bytes;
        }
    }
    if cx.observer.is_some() {
        observe(cx, ins, wanted, at, Space::Global);
    }
    Found::Lanes
}

/// The fault of an access that would write what the instruction found last and must not.
#[inline(always)]
fn forbidden(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    lane: u32,
    address: u64,
) -> Option<Flow> {
    let fault = Fault::ReadOnly { address, size: wanted.size as u32 };
    (wanted.kind != AccessKind::Load && read_only(cx, ins)).then(|| cx.fail(lane, fault))
}

/// Whether what the instruction found last must not be written.
#[inline(always)]
pub(crate) fn read_only(cx: &Context<'_>, ins: &Instruction) -> bool {
    // SAFETY: there is one for each instruction.
    unsafe { !(*cx.cache.add(cx.index(ins))).writable }
}
