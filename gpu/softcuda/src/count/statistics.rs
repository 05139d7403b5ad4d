//! Counters of a launch, summed up.

use super::{Class, Count};
use crate::machine::program::Program;
use std::collections::BTreeMap;

/// Counters of one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstructionCount {
    /// Its opcode with modifiers.
    pub opcode: String,
    /// Its line in the PTX text.
    pub line: u32,
    /// File and line of the source, where the text has `.loc`.
    pub source: Option<(String, u32)>,
    /// Its class.
    pub class: Class,
    /// What it did.
    pub totals: Totals,
    /// What it did besides in rounds of loops that only waited: see [`Statistics::waiting`].
    pub waiting: Totals,
}

/// Counters of one line of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LineCount {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// What its instructions did.
    pub totals: Totals,
}

/// Sums of counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Totals {
    /// Instructions run by warps.
    pub warp_instructions: u64,
    /// Instructions run by threads.
    pub thread_instructions: u64,
    /// Floating-point operations; a fused multiply-add is two.
    pub flops: u64,
    /// Warp instructions that touched global memory.
    pub global_requests: u64,
    /// Sectors of 32 bytes that they touched.
    pub global_sectors: u64,
    /// Bytes that their lanes asked for.
    pub global_bytes: u64,
    /// Sectors that they would have touched, had their lanes lain side by side.
    pub global_ideal_sectors: u64,
    /// Warp instructions that touched shared memory.
    pub shared_requests: u64,
    /// Passes over the banks that they took.
    pub shared_passes: u64,
    /// Passes that they would have taken without bank conflicts.
    pub shared_ideal_passes: u64,
    /// Bytes that their lanes asked for.
    pub shared_bytes: u64,
    /// Atomic operations of warps.
    pub atomic_requests: u64,
    /// Rounds that they took: as many as lanes met at one address.
    pub atomic_rounds: u64,
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.warp_instructions += other.warp_instructions;
        self.thread_instructions += other.thread_instructions;
        self.flops += other.flops;
        self.global_requests += other.global_requests;
        self.global_sectors += other.global_sectors;
        self.global_bytes += other.global_bytes;
        self.global_ideal_sectors += other.global_ideal_sectors;
        self.shared_requests += other.shared_requests;
        self.shared_passes += other.shared_passes;
        self.shared_ideal_passes += other.shared_ideal_passes;
        self.shared_bytes += other.shared_bytes;
        self.atomic_requests += other.atomic_requests;
        self.atomic_rounds += other.atomic_rounds;
    }

    /// Sectors of a request of global memory; 4 is the best for 4-byte accesses of full warps.
    pub fn sectors_per_request(&self) -> Option<f64> {
        ratio(self.global_sectors, self.global_requests)
    }

    /// Share of the sectors' bytes that lanes asked for; above 1 where lanes read the same bytes.
    pub fn coalescing_efficiency(&self) -> Option<f64> {
        ratio(self.global_bytes, self.global_sectors * 32)
    }

    /// Passes over the banks for each that would have been needed; 1 is without conflicts.
    pub fn bank_conflict_degree(&self) -> Option<f64> {
        ratio(self.shared_passes, self.shared_ideal_passes)
    }

    /// Share of the lanes that were active.
    pub fn divergence_efficiency(&self) -> Option<f64> {
        ratio(self.thread_instructions, self.warp_instructions * 32)
    }
}

fn ratio(a: u64, b: u64) -> Option<f64> {
    (b != 0).then(|| a as f64 / b as f64)
}

/// What a launch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// The kernel.
    pub kernel: String,
    /// Blocks that ran.
    pub blocks: u64,
    /// Threads of a block.
    pub threads: u32,
    instructions: Vec<InstructionCount>,
}

impl Statistics {
    pub(crate) fn new(
        program: &Program,
        files: &[(u32, String)],
        (counts, waits): (&[Count], &[Count]),
        blocks: u64,
        threads: u32,
    ) -> Self {
        let instructions = program
            .places
            .iter()
            .zip(counts.iter().zip(waits))
            .enumerate()
            .map(|(pc, (place, (count, waits)))| InstructionCount {
                opcode: program.opcode(pc as u32).to_owned(),
                line: place.line,
                source: place.source.map(|(number, line)| {
                    let file = files.iter().find(|(index, _)| *index == number);
                    (file.map_or_else(String::new, |(_, name)| name.clone()), line)
                }),
                class: place.class,
                totals: totals(place.class, place.flops.into(), place.bytes.into(), count),
                waiting: totals(place.class, place.flops.into(), place.bytes.into(), waits),
            })
            .collect();
        Self { kernel: program.name.clone(), blocks, threads, instructions }
    }

    /// Each instruction of the kernel in order, also those that never ran; what lowering added is not among them.
    pub fn instructions(&self) -> impl Iterator<Item = &InstructionCount> {
        self.instructions.iter().filter(|it| it.class != Class::Hidden)
    }

    /// Sums over all instructions.
    pub fn totals(&self) -> Totals {
        self.sum(|_| true)
    }

    /// Sums over the instructions of a class.
    pub fn class(&self, class: Class) -> Totals {
        self.sum(|it| it.class == class)
    }

    /// Sums over the instructions that a condition holds for.
    pub fn sum(&self, which: impl Fn(&InstructionCount) -> bool) -> Totals {
        let mut sum = Totals::default();
        for it in self.instructions().filter(|it| which(it)) {
            sum.add(&it.totals);
        }
        sum
    }

    /// What was run over and over while threads waited for others; in no other sum.
    ///
    /// A round of a loop counts as waiting if the same lanes run it from its head back to its head, and in between
    /// - write no memory: no stores, no copies, and atomic operations leave all words as they are (a compare-and-swap that fails),
    /// - come to no barrier and call nothing that prints,
    /// - change no register that the next round reads, other than those that hold what polls (volatile, relaxed or acquire loads,
    ///   atomic operations) have read; and those only where no access of the loop depends on them.
    ///
    /// The next round can then do nothing else than this one, but for what others write. The round that leaves the loop is work, so
    /// each loop is as much work as if nobody had waited, however often it went round.
    ///
    /// Only innermost loops that poll are looked at, and none that counts with an unguarded `add` where it goes round. So waiting
    /// counts as work in loops that count their tries or lengthen their pauses with each; in loops that poll by plain loads; where some
    /// lanes of a warp leave a loop that others stay in; and in a warp that has gone round a loop 32 times with effect, until its block
    /// ends. Lanes of a warp that do not wait for one that does (the machine lets them go on alone after a while) run what follows on
    /// their own, which is then more instructions of warps, though not of threads. Contention is no waiting: a lock that was taken, a compare-and-swap loop that another thread's update makes try again.
    pub fn waiting(&self) -> Totals {
        let mut sum = Totals::default();
        self.instructions().for_each(|it| sum.add(&it.waiting));
        sum
    }

    /// Sums by line of the source, in order; empty where the text has no `.loc`.
    pub fn lines(&self) -> Vec<LineCount> {
        let mut lines: BTreeMap<(&str, u32), Totals> = BTreeMap::new();
        for it in self.instructions() {
            if let Some((file, line)) = &it.source {
                lines.entry((file, *line)).or_default().add(&it.totals);
            }
        }
        let line = |((file, line), totals): ((&str, u32), Totals)| LineCount {
            file: file.to_owned(),
            line,
            totals,
        };
        lines.into_iter().map(line).collect()
    }
}

/// Sums: over all, by class, by line.
#[cfg(feature = "serde")]
impl serde::Serialize for Statistics {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let classes: BTreeMap<_, _> = Class::ALL
            .iter()
            .map(|&class| (class.name(), self.class(class)))
            .filter(|(_, totals)| totals.warp_instructions != 0)
            .collect();
        let mut fields = serializer.serialize_struct("Statistics", 7)?;
        fields.serialize_field("kernel", &self.kernel)?;
        fields.serialize_field("blocks", &self.blocks)?;
        fields.serialize_field("threads", &self.threads)?;
        fields.serialize_field("totals", &self.totals())?;
        fields.serialize_field("waiting", &self.waiting())?;
        fields.serialize_field("classes", &classes)?;
        fields.serialize_field("lines", &self.lines())?;
        fields.end()
    }
}

fn totals(class: Class, flops: u64, bytes: u64, count: &Count) -> Totals {
    let mut totals = Totals {
        warp_instructions: count.warps,
        thread_instructions: count.lanes,
        flops: flops * count.lanes,
        ..Totals::default()
    };
    let moved = bytes * count.lanes;
    match class {
        Class::LoadGlobal | Class::StoreGlobal if count.sectors != 0 => {
            totals.global_requests = count.warps;
            totals.global_sectors = count.sectors;
            totals.global_bytes = moved;
            totals.global_ideal_sectors = moved.div_ceil(32);
        }
        Class::LoadShared | Class::StoreShared | Class::LoadGlobal | Class::StoreGlobal
            if count.passes != 0 =>
        {
            totals.shared_requests = count.warps;
            totals.shared_passes = count.passes;
            totals.shared_bytes = moved;
            totals.shared_ideal_passes = count.warps * (bytes * 32).div_ceil(128);
        }
        Class::Atomic => {
            totals.atomic_requests = count.warps;
            totals.atomic_rounds = count.passes;
            if count.sectors != 0 {
                totals.global_requests = count.warps;
                totals.global_sectors = count.sectors;
                totals.global_bytes = moved;
                totals.global_ideal_sectors = moved.div_ceil(32);
            }
        }
        _ => {}
    }
    totals
}
