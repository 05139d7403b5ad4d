//! Control flow, barriers, fences, clocks.

use super::super::context::Context;
use super::super::error::Fault;
use super::super::instruction::{Body, Flow, Instruction, LANES};
use super::super::level::{Run, body};
use super::super::waiting::come_round;
use std::sync::atomic::{Ordering, fence};

macro_rules! bodies {
    ($($(#[$doc:meta])* $make:ident, $run:ident, |$cx:ident, $ins:ident, $mask:ident| $what:expr;)*) => {$(
        struct $run;
        impl Run for $run {
            #[inline(always)]
            unsafe fn run($cx: &mut Context<'_>, $ins: &Instruction, $mask: u32) -> Flow {
                $what
            }
        }
        $(#[$doc])*
        pub(crate) fn $make() -> Body {
            body::<$run>()
        }
    )*};
}

bodies! {
    /// `bra`: `imm` has the target and, in its upper half, where lanes meet again.
    branch, Branch, |cx, _ins, mask| {
        if mask == cx.active {
            Flow::Jump
        } else if mask == 0 {
            Flow::Next
        } else {
            Flow::Branch
        }
    };
    /// `brx.idx`: `a` is the row of indices; `imm` the table and where lanes meet again.
    indirect, Indirect, |_cx, _ins, mask| if mask == 0 { Flow::Next } else { Flow::Indirect };
    /// `exit`, and `ret` of a kernel.
    exit, Exit, |_cx, _ins, mask| if mask == 0 { Flow::Next } else { Flow::Exit };
    /// `bar`, `barrier`
    barrier, Barrier, |_cx, _ins, mask| if mask == 0 { Flow::Next } else { Flow::Barrier };
    /// `trap`
    trap, Trap, |cx, _ins, mask| {
        if mask == 0 { Flow::Next } else { cx.fail(mask.trailing_zeros(), Fault::Trap) }
    };
    /// `membar`, `fence`, and what orders an access.
    order, Order, |cx, _ins, mask| {
        cx.polls = cx.polls.wrapping_add(1);
        fence(Ordering::SeqCst);
        let lanes = cx.lanes(mask);
        if let Some(observer) = cx.observer.as_deref_mut() {
            observer.fenced(&lanes);
        }
        Flow::Next
    };
    /// A volatile or relaxed access has happened.
    poll, Poll, |cx, _ins, _mask| {
        cx.polls = cx.polls.wrapping_add(1);
        Flow::Next
    };
    /// `nanosleep`, `yield`: the others' turn.
    pause, Pause, |cx, _ins, _mask| {
        cx.polls = cx.polls.wrapping_add(16);
        Flow::Yield
    };
    /// The head of a loop that polls, by its number `imm`.
    round, Round, |cx, ins, mask| come_round(cx, ins, mask);
    /// What needs nothing done.
    nothing, Nothing, |_cx, _ins, _mask| Flow::Next;
    /// `%clock`: instructions that the worker has run, a warp at a time.
    clock32, Clock32, |cx, ins, mask| {
        cx.clock += 1;
        let now = cx.clock as u32;
        // SAFETY: lowering gave the instruction a row of 32 bits.
        unsafe { cx.write(ins.d, &[now; LANES], mask) };
        Flow::Next
    };
    /// `%clock64`
    clock64, Clock64, |cx, ins, mask| {
        cx.clock += 1;
        let now = cx.clock;
        // SAFETY: lowering gave the instruction a row of 64 bits.
        unsafe { cx.write(ins.d, &[now; LANES], mask) };
        Flow::Next
    };
    /// `%globaltimer`: nanoseconds since the launch.
    timer, Timer, |cx, ins, mask| {
        let now = cx.host.start.elapsed().as_nanos() as u64;
        // SAFETY: lowering gave the instruction a row of 64 bits.
        unsafe { cx.write(ins.d, &[now; LANES], mask) };
        Flow::Next
    };
}
