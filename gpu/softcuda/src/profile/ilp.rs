//! Instruction-level parallelism: how far a warp could go ahead, had the machine any number of units.
//!
//! # Model
//! Some warps are followed instruction by instruction. Each register has the time at which its value is there. An instruction begins
//! when its operands are there, and not before its stretch does: a stretch ends with a branch that is taken and with a barrier, and the
//! next one begins when the last instruction of the one before has begun. So instructions of one stretch go in the order of their
//! dependences, as an assembler would schedule them that has turned short branches into guards, and stretches one after another, as a
//! warp issues them; values on their way cross from stretch to stretch. Lanes that have gone different ways run one after another.
//! Dependences through memory are not seen, nor what a warp waits for at a barrier.
//!
//! - [`Ilp::instructions`] over [`Ilp::path`]: every instruction takes one clock.
//! - [`Ilp::arithmetic`] over [`Ilp::arithmetic_path`]: only floating-point and matrix instructions take one, and stretches do not wait for
//!   each other: the chains of dependent arithmetic that there are.
//! - [`Ilp::latencies`]: for each GPU, the clocks that a warp takes alone, by the latencies of classes, issuing at most one instruction a
//!   clock, without those that assemblers fold into others ([`is_folded`]). A load takes DRAM's latency where the sector was not touched before, else that of the second cache.

use crate::count::Class;
use crate::machine::program::Program;
use crate::profile::rates::{Latencies, is_folded};

/// What the followed warps could have done side by side. Sums over them, or their blocks.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ilp {
    /// Warps that were followed.
    pub warps: u64,
    /// Blocks that they are of.
    pub blocks: u64,
    /// Whether some were followed only for their first instructions.
    pub truncated: bool,
    /// Instructions of these warps.
    pub instructions: u64,
    /// Length of the longest dependent chain of each.
    pub path: u64,
    /// Floating-point and matrix instructions.
    pub arithmetic: u64,
    /// Length of the longest chain of them.
    pub arithmetic_path: u64,
    /// Clocks that the slowest of the followed warps of each block would take alone, by GPU, in the order that was asked for.
    pub latencies: Vec<u64>,
}

impl Ilp {
    /// Instructions that could run at once.
    pub fn all(&self) -> Option<f64> {
        (self.path != 0).then(|| self.instructions as f64 / self.path as f64)
    }

    /// Floating-point and matrix instructions that could run at once.
    pub fn of_arithmetic(&self) -> Option<f64> {
        (self.arithmetic_path != 0).then(|| self.arithmetic as f64 / self.arithmetic_path as f64)
    }

    /// Clocks that an average block would take, were each of its warps alone, on the GPU of this number; `None` where nothing was
    /// followed.
    pub fn clocks(&self, gpu: usize) -> Option<f64> {
        let clocks = *self.latencies.get(gpu)?;
        (self.blocks != 0).then(|| clocks as f64 / self.blocks as f64)
    }

    /// Adds the warps of a block.
    pub(super) fn add_block(&mut self, paths: &[Path]) {
        self.blocks += u64::from(!paths.is_empty());
        for path in paths {
            self.warps += 1;
            self.truncated |= path.truncated;
            self.instructions += path.instructions;
            self.path += path.unit.end;
            self.arithmetic += path.arithmetic;
            self.arithmetic_path += path.chain.end;
            self.latencies.resize(self.latencies.len().max(path.timed.len()), 0);
        }
        for (gpu, sum) in self.latencies.iter_mut().enumerate() {
            let slowest =
                paths.iter().filter_map(|path| path.timed.get(gpu)).map(Clock::alone).max();
            *sum += slowest.unwrap_or(0);
        }
    }
}

/// Instructions of a warp that are followed at most.
pub(super) const MOST: u64 = 1 << 20;

fn is_arithmetic(class: Class) -> bool {
    matches!(class, Class::Half | Class::Single | Class::Double | Class::Matrix)
}

/// One clock of one model.
#[derive(Debug)]
struct Clock {
    /// When each register's value is there.
    ready: Vec<u64>,
    begin: u64,
    /// The last beginning of an instruction of the stretch.
    last: u64,
    /// Instructions of the stretch.
    issued: u64,
    end: u64,
}

impl Clock {
    fn new(values: u32) -> Self {
        Self { ready: vec![0; values as usize], begin: 0, last: 0, issued: 0, end: 0 }
    }

    /// The next stretch begins; `after` clocks after the last instruction.
    fn stretch(&mut self, after: u64, serial: bool) {
        let by_issue = if serial { self.begin + self.issued } else { self.begin };
        self.begin = by_issue.max(self.last + after);
        self.last = self.begin;
        self.issued = 0;
    }

    /// The end of the last instruction.
    fn alone(&self) -> u64 {
        self.end.max(self.begin + self.issued)
    }

    fn run(&mut self, uses: &[u32], defs: &[u32], latency: u64, counts: bool) {
        let ready = uses.iter().map(|&value| self.ready[value as usize]).max().unwrap_or(0);
        let at = ready.max(self.begin);
        if counts {
            self.last = self.last.max(at);
            self.issued += 1;
            self.end = self.end.max(at + latency);
        }
        for &value in defs {
            self.ready[value as usize] = at + latency;
        }
    }
}

/// A warp that is followed.
#[derive(Debug)]
pub(super) struct Path {
    /// Every instruction takes one clock.
    unit: Clock,
    /// Arithmetic alone takes one.
    chain: Clock,
    timed: Vec<Clock>,
    before: Option<u32>,
    instructions: u64,
    arithmetic: u64,
    truncated: bool,
}

impl Path {
    pub(super) fn new(program: &Program, gpus: usize) -> Self {
        let clock = || Clock::new(program.values);
        Self {
            unit: clock(),
            chain: clock(),
            timed: (0..gpus).map(|_| clock()).collect(),
            before: None,
            instructions: 0,
            arithmetic: 0,
            truncated: false,
        }
    }

    /// The next instruction. `dram` says whether it read what was not touched before.
    pub(super) fn step(&mut self, program: &Program, pc: u32, dram: bool, tables: &[Latencies]) {
        if self.instructions >= MOST {
            self.truncated = true;
            return;
        }
        let (Some(place), Some(link)) =
            (program.places.get(pc as usize), program.links.get(pc as usize))
        else {
            return;
        };
        let first = link.first as usize;
        let (uses, defs) = program.linked
            [first..first + usize::from(link.uses) + usize::from(link.defs)]
            .split_at(link.uses.into());
        let class = place.class;
        let before = self.before.replace(pc);
        let barrier = before.and_then(|pc| program.places.get(pc as usize));
        let barrier = barrier.is_some_and(|place| place.class == Class::Barrier);
        if before.is_some_and(|before| barrier || before + 1 != pc) {
            self.unit.stretch(1, false);
            for (clock, table) in self.timed.iter_mut().zip(tables) {
                let after = if barrier { table.barrier } else { table.branch };
                clock.stretch(after.into(), true);
            }
        }
        let counts = class != Class::Hidden;
        let arithmetic = is_arithmetic(class);
        self.instructions += u64::from(counts);
        self.arithmetic += u64::from(arithmetic);
        self.unit.run(uses, defs, u64::from(counts), counts);
        self.chain.run(uses, defs, u64::from(arithmetic), arithmetic);
        for (clock, table) in self.timed.iter_mut().zip(tables) {
            clock.run(uses, defs, table.of(class, dram).into(), !is_folded(class));
        }
    }
}
