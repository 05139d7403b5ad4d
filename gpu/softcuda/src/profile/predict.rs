//! A prediction of a launch's time.
//!
//! # The model: [`MODEL`]
//! The time is the launch overhead and the longest of:
//!
//! | bound | time |
//! |---|---|
//! | DRAM | bytes of different sectors, read and written, over the bandwidth; nothing where the arrays are said to lie in the second cache and fit |
//! | L2 | bytes of the sectors of all requests over the second cache's bandwidth |
//! | atomics | operations on the address that most meet at, one a clock |
//! | a pipe | clocks that its instructions take on the multiprocessor with the most blocks: lanes of a warp over the lanes that the pipe takes a clock; of shared memory, passes over the banks; of the first cache, bytes of sectors; of the tensor cores, FLOP over their peak |
//! | latency | clocks that a block takes whose warps are alone ([`Ilp::clocks`]), times the waves of blocks that follow each other on a multiprocessor: Little's law, with as many blocks under way as the occupancy allows |
//!
//! The busiest multiprocessor has `ceil(blocks / multiprocessors)` blocks, and waves are whole numbers: so the tail of a grid that does not
//! fill the GPU costs what it costs.
//!
//! # What it does not know
//! Peaks are those of data sheets (DRAM gives some 90 % of them); bounds overlap perfectly; the first cache serves nothing; the second
//! holds all, however large the arrays are; instructions are those of PTX, less those that any assembler folds
//! ([`is_folded`]), not of the machine code; waiting is not counted, neither at barriers nor in
//! loops that poll ([`Statistics::waiting`], which says what it takes for that). It ranks variants and says what limits them. It is no measurement.

use super::gpu::Gpu;
use super::ilp::Ilp;
use super::occupancy::Occupancy;
use super::rates::{Pipe, is_folded};
use super::traffic::Traffic;
use crate::count::{Class, Statistics};
use crate::profile::Footprint;

/// The model's name; it changes when predictions do.
pub const MODEL: &str = "bottleneck-2";

/// Where the arrays are when the launch begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Caches {
    /// In DRAM.
    #[default]
    Cold,
    /// In the second cache, where they fit.
    Warm,
}

/// What may limit a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Bytes of DRAM.
    Dram,
    /// Bytes of the second cache.
    L2,
    /// Operations on one address.
    Atomics,
    /// A pipe of the multiprocessors.
    Pipe(Pipe),
    /// Chains of dependent instructions, with as many warps as there are.
    Latency,
}

impl Bound {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dram => "DRAM",
            Self::L2 => "L2",
            Self::Atomics => "atomics",
            Self::Pipe(pipe) => pipe.name(),
            Self::Latency => "latency",
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Bound {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One bound, and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BoundTime {
    /// What limits.
    pub bound: Bound,
    /// Seconds that it takes alone.
    pub seconds: f64,
}

/// A predicted time.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Prediction {
    /// The model that it is of: [`MODEL`].
    pub model: &'static str,
    /// Where the arrays were said to be.
    pub caches: Caches,
    /// Seconds, with the launch overhead.
    pub seconds: f64,
    /// Seconds without it.
    pub kernel_seconds: f64,
    /// What takes the longest.
    pub bound: Bound,
    /// All bounds, the longest first.
    pub bounds: Vec<BoundTime>,
    /// Waves of blocks: 1.2 are two, the second nearly empty.
    pub waves: f64,
    /// Whether the arrays are larger than the second cache, so that DRAM moves more than was counted where they are read again.
    pub exceeds_l2: bool,
}

/// What a prediction is made from.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'m> {
    /// Counters.
    pub statistics: &'m Statistics,
    /// Sectors.
    pub footprint: &'m Footprint,
    /// Bytes and operations.
    pub traffic: &'m Traffic,
    /// Chains.
    pub ilp: &'m Ilp,
    /// Number of the GPU in `ilp`.
    pub gpu: usize,
}

/// Clocks that each pipe of one multiprocessor needs for all of a launch.
fn pipes(gpu: &Gpu, measured: &Measured<'_>) -> Vec<(Pipe, f64)> {
    let Measured { statistics, traffic, .. } = measured;
    let rates = &gpu.rates;
    let mut lanes: Vec<(Pipe, f64)> = Vec::new();
    let mut add = |pipe, warps: u64| {
        let n = warps as f64 * 32.0;
        match lanes.iter_mut().find(|(it, _)| *it == pipe) {
            Some((_, sum)) => *sum += n,
            None => lanes.push((pipe, n)),
        }
    };
    for class in Class::ALL {
        let warps = statistics.class(class).warp_instructions;
        if !is_folded(class) {
            add(Pipe::Issue, warps);
        }
        if let Some(pipe) = Pipe::of(class).filter(|&pipe| pipe != Pipe::Matrix) {
            add(pipe, warps);
        }
    }
    let rate = |pipe| match pipe {
        Pipe::Issue => rates.issue,
        Pipe::Integer => rates.integer,
        Pipe::Half => rates.half,
        Pipe::Single => rates.single,
        Pipe::Double => rates.double,
        Pipe::Special => rates.special,
        Pipe::Exchange => rates.exchange,
        Pipe::Barrier => rates.barrier,
        _ => rates.load_store,
    };
    let mut clocks: Vec<_> = lanes.into_iter().map(|(pipe, n)| (pipe, n / rate(pipe))).collect();
    let a_clock = gpu.tensor_flops / f64::from(gpu.multiprocessors) / gpu.clock;
    clocks.push((Pipe::Matrix, traffic.tensor_flops as f64 / a_clock));
    let pass = f64::from(gpu.banks) * 4.0 / rates.shared_bytes;
    clocks.push((Pipe::Shared, traffic.shared_passes as f64 * pass));
    clocks.push((Pipe::L1, traffic.l2_bytes as f64 / rates.l1_bytes));
    clocks
}

/// Predicts a launch; `None` where not one block fits.
pub fn predict(
    gpu: &Gpu,
    occupancy: &Occupancy,
    measured: &Measured<'_>,
    caches: Caches,
) -> Option<Prediction> {
    if occupancy.blocks == 0 {
        return None;
    }
    let Measured { statistics, footprint, traffic, ilp, .. } = measured;
    let blocks = statistics.blocks.max(1) as f64;
    let multiprocessors = f64::from(gpu.multiprocessors);
    // Of all that is done, what the busiest multiprocessor does.
    let share = (blocks / multiprocessors).ceil() / blocks;
    let waves = blocks / (multiprocessors * f64::from(occupancy.blocks));
    let exceeds_l2 = traffic.footprint_bytes > gpu.l2_bytes;
    let dram = match caches {
        Caches::Warm if !exceeds_l2 => 0.0,
        _ => traffic.dram_bytes as f64 / gpu.dram_bandwidth,
    };
    let mut bounds = vec![
        BoundTime { bound: Bound::Dram, seconds: dram },
        BoundTime { bound: Bound::L2, seconds: traffic.l2_bytes as f64 / gpu.l2_bandwidth },
        BoundTime { bound: Bound::Atomics, seconds: footprint.hottest_atomic as f64 / gpu.clock },
    ];
    for (pipe, clocks) in pipes(gpu, measured) {
        bounds.push(BoundTime { bound: Bound::Pipe(pipe), seconds: clocks * share / gpu.clock });
    }
    if let Some(clocks) = ilp.clocks(measured.gpu) {
        bounds
            .push(BoundTime { bound: Bound::Latency, seconds: clocks * waves.ceil() / gpu.clock });
    }
    bounds.retain(|it| it.seconds > 0.0);
    bounds.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let longest =
        bounds.first().copied().unwrap_or(BoundTime { bound: Bound::Latency, seconds: 0.0 });
    Some(Prediction {
        model: MODEL,
        caches,
        seconds: longest.seconds + gpu.launch_overhead,
        kernel_seconds: longest.seconds,
        bound: longest.bound,
        bounds,
        waves,
        exceeds_l2,
    })
}
