//! The loop that runs instructions of one split, and what it leaves to be done apart: branches, meetings, exits.

use super::Fault;
use super::context::Context;
use super::instruction::{Flow, Instruction};
use super::level;
use super::waiting::keep;
use super::warp::{Split, State, Warp};

/// Runs a split until its turn ends or its lanes part, meet, wait or exit; how it ended, and after how many instructions.
///
/// # Safety
/// As [`Warp::run`].
pub(super) unsafe fn run_split(
    warp: &mut Warp,
    cx: &mut Context<'_>,
    at: usize,
    fuel: u64,
) -> (Flow, u64) {
    if cx.followed || !cx.asides.rounds.is_empty() {
        // SAFETY: the caller's promise.
        return unsafe { run_split_watched(warp, cx, at, fuel) };
    }
    #[cfg(target_arch = "x86_64")]
    if level::fast() {
        // SAFETY: the processor has the extensions; the rest is the caller's promise.
        return unsafe { run_split_fast(warp, cx, at, fuel) };
    }
    // SAFETY: the caller's promise.
    unsafe { interpret::<false>(warp, cx, at, fuel) }
}

/// Tells the observer of each instruction, and keeps rounds of loops that poll.
///
/// # Safety
/// As [`Warp::run`].
#[cold]
#[inline(never)]
unsafe fn run_split_watched(
    warp: &mut Warp,
    cx: &mut Context<'_>,
    at: usize,
    fuel: u64,
) -> (Flow, u64) {
    // SAFETY: the caller's promise.
    unsafe { interpret::<true>(warp, cx, at, fuel) }
}

/// # Safety
/// As [`Warp::run`], on a processor with these extensions.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
unsafe fn run_split_fast(
    warp: &mut Warp,
    cx: &mut Context<'_>,
    at: usize,
    fuel: u64,
) -> (Flow, u64) {
    // SAFETY: the caller's promise.
    unsafe { interpret::<false>(warp, cx, at, fuel) }
}

/// Runs one split until its turn ends or its lanes part, meet, wait or exit.
///
/// # Safety
/// As [`Warp::run`].
#[inline(always)]
unsafe fn interpret<const WATCHED: bool>(
    warp: &mut Warp,
    cx: &mut Context<'_>,
    at: usize,
    fuel: u64,
) -> (Flow, u64) {
    let code = cx.program.code.as_ptr();
    let Split { mask: active, mut pc, .. } = warp.splits[at];
    let meet = warp.meets_at(at);
    let mut left = fuel;
    cx.active = active;
    cx.live = warp.live;
    let flow = loop {
        if pc == meet {
            warp.splits[at].pc = pc;
            cx.clock += fuel - left;
            warp.polls = cx.polls;
            warp.arrive(at);
            return (Flow::Next, fuel - left);
        }
        if left == 0 {
            break Flow::Next;
        }
        left -= 1;
        // SAFETY: lowering ends every path with an instruction that does not go on, and every target is within the code;
        // counters have the code's length, and the guard is one of the program's predicates.
        let (ins, mask, before) = unsafe {
            let ins: &Instruction = &*code.add(pc as usize);
            let mask = active & (cx.predicate(ins.guard) ^ ins.guard_xor);
            let count = &mut *cx.counts.add(pc as usize);
            let before = *count;
            count.warps += 1;
            count.lanes += u64::from(mask.count_ones());
            (ins, mask, before)
        };
        // SAFETY: lowering chose the body for these operands.
        let flow = unsafe { (ins.run)(cx, ins, mask) };
        if WATCHED {
            if cx.followed
                && let Some(observer) = cx.observer.as_deref_mut()
            {
                observer.executed(cx.block, cx.warp, pc, mask);
            }
            if !cx.asides.rounds.is_empty() {
                keep(cx, pc, active, &before);
            }
        }
        match flow {
            Flow::Next => pc += 1,
            Flow::Jump => pc = ins.imm as u32,
            Flow::Yield => {
                pc += 1;
                break Flow::Yield;
            }
            flow => {
                warp.splits[at].pc = pc;
                cx.clock += fuel - left;
                warp.polls = cx.polls;
                // SAFETY: the caller's promise.
                let flow = unsafe { leave(warp, cx, at, ins, mask, flow) };
                return (flow, fuel - left);
            }
        }
    };
    cx.clock += fuel - left;
    warp.splits[at].pc = pc;
    (flow, fuel - left)
}

/// What the loop does not do itself.
///
/// # Safety
/// As [`Warp::run`].
#[cold]
#[inline(never)]
unsafe fn leave(
    warp: &mut Warp,
    cx: &mut Context<'_>,
    at: usize,
    ins: &Instruction,
    mask: u32,
    flow: Flow,
) -> Flow {
    let pc = warp.splits[at].pc;
    match flow {
        Flow::Branch => {
            warp.diverge(at, mask, ins.imm as u32, pc + 1, (ins.imm >> 32) as u32);
            Flow::Next
        }
        Flow::Indirect => {
            // SAFETY: the instruction's operand is a row of the program's.
            let index = unsafe { cx.read::<u32>(ins.a) };
            let table = &cx.program.targets[ins.imm as u32 as usize];
            let meet = (ins.imm >> 32) as u32;
            let mut rest = mask;
            let stay = warp.splits[at].mask & !mask;
            let mut left = warp.splits[at].mask;
            while rest != 0 {
                let first = index[rest.trailing_zeros() as usize];
                let same = (0..32)
                    .filter(|&i| rest & (1 << i) != 0 && index[i] == first)
                    .fold(0_u32, |m, i| m | 1 << i);
                let Some(&target) = table.get(first as usize) else {
                    let lane = rest.trailing_zeros();
                    let len = table.len() as u32;
                    return cx.fail(lane, Fault::BranchIndex { index: first, len });
                };
                rest &= !same;
                if left == same {
                    warp.splits[at].pc = target;
                } else {
                    warp.diverge(at, same, target, pc, meet);
                    left &= !same;
                }
            }
            if stay != 0 {
                warp.splits[at].pc = pc + 1;
            }
            Flow::Next
        }
        // Out of the loop of those that are not watched: one more arm there is a jump table, and a tenth of the speed.
        Flow::Watch => {
            warp.splits[at].pc = pc + 1;
            Flow::Next
        }
        Flow::Exit => {
            if mask != warp.splits[at].mask {
                warp.splits[at].pc = pc + 1;
            }
            warp.exit(at, mask);
            Flow::Next
        }
        Flow::Gather => {
            // SAFETY: the instruction's operand `e` is the row of its member mask.
            let members = unsafe { cx.read::<u32>(ins.e) };
            let meet = warp.meets_at(at);
            // Lanes that the guard leaves out do not wait; the others wait for each other by their masks.
            let mut parts = Vec::new();
            let mut left = mask;
            while left != 0 {
                let first = members[left.trailing_zeros() as usize];
                let same =
                    (0..32).filter(|&i| members[i] == first).fold(0, |m, i| m | 1 << i) & left;
                left &= !same;
                parts.push((same, first));
            }
            for &(part, first) in &parts {
                if part == warp.splits[at].mask {
                    warp.splits[at].state = State::Gather(first);
                } else {
                    let rest =
                        if left_over(&parts, part, warp.splits[at].mask) { pc } else { pc + 1 };
                    warp.diverge(at, part, pc, rest, meet);
                    let last = warp.splits.len() - 1;
                    warp.splits[last].state = State::Gather(first);
                }
            }
            for (_, first) in parts {
                let Some(all) = warp.gathered(pc, first) else { continue };
                cx.gathered = true;
                cx.active = all;
                // SAFETY: as for the call that asked to gather.
                let flow = unsafe { (ins.run)(cx, ins, all) };
                cx.gathered = false;
                if flow == Flow::Fault {
                    return flow;
                }
                for split in &mut warp.splits {
                    if split.pc == pc && split.state == State::Gather(first) {
                        split.pc += 1;
                        split.state = State::Ready;
                    }
                }
            }
            Flow::Next
        }
        Flow::Barrier => {
            if mask != warp.splits[at].mask {
                let meet = warp.meets_at(at);
                warp.diverge(at, mask, pc, pc + 1, meet);
                let last = warp.splits.len() - 1;
                warp.splits.swap(at, last);
            }
            Flow::Barrier
        }
        other => other,
    }
}

/// Whether lanes of other parts are left in the split once `part` is out of it.
fn left_over(parts: &[(u32, u32)], part: u32, mask: u32) -> bool {
    let after = parts.iter().skip_while(|(lanes, _)| *lanes != part).skip(1);
    after.fold(0, |lanes, (other, _)| lanes | other) & mask != 0
}
