//! Atomic operations (PTX ISA, `atom`, `red`). Global ones are atomics of the host, shared ones plain: a block runs on one thread.
//!
//! Fields: `a` the row of addresses, `imm` what to add; `b` and `c` the operands; `d` what was there before. The operation happens
//! lane by lane, in their order.

use super::super::context::Context;
use super::super::error::{Fault, Near};
use super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::lane::{Lane, Word};
use super::super::level::{Run, body};
use super::super::observe::AccessKind;
use super::access::{In, observe, read_only, wild};
use super::traffic;
use crate::memory::{SHARED_BASE, Space};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

/// A word that memory can exchange atomically.
pub(crate) trait Atom: Lane {
    const SIZE: usize;
    /// Replaces what is there by `f` of it; what was there.
    ///
    /// # Safety
    /// The pointer must be valid, aligned, and touched by atomics alone.
    unsafe fn update(at: *mut u8, f: impl Fn(Self) -> Self) -> Self;
}

macro_rules! atoms {
    ($($t:ty, $word:ty, $atomic:ty;)*) => {$(
        impl Atom for $t {
            const SIZE: usize = size_of::<$word>();
            #[inline(always)]
            unsafe fn update(at: *mut u8, f: impl Fn(Self) -> Self) -> Self {
                // SAFETY: the caller's promise.
                let atomic = unsafe { <$atomic>::from_ptr(at.cast()) };
                let mut old = atomic.load(Ordering::Relaxed);
                loop {
                    let new = f(<$t as Lane>::get(old.into())).put() as $word;
                    match atomic.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
                        Ok(_) => return <$t as Lane>::get(old.into()),
                        Err(now) => old = now,
                    }
                }
            }
        }
    )*};
}

atoms! {
    u16, u16, AtomicU16;
    super::half::F16, u16, AtomicU16;
    super::half::Bf16, u16, AtomicU16;
    u32, u32, AtomicU32;
    i32, u32, AtomicU32;
    f32, u32, AtomicU32;
    u64, u64, AtomicU64;
    i64, u64, AtomicU64;
    f64, u64, AtomicU64;
}

struct Rmw<S, A, T, F, const RETURNS: bool>(PhantomData<(S, A, T, F)>);

impl<S, A, T, F, const RETURNS: bool> Run for Rmw<S, A, T, F, RETURNS>
where
    S: In,
    A: Word,
    T: Atom,
    F: Fn(T, T, T) -> T + Copy + 'static,
{
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        const { assert!(size_of::<F>() == 0, "functions of lanes capture nothing") };
        // SAFETY: a type of no size has no bytes that could be wrong.
        let f: F = unsafe { std::mem::zeroed() };
        if mask == 0 {
            return Flow::Next;
        }
        cx.polls = cx.polls.wrapping_add(1);
        // SAFETY: lowering gave the instruction rows of these widths.
        let (at, b, c) =
            unsafe { (cx.read::<A>(ins.a), cx.read::<T::Row>(ins.b), cx.read::<T::Row>(ins.c)) };
        let at = at.map(|address| address.into().wrapping_add(ins.imm));
        let mut to = [std::ptr::null_mut(); LANES];
        if let Err(flow) = find::<S>(cx, ins, mask, &at, T::SIZE, &mut to) {
            return flow;
        }
        let mut old = [T::Row::default(); LANES];
        for lane in 0..LANES {
            if mask & (1 << lane) != 0 {
                let (b, c) = (T::get(b[lane]), T::get(c[lane]));
                // SAFETY: just found.
                old[lane] = unsafe { T::update(to[lane], |was| f(was, b, c)) }.put();
            }
        }
        if RETURNS {
            // SAFETY: lowering gave the instruction a row of this width.
            unsafe { cx.write(ins.d, &old, mask) };
        }
        Flow::Next
    }
}

/// The host's addresses of the lanes' words.
fn find<S: In>(
    cx: &mut Context<'_>,
    ins: &Instruction,
    mask: u32,
    at: &[u64; LANES],
    size: usize,
    to: &mut [*mut u8; LANES],
) -> Result<(), Flow> {
    let rounds = u64::from(traffic::rounds(at, mask));
    cx.count(ins).passes += rounds;
    let mut global = 0;
    for lane in (0..LANES).filter(|&lane| mask & (1 << lane) != 0) {
        let space = match S::SPACE {
            Space::Generic => Space::of(at[lane]),
            space => space,
        };
        let address = match (S::SPACE, space) {
            (Space::Generic, Space::Shared) => at[lane] - SHARED_BASE,
            _ => at[lane],
        };
        let short = size as u32;
        if address % size as u64 != 0 {
            let fault = Fault::Misaligned { space, address, size: short, align: short };
            return Err(cx.fail(lane as u32, fault));
        }
        to[lane] = match space {
            Space::Shared => {
                let len = u64::from(cx.shared_len);
                if address > len || len - address < size as u64 {
                    let near = Near::Size(len);
                    let fault = Fault::OutOfBounds { space, address, size: short, near };
                    return Err(cx.fail(lane as u32, fault));
                }
                // SAFETY: just checked.
                unsafe { cx.shared.add(address as usize) }
            }
            Space::Global | Space::Generic | Space::Const => {
                global |= 1 << lane;
                match cx.find(ins, address, size as u64) {
                    Some(_) if read_only(cx, ins) => {
                        return Err(cx.fail(lane as u32, Fault::ReadOnly { address, size: short }));
                    }
                    Some(bytes) => bytes,
                    None => return Err(wild(cx, lane as u32, address, short)),
                }
            }
            Space::Local | Space::Param => {
                let why = "atomic operation on local memory or parameters";
                return Err(cx.fail(lane as u32, Fault::Misuse(why)));
            }
        };
    }
    if global != 0 {
        cx.count(ins).sectors += u64::from(traffic::sectors(at, global));
    }
    if cx.observer.is_some() {
        let shared = mask & !global;
        if global != 0 {
            observe(cx, ins, global, at, size as u32, AccessKind::Atomic, Space::Global);
        }
        if shared != 0 {
            let low = at.map(|a| if S::SPACE == Space::Generic { a.wrapping_sub(SHARED_BASE) } else { a });
            observe(cx, ins, shared, &low, size as u32, AccessKind::Atomic, Space::Shared);
        }
    }
    Ok(())
}

/// `d = [a]; [a] = f([a], b, c)`; `d` only where `returns`.
pub(crate) fn atomic<S: In, A: Word, T: Atom, F: Fn(T, T, T) -> T + Copy + 'static>(
    returns: bool,
    _: F,
) -> Body {
    if returns { body::<Rmw<S, A, T, F, true>>() } else { body::<Rmw<S, A, T, F, false>>() }
}
