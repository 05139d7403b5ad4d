//! Launches: limits and arguments checked, blocks run, results gathered.

use super::argument::Arg;
use super::device::{Device, Limits, most_resident};
use super::dim::Dim;
use super::error::{LaunchError, ThreadPlace};
use super::observe::Observer;
use super::program::{Constant, Program, Special};
use super::share::Pool;
use super::worker::work;
use crate::count::{Count, Statistics};
use crate::memory::{Memory, Regions};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What a launch may be told beyond its shape and arguments.
#[derive(Clone, Copy, Default)]
pub struct LaunchOptions<'l> {
    /// Bytes of dynamic shared memory.
    pub shared: u32,
    /// All blocks are resident at once.
    pub cooperative: bool,
    /// Warp instructions after which the launch is stopped; by default 2^40.
    pub step_limit: Option<u64>,
    /// Where `printf` writes; by default to standard output.
    pub print: Option<&'l (dyn Fn(&str) + Sync)>,
    /// Makes an observer for each worker.
    pub observers: Option<&'l (dyn Fn() -> Box<dyn Observer> + Sync)>,
}

impl fmt::Debug for LaunchOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaunchOptions")
            .field("shared", &self.shared)
            .field("cooperative", &self.cooperative)
            .field("step_limit", &self.step_limit)
            .finish_non_exhaustive()
    }
}

/// What kernels reach of the host.
pub(crate) struct Host<'l> {
    pub print: &'l (dyn Fn(&str) + Sync),
    pub start: Instant,
}

/// A launch under way.
pub(crate) struct State<'l> {
    pub program: &'l Program,
    files: &'l [(u32, String)],
    pub regions: Arc<Regions>,
    /// In units of 16 bytes.
    pub params: Vec<u128>,
    /// Value, row, whether of 64 bits.
    pub constants: Vec<(u64, u16, bool)>,
    grid: Dim,
    block: Dim,
    pub threads: u32,
    pub warps: u32,
    dynamic_shared: u32,
    pub shared: u32,
    pub cooperative: bool,
    /// Blocks that a worker may have under way.
    pub resident: usize,
    /// Blocks of a worker in a cooperative launch.
    pub share: usize,
    pub limit: u64,
    pub host: Host<'l>,
    pub observers: Option<&'l (dyn Fn() -> Box<dyn Observer> + Sync)>,
    multiprocessors: u32,
    workspace: u64,
    number: u32,
    pub pool: Pool,
    pub stopped: AtomicBool,
    error: Mutex<Option<LaunchError>>,
}

impl State<'_> {
    /// The index of a block of this number.
    pub(crate) fn index(&self, number: u64) -> [u32; 3] {
        let (x, y) = (u64::from(self.grid.x), u64::from(self.grid.y));
        [(number % x) as u32, (number / x % y) as u32, (number / x / y) as u32]
    }

    /// Stops all workers; the first reason counts.
    pub(crate) fn stop(&self, error: LaunchError) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stopped.store(true, Relaxed);
    }

    /// A thread and what it runs, for messages.
    pub(crate) fn place(&self, block: [u32; 3], thread: u32, pc: u32) -> ThreadPlace {
        let source = self.program.places.get(pc as usize).and_then(|place| place.source);
        let file = |number| {
            let found = self.files.iter().find(|(index, _)| *index == number);
            found.map_or_else(|| format!("file {number}"), |(_, name)| name.clone())
        };
        ThreadPlace {
            kernel: self.program.name.clone(),
            block,
            thread: self.thread(thread),
            opcode: self.program.opcode(pc).to_owned(),
            line: self.program.line(pc),
            source: source.map(|(number, line)| (file(number), line)),
        }
    }

    fn thread(&self, number: u32) -> [u32; 3] {
        let Dim { x, y, .. } = self.block;
        [number % x, number / x % y, number / x / y]
    }

    /// The value of a special register. That of `Ctaid` is set when a block begins.
    pub(crate) fn special(&self, special: Special, warp: u32, lane: u32, worker: u32) -> u32 {
        match special {
            Special::Tid(axis) => self.thread(warp * 32 + lane)[usize::from(axis)],
            Special::Ntid(axis) => self.block.array()[usize::from(axis)],
            Special::Ctaid(_) => 0,
            Special::Nctaid(axis) => self.grid.array()[usize::from(axis)],
            Special::Lane => lane,
            Special::Warp => warp,
            Special::Warps => self.warps,
            Special::Sm => worker,
            Special::Sms => self.multiprocessors,
            Special::Grid => self.number,
            Special::DynamicShared => self.dynamic_shared,
            Special::TotalShared => self.shared,
            Special::WorkspaceLow => self.workspace as u32,
            Special::WorkspaceHigh => (self.workspace >> 32) as u32,
            Special::LaneMaskEq => 1 << lane,
            Special::LaneMaskLt => (1 << lane) - 1,
            Special::LaneMaskLe => ((2_u64 << lane) - 1) as u32,
            Special::LaneMaskGe => u32::MAX << lane,
            Special::LaneMaskGt => ((u64::from(u32::MAX) << (lane + 1)) & 0xffff_ffff) as u32,
        }
    }
}

/// What a kernel needs besides its program.
pub(crate) struct Linked<'l> {
    pub program: &'l Program,
    /// Addresses of the module's variables.
    pub variables: &'l [u64],
    /// Numbers and paths of source files.
    pub files: &'l [(u32, String)],
}

static LAUNCHES: AtomicU64 = AtomicU64::new(0);

/// A launch that the device takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked {
    blocks: u64,
    /// Of a block.
    threads: u32,
    /// Of a block, in bytes.
    shared: u32,
    /// Blocks that the device holds at once.
    most: u64,
}

/// Checks all of a launch that can be known before it runs.
pub(crate) fn check(
    program: &Program,
    limits: &Limits,
    grid: Dim,
    block: Dim,
    args: &[Arg],
    options: &LaunchOptions<'_>,
) -> Result<Checked, LaunchError> {
    let (blocks, threads) = check_shape(program, limits, grid, block)?;
    check_args(program, args)?;
    let (fixed, dynamic) = (program.shared, options.shared);
    let shared =
        fixed.checked_add(dynamic).filter(|&bytes| bytes <= limits.shared).ok_or_else(|| {
            LaunchError::Shared {
                kernel: program.name.clone(),
                fixed,
                dynamic,
                most: limits.shared,
            }
        })?;
    let most = most_resident(limits, threads, shared);
    if options.cooperative && blocks > most {
        return Err(LaunchError::Cooperative { kernel: program.name.clone(), blocks, most });
    }
    Ok(Checked { blocks, threads, shared, most })
}

/// Checks and runs a launch.
pub(crate) fn launch(
    linked: &Linked<'_>,
    device: &Device,
    grid: Dim,
    block: Dim,
    args: &[Arg],
    options: &LaunchOptions<'_>,
) -> Result<Statistics, LaunchError> {
    let program = linked.program;
    let limits = *device.limits();
    let Checked { blocks, threads, shared, most } =
        check(program, &limits, grid, block, args, options)?;
    let params = pack(program, args);
    let dynamic = options.shared;
    let constants = program
        .constants
        .iter()
        .map(|&(constant, row, wide)| {
            let value = match constant {
                Constant::Bits(bits) => bits,
                Constant::Variable(number, addend) => {
                    linked.variables[number as usize].wrapping_add_signed(addend)
                }
            };
            (value, row, wide)
        })
        .collect();
    let workspace = if options.cooperative { Some(Workspace::new(device.memory())?) } else { None };
    let workers = (device.workers.get() as u64).min(blocks) as usize;
    let limit = options.step_limit.unwrap_or(1 << 40);
    let stdout = |text: &str| {
        use std::io::Write;
        // As with the driver's printf, output that cannot be written is lost.
        let _ = std::io::stdout().write_all(text.as_bytes());
    };
    let state = State {
        program,
        files: linked.files,
        regions: device.memory().space().regions(),
        params,
        constants,
        grid,
        block,
        threads,
        warps: threads.div_ceil(32),
        dynamic_shared: dynamic,
        shared,
        cooperative: options.cooperative,
        resident: (most / u64::from(limits.multiprocessors.max(1))).max(1) as usize,
        share: blocks.div_ceil(workers as u64) as usize,
        limit,
        host: Host { print: options.print.unwrap_or(&stdout), start: Instant::now() },
        observers: options.observers,
        multiprocessors: limits.multiprocessors,
        workspace: workspace.as_ref().map_or(0, |it| it.1),
        number: LAUNCHES.fetch_add(1, Relaxed) as u32,
        pool: Pool::new(blocks, limit, workers as u64),
        stopped: AtomicBool::new(false),
        error: Mutex::new(None),
    };
    let counts = std::thread::scope(|scope| {
        let state = &state;
        let others: Vec<_> =
            (1..workers).map(|n| scope.spawn(move || work(state, n as u32))).collect();
        let mut counts = work(state, 0);
        for other in others {
            match other.join() {
                Ok(more) => {
                    Count::add_all(&mut counts.0, &more.0);
                    Count::add_all(&mut counts.1, &more.1);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        counts
    });
    match state.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(Statistics::new(program, linked.files, (&counts.0, &counts.1), blocks, threads)),
    }
}

/// What the blocks of a cooperative launch meet at: its second word is the barrier of `grid.sync()`.
struct Workspace(Memory, u64);

impl Workspace {
    fn new(memory: &Memory) -> Result<Self, LaunchError> {
        let address = memory.alloc(256)?;
        memory.fill(address, &[0], 256)?;
        Ok(Self(memory.clone(), address))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // It was allocated by us and nobody else knows of it.
        let _ = self.0.free(self.1);
    }
}

fn check_shape(
    program: &Program,
    limits: &Limits,
    grid: Dim,
    block: Dim,
) -> Result<(u64, u32), LaunchError> {
    let kernel = || program.name.clone();
    let count = block.count().filter(|&n| n <= limits.threads.into());
    let Some(threads) = count.filter(|_| block.within(limits.block)) else {
        let (most, threads) = (limits.block, limits.threads);
        return Err(LaunchError::Block { kernel: kernel(), block, most, threads });
    };
    let Some(blocks) = grid.count().filter(|_| grid.within(limits.grid)) else {
        return Err(LaunchError::Grid { kernel: kernel(), grid, most: limits.grid });
    };
    if let Some((compiled, required)) = program.threads {
        let compiled = Dim::from(compiled);
        let fits = if required {
            block == compiled
        } else {
            compiled.count().is_none_or(|most| threads <= most)
        };
        if !fits {
            return Err(LaunchError::Compiled { kernel: kernel(), block, compiled, required });
        }
    }
    Ok((blocks, threads as u32))
}

fn check_args(program: &Program, args: &[Arg]) -> Result<(), LaunchError> {
    if args.len() != program.params.len() {
        return Err(LaunchError::ArgumentCount {
            kernel: program.name.clone(),
            expected: program.params.len(),
            found: args.len(),
        });
    }
    for (index, (arg, param)) in args.iter().zip(&program.params).enumerate() {
        let found = arg.as_bytes().len() as u32;
        if found != param.size {
            return Err(LaunchError::ArgumentSize {
                kernel: program.name.clone(),
                index,
                name: param.name.clone(),
                expected: param.size,
                found,
            });
        }
    }
    Ok(())
}

/// The bytes of arguments that were checked.
fn pack(program: &Program, args: &[Arg]) -> Vec<u128> {
    let mut bytes = vec![0_u8; program.params_size as usize];
    for (arg, param) in args.iter().zip(&program.params) {
        bytes[param.offset as usize..][..arg.as_bytes().len()].copy_from_slice(arg.as_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    bytes.as_chunks::<16>().0.iter().map(|chunk| u128::from_ne_bytes(*chunk)).collect()
}
