//! Kernels put into a stream.

use crate::driver;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::files::PtxFile;
use crate::gpu::Gpu;
use crate::record::Launch;
use crate::stream::Event;
use crate::view::{View, ViewMut};
use std::sync::{PoisonError, RwLock};

/// A kernel of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    pub file: PtxFile,
    pub name: &'static str,
}

/// An argument's bytes, at the start of eight: devices and hosts of CUDA are little-endian.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arg(u64);

macro_rules! args {
    ($($t:ty: |$x:ident| $bits:expr),*) => {$(
        impl From<$t> for Arg {
            fn from($x: $t) -> Self {
                Self($bits)
            }
        }
    )*};
}

args!(
    u64: |x| x, u32: |x| x.into(), i32: |x| (x as u32).into(), i64: |x| x as u64, f32: |x| x.to_bits().into()
);

impl<T: Element> From<&View<'_, T>> for Arg {
    fn from(view: &View<'_, T>) -> Self {
        Self(view.as_raw())
    }
}

impl<T: Element> From<&ViewMut<'_, T>> for Arg {
    fn from(view: &ViewMut<'_, T>) -> Self {
        Self(view.as_raw())
    }
}

/// The arguments of a kernel in their order.
macro_rules! args_of {
    ($($x:expr),* $(,)?) => { &[$($crate::launch::Arg::from($x)),*] };
}
pub(crate) use args_of as args;

/// How a kernel is launched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub grid: [u64; 3],
    pub block: [u32; 3],
    pub dynamic_shared: u32,
    pub cooperative: bool,
}

impl Shape {
    /// One-dimensional.
    pub(crate) fn line(grid: u64, block: u32) -> Self {
        Self { grid: [grid, 1, 1], block: [block, 1, 1], dynamic_shared: 0, cooperative: false }
    }

    /// Two-dimensional.
    pub(crate) fn plane(grid: [u64; 2], block: [u32; 2]) -> Self {
        let [x, y] = grid;
        Self {
            grid: [x, y, 1],
            block: [block[0], block[1], 1],
            dynamic_shared: 0,
            cooperative: false,
        }
    }
}

/// How many blocks of `each` it takes for `n`; one at least.
pub(crate) fn blocks(n: usize, each: usize) -> u64 {
    n.div_ceil(each).max(1) as u64
}

/// The most blocks along x, y, z of all devices since compute capability 3.0.
const GRID: [(char, u64, &str); 3] = [
    ('x', 0x7fff_ffff, "CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X"),
    ('y', 65_535, "CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y"),
    ('z', 65_535, "CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z"),
];

/// Launches, and those that are recorded, which are alone until they have ended.
static LAUNCHES: RwLock<()> = RwLock::new(());

impl Kernel {
    /// Puts the kernel into the stream of `gpu`.
    pub(crate) fn launch(self, gpu: &Gpu, shape: Shape, args: &[Arg]) -> Result<()> {
        let kernel = self.name;
        let mut grid = [1; 3];
        for (to, (&blocks, (axis, most, limit))) in grid.iter_mut().zip(shape.grid.iter().zip(GRID))
        {
            if blocks > most {
                return Err(Error::Grid { kernel, axis, blocks, most, limit });
            }
            *to = blocks.max(1) as u32;
        }
        let context = gpu.context();
        context.enter()?;
        let function = context.function(self.file, kernel)?;
        let stream = gpu.stream().raw;
        let begin = if gpu.recorder().is_some() && !gpu.is_emulated() {
            let event = Event::new(gpu)?;
            event.record(gpu)?;
            Some(event)
        } else {
            None
        };
        // What softcuda counted last is asked for by context, not by launch: others wait.
        let others = LAUNCHES.read().unwrap_or_else(PoisonError::into_inner);
        let (_shared, _alone) = if gpu.recorder().is_some() {
            drop(others);
            (None, Some(LAUNCHES.write().unwrap_or_else(PoisonError::into_inner)))
        } else {
            (Some(others), None)
        };
        let profiling = gpu.recorder().and_then(|recorder| recorder.profiling);
        if profiling.is_some() {
            driver::profile_launches(profiling);
        }
        let mut values: Vec<u64> = args.iter().map(|arg| arg.0).collect();
        let launched = driver::launch(
            function,
            grid,
            shape.block,
            shape.dynamic_shared,
            stream,
            shape.cooperative,
            &mut values,
        );
        let profile = profiling.and_then(|_| {
            let profile = driver::take_profile();
            driver::profile_launches(None);
            profile
        });
        launched?;
        let Some(recorder) = gpu.recorder() else { return Ok(()) };
        let milliseconds = match begin {
            Some(begin) => {
                let end = Event::new(gpu)?;
                end.record(gpu)?;
                end.synchronize()?;
                Some(end.milliseconds_since(&begin)?)
            }
            None => None,
        };
        driver::stream_synchronize(stream)?;
        recorder.push(Launch {
            kernel,
            file: self.file.name,
            grid,
            block: shape.block,
            dynamic_shared: shape.dynamic_shared,
            statistics: driver::last_statistics().filter(|counted| counted.kernel == kernel),
            profile,
            milliseconds,
        });
        Ok(())
    }

    /// How many blocks can be on the device at once.
    pub(crate) fn most_resident(self, gpu: &Gpu, block: u32) -> Result<u64> {
        let context = gpu.context();
        context.enter()?;
        let function = context.function(self.file, self.name)?;
        let each = driver::most_blocks(function, block, 0)?;
        Ok(u64::from(each) * u64::from(context.properties().multiprocessors))
    }
}
