//! Asynchronous copies (PTX ISA, `cp.async`). A copy happens when it is waited for, as late as it may: a missing wait is seen.
//!
//! Fields: `a` the row of addresses in shared memory, `b` of global ones, `c` the number of bytes to read; the low byte of `imm` the bytes
//! to write, with [`WHOLE`] where there is no `c`.

use super::super::context::{Context, Pending};
use super::super::error::{Fault, Near};
use super::super::instruction::{Body, FULL, Flow, Instruction, LANES};
use super::super::level::{Run, body};
use super::super::observe::{AccessKind, Copied};
use super::access::{Wanted, observe, wild};
use super::traffic;
use crate::memory::{SHARED_BASE, Space};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// All of the bytes are read.
pub(crate) const WHOLE: u64 = 1 << 8;

struct Issue;

impl Run for Issue {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of 64 bits for the addresses, of 32 for `c`.
        unsafe { issue(cx, ins, mask) }
    }
}

/// # Safety
/// `a` and `b` must be rows of 64 bits, `c` one of 32.
#[inline(never)]
unsafe fn issue(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
    if mask == 0 {
        return Flow::Next;
    }
    let size = (ins.imm & 0xff) as u32;
    // SAFETY: the caller's promise.
    let (to, from, takes) =
        unsafe { (cx.read::<u64>(ins.a), cx.read::<u64>(ins.b), cx.read::<u32>(ins.c)) };
    let to = to.map(|at| if at >= SHARED_BASE { at - SHARED_BASE } else { at });
    let take = |lane: usize| if ins.imm & WHOLE != 0 { size } else { takes[lane].min(size) };
    let (mut reads, mut short) = (0_u32, [0; LANES]);
    cx.asides.begun = cx.asides.begun.wrapping_add(1);
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        let (align, len) = (u64::from(size), u64::from(cx.shared_len));
        for (space, address) in [(Space::Shared, to[lane]), (Space::Global, from[lane])] {
            if address % align != 0 {
                let fault = Fault::Misaligned { space, address, size, align: size };
                return cx.fail(lane as u32, fault);
            }
        }
        if to[lane] > len || len - to[lane] < align {
            let near = Near::Size(len);
            let fault = Fault::OutOfBounds { space: Space::Shared, address: to[lane], size, near };
            return cx.fail(lane as u32, fault);
        }
        short[lane] = to[lane] as u32;
        let bytes = if take(lane) == 0 {
            std::ptr::null_mut()
        } else {
            reads |= 1 << lane;
            match cx.find(ins, from[lane], take(lane).into()) {
                Some(bytes) => bytes,
                None => return wild(cx, lane as u32, from[lane], take(lane)),
            }
        };
        cx.asides.copies.push(Pending {
            number: cx.asides.begun,
            lane: lane as u8,
            committed: false,
            group: 0,
            to: short[lane],
            from: bytes,
            size: size as u8,
            take: take(lane) as u8,
        });
    }
    if reads != 0 {
        let one = from[reads.trailing_zeros() as usize];
        let mut sources = [one; LANES];
        for lane in (0..LANES).filter(|&lane| reads & (1 << lane) != 0) {
            sources[lane] = from[lane];
        }
        cx.count(ins).sectors += u64::from(traffic::unordered(sources));
    }
    cx.count(ins).passes += u64::from(traffic::passes(&short, 0, u32::MAX, mask, size));
    if cx.observer.is_some() {
        let (kind, mut left) = (AccessKind::Load, reads);
        while left != 0 {
            let size = take(left.trailing_zeros() as usize);
            let same =
                (0..LANES).filter(|&i| take(i) == size).fold(0, |mask, i| mask | 1 << i) & left;
            left &= !same;
            let wanted = Wanted { mask: same, size: size as usize, kind, stored: None };
            observe(cx, ins, wanted, &from, Space::Global);
        }
        let kind = AccessKind::Copy;
        let wanted = Wanted { mask, size: size as usize, kind, stored: None };
        observe(cx, ins, wanted, &to, Space::Shared);
    }
    Flow::Next
}

/// `cp.async`
pub(crate) fn copy() -> Body {
    body::<Issue>()
}

/// Tells the observer, for each instruction that began some of them.
#[cold]
#[inline(never)]
fn tell(cx: &mut Context<'_>, copies: &[Pending], done: impl Fn(&Context<'_>, &Pending) -> bool) {
    for copies in copies.chunk_by(|a, b| a.number == b.number) {
        let (mut mask, mut addresses) = (0, [0; LANES]);
        for copy in copies.iter().filter(|copy| done(cx, copy)) {
            mask |= 1 << copy.lane;
            addresses[usize::from(copy.lane)] = copy.to;
        }
        let (block, warp, size) = (cx.block, cx.warp, copies[0].size.into());
        if mask != 0
            && let Some(observer) = cx.observer.as_deref_mut()
        {
            observer.copied(&Copied { block, warp, mask, addresses, size });
        }
    }
}

fn finish(cx: &mut Context<'_>, done: impl Fn(&Context<'_>, &Pending) -> bool) {
    let mut copies = std::mem::take(&mut cx.asides.copies);
    if cx.observer.is_some() {
        tell(cx, &copies, &done);
    }
    copies.retain(|copy| {
        if !done(cx, copy) {
            return true;
        }
        for i in (0..usize::from(copy.size)).step_by(4) {
            let word = if i + 4 <= usize::from(copy.take) {
                // SAFETY: found when the copy was issued, aligned to its size; allocations outlive the launch.
                unsafe { AtomicU32::from_ptr(copy.from.add(i).cast()) }.load(Relaxed)
            } else {
                let rest = usize::from(copy.take).saturating_sub(i);
                let mut bytes = [0; 4];
                for (k, byte) in bytes.iter_mut().enumerate().take(rest) {
                    // SAFETY: as above.
                    let at = unsafe { std::sync::atomic::AtomicU8::from_ptr(copy.from.add(i + k)) };
                    *byte = at.load(Relaxed);
                }
                u32::from_le_bytes(bytes)
            };
            // SAFETY: within shared memory, checked when the copy was issued; aligned to its size.
            unsafe { cx.shared.add(copy.to as usize + i).cast::<u32>().write(word) };
        }
        false
    });
    cx.asides.copies = copies;
}

struct Commit;

impl Run for Commit {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, _: &Instruction, mask: u32) -> Flow {
        for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
            cx.asides.groups[lane] = cx.asides.groups[lane].wrapping_add(1);
        }
        cx.asides.committed = true;
        let groups = cx.asides.groups;
        for copy in &mut cx.asides.copies {
            if !copy.committed && mask & (1 << copy.lane) != 0 {
                copy.committed = true;
                copy.group = groups[usize::from(copy.lane)];
            }
        }
        Flow::Next
    }
}

/// `cp.async.commit_group`
pub(crate) fn commit() -> Body {
    body::<Commit>()
}

struct Wait;

impl Run for Wait {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let (left, all) = (ins.imm as u32, ins.imm >> 32 != 0);
        if !cx.asides.copies.is_empty() && (mask == FULL || mask != 0) {
            finish(cx, |cx, copy| {
                let lane = usize::from(copy.lane);
                let age = cx.asides.groups[lane].wrapping_sub(copy.group);
                mask & (1 << lane) != 0 && (all || copy.committed && age >= left)
            });
        }
        Flow::Next
    }
}

/// `cp.async.wait_group N` (`imm` is N), `cp.async.wait_all` (the upper half of `imm` is not 0).
pub(crate) fn wait() -> Body {
    body::<Wait>()
}
