//! A profiled launch.

use super::footprint::Footprint;
use super::gpu::{GPUS, Gpu};
use super::ilp::Ilp;
use super::occupancy::{Occupancy, Usage, occupancy};
use super::predict::{Caches, Measured, Prediction, predict};
use super::rates::Latencies;
use super::roofline::{Point, Units, point};
use super::trace::Watch;
use super::traffic::Traffic;
use crate::count::Statistics;
use crate::lower::Kernel;
use crate::machine::{Arg, Device, Dim, LaunchError, LaunchOptions, Observer};
use std::num::NonZero;

/// Where the number of registers comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Registers {
    /// The caller gave it, from `ptxas -v` or the like.
    Known(u32),
    /// From the lives of PTX's registers: see [`Kernel::registers_estimated`].
    Estimated(u32),
    /// Nobody knows: they limit nothing.
    Unknown,
}

impl Registers {
    /// The number, if there is one.
    pub fn count(self) -> Option<u32> {
        match self {
            Self::Known(n) | Self::Estimated(n) => Some(n),
            Self::Unknown => None,
        }
    }
}

/// What to profile for.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The GPUs.
    pub gpus: &'o [Gpu],
    /// Registers a thread on a GPU.
    pub registers: &'o dyn Fn(&Gpu) -> Registers,
    /// Where the arrays are when the launch begins.
    pub caches: Caches,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("gpus", &self.gpus)
            .field("caches", &self.caches)
            .finish_non_exhaustive()
    }
}

impl Default for Options<'_> {
    /// All GPUs, registers unknown, caches cold.
    fn default() -> Self {
        Self { gpus: &GPUS, registers: &|_| Registers::Unknown, caches: Caches::Cold }
    }
}

/// What is said of a launch for one GPU.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OnGpu {
    /// The GPU's name.
    pub gpu: &'static str,
    /// Registers a thread.
    pub registers: Registers,
    /// How full a multiprocessor is; an upper bound where registers are unknown.
    pub occupancy: Occupancy,
    /// The place under the roofs.
    pub roofline: Point,
    /// The predicted time; `None` where not one block fits.
    pub predicted: Option<Prediction>,
}

/// All that is known of a launch.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Profile {
    /// The kernel.
    pub kernel: String,
    /// Blocks.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
    /// Bytes of shared memory that the code declares.
    pub shared_static: u32,
    /// Bytes of shared memory that the launch asked for.
    pub shared_dynamic: u32,
    /// Counters.
    pub statistics: Statistics,
    /// Sectors of global memory.
    pub footprint: Footprint,
    /// Bytes and operations.
    pub traffic: Traffic,
    /// Chains of dependent instructions.
    pub ilp: Ilp,
    /// What is said for each GPU.
    pub gpus: Vec<OnGpu>,
}

impl Profile {
    /// What is said for the GPU of this name.
    pub fn on(&self, gpu: &str) -> Option<&OnGpu> {
        self.gpus.iter().find(|it| it.gpu == gpu)
    }
}

/// Launches a kernel as [`Kernel::launch_with`] does, and profiles it.
///
/// The launch has one worker, so that what is found is the same every time, and is watched: each access to global memory, and each
/// instruction of some warps. It takes about 1.5 to 3 times as long as a plain launch on one core. Observers in `launch` are not asked.
///
/// # Errors
/// As [`Kernel::launch_with`].
pub fn launch(
    kernel: &Kernel,
    device: &Device,
    grid: impl Into<Dim>,
    block: impl Into<Dim>,
    args: &[Arg],
    launch: &LaunchOptions<'_>,
    options: &Options<'_>,
) -> Result<Profile, LaunchError> {
    let (grid, block) = (grid.into(), block.into());
    let (grid_of, block_of) = ([grid.x, grid.y, grid.z], [block.x, block.y, block.z]);
    let tables: Vec<Latencies> = options.gpus.iter().map(|gpu| gpu.latencies).collect();
    let watch = Watch::new(kernel, grid_of, block.count().unwrap_or(u64::MAX), &tables);
    let observer = || -> Box<dyn Observer> { Box::new(watch.observer()) };
    let device = device.clone().with_workers(NonZero::<usize>::MIN);
    let watched = LaunchOptions { observers: Some(&observer), ..*launch };
    let statistics = kernel.launch_with(&device, grid, block, args, &watched)?;
    let (footprint, ilp) = watch.finish();
    let traffic = Traffic::new(&statistics, &footprint);
    let units = Units::of(&statistics);
    let shared = kernel.shared_bytes().saturating_add(launch.shared);
    let gpus = options.gpus.iter().enumerate().map(|(number, gpu)| {
        let registers = (options.registers)(gpu);
        let usage = Usage { threads: statistics.threads, registers: registers.count(), shared };
        let occupancy = occupancy(gpu, &usage);
        let measured = Measured {
            statistics: &statistics,
            footprint: &footprint,
            traffic: &traffic,
            ilp: &ilp,
            gpu: number,
        };
        let predicted = predict(gpu, &occupancy, &measured, options.caches);
        let roofline = point(gpu, units, &traffic);
        OnGpu { gpu: gpu.name, registers, occupancy, roofline, predicted }
    });
    let gpus = gpus.collect();
    Ok(Profile {
        kernel: kernel.name().to_owned(),
        grid: grid_of,
        block: block_of,
        shared_static: kernel.shared_bytes(),
        shared_dynamic: launch.shared,
        statistics,
        footprint,
        traffic,
        ilp,
        gpus,
    })
}
