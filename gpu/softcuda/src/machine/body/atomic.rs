//! Atomic operations (PTX ISA, `atom`, `red`). Global ones are atomics of the host, shared ones plain: a block runs on one thread.
//!
//! Fields: `a` the row of addresses, `imm` as for loads; `b` and `c` the operands; `d` what was there before. The operation happens
//! lane by lane, in their order.

use super::super::context::Context;
use super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::lane::Lane;
use super::super::level::{Run, body};
use super::super::observe::AccessKind;
use super::access::{Found, Wanted, locate};
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

struct Rmw<T, F>(PhantomData<(T, F)>);

impl<T, F> Run for Rmw<T, F>
where
    T: Atom,
    F: Fn(T, T, T) -> T + Copy + 'static,
{
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        const { assert!(size_of::<F>() == 0, "functions of lanes capture nothing") };
        // SAFETY: a type of no size has no bytes that could be wrong.
        let f: F = unsafe { std::mem::zeroed() };
        cx.polls = cx.polls.wrapping_add(1);
        cx.changes = false;
        let kind = AccessKind::Atomic;
        let wanted = Wanted { mask, size: T::SIZE, kind, stored: None };
        let mut to = [std::ptr::null_mut::<u8>(); LANES];
        // SAFETY: lowering gave the instruction rows of these widths; pointers are good for a word.
        unsafe {
            match locate(cx, ins, wanted, &mut to) {
                Found::Row(start) => {
                    for (lane, to) in to.iter_mut().enumerate() {
                        *to = start.add(lane * T::SIZE);
                    }
                }
                Found::Lanes => {}
                Found::Flow(flow) => return flow,
            }
            let (b, c) = (cx.read::<T::Row>(ins.b), cx.read::<T::Row>(ins.c));
            let mut old = [T::Row::default(); LANES];
            let (mut left, mut changes) = (mask, false);
            while left != 0 {
                let lane = left.trailing_zeros() as usize;
                left &= left - 1;
                let (b, c) = (T::get(b[lane]), T::get(c[lane]));
                let was = T::update(to[lane], |was| f(was, b, c));
                old[lane] = was.put();
                changes |= f(was, b, c).put() != old[lane];
            }
            cx.changes = changes;
            // Row 0 is that of the predicates: no result is wanted.
            if ins.d != 0 {
                cx.write(ins.d, &old, mask);
            }
        }
        Flow::Next
    }
}

/// `d = [a]; [a] = f([a], b, c)`
pub(crate) fn atomic<T: Atom, F: Fn(T, T, T) -> T + Copy + 'static>(_: F) -> Body {
    body::<Rmw<T, F>>()
}
