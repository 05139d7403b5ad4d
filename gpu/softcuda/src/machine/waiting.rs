//! Rounds of loops that poll: which of them only wait. The rule is [`Statistics::waiting`](crate::count::Statistics::waiting)'s.
//!
//! An instruction at the head of each such loop ([`Rounds`](super::program::Rounds)) remembers what a round may hand on to the next,
//! and has the machine keep what the lanes run, until they are there again. Then either nothing was handed on, and what was counted
//! moves over to what waited; or something was, or the lanes have left the loop, parted or done something, and what was counted stays.

use super::context::Context;
use super::instruction::{Flow, Instruction, LANES};
use super::program::Rounds;
use crate::count::{Class, Count};

/// Rounds with effect after which a warp's rounds of a loop are not watched any more.
const PATIENCE: u8 = 32;
/// Instructions of a round that are kept at most.
const MOST: usize = 1024;

/// What an instruction of a round has counted.
#[derive(Clone, Copy, Debug)]
struct Counted {
    pc: u32,
    by: Count,
}

/// A round under way.
#[derive(Debug)]
pub(crate) struct Round {
    /// The loop.
    number: usize,
    mask: u32,
    /// What the round before handed on.
    state: Vec<u64>,
    counted: Vec<Counted>,
}

/// What lanes would hand on to the next round.
///
/// # Safety
/// The context's rows must be those of the program.
unsafe fn handed_on(cx: &Context<'_>, rounds: &Rounds, mask: u32, into: &mut Vec<u64>) {
    into.clear();
    for &(row, units) in &rounds.handed_on {
        if units == 0 {
            // SAFETY: one of the program's predicates; the rest is the caller's promise.
            into.push((unsafe { cx.predicate(row) } & mask).into());
            continue;
        }
        for lane in (0..LANES).filter(|&lane| mask & 1 << lane != 0) {
            // SAFETY: a row of the program's, of so many units; the rest is the caller's promise.
            into.push(unsafe {
                if units == 2 {
                    (*cx.row::<u64>(row))[lane]
                } else {
                    (*cx.row::<u32>(row))[lane].into()
                }
            });
        }
    }
}

/// Lanes are at the head of a loop.
#[cold]
#[inline(never)]
pub(crate) fn come_round(cx: &mut Context<'_>, ins: &Instruction, mask: u32) -> Flow {
    let (program, number) = (cx.program, ins.imm as usize);
    let Some(rounds) = program.rounds.get(number) else { return Flow::Next };
    let mut state = Vec::new();
    // SAFETY: the context is that of a warp that runs the program.
    unsafe { handed_on(cx, rounds, mask, &mut state) };
    let mut under_way = std::mem::take(&mut cx.asides.rounds);
    let at = under_way.iter().position(|it| it.number == number && it.mask == mask);
    let mut counted = Vec::new();
    if let Some(at) = at {
        let round = under_way.swap_remove(at);
        let waited = round.state == state;
        if cx.asides.worked.len() <= number {
            cx.asides.worked.resize(number + 1, 0);
        }
        let worked = &mut cx.asides.worked[number];
        *worked = if waited { 0 } else { worked.saturating_add(1) };
        if waited {
            for Counted { pc, by } in &round.counted {
                // SAFETY: there is one of each for each instruction.
                let (counts, waits) = unsafe {
                    (&mut *cx.counts.add(*pc as usize), &mut *cx.waits.add(*pc as usize))
                };
                counts.warps -= by.warps;
                counts.lanes -= by.lanes;
                counts.sectors -= by.sectors;
                counts.passes -= by.passes;
                Count::add_all(std::slice::from_mut(waits), std::slice::from_ref(by));
            }
        }
        end(cx, &round, waited);
        counted = round.counted;
        counted.clear();
    }
    under_way.retain(|round| {
        let apart = round.mask & mask == 0;
        if !apart {
            end(cx, round, false);
        }
        apart
    });
    let watch = cx.asides.worked.get(number).is_none_or(|&worked| worked < PATIENCE);
    if watch {
        under_way.push(Round { number, mask, state, counted });
        let lanes = cx.lanes(mask);
        if let Some(observer) = cx.observer.as_deref_mut() {
            observer.watched(&lanes);
        }
    }
    cx.asides.rounds = under_way;
    if watch { Flow::Watch } else { Flow::Next }
}

fn end(cx: &mut Context<'_>, round: &Round, waited: bool) {
    let lanes = cx.lanes(round.mask);
    if let Some(observer) = cx.observer.as_deref_mut() {
        observer.waited(&lanes, waited);
    }
}

/// Lanes have run an instruction, whose counters were like this before; `lanes` are those that its guard let.
pub(crate) fn keep(cx: &mut Context<'_>, pc: u32, active: u32, before: &Count) {
    let program = cx.program;
    let place = &program.places[pc as usize];
    let acts = place.acts || place.class == Class::Atomic && cx.changes;
    // SAFETY: there is one for each instruction.
    let now = unsafe { &*cx.counts.add(pc as usize) };
    let by = Count {
        warps: now.warps - before.warps,
        lanes: now.lanes - before.lanes,
        sectors: now.sectors - before.sectors,
        passes: now.passes - before.passes,
    };
    let mut under_way = std::mem::take(&mut cx.asides.rounds);
    under_way.retain_mut(|round| {
        if round.mask & active == 0 {
            return true;
        }
        let goes_on = active & !round.mask == 0
            && !acts
            && round.counted.len() < MOST
            && program.rounds[round.number].contains(pc);
        if goes_on {
            round.counted.push(Counted { pc, by });
        } else {
            end(cx, round, false);
        }
        goes_on
    });
    cx.asides.rounds = under_way;
}
