//! A warp: its registers, and the splits that its lanes have gone into.

use super::context::Context;
use super::instruction::{Flow, Instruction, NOWHERE};
use super::level;
use super::waiting::keep;

/// Instructions that a split runs before another of the same warp has its turn.
const TURN: u64 = 256;
/// Polls by the lanes that are missed, after which those that wait for them go on.
const PATIENCE: u32 = 256;
/// No entry.
const NONE: u32 = u32::MAX;

/// What lanes wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    /// The other members of a `.sync` instruction.
    Gather(u32),
    /// A barrier.
    Barrier(u32),
}

/// Lanes that run together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub mask: u32,
    pub pc: u32,
    /// The entry that they will arrive at.
    entry: u32,
    pub state: State,
}

/// Where the lanes of a divergent branch meet.
#[derive(Clone, Copy, Debug)]
struct Entry {
    pc: u32,
    parent: u32,
    expected: u32,
    arrived: u32,
    /// The warp's polls when the first arrived.
    since: u32,
    used: bool,
}

/// A register file, aligned to cache lines.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(128))]
pub(crate) struct Unit(pub [u32; 32]);

/// A warp.
#[derive(Debug)]
pub(crate) struct Warp {
    pub file: Vec<Unit>,
    pub local: Vec<u64>,
    pub splits: Vec<Split>,
    entries: Vec<Entry>,
    /// Lanes that have not exited.
    pub live: u32,
    pub polls: u32,
    /// Whether lanes have gone on without others that poll, and not all met at a barrier since.
    pub parted: bool,
    next: usize,
}

/// Why a warp stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its turn is over.
    Turn,
    /// The lanes of a split arrived at a barrier; the split's number.
    Barrier(usize),
    /// Nothing can run until a barrier lets it.
    Blocked,
    /// All lanes have exited.
    Done,
    /// An error, in the context.
    Fault(u32),
}

impl Warp {
    pub(crate) fn new(units: usize, local: usize) -> Self {
        Self {
            file: vec![Unit([0; 32]); units],
            local: vec![0; local.div_ceil(8)],
            splits: Vec::new(),
            entries: Vec::new(),
            live: 0,
            polls: 0,
            parted: false,
            next: 0,
        }
    }

    /// Back to the first instruction, with these lanes.
    pub(crate) fn begin(&mut self, lanes: u32) {
        self.splits.clear();
        if lanes != 0 {
            self.splits.push(Split { mask: lanes, pc: 0, entry: NONE, state: State::Ready });
        }
        self.entries.clear();
        self.live = lanes;
        self.polls = 0;
        self.parted = false;
        self.next = 0;
    }

    /// Runs until something stops it, at most about `fuel` instructions; returns why, and how many.
    ///
    /// # Safety
    /// The context's pointers must be this warp's and its program well-formed.
    pub(crate) unsafe fn run(&mut self, cx: &mut Context<'_>, fuel: u64) -> (Stop, u64) {
        let mut left = fuel;
        let stop = loop {
            let Some(at) = self.pick() else {
                if self.live == 0 {
                    break Stop::Done;
                }
                if self.give_way(true) {
                    continue;
                }
                break Stop::Blocked;
            };
            if left == 0 {
                break Stop::Turn;
            }
            let alone = self.splits.len() == 1;
            let turn = if alone && self.entries.is_empty() { left } else { left.min(TURN) };
            // SAFETY: the caller's promise.
            let (flow, used) = unsafe { run_split(self, cx, at, turn) };
            left -= used.min(left);
            match flow {
                Flow::Barrier => break Stop::Barrier(at),
                Flow::Fault => break Stop::Fault(self.splits[at].pc),
                Flow::Yield => {
                    self.next = at + 1;
                    self.polls = cx.polls;
                    if alone {
                        break Stop::Turn;
                    }
                }
                _ => {
                    self.polls = cx.polls;
                    if !self.entries.is_empty() || self.splits.len() > 1 {
                        self.next = at + 1;
                        self.give_way(false);
                        self.merge();
                    }
                }
            }
        };
        (stop, fuel - left)
    }

    /// The next split that can run, in turns.
    fn pick(&mut self) -> Option<usize> {
        let n = self.splits.len();
        let first = if self.next < n { self.next } else { 0 };
        (first..n).chain(0..first).find(|&i| self.splits[i].state == State::Ready)
    }

    /// Splits that stand at the same instruction and will meet at the same entry become one.
    fn merge(&mut self) {
        let mut i = 0;
        while i < self.splits.len() {
            let split = self.splits[i];
            let same =
                |s: &Split| (s.pc, s.entry, s.state) == (split.pc, split.entry, State::Ready);
            match self.splits[..i].iter().position(same) {
                Some(first) => {
                    self.splits[first].mask |= split.mask;
                    self.splits.remove(i);
                }
                None => i += 1,
            }
        }
    }

    /// Lets lanes go on that have waited too long at an entry whose others poll; or, where nothing else can run, the innermost.
    fn give_way(&mut self, now: bool) -> bool {
        let polls = self.polls;
        let waits =
            |e: &Entry| e.used && e.arrived != 0 && (now || polls.wrapping_sub(e.since) > PATIENCE);
        let Some(at) = self.entries.iter().rposition(waits) else { return false };
        let entry = &mut self.entries[at];
        let split =
            Split { mask: entry.arrived, pc: entry.pc, entry: entry.parent, state: State::Ready };
        entry.expected &= !entry.arrived;
        entry.arrived = 0;
        self.splits.push(split);
        self.settle(at as u32);
        self.parted |= !now;
        true
    }

    /// Lanes arrive at their entry.
    fn arrive(&mut self, at: usize) {
        let split = self.splits.swap_remove(at);
        let polls = self.polls;
        let entry = &mut self.entries[split.entry as usize];
        if entry.arrived == 0 {
            entry.since = polls;
        }
        entry.arrived |= split.mask;
        self.settle(split.entry);
    }

    /// Closes an entry that all its lanes have reached or left.
    fn settle(&mut self, number: u32) {
        let entry = &mut self.entries[number as usize];
        if !entry.used || entry.arrived != entry.expected {
            return;
        }
        entry.used = false;
        let Entry { arrived, pc, parent, .. } = *entry;
        while self.entries.last().is_some_and(|e| !e.used) {
            self.entries.pop();
        }
        if arrived != 0 {
            self.splits.push(Split { mask: arrived, pc, entry: parent, state: State::Ready });
        }
    }

    /// Lanes of a split are done.
    fn exit(&mut self, at: usize, mask: u32) {
        self.live &= !mask;
        let split = &mut self.splits[at];
        split.mask &= !mask;
        let (entry, gone) = (split.entry, split.mask == 0);
        if gone {
            self.splits.swap_remove(at);
        }
        let mut number = entry;
        while number != NONE {
            let Some(entry) = self.entries.get_mut(number as usize) else { break };
            entry.expected &= !mask;
            let parent = entry.parent;
            self.settle(number);
            number = parent;
        }
        // Others may have waited for these lanes alone.
        self.release_gathered();
    }

    /// Whether the members of a `.sync` instruction at `pc` are all there; if so, the lanes.
    fn gathered(&self, pc: u32, members: u32) -> Option<u32> {
        let waits = |s: &&Split| s.pc == pc && s.state == State::Gather(members);
        let here = self.splits.iter().filter(waits).fold(0, |mask, s| mask | s.mask);
        (here != 0 && members & self.live & !here == 0).then_some(here)
    }

    /// Makes splits ready whose members have exited in the meantime: they try their instruction again.
    fn release_gathered(&mut self) {
        for i in 0..self.splits.len() {
            if let State::Gather(members) = self.splits[i].state
                && self.gathered(self.splits[i].pc, members).is_some()
            {
                self.splits[i].state = State::Ready;
            }
        }
    }

    /// Divides a split between two places that meet again at `meet`; returns nothing: the split at `at` goes on at `other`.
    fn diverge(&mut self, at: usize, taken: u32, target: u32, other: u32, meet: u32) {
        let split = self.splits[at];
        let mut entry = split.entry;
        let same = entry != NONE && self.entries[entry as usize].pc == meet;
        if meet != NOWHERE && !same {
            let new = Entry {
                pc: meet,
                parent: split.entry,
                expected: split.mask,
                arrived: 0,
                since: 0,
                used: true,
            };
            entry = match self.entries.iter().position(|e| !e.used) {
                Some(free) => {
                    self.entries[free] = new;
                    free as u32
                }
                None => {
                    self.entries.push(new);
                    self.entries.len() as u32 - 1
                }
            };
        }
        self.splits[at] =
            Split { mask: split.mask & !taken, pc: other, entry, state: State::Ready };
        self.splits.push(Split { mask: taken, pc: target, entry, state: State::Ready });
    }

    fn meets_at(&self, at: usize) -> u32 {
        match self.splits[at].entry {
            NONE => NOWHERE,
            entry => self.entries[entry as usize].pc,
        }
    }
}

/// # Safety
/// As [`Warp::run`].
unsafe fn run_split(warp: &mut Warp, cx: &mut Context<'_>, at: usize, fuel: u64) -> (Flow, u64) {
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
                    return cx.fail(lane, super::Fault::BranchIndex { index: first, len });
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
