//! Work that waits for nothing but the multiply-add units: how many warps keep them busy.

use crate::check::Check;
use crate::error::{Error, Result};
use crate::files;
use crate::gpu::Gpu;
use crate::launch::{Kernel, Shape, args, blocks};
use crate::variant::{Variant, variants};
use crate::view::ViewMut;

variants! {
    /// How many chains of multiply-adds a thread of [`fma_sweep`] works on at once (instruction-level parallelism).
    FmaChains: "fma_sweep" {
        /// One chain.
        One = "fma_ilp1",
        /// Two chains.
        Two = "fma_ilp2",
        /// Four chains.
        Four = "fma_ilp4",
        /// Eight chains.
        Eight = "fma_ilp8",
    }
}

impl FmaChains {
    /// The number of chains.
    pub fn count(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// What a launch of [`fma_sweep`] is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FmaSweep {
    /// Chains of a thread.
    pub chains: FmaChains,
    /// Threads of a block, 32 to 1024.
    pub block: u32,
    /// Bytes of shared memory of a block that nobody uses: they lower the occupancy.
    pub idle_shared: u32,
    /// Each thread does `8 rounds` multiply-adds.
    pub rounds: u32,
    /// Factor of each multiply-add.
    pub factor: f32,
    /// Addend of each multiply-add.
    pub addend: f32,
}

/// Chain `j` of element `i` starts at `(i mod 1024) + j` and takes `8 rounds / chains` steps `x = fma(x, factor, addend)`; `out[i]` is the sum
/// of its chains, added from the first on. Exact.
///
/// # Errors
/// When the block is not of 32 to 1024 threads, `rounds` is above 2^31 - 1024, or the device refuses the shared memory.
pub fn fma_sweep<'o>(gpu: &Gpu, sweep: FmaSweep, out: impl Into<ViewMut<'o, f32>>) -> Result<()> {
    let out = out.into();
    let check = Check::new(gpu, FmaChains::FAMILY);
    check.context("out", &out)?;
    let kernel = Kernel { file: files::OCCUPANCY, name: sweep.chains.name() };
    if !(32..=1024).contains(&sweep.block) {
        let needs = "32 to 1024 threads";
        return Err(Error::Block { kernel: kernel.name, found: sweep.block, needs });
    }
    let rounds = check.int("rounds", sweep.rounds as usize)?;
    let limit = gpu.properties().shared_per_block;
    check.at_most("idle_shared", sweep.idle_shared as usize, limit as usize)?;
    let n = out.len();
    if n == 0 {
        return Ok(());
    }
    let grid = blocks(n, sweep.block as usize);
    let shape = Shape { dynamic_shared: sweep.idle_shared, ..Shape::line(grid, sweep.block) };
    kernel.launch(gpu, shape, args![&out, sweep.factor, sweep.addend, rounds, n as i64])
}
