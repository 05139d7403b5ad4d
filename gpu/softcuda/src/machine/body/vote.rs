//! Exchanges between the lanes of a warp (PTX ISA, `shfl.sync`, `vote.sync`, `match.sync`, `redux.sync`, `activemask`, `bar.warp.sync`).
//!
//! Field `e` is the row of the member mask.

use super::super::context::Context;
use super::super::error::Fault;
use super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::lane::Word;
use super::super::level::{Run, body};
use std::marker::PhantomData;

/// Whether all live members of the lanes' masks are here; if not, what to do about it. Lanes may have different masks, as the tiles
/// of a partitioned warp do.
///
/// # Safety
/// `e` must be a row of the program's.
#[inline(always)]
pub(crate) unsafe fn gather(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
) -> Result<(), Flow> {
    if mask == 0 {
        return Err(Flow::Next);
    }
    // SAFETY: the caller's promise.
    let members = unsafe { &*cx.row::<u32>(ins.e) };
    let (mut all, mut own) = (0, 0);
    for (i, &member) in members.iter().enumerate() {
        let here = 1 << i;
        all |= if mask & here != 0 { member } else { 0 };
        own |= member & here;
    }
    if mask & !own != 0 {
        let lane = (mask & !own).trailing_zeros();
        let members = members[lane as usize];
        return Err(cx.fail(lane, Fault::NotMember { members }));
    }
    if all & cx.live & !mask != 0 && !cx.gathered {
        return Err(Flow::Gather);
    }
    if cx.observer.is_some() {
        // SAFETY: the caller's promise.
        unsafe { tell(cx, ins, mask) }
    }
    Ok(())
}

/// Tells the observer that lanes have met.
///
/// # Safety
/// `e` must be a row of the program's.
#[cold]
#[inline(never)]
unsafe fn tell(cx: &mut Context<'_>, ins: &Instruction, mask: u32) {
    // SAFETY: the caller's promise.
    unsafe {
        groups(cx, ins, mask, |cx, part| {
            let lanes = cx.lanes(part);
            if let Some(observer) = cx.observer.as_deref_mut() {
                observer.synced(&lanes);
            }
        });
    }
}

/// The lanes of the mask, one set for each member mask.
///
/// # Safety
/// `e` must be a row of the program's.
#[inline(always)]
unsafe fn groups(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    mut each: impl FnMut(&mut Context<'_>, u32),
) {
    // SAFETY: the caller's promise.
    let members = unsafe { cx.read::<u32>(ins.e) };
    let mut left = mask;
    while left != 0 {
        let first = members[left.trailing_zeros() as usize];
        let mut part = 0;
        for (i, &other) in members.iter().enumerate() {
            part |= u32::from(other == first) << i;
        }
        part &= left;
        left &= !part;
        each(cx, part);
    }
}

/// Where `shfl` reads from; the low byte of `imm`.
pub(crate) mod shuffle {
    pub(crate) const UP: u64 = 0;
    pub(crate) const DOWN: u64 = 1;
    pub(crate) const BFLY: u64 = 2;
    pub(crate) const IDX: u64 = 3;
    /// There is a predicate.
    pub(crate) const PREDICATE: u64 = 1 << 8;
}

struct Shuffle;

impl Run for Shuffle {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of 32 bits; the predicate's number and the row of `c` are in the list.
        unsafe {
            if let Err(flow) = gather(cx, ins, mask) {
                return flow;
            }
            let a = cx.read::<u32>(ins.a);
            let b = &*cx.row::<u32>(ins.b);
            let c = &*cx.row::<u32>(ins.c);
            let mut out = [0; LANES];
            let mut valid = 0_u32;
            for i in 0..LANES {
                let lane = i as u32;
                let (b, c) = (b[i] & 31, c[i]);
                let (clamp, segment) = (c & 31, c >> 8 & 31);
                let most = lane & segment | clamp & !segment;
                let least = lane & segment;
                let (from, ok) = match ins.imm & 0xff {
                    shuffle::UP => (lane.wrapping_sub(b), lane as i32 - b as i32 >= most as i32),
                    shuffle::DOWN => (lane + b, lane + b <= most),
                    shuffle::BFLY => (lane ^ b, lane ^ b <= most),
                    _ => {
                        let from = least | b & !segment;
                        (from, from <= most)
                    }
                };
                let from = if ok { from } else { lane };
                out[i] = a[from as usize & 31];
                valid |= u32::from(ok) << i;
            }
            cx.write(ins.d, &out, mask);
            if ins.imm & shuffle::PREDICATE != 0 {
                cx.set_predicate((ins.imm >> 16) as u16, valid, mask);
            }
        }
        Flow::Next
    }
}

/// `shfl.sync`: `d = a` of the lane that `b` and `c` choose; the predicate's number is in bits 16 on of `imm`.
pub(crate) fn shfl() -> Body {
    body::<Shuffle>()
}

/// What `vote` asks; the low byte of `imm`.
pub(crate) mod ballot {
    pub(crate) const ALL: u64 = 0;
    pub(crate) const ANY: u64 = 1;
    pub(crate) const UNI: u64 = 2;
    pub(crate) const BALLOT: u64 = 3;
    /// The predicate is negated.
    pub(crate) const NEGATED: u64 = 1 << 8;
}

struct Vote;

impl Run for Vote {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction a predicate `a`, and `d` as the mode needs.
        unsafe {
            if let Err(flow) = gather(cx, ins, mask) {
                return flow;
            }
            let truth = cx.predicate(ins.a);
            let truth = if ins.imm & ballot::NEGATED != 0 { !truth } else { truth };
            let all = |yes: bool| if yes { u32::MAX } else { 0 };
            groups(cx, ins, mask, |cx, mask| {
                let truth = truth & mask;
                match ins.imm & 0xff {
                    ballot::ALL => cx.set_predicate(ins.d, all(truth == mask), mask),
                    ballot::ANY => cx.set_predicate(ins.d, all(truth != 0), mask),
                    ballot::UNI => cx.set_predicate(ins.d, all(truth == mask || truth == 0), mask),
                    _ => cx.write(ins.d, &[truth; LANES], mask),
                }
            });
        }
        Flow::Next
    }
}

/// `vote.sync`
pub(crate) fn vote() -> Body {
    body::<Vote>()
}

struct Match<W, const ALL: bool>(PhantomData<W>);

impl<W: Word, const ALL: bool> Run for Match<W, ALL> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of these widths.
        unsafe {
            if let Err(flow) = gather(cx, ins, mask) {
                return flow;
            }
            let a = cx.read::<W>(ins.a);
            let same = |value: W| {
                let mut lanes = 0;
                for (i, &other) in a.iter().enumerate() {
                    lanes |= u32::from(other == value) << i;
                }
                lanes
            };
            groups(cx, ins, mask, |cx, mask| {
                if ALL {
                    let equal = same(a[mask.trailing_zeros() as usize]) & mask == mask;
                    cx.write(ins.d, &[if equal { mask } else { 0 }; LANES], mask);
                    if ins.imm != 0 {
                        cx.set_predicate(ins.imm as u16, if equal { u32::MAX } else { 0 }, mask);
                    }
                } else {
                    let mut out = [0; LANES];
                    for i in 0..LANES {
                        out[i] = same(a[i]) & mask;
                    }
                    cx.write(ins.d, &out, mask);
                }
            });
        }
        Flow::Next
    }
}

/// `match.any.sync`, `match.all.sync`; `imm` is the number of the predicate of the latter, or 0.
pub(crate) fn matching<W: Word>(all: bool) -> Body {
    if all { body::<Match<W, true>>() } else { body::<Match<W, false>>() }
}

struct Redux<F>(PhantomData<F>);

impl<F: Fn(u32, u32) -> u32 + Copy + 'static> Run for Redux<F> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        const { assert!(size_of::<F>() == 0, "functions of lanes capture nothing") };
        // SAFETY: lowering gave the instruction rows of 32 bits; a type of no size has no bytes that could be wrong.
        unsafe {
            let f: F = std::mem::zeroed();
            if let Err(flow) = gather(cx, ins, mask) {
                return flow;
            }
            let a = cx.read::<u32>(ins.a);
            groups(cx, ins, mask, |cx, mask| {
                let lanes = (0..LANES).filter(|&i| mask & (1 << i) != 0).map(|i| a[i]);
                let result = lanes.reduce(f).unwrap_or(0);
                cx.write(ins.d, &[result; LANES], mask);
            });
        }
        Flow::Next
    }
}

/// `redux.sync`
pub(crate) fn redux<F: Fn(u32, u32) -> u32 + Copy + 'static>(_: F) -> Body {
    body::<Redux<F>>()
}

struct ActiveMask;

impl Run for ActiveMask {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction a row of 32 bits.
        unsafe { cx.write(ins.d, &[mask; LANES], mask) };
        Flow::Next
    }
}

/// `activemask`
pub(crate) fn activemask() -> Body {
    body::<ActiveMask>()
}

struct WarpSync;

impl Run for WarpSync {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: the caller's promise.
        match unsafe { gather(cx, ins, mask) } {
            Ok(()) => Flow::Next,
            Err(flow) => flow,
        }
    }
}

/// `bar.warp.sync`
pub(crate) fn warp_sync() -> Body {
    body::<WarpSync>()
}

struct Elect;

impl Run for Elect {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction a row `d` of 32 bits and a predicate `a`.
        unsafe {
            if let Err(flow) = gather(cx, ins, mask) {
                return flow;
            }
            groups(cx, ins, mask, |cx, mask| {
                let leader = mask.trailing_zeros();
                cx.write(ins.d, &[leader; LANES], mask);
                cx.set_predicate(ins.a, 1 << leader, mask);
            });
        }
        Flow::Next
    }
}

/// `elect.sync d|a, e`
pub(crate) fn elect() -> Body {
    body::<Elect>()
}
