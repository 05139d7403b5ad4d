//! How fast the emulator is, by kernel, and what its checks cost.

use std::num::NonZero;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use softcuda::sanitize::{self, Checks};
use softcuda::{Arg, Device, Dim, LaunchOptions, Module};

use super::{Result, values};

/// Passes of which the best is the reading.
const PASSES: usize = 5;
/// Elements of the vectors.
const N: usize = 1 << 20;
/// Rows and columns of the matrices.
const SIDE: i32 = 256;

/// A kernel and its launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// `vec_add_scalar`.
    VecAdd,
    /// `matmul_tiled_16`.
    MatmulTiled,
    /// `matmul_vectorised`.
    MatmulVectorised,
    /// `matmul_cp_async`.
    MatmulCpAsync,
}

impl Case {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::VecAdd, Self::MatmulTiled, Self::MatmulVectorised, Self::MatmulCpAsync];

    /// The kernel's name.
    #[must_use]
    pub fn kernel(self) -> &'static str {
        match self {
            Self::VecAdd => "vec_add_scalar",
            Self::MatmulTiled => "matmul_tiled_16",
            Self::MatmulVectorised => "matmul_vectorised",
            Self::MatmulCpAsync => "matmul_cp_async",
        }
    }

    fn file(self) -> &'static str {
        if self == Self::VecAdd { "vec_add.ptx" } else { "matmul.ptx" }
    }

    fn shape(self) -> (Dim, Dim) {
        let tiles = |side: u32| Dim::from((SIDE as u32 / side, SIDE as u32 / side));
        match self {
            Self::VecAdd => (Dim::from(N as u32 / 256), Dim::from(256)),
            Self::MatmulTiled => (tiles(16), Dim::from((16, 16))),
            Self::MatmulVectorised | Self::MatmulCpAsync => (tiles(128), Dim::from(256)),
        }
    }
}

/// A case ready to run.
#[derive(Debug)]
pub struct Bench {
    case: Case,
    module: Module,
    device: Device,
    args: Vec<Arg>,
    out: u64,
}

/// One launch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// Thread instructions.
    pub instructions: u64,
    /// Seconds.
    pub seconds: f64,
    /// Processors that the process had meanwhile: what it ran over what passed.
    pub cores: f64,
}

impl Bench {
    /// A device with what the kernel needs on it. With `checks` its memory is tracked as they need it.
    ///
    /// # Errors
    /// If the kernel's file cannot be read or loaded.
    pub fn new(case: Case, checks: Checks) -> Result<Self> {
        let path = crate::workspace_root().join("gpu/kernels").join(case.file());
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let module = Module::load(&text)?;
        let device = Device::new(64 << 20);
        sanitize::prepare(&device, checks);
        let n = if case == Case::VecAdd { N } else { (SIDE * SIDE) as usize };
        let floats = |seed| -> Result<u64> {
            let bytes: Vec<u8> = values(n, seed).iter().flat_map(|x| x.to_le_bytes()).collect();
            let address = device.memory().alloc(bytes.len() as u64)?;
            device.memory().write(address, &bytes)?;
            Ok(address)
        };
        let (a, b, out) = (floats(1)?, floats(2)?, floats(3)?);
        let mut args = vec![Arg::from(a), Arg::from(b), Arg::from(out)];
        match case {
            Case::VecAdd => args.push(Arg::from(N as i64)),
            _ => args.extend([SIDE; 3].map(Arg::from)),
        }
        Ok(Self { case, module, device, args, out })
    }

    /// Launches it on so many threads of the host.
    ///
    /// # Errors
    /// The launch's.
    pub fn plain(&self, workers: NonZero<usize>, by: Time) -> Result<Pass> {
        let kernel = self.module.kernel(self.case.kernel())?;
        let device = self.device.clone().with_workers(workers);
        let (grid, block) = self.case.shape();
        let clock = Clock::start(by);
        let options = LaunchOptions::default();
        let done = kernel.launch_with(&device, grid, block, &self.args, &options)?;
        let (seconds, cores) = (clock.seconds(), clock.cores());
        Ok(Pass { instructions: done.totals().thread_instructions, seconds, cores })
    }

    /// Seconds of a launch on one thread with checks.
    ///
    /// # Errors
    /// If they find anything.
    pub fn checked(&self, checks: Checks) -> Result<f64> {
        let kernel = self.module.kernel(self.case.kernel())?;
        let device = self.device.clone().with_workers(NonZero::<usize>::MIN);
        let (grid, block) = self.case.shape();
        let clock = Clock::start(Time::OfThread);
        let options = LaunchOptions::default();
        let report = sanitize::launch(&kernel, &device, grid, block, &self.args, &options, checks);
        let seconds = clock.seconds();
        if report.is_clean() { Ok(seconds) } else { Err(report.to_string().into()) }
    }

    /// The output, to be compared.
    ///
    /// # Errors
    /// The device's.
    pub fn output(&self) -> Result<Vec<u8>> {
        let n = if self.case == Case::VecAdd { N } else { (SIDE * SIDE) as usize };
        let mut bytes = vec![0; 4 * n];
        self.device.memory().read(self.out, &mut bytes)?;
        Ok(bytes)
    }
}

/// What time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// That passes.
    Passes,
    /// That the launching thread has a processor: of a launch with one worker, which is this thread.
    OfThread,
}

struct Clock {
    began: Instant,
    by: Time,
    of_thread: f64,
    of_process: f64,
}

impl Clock {
    fn start(by: Time) -> Self {
        let (of_process, of_thread) = (Self::process(), Self::thread());
        Self { by, of_process, of_thread, began: Instant::now() }
    }

    /// Seconds that this thread has run. (`schedstat` tells it in steps of a tick, which are longer than a launch.)
    fn thread() -> f64 {
        seconds_of(ClockId::ThreadCPUTime)
    }

    /// Seconds that all threads of the process have run.
    fn process() -> f64 {
        seconds_of(ClockId::ProcessCPUTime)
    }

    fn seconds(&self) -> f64 {
        match self.by {
            Time::Passes => self.began.elapsed().as_secs_f64(),
            Time::OfThread => Self::thread() - self.of_thread,
        }
    }

    fn cores(&self) -> f64 {
        (Self::process() - self.of_process) / self.began.elapsed().as_secs_f64()
    }
}

fn seconds_of(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Millions of thread instructions a second on so many threads, and the processors that the process had meanwhile: the best of some passes.
///
/// # Errors
/// As [`Bench::plain`].
pub fn rate(bench: &Bench, workers: NonZero<usize>, by: Time) -> Result<(f64, f64)> {
    let mut best = (0.0, 0.0);
    for _ in 0..PASSES {
        let pass = bench.plain(workers, by)?;
        let rate = pass.instructions as f64 / pass.seconds / 1e6;
        if rate > best.0 {
            best = (rate, pass.cores);
        }
    }
    Ok(best)
}

/// Seconds with all checks, and without: the best of some passes that take turns.
///
/// # Errors
/// As [`Bench::checked`] and [`Bench::plain`].
pub fn cost(checked: &Bench, plain: &Bench) -> Result<[f64; 2]> {
    let mut best = [f64::INFINITY; 2];
    for _ in 0..PASSES {
        best[0] = best[0].min(checked.checked(Checks::ALL)?);
        best[1] = best[1].min(plain.plain(NonZero::<usize>::MIN, Time::OfThread)?.seconds);
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workers_and_checks_do_the_same_work() {
        for case in [Case::MatmulTiled, Case::MatmulCpAsync] {
            let bench = Bench::new(case, Checks::ALL).unwrap();
            let one = bench.plain(NonZero::<usize>::MIN, Time::OfThread).unwrap();
            let expected = bench.output().unwrap();
            let two = bench.plain(NonZero::new(2).unwrap(), Time::Passes).unwrap();
            assert_eq!(one.instructions, two.instructions);
            assert!(bench.checked(Checks::ALL).unwrap() > 0.0);
            assert_eq!(bench.output().unwrap(), expected, "{case:?}");
        }
    }
}
