//! Global memory: an access is of one allocation, or each lane of its own.

use super::super::super::context::Context;
use super::super::super::error::Fault;
use super::super::super::instruction::{FULL, Instruction, LANES};
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
                if kind != AccessKind::Load && read_only(cx, ins) {
                    let fault = Fault::ReadOnly { address: start, size: size as u32 };
                    return Found::Flow(cx.fail(0, fault));
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
        if kind != AccessKind::Load && read_only(cx, ins) {
            let fault = Fault::ReadOnly { address: low, size: size as u32 };
            return Found::Flow(cx.fail(mask.trailing_zeros(), fault));
        }
        for (lane, to) in to.iter_mut().enumerate() {
            let pointer = bytes.wrapping_add(at[lane].wrapping_sub(low) as usize);
            *to = if mask & (1 << lane) != 0 { pointer } else { *to };
        }
    } else {
        // Check all before any is touched.
        for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
            match cx.find(ins, at[lane], wide) {
                None => return Found::Flow(wild(cx, lane as u32, at[lane], size as u32)),
                Some(_) if kind != AccessKind::Load && read_only(cx, ins) => {
                    let fault = Fault::ReadOnly { address: at[lane], size: size as u32 };
                    return Found::Flow(cx.fail(lane as u32, fault));
                }
                Some(bytes) => to[lane] = bytes,
            }
        }
    }
    if cx.observer.is_some() {
        observe(cx, ins, wanted, at, Space::Global);
    }
    Found::Lanes
}

/// Whether what the instruction found last must not be written.
#[inline(always)]
pub(crate) fn read_only(cx: &Context<'_>, ins: &Instruction) -> bool {
    // SAFETY: there is one for each instruction.
    unsafe { !(*cx.cache.add(cx.index(ins))).writable }
}
