//! From addresses to the host's memory: by space.

use super::super::super::context::Context;
use super::super::super::instruction::{Flow, Instruction, LANES};
use super::addresses::fill_in;
use super::block::{local, param, shared, shared_wide};
use super::global::global;
use super::reach::{Reach, offset_of};
use super::{Found, Wanted};
use crate::memory::{LOCAL_BASE, PARAM_BASE, SHARED_BASE, Space};

/// Finds the memory of an access: checks, counts, and fills in the lanes' pointers, each good for `size` bytes.
///
/// # Safety
/// `a` must be a row of the width that the immediate says.
#[inline(always)]
pub(crate) unsafe fn locate(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    to: &mut [*mut u8; LANES],
) -> Found {
    #[cfg(target_arch = "x86_64")]
    if crate::machine::level::fast() {
        // SAFETY: the processor has the extensions; the rest is the caller's promise.
        return unsafe { locate_fast(cx, ins, wanted, to) };
    }
    // SAFETY: the caller's promise.
    unsafe { locate_any(cx, ins, wanted, to) }
}

/// # Safety
/// As [`locate`], on a processor with these extensions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn locate_fast(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    to: &mut [*mut u8; LANES],
) -> Found {
    // SAFETY: the caller's promise.
    unsafe { locate_any(cx, ins, wanted, to) }
}

/// # Safety
/// As [`locate`].
#[inline(always)]
unsafe fn locate_any(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    to: &mut [*mut u8; LANES],
) -> Found {
    if wanted.mask == 0 {
        return Found::Flow(Flow::Next);
    }
    let (reach, offset, mask) = (Reach::of(ins.imm), offset_of(ins.imm), wanted.mask);
    if reach == Reach::SharedNarrow {
        // SAFETY: the caller's promise.
        let row = unsafe { &*cx.row::<u32>(ins.a) };
        let mut short = [0; LANES];
        for i in 0..LANES {
            short[i] = row[i].wrapping_add(offset as u32);
        }
        fill_in(&mut short, mask);
        return shared(cx, ins, wanted, &short, to);
    }
    let mut at = [0; LANES];
    // SAFETY: the caller's promise.
    let row = unsafe { &*cx.row::<u64>(ins.a) };
    for i in 0..LANES {
        at[i] = row[i].wrapping_add(offset);
    }
    fill_in(&mut at, mask);
    match reach {
        Reach::Shared | Reach::SharedNarrow => shared_wide(cx, ins, wanted, &at, to),
        Reach::Local => local(cx, ins, wanted, &at, to),
        Reach::Generic => generic(cx, ins, wanted, &at, to),
        Reach::Global => global(cx, ins, wanted, &at, to),
    }
}

/// Lanes may be in more than one space: one space after another.
#[inline(never)]
fn generic(
    cx: &mut Context<'_>,
    ins: &Instruction,
    wanted: Wanted,
    at: &[u64; LANES],
    to: &mut [*mut u8; LANES],
) -> Found {
    let Wanted { mask, .. } = wanted;
    let mut left = mask;
    while left != 0 {
        let space = Space::of(at[left.trailing_zeros() as usize]);
        let mut part = 0;
        for (lane, &address) in at.iter().enumerate() {
            part |= u32::from(Space::of(address) == space) << lane;
        }
        part &= left;
        left &= !part;
        let wanted = Wanted { mask: part, ..wanted };
        let less = |base: u64| {
            let mut at = at.map(|address| address.wrapping_sub(base));
            fill_in(&mut at, part);
            at
        };
        let found = match space {
            Space::Shared => shared_wide(cx, ins, wanted, &less(SHARED_BASE), to),
            Space::Local => local(cx, ins, wanted, &less(LOCAL_BASE), to),
            Space::Param => param(cx, wanted, &less(PARAM_BASE), to),
            _ => global(cx, ins, wanted, &less(0), to),
        };
        match found {
            Found::Lanes => {}
            // A row is all lanes.
            other => return other,
        }
    }
    Found::Lanes
}
