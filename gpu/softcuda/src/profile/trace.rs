//! The observer that a profiled launch runs under.

use super::footprint::{Footprint, Touched};
use super::ilp::{Ilp, Path};
use super::rates::Latencies;
use crate::lower::Kernel;
use crate::machine::{Access, AccessKind, Lanes, Observer};
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
        let (watched, waited) = (HashMap::new(), None);
        Watcher {
            watch: self.clone(),
            touched,
            paths,
            ilp: Ilp::default(),
            watched,
            waited,
            missed: false,
        }
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

/// What lanes have done since they were watched.
#[derive(Debug)]
struct Held {
    mask: u32,
    /// Instructions, and whether they went to memory that was not read before.
    steps: Vec<(u32, bool)>,
    /// Addresses of atomic operations.
    atomics: Vec<u64>,
    /// Instructions that went to memory that was not read before, in rounds that only waited: the round that counts is taken to be the
    /// first.
    missed: Vec<u32>,
}

/// The observer.
#[derive(Debug)]
pub(super) struct Watcher {
    watch: Watch,
    touched: Touched,
    paths: HashMap<([u32; 3], u32), Path>,
    ilp: Ilp,
    /// Lanes of warps that are watched: what they have run may have been only waiting.
    watched: HashMap<([u32; 3], u32), Vec<Held>>,
    /// The last round that only waited, if it went to such memory: whose, and what its next round is told of it.
    waited: Option<(Lanes, Vec<u32>)>,
    /// Whether the last access went to memory that was not read before.
    missed: bool,
}

impl Watcher {
    /// The account of lanes that are watched.
    fn held(&mut self, block: [u32; 3], warp: u32, mask: u32) -> Option<&mut Held> {
        if self.watched.is_empty() {
            return None;
        }
        self.watched.get_mut(&(block, warp))?.iter_mut().find(|held| mask & !held.mask == 0)
    }

    fn step(&mut self, block: [u32; 3], warp: u32, pc: u32, missed: bool) {
        let program = self.watch.kernel.program();
        let gpus = self.watch.tables.len();
        let path = self.paths.entry((block, warp)).or_insert_with(|| Path::new(program, gpus));
        path.step(program, pc, missed, &self.watch.tables);
    }

    /// What was held was no waiting.
    fn count(&mut self, block: [u32; 3], warp: u32, held: Held) {
        for (pc, missed) in held.steps {
            self.step(block, warp, pc, missed);
        }
        held.atomics.into_iter().for_each(|address| self.touched.atomic(address));
    }
}

impl Observer for Watcher {
    fn follows(&mut self, block: [u32; 3], warp: u32) -> bool {
        self.watch.picks(block, warp)
    }

    fn executed(&mut self, block: [u32; 3], warp: u32, pc: u32, mask: u32) {
        let missed = self.missed && mask != 0;
        match self.held(block, warp, mask) {
            Some(held) => {
                let missed = missed || held.missed.contains(&pc);
                held.steps.push((pc, missed));
            }
            None => self.step(block, warp, pc, missed),
        }
    }

    fn watched(&mut self, lanes: &Lanes) {
        let &Lanes { block, warp, mask, .. } = lanes;
        let same = |it: &Lanes| (it.block, it.warp, it.mask) == (block, warp, mask);
        let missed = self.waited.take().filter(|(it, _)| same(it)).map_or(Vec::new(), |it| it.1);
        let held = Held { mask, steps: Vec::new(), atomics: Vec::new(), missed };
        self.watched.entry((block, warp)).or_default().push(held);
    }

    fn waited(&mut self, lanes: &Lanes, waited: bool) {
        let key = (lanes.block, lanes.warp);
        let Some(list) = self.watched.get_mut(&key) else { return };
        let Some(at) = list.iter().position(|held| held.mask == lanes.mask) else { return };
        let held = list.swap_remove(at);
        if list.is_empty() {
            self.watched.remove(&key);
        }
        if waited {
            let missed = held.steps.iter().filter(|step| step.1).map(|step| step.0).collect();
            self.waited = Some((*lanes, missed));
        } else {
            self.count(lanes.block, lanes.warp, held);
        }
    }

    fn access(&mut self, access: &Access<'_>) {
        if access.space != Space::Global {
            return;
        }
        let &Access { addresses, mask, size, kind, block, warp, .. } = access;
        let does = (kind != AccessKind::Store, kind != AccessKind::Load);
        self.missed = self.touched.access(addresses, mask, size, does);
        if kind == AccessKind::Atomic {
            let each = (0..32).filter(|lane| mask & 1 << lane != 0).map(|lane| addresses[lane]);
            match self.held(block, warp, mask) {
                Some(held) => held.atomics.extend(each),
                None => each.for_each(|address| self.touched.atomic(address)),
            }
        }
    }

    fn block_ends(&mut self, block: [u32; 3]) {
        let open: Vec<_> = self.watched.extract_if(|(of, _), _| *of == block).collect();
        for ((_, warp), list) in open {
            list.into_iter().for_each(|held| self.count(block, warp, held));
        }
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
