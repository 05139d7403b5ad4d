//! A block: its warps, shared memory and barriers.

use super::context::{Asides, Cached, Context};
use super::error::{Fault, LaneFault, WarpPlace};
use super::instruction::{FULL, LANES};
use super::launch::State as Launch;
use super::observe::{BarrierRelease, BarrierUse, Observer};
use super::program::Special;
use super::warp::{State, Stop, Unit, Warp};
use crate::count::Count;

/// Barriers of a block.
const BARRIERS: usize = 16;
/// Instructions that a warp runs before the next of its block has its turn.
const TURN: u64 = 4096;
/// What shared memory holds before a block writes to it: NaN as a float, -1 as an integer.
const POISON: u32 = u32::MAX;

/// What a barrier instruction does; the low byte of `imm`.
pub(crate) mod barrier {
    pub(crate) const SYNC: u64 = 0;
    pub(crate) const ARRIVE: u64 = 1;
    pub(crate) const POPC: u64 = 2;
    pub(crate) const AND: u64 = 3;
    pub(crate) const OR: u64 = 4;
    /// There is a count, in row `b`.
    pub(crate) const COUNTED: u64 = 1 << 8;
    /// All lanes of the warp must come together.
    pub(crate) const ALIGNED: u64 = 1 << 9;
    /// The predicate `c` is negated.
    pub(crate) const NEGATED: u64 = 1 << 10;
}

#[derive(Clone, Copy, Debug, Default)]
struct Barrier {
    arrived: u32,
    /// Threads awaited; all of the block where 0.
    count: u32,
    truths: u32,
    waiting: bool,
}

/// What a worker lends a block that runs.
pub(crate) struct Lent<'l> {
    pub cache: &'l mut [Cached],
    pub counts: &'l mut [Count],
    /// What only waited.
    pub waits: &'l mut [Count],
    pub observer: Option<Box<dyn Observer>>,
    /// Instructions that the worker has run.
    pub clock: u64,
}

/// Why a block stopped.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Its turn is over.
    Turn,
    /// All threads have exited.
    Done,
    /// All threads wait for each other.
    Deadlock,
    /// Warp, instruction, and what went wrong.
    Fault(u32, u32, LaneFault),
}

/// A block, or the place for one.
#[derive(Debug)]
pub(crate) struct Block {
    pub index: [u32; 3],
    pub warps: Vec<Warp>,
    /// One a warp.
    asides: Vec<Asides>,
    shared: Vec<Unit>,
    barriers: [Barrier; BARRIERS],
    next: usize,
}

impl Block {
    /// A place for blocks of the launch, with everything in it that is the same for all of them.
    pub(crate) fn new(launch: &Launch<'_>, worker: u32) -> Self {
        let program = launch.program;
        let units = usize::from(program.units);
        let mut warps = Vec::with_capacity(launch.warps as usize);
        for number in 0..launch.warps {
            let mut warp = Warp::new(units, program.local as usize * LANES);
            warp.file[0].0[0] = FULL;
            for &(value, row, wide) in &launch.constants {
                fill(&mut warp.file, row, wide, |_| value);
            }
            for &(special, row) in &program.specials {
                let value = |lane| launch.special(special, number, lane, worker);
                fill(&mut warp.file, row, false, |lane| value(lane).into());
            }
            warps.push(warp);
        }
        let shared = vec![Unit([POISON; 32]); launch.shared.div_ceil(128) as usize];
        let asides = warps.iter().map(|_| Asides::default()).collect();
        Self { index: [0; 3], warps, asides, shared, barriers: Default::default(), next: 0 }
    }

    /// Makes this the block of an index, with nothing run yet.
    pub(crate) fn begin(&mut self, index: [u32; 3], launch: &Launch<'_>) {
        self.index = index;
        self.next = 0;
        self.barriers = Default::default();
        self.asides.iter_mut().for_each(Asides::begin);
        self.shared.fill(Unit([POISON; 32]));
        let mut left = launch.threads;
        for warp in &mut self.warps {
            let lanes = if left >= 32 { FULL } else { (1 << left) - 1 };
            left = left.saturating_sub(32);
            warp.begin(lanes);
            for &(special, row) in &launch.program.specials {
                if let Special::Ctaid(axis) = special {
                    fill(&mut warp.file, row, false, |_| index[usize::from(axis)].into());
                }
            }
        }
    }

    /// Runs its warps in turns, at most about `fuel` instructions; returns why it stopped, and how many it ran.
    ///
    /// # Safety
    /// The launch's program must be well-formed, and the cache and counters as long as its code.
    pub(crate) unsafe fn run(
        &mut self,
        launch: &Launch<'_>,
        lent: &mut Lent<'_>,
        fuel: u64,
    ) -> (Halt, u64) {
        let mut left = fuel;
        let count = self.warps.len();
        let mut blocked = 0;
        while left > 0 {
            let number = self.next;
            self.next = if number + 1 == count { 0 } else { number + 1 };
            if self.warps[number].splits.is_empty() && self.warps[number].live == 0 {
                blocked += 1;
                if blocked == count {
                    return (self.stuck(), fuel - left);
                }
                continue;
            }
            // SAFETY: the caller's promise.
            let (stop, used, fault) =
                unsafe { self.run_warp(number, launch, lent, left.min(TURN)) };
            left -= used.min(left);
            match stop {
                Stop::Turn => blocked = 0,
                Stop::Done => {
                    blocked = 0;
                    self.release(launch, lent);
                }
                Stop::Blocked => {
                    blocked += 1;
                    // Lanes may have exited that a barrier counted on.
                    if used != 0 && self.release(launch, lent) {
                        blocked = 0;
                    }
                }
                Stop::Barrier(split) => {
                    blocked = 0;
                    if let Err(fault) = self.arrive(number, split, launch, lent) {
                        let pc = self.warps[number].splits[split].pc;
                        return (Halt::Fault(number as u32, pc, fault), fuel - left);
                    }
                    // The same warp may have other lanes that can run.
                    self.next = number;
                }
                Stop::Fault(pc) => {
                    let fault = fault
                        .map_or(LaneFault { lane: 0, kind: Fault::Misuse("unknown") }, |fault| {
                            *fault
                        });
                    return (Halt::Fault(number as u32, pc, fault), fuel - left);
                }
            }
            if blocked >= count {
                return (self.stuck(), fuel - left);
            }
        }
        (Halt::Turn, fuel - left)
    }

    fn stuck(&self) -> Halt {
        if self.warps.iter().all(|warp| warp.live == 0) { Halt::Done } else { Halt::Deadlock }
    }

    /// # Safety
    /// As [`Block::run`].
    unsafe fn run_warp(
        &mut self,
        number: usize,
        launch: &Launch<'_>,
        lent: &mut Lent<'_>,
        fuel: u64,
    ) -> (Stop, u64, Option<Box<LaneFault>>) {
        let warp = &mut self.warps[number];
        let mut observer = lent.observer.as_deref_mut();
        let followed =
            observer.as_deref_mut().is_some_and(|it| it.follows(self.index, number as u32));
        let mut cx = Context {
            rows: warp.file.as_mut_ptr().cast(),
            program: launch.program,
            regions: &launch.regions,
            params: &launch.params,
            cache: lent.cache.as_mut_ptr(),
            counts: lent.counts.as_mut_ptr(),
            waits: lent.waits.as_mut_ptr(),
            shared: self.shared.as_mut_ptr().cast(),
            shared_len: launch.shared,
            local: warp.local.as_mut_ptr().cast(),
            local_len: launch.program.local,
            asides: &mut self.asides[number],
            active: 0,
            live: warp.live,
            gathered: false,
            changes: false,
            polls: warp.polls,
            fault: None,
            observer,
            followed,
            host: &launch.host,
            block: self.index,
            warp: number as u32,
            clock: lent.clock,
        };
        // SAFETY: the pointers are this warp's; the rest is the caller's promise.
        let (stop, used) = unsafe { warp.run(&mut cx, fuel) };
        lent.clock = cx.clock;
        let fault = cx.fault.take();
        (stop, used, fault)
    }

    /// The lanes of a split arrive at the barrier that their instruction names.
    fn arrive(
        &mut self,
        number: usize,
        split: usize,
        launch: &Launch<'_>,
        lent: &mut Lent<'_>,
    ) -> Result<(), LaneFault> {
        let warp = &mut self.warps[number];
        let (mask, pc) = (warp.splits[split].mask, warp.splits[split].pc);
        let ins = &launch.program.code[pc as usize];
        let lane = mask.trailing_zeros();
        let id = warp.file[usize::from(ins.a)].0[lane as usize];
        let counted = ins.imm & barrier::COUNTED != 0;
        let count = if counted { warp.file[usize::from(ins.b)].0[lane as usize] } else { 0 };
        if id as usize >= BARRIERS
            || counted && (count == 0 || count % 32 != 0 || count > launch.warps * 32)
        {
            return Err(LaneFault { lane, kind: Fault::Barrier { barrier: id, threads: count } });
        }
        if let Some(observer) = lent.observer.as_deref_mut() {
            observer.barrier(&BarrierUse {
                pc,
                line: launch.program.line(pc),
                block: self.index,
                warp: number as u32,
                mask,
                live: warp.live,
                barrier: id,
                count,
                aligned: ins.imm & barrier::ALIGNED != 0,
                waits: ins.imm & 0xff != barrier::ARRIVE,
                parted: warp.parted && mask != warp.live,
            });
        }
        warp.parted &= mask != warp.live;
        let state = &mut self.barriers[id as usize];
        state.arrived += mask.count_ones();
        state.count = count;
        state.waiting = true;
        match ins.imm & 0xff {
            barrier::ARRIVE => {
                warp.splits[split].pc += 1;
                self.release(launch, lent);
                return Ok(());
            }
            barrier::SYNC => {}
            _ => {
                let word = predicate(&warp.file, ins.c);
                let word = if ins.imm & barrier::NEGATED != 0 { !word } else { word };
                state.truths += (word & mask).count_ones();
            }
        }
        warp.splits[split].state = State::Barrier(id);
        self.release(launch, lent);
        Ok(())
    }

    /// Lets the threads of complete barriers go; whether there was one.
    fn release(&mut self, launch: &Launch<'_>, lent: &mut Lent<'_>) -> bool {
        let live: u32 = self.warps.iter().map(|warp| warp.live.count_ones()).sum();
        let mut any = false;
        for id in 0..BARRIERS {
            let Barrier { arrived, count, truths, waiting } = self.barriers[id];
            let expected = if count == 0 { live } else { count };
            if !waiting || arrived < expected {
                continue;
            }
            any = true;
            self.barriers[id] = Barrier::default();
            let mut waited = 0;
            for warp in &mut self.warps {
                let Warp { splits, file, .. } = warp;
                for split in splits.iter_mut().filter(|s| s.state == State::Barrier(id as u32)) {
                    let ins = &launch.program.code[split.pc as usize];
                    waited += split.mask.count_ones();
                    match ins.imm & 0xff {
                        barrier::POPC => {
                            let row = &mut file[usize::from(ins.d)].0;
                            for (lane, word) in row.iter_mut().enumerate() {
                                if split.mask & (1 << lane) != 0 {
                                    *word = truths;
                                }
                            }
                        }
                        barrier::AND => set(file, ins.d, truths == arrived, split.mask),
                        barrier::OR => set(file, ins.d, truths != 0, split.mask),
                        _ => {}
                    }
                    split.state = State::Ready;
                    split.pc += 1;
                }
            }
            if let Some(observer) = lent.observer.as_deref_mut() {
                let (block, barrier) = (self.index, id as u32);
                // Those that have exited count where the barrier is for all, and only there.
                let all = waited == if count == 0 { live } else { launch.threads };
                observer.released(&BarrierRelease { block, barrier, all });
            }
        }
        any
    }

    /// Where its threads stand.
    pub(crate) fn places(&self, launch: &Launch<'_>) -> Vec<WarpPlace> {
        let mut places = Vec::new();
        for (number, warp) in self.warps.iter().enumerate() {
            for split in &warp.splits {
                places.push(WarpPlace {
                    block: self.index,
                    warp: number as u32,
                    lanes: split.mask,
                    opcode: launch.program.opcode(split.pc).to_owned(),
                    line: launch.program.line(split.pc),
                    state: match split.state {
                        State::Ready => "running",
                        State::Gather(_) => "waiting for the other members of",
                        State::Barrier(_) => "waiting at the barrier of",
                    },
                });
            }
        }
        places
    }
}

fn fill(file: &mut [Unit], row: u16, wide: bool, value: impl Fn(u32) -> u64) {
    let row = usize::from(row);
    for lane in 0..LANES {
        let bits = value(lane as u32);
        if wide {
            let unit = &mut file[row + lane / 16].0;
            unit[lane % 16 * 2] = bits as u32;
            unit[lane % 16 * 2 + 1] = (bits >> 32) as u32;
        } else {
            file[row].0[lane] = bits as u32;
        }
    }
}

fn predicate(file: &[Unit], number: u16) -> u32 {
    file[usize::from(number) / 32].0[usize::from(number) % 32]
}

fn set(file: &mut [Unit], number: u16, value: bool, mask: u32) {
    let word = &mut file[usize::from(number) / 32].0[usize::from(number) % 32];
    *word = if value { *word | mask } else { *word & !mask };
}
