//! Bodies made of functions of single lanes.
//!
//! The function is a type of no size, so each gets a loop of its own that the compiler can inline and vectorise.

use super::super::context::Context;
use super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::lane::{Lane, Word};
use super::super::level::{Run, body};
use std::marker::PhantomData;

/// The only value of a type of no size.
#[inline(always)]
fn value<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0, "functions of lanes capture nothing") };
    // SAFETY: a type of no size has no bytes that could be wrong; every caller got a value of the type before.
    unsafe { std::mem::zeroed() }
}

macro_rules! bodies {
    ($(#[$doc:meta])* $make:ident, $run:ident, ($($t:ident $x:ident $field:ident),*)) => {
        struct $run<$($t,)* D, F>(PhantomData<($($t,)* D, F)>);

        impl<$($t: Lane,)* D: Lane, F: Fn($($t),*) -> D + Copy + 'static> Run for $run<$($t,)* D, F> {
            #[inline(always)]
            unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
                let f = value::<F>();
                // SAFETY: lowering gave the instruction rows of these widths.
                unsafe {
                    $(let $x = &*cx.row::<$t::Row>(ins.$field);)*
                    let mut out = [D::Row::default(); LANES];
                    for i in 0..LANES {
                        out[i] = f($($t::get($x[i])),*).put();
                    }
                    cx.write(ins.d, &out, mask);
                }
                Flow::Next
            }
        }

        $(#[$doc])*
        pub(crate) fn $make<$($t: Lane,)* D: Lane, F: Fn($($t),*) -> D + Copy + 'static>(_: F) -> Body {
            body::<$run<$($t,)* D, F>>()
        }
    };
}

bodies!(
    /// `d = f(a)`
    one, One, (A a a)
);
bodies!(
    /// `d = f(a, b)`
    two, Two, (A a a, B b b)
);
bodies!(
    /// `d = f(a, b, c)`
    three, Three, (A a a, B b b, C c c)
);
bodies!(
    /// `d = f(a, b, c, e)`
    four, Four, (A a a, B b b, C c c, E e e)
);

/// `d = f(a, b, c, imm)`: for what a modifier or an immediate operand chooses.
struct ThreeImm<A, B, C, D, F>(PhantomData<(A, B, C, D, F)>);

impl<A: Lane, B: Lane, C: Lane, D: Lane, F: Fn(A, B, C, u64) -> D + Copy + 'static> Run
    for ThreeImm<A, B, C, D, F>
{
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let f = value::<F>();
        // SAFETY: lowering gave the instruction rows of these widths.
        unsafe {
            let a = &*cx.row::<A::Row>(ins.a);
            let b = &*cx.row::<B::Row>(ins.b);
            let c = &*cx.row::<C::Row>(ins.c);
            let mut out = [D::Row::default(); LANES];
            for i in 0..LANES {
                out[i] = f(A::get(a[i]), B::get(b[i]), C::get(c[i]), ins.imm).put();
            }
            cx.write(ins.d, &out, mask);
        }
        Flow::Next
    }
}

/// `d = f(a, b, c, imm)`
pub(crate) fn three_imm<
    A: Lane,
    B: Lane,
    C: Lane,
    D: Lane,
    F: Fn(A, B, C, u64) -> D + Copy + 'static,
>(
    _: F,
) -> Body {
    body::<ThreeImm<A, B, C, D, F>>()
}

/// What follows the comparison of `setp`: low byte of `imm` and flags.
pub(crate) mod setp {
    pub(crate) const AND: u64 = 1;
    pub(crate) const OR: u64 = 2;
    pub(crate) const XOR: u64 = 3;
    /// The predicate `c` is negated.
    pub(crate) const NEGATED: u64 = 1 << 8;
    /// There is a second result, in `e`.
    pub(crate) const SECOND: u64 = 1 << 9;
}

#[inline(always)]
fn combine(how: u64, truth: u32, other: u32) -> u32 {
    match how & 0xff {
        setp::AND => truth & other,
        setp::OR => truth | other,
        setp::XOR => truth ^ other,
        _ => truth,
    }
}

struct Setp<A, F>(PhantomData<(A, F)>);

impl<A: Lane, F: Fn(A, A) -> bool + Copy + 'static> Run for Setp<A, F> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let f = value::<F>();
        // SAFETY: lowering gave the instruction rows of these widths, and predicates for `d`, `c` and `e`.
        unsafe {
            let a = &*cx.row::<A::Row>(ins.a);
            let b = &*cx.row::<A::Row>(ins.b);
            let mut truth = 0;
            for i in 0..LANES {
                truth |= u32::from(f(A::get(a[i]), A::get(b[i]))) << i;
            }
            if ins.imm == 0 {
                cx.set_predicate(ins.d, truth, mask);
            } else {
                let other = cx.predicate(ins.c);
                let other = if ins.imm & setp::NEGATED != 0 { !other } else { other };
                cx.set_predicate(ins.d, combine(ins.imm, truth, other), mask);
                if ins.imm & setp::SECOND != 0 {
                    cx.set_predicate(ins.e, combine(ins.imm, !truth, other), mask);
                }
            }
        }
        Flow::Next
    }
}

/// `d|e = f(a, b) op c`
pub(crate) fn compare<A: Lane, F: Fn(A, A) -> bool + Copy + 'static>(_: F) -> Body {
    body::<Setp<A, F>>()
}

struct Select<D>(PhantomData<D>);

impl<D: Word> Run for Select<D> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of this width, and a predicate for `c`.
        unsafe {
            let a = &*cx.row::<D>(ins.a);
            let b = &*cx.row::<D>(ins.b);
            let truth = cx.predicate(ins.c) ^ ins.imm as u32;
            let mut out = [D::default(); LANES];
            for i in 0..LANES {
                out[i] = if truth & (1 << i) != 0 { a[i] } else { b[i] };
            }
            cx.write(ins.d, &out, mask);
        }
        Flow::Next
    }
}

/// `d = c ? a : b`, with `c` negated where `imm` is all ones.
pub(crate) fn select<D: Word>() -> Body {
    body::<Select<D>>()
}

struct Logic<F>(PhantomData<F>);

impl<F: Fn(u32, u32) -> u32 + Copy + 'static> Run for Logic<F> {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction predicates.
        unsafe {
            let a = cx.predicate(ins.a) ^ ins.imm as u32;
            let b = cx.predicate(ins.b) ^ (ins.imm >> 32) as u32;
            cx.set_predicate(ins.d, value::<F>()(a, b), mask);
        }
        Flow::Next
    }
}

/// `d = f(a, b)` on predicates; the halves of `imm` negate them.
pub(crate) fn logic<F: Fn(u32, u32) -> u32 + Copy + 'static>(_: F) -> Body {
    body::<Logic<F>>()
}

/// `d = f(a, b, c, carry)` and the carry out, where the function says so. The carry is predicate 1.
struct Carry<A, F, const OUT: bool>(PhantomData<(A, F)>);

impl<A: Lane, F: Fn(A, A, A, bool) -> (A, bool) + Copy + 'static, const OUT: bool> Run
    for Carry<A, F, OUT>
{
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        let f = value::<F>();
        // SAFETY: lowering gave the instruction rows of these widths; predicate 1 is there always.
        unsafe {
            let a = &*cx.row::<A::Row>(ins.a);
            let b = &*cx.row::<A::Row>(ins.b);
            let c = &*cx.row::<A::Row>(ins.c);
            let carry = cx.predicate(CARRY);
            let mut out = [A::Row::default(); LANES];
            let mut flags = 0;
            for i in 0..LANES {
                let (v, flag) = f(A::get(a[i]), A::get(b[i]), A::get(c[i]), carry & (1 << i) != 0);
                out[i] = v.put();
                flags |= u32::from(flag) << i;
            }
            cx.write(ins.d, &out, mask);
            if OUT {
                cx.set_predicate(CARRY, flags, mask);
            }
        }
        Flow::Next
    }
}

/// The predicate that holds the condition code.
pub(crate) const CARRY: u16 = 1;

/// `d, carry = f(a, b, c, carry)`; the carry is only written where `out`.
pub(crate) fn carry<A: Lane, F: Fn(A, A, A, bool) -> (A, bool) + Copy + 'static>(
    out: bool,
    _: F,
) -> Body {
    if out { body::<Carry<A, F, true>>() } else { body::<Carry<A, F, false>>() }
}

struct Row64From32;

impl Run for Row64From32 {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of these widths.
        unsafe {
            let (a, b) = (&*cx.row::<u32>(ins.a), &*cx.row::<u32>(ins.b));
            let mut out = [0_u64; LANES];
            for i in 0..LANES {
                out[i] = u64::from(a[i]) | u64::from(b[i]) << 32;
            }
            cx.write(ins.d, &out, mask);
        }
        Flow::Next
    }
}

/// `d = {a, b}`: two words of 32 bits into one of 64.
pub(crate) fn join() -> Body {
    body::<Row64From32>()
}

struct Split64;

impl Run for Split64 {
    #[inline(always)]
    unsafe fn run(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
        // SAFETY: lowering gave the instruction rows of these widths.
        unsafe {
            let a = &*cx.row::<u64>(ins.a);
            let (mut low, mut high) = ([0_u32; LANES], [0_u32; LANES]);
            for i in 0..LANES {
                low[i] = a[i] as u32;
                high[i] = (a[i] >> 32) as u32;
            }
            cx.write(ins.d, &low, mask);
            cx.write(ins.e, &high, mask);
        }
        Flow::Next
    }
}

/// `{d, e} = a`: one word of 64 bits into two of 32.
pub(crate) fn split() -> Body {
    body::<Split64>()
}
