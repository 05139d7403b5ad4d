//! Checks of a launch, as NVIDIA's compute-sanitizer makes them on a GPU: memcheck, racecheck, initcheck, synccheck.
//!
//! ```
//! use softcuda::sanitize::{Checks, Kind, launch};
//! use softcuda::{Device, LaunchOptions, Module};
//!
//! // Each thread hands its number to its neighbour, without a barrier.
//! let text = "
//!     .version 8.0
//!     .target sm_80
//!     .address_size 64
//!     .visible .entry shift() {
//!         .shared .b32 s[64];
//!         .reg .b32 %r<4>;
//!         mov.u32 %r1, %tid.x;
//!         shl.b32 %r2, %r1, 2;
//!         mov.u32 %r3, s;
//!         add.u32 %r2, %r2, %r3;
//!         st.shared.u32 [%r2], %r1;
//!         xor.b32 %r2, %r2, 128;
//!         ld.shared.u32 %r3, [%r2];
//!         ret;
//!     }";
//! let kernel = Module::load(text)?.kernel("shift")?;
//! let device = Device::new(1 << 20);
//! let checks: Checks = "races".parse()?;
//! let report = launch(&kernel, &device, 1, 64, &[], &LaunchOptions::default(), checks);
//! assert!(report.outcome.is_ok() && report.has_errors());
//! let race = &report.findings[0];
//! assert!(race.kind.is_race());
//! println!("{report}"); // with both threads, both lines, the variable `s`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is checked
//!
//! | check | finds |
//! |---|---|
//! | (always) | accesses out of bounds, after free, misaligned, to constants; deadlocks; wrong member masks; traps |
//! | [`races`](Checks::races) | conflicting accesses to shared memory, of which one at least is plain, that nothing orders; use of what an asynchronous copy has not yet brought |
//! | [`uninitialised`](Checks::uninitialised) | reads of bytes that nobody has written, in shared, local and tracked global memory |
//! | [`barriers`](Checks::barriers) | barriers in divergent code, with different counts, from different places |
//! | [`global_races`](Checks::global_races) | conflicting plain accesses of different blocks to global memory that nothing can have ordered |
//!
//! Allocations made before [`prepare`] count as written, and so does all memory after a launch that did not check.
//!
//! # What orders accesses to shared memory
//!
//! - A barrier, for the threads that take part in it. `bar.arrive` publishes what came before it; only who waits is ordered after it.
//! - Any instruction with `.sync` (`bar.warp.sync`, `shfl`, `vote`, `match`, `redux`, matrix instructions), for the lanes that take
//!   part. PTX promises that of `bar.warp.sync` alone; the others are taken to do the same, since they make lanes wait.
//! - A fence, and a strong access (atomic, volatile, ordered) after it to a word which the other thread then reads by a strong access:
//!   flags and locks.
//! - Nothing else. In particular not that lanes of a warp run together: since compute capability 7.0 they need not. Races between
//!   lanes of a warp that only lockstep prevents are [warnings](Level::Warning), unless [`Config::lockstep`] is set; those between
//!   warps, between lanes that run apart, and of lanes that write different values in one instruction are errors.
//! - Two strong accesses are no race. A strong and a plain one are.
//!
//! The check sees the order that this run had. A race that shows only with other data or in another branch is not seen.
//!
//! # Cost
//!
//! A launch without checks pays one predictable branch a memory instruction. With `all`, measured on one core of a server in 2026
//! (`cargo run --release -p softcuda --example speed -- --check all`), vector addition takes 1.3 to 1.5 times as long, tiled matrix
//! products 2 times, those of wide loads and asynchronous copies 1.6 to 1.8, and a reduction whose lanes read and write the same words
//! between two barriers 2.2: there every access goes to the shadow, where in the others it is told by bits that it races with nothing.

mod barrier;
mod checks;
mod collect;
mod fault;
mod finding;
mod global;
mod initial;
mod observer;
mod order;
mod race;
mod report;
mod shape;

pub use checks::{Checks, ChecksError, Config, VARIABLE};
pub use finding::{Bytes, Finding, Kind, Level, Place};
pub use report::Report;

use crate::lower::Kernel;
use crate::machine::{Arg, Device, Dim, LaunchOptions, Observer};
use collect::Collector;
use global::Grid;
use observer::{Checker, Launch};
use std::sync::Arc;

/// Has the device remember what is written, where the checks need that: for allocations made from now on. To be called before the
/// first of them.
pub fn prepare(device: &Device, checks: Checks) {
    if checks.uninitialised {
        device.memory().space().track_writes(true);
    }
}

/// Launches a kernel, checks it, and waits until all blocks are done. What the options name as observers see the launch too.
///
/// Findings do not stop a launch; what the machine itself refuses does, and is the last finding. What follows from findings is the
/// caller's business.
pub fn launch(
    kernel: &Kernel,
    device: &Device,
    grid: impl Into<Dim>,
    block: impl Into<Dim>,
    args: &[Arg],
    options: &LaunchOptions<'_>,
    config: impl Into<Config>,
) -> Report {
    let (grid, block, config) = (grid.into(), block.into(), config.into());
    let regions = device.memory().space().regions();
    let threads = block.count().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let program = kernel.program();
    let launch = Arc::new(Launch {
        config,
        warps: threads.div_ceil(32),
        shared: program.shared.saturating_add(options.shared),
        local: program.local,
        collector: Collector::new(&config),
        grid: if config.checks.global_races {
            Grid::new(grid, program.code.len(), &regions)
        } else {
            None
        },
        regions: regions.clone(),
    });
    let make = || -> Box<dyn Observer> {
        let next = options.observers.map(|make| make());
        Box::new(Checker::new(launch.clone(), next))
    };
    let outcome = if config.checks.any() {
        let options = LaunchOptions { observers: Some(&make), ..*options };
        kernel.run(device, grid, block, args, &options, config.checks.uninitialised)
    } else {
        kernel.launch_with(device, grid, block, args, options)
    };
    let (mut findings, dropped) = launch.collector.finish(kernel, block, &regions);
    if let Err(error) = &outcome {
        findings.extend(fault::finding(kernel, &device.memory().space().regions(), error));
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    }
    Report { kernel: kernel.name().to_owned(), findings, dropped, outcome }
}
