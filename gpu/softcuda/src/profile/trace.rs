//! The observer that a profiled launch runs under.

use super::footprint::{Footprint, Touched};
use super::ilp::{Ilp, Path};
use super::rates::Latencies;
use crate::lower::Kernel;
use crate::machine::{Access, AccessKind, Observer};
use crate::memory::Space;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Blocks of a launch, and warps of each, that are followed at most.
const BLOCKS: u64 = 4;
const WARPS: u32 = 4;

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    footprint: Footprint,
    ilp: Ilp,
}

/// What a launch is watched for, and by whom.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    kernel: Kernel,
    grid: [u32; 3],
    warps: u32,
    tables: Arc<[Latencies]>,
    seen: Arc<Mutex<Seen>>,
}

impl Watch {
    pub(super) fn new(kernel: &Kernel, grid: [u32; 3], threads: u64, tables: &[Latencies]) -> Self {
        Self {
            kernel: kernel.clone(),
            grid,
            warps: threads.div_ceil(32).min(u32::MAX.into()) as u32,
            tables: tables.into(),
            seen: Arc::default(),
        }
    }

    /// The observer. There must be one: a launch that is profiled has one worker, so that its blocks run in their order and what is
    /// found is the same every time.
    pub(super) fn observer(&self) -> Watcher {
        let (touched, paths) = (Touched::default(), HashMap::new());
        Watcher { watch: self.clone(), touched, paths, ilp: Ilp::default(), missed: false }
    }

    /// What was seen, once the observer is gone.
    pub(super) fn finish(self) -> (Footprint, Ilp) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        (seen.footprint, seen.ilp)
    }

    /// Whether a warp is one of those that are followed: some of the first, middle and last.
    fn picks(&self, block: [u32; 3], warp: u32) -> bool {
        let [x, y, z] = block.map(u64::from);
        let [nx, ny, nz] = self.grid.map(u64::from);
        let number = (z * ny + y) * nx + x;
        picked(number, nx.saturating_mul(ny).saturating_mul(nz), BLOCKS)
            && picked(warp.into(), self.warps.into(), WARPS.into())
    }
}

/// Whether `number` is one of `of` numbers below `n`, spread out evenly.
fn picked(number: u64, n: u64, of: u64) -> bool {
    if n <= of {
        return true;
    }
    let nearest = (u128::from(number) * u128::from(of)).div_ceil(u128::from(n));
    nearest < u128::from(of) && nearest * u128::from(n) / u128::from(of) == u128::from(number)
}

/// The observer.
#[derive(Debug)]
pub(super) struct Watcher {
    watch: Watch,
    touched: Touched,
    paths: HashMap<([u32; 3], u32), Path>,
    ilp: Ilp,
    /// Whether the last access went to memory that was not read before.
    missed: bool,
}

impl Observer for Watcher {
    fn follows(&mut self, block: [u32; 3], warp: u32) -> bool {
        self.watch.picks(block, warp)
    }

    fn executed(&mut self, block: [u32; 3], warp: u32, pc: u32, mask: u32) {
        let program = self.watch.kernel.program();
        let gpus = self.watch.tables.len();
        let path = self.paths.entry((block, warp)).or_insert_with(|| Path::new(program, gpus));
        path.step(program, pc, self.missed && mask != 0, &self.watch.tables);
    }

    fn access(&mut self, access: &Access<'_>) {
        if access.space != Space::Global {
            return;
        }
        let Access { addresses, mask, size, kind, .. } = access;
        let does = (*kind != AccessKind::Store, *kind != AccessKind::Load);
        self.missed = self.touched.access(addresses, *mask, *size, does);
        if *kind == AccessKind::Atomic {
            self.touched.atomic(addresses, *mask);
        }
    }

    fn block_ends(&mut self, block: [u32; 3]) {
        let ended = self.paths.extract_if(|(of, _), _| *of == block);
        let ended: Vec<Path> = ended.map(|(_, path)| path).collect();
        self.ilp.add_block(&ended);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut seen = self.watch.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Seen { footprint: self.touched.footprint(), ilp: std::mem::take(&mut self.ilp) };
    }
}

#[cfg(test)]
mod tests {
    use super::picked;

    #[test]
    fn as_many_are_picked_as_there_may_be() {
        for n in 1..200 {
            for of in 1..9 {
                let count = (0..n).filter(|&number| picked(number, n, of)).count() as u64;
                assert_eq!(count, of.min(n), "{of} of {n}");
                assert!(picked(0, n, of));
            }
        }
    }
}
