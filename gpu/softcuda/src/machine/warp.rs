//! A warp: its registers, and the splits that its lanes have gone into: who runs next, and where they meet.

use super::context::Context;
use super::instruction::{Flow, NOWHERE};
use super::interpret::run_split;

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
    pub(super) fn arrive(&mut self, at: usize) {
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
    pub(super) fn exit(&mut self, at: usize, mask: u32) {
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
    pub(super) fn gathered(&self, pc: u32, members: u32) -> Option<u32> {
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
    pub(super) fn diverge(&mut self, at: usize, taken: u32, target: u32, other: u32, meet: u32) {
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

    pub(super) fn meets_at(&self, at: usize) -> u32 {
        match self.splits[at].entry {
            NONE => NOWHERE,
            entry => self.entries[entry as usize].pc,
        }
    }
}
