//! The checks behind a worker's observer.

use super::barrier::Barriers;
use super::checks::Config;
use super::collect::{Collected, Collector, Seen, Spot};
use super::finding::{Kind, Level};
use super::global::Grid;
use super::initial::{self, Bits, Global, Local, Missing};
use super::order::{Order, each};
use super::race::{Earlier, Hazard, Relation, Shadow};
use super::shape::Shape;
use crate::machine::level;
use crate::machine::{Access, AccessKind, BarrierRelease, BarrierUse, Copied, Lanes, Observer};
use crate::memory::{Regions, Space};
use std::sync::Arc;

/// What the checks need to know of a launch.
#[derive(Debug)]
pub(super) struct Launch {
    pub config: Config,
    pub warps: u32,
    /// Bytes of shared memory of a block.
    pub shared: u32,
    /// Bytes of local memory of a thread.
    pub local: u32,
    pub regions: Arc<Regions>,
    pub collector: Collector,
    pub grid: Option<Grid>,
}

/// A block under way.
#[derive(Debug)]
struct Block {
    index: [u32; 3],
    order: Order,
    shadow: Option<Shadow>,
    written: Option<(Bits, Local)>,
    barriers: Barriers,
}

impl Block {
    fn new(launch: &Launch) -> Self {
        let checks = launch.config.checks;
        Self {
            index: [0; 3],
            order: Order::new(launch.warps),
            shadow: checks.races.then(|| Shadow::new(launch.shared, launch.warps)),
            written: checks
                .uninitialised
                .then(|| (Bits::new(launch.shared.into()), Local::new(launch.local, launch.warps))),
            barriers: Barriers::default(),
        }
    }
}

/// The checks of one worker.
#[expect(clippy::vec_box, reason = "blocks of kilobytes go from list to list")]
pub(super) struct Checker {
    launch: Arc<Launch>,
    /// Blocks under way, the last one used first.
    blocks: Vec<Box<Block>>,
    spare: Vec<Box<Block>>,
    global: Global,
    found: Collected,
    /// Another observer, which sees the same.
    next: Option<Box<dyn Observer>>,
}

impl Checker {
    pub(super) fn new(launch: Arc<Launch>, next: Option<Box<dyn Observer>>) -> Self {
        Self {
            blocks: Vec::new(),
            spare: Vec::new(),
            global: Global::new(launch.regions.clone()),
            found: Collected::new(launch.config.limit),
            launch,
            next,
        }
    }

    /// Brings the block to the front. Blocks that were never begun are none of ours.
    #[inline]
    fn turn_to(&mut self, index: [u32; 3]) -> bool {
        if self.blocks.first().is_some_and(|block| block.index == index) {
            return true;
        }
        match self.blocks.iter().position(|block| block.index == index) {
            Some(at) => {
                self.blocks.swap(0, at);
                true
            }
            None => false,
        }
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        let found = std::mem::take(&mut self.found);
        self.launch.collector.merge(found);
    }
}

impl Checker {
    /// The same with vector instructions: a tenth less time (tiled matrix products).
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn check_fast(&mut self, access: &Access<'_>) {
        self.check(access);
    }

    #[inline(always)]
    fn check(&mut self, access: &Access<'_>) {
        if access.mask == 0 || !self.turn_to(access.block) {
            return;
        }
        let Self { launch, blocks, global, found, .. } = self;
        let (pc, index, space) = (access.pc, access.block, access.space);
        let spot = |lane: u32| Spot { pc, block: index, thread: access.warp * 32 + lane };
        let mut missing = |(lane, byte): Missing| {
            found.add((Kind::Uninitialised, pc, None), Level::Error, || Seen {
                kind: Kind::Uninitialised,
                level: Level::Error,
                at: spot(lane),
                other: None,
                memory: Some((space, byte, access.size)),
                note: None,
            });
        };
        let block = &mut blocks[0];
        let shape = Shape::of(access.addresses, access.size);
        match space {
            Space::Shared => {
                if let Some((shared, _)) = &mut block.written {
                    initial::shared(shared, access, shape, &mut missing);
                }
                if let Some(shadow) = &mut block.shadow {
                    let mut hazard = |hazard: &Hazard| {
                        let Some((kind, level)) = race(&launch.config, access, hazard) else {
                            return;
                        };
                        let key = (kind, pc, Some(hazard.earlier_pc));
                        found.add(key, level, || Seen {
                            kind,
                            level,
                            at: spot(hazard.lane),
                            other: Some(Spot {
                                pc: hazard.earlier_pc,
                                block: index,
                                thread: hazard.earlier_thread,
                            }),
                            memory: Some((space, hazard.address.into(), access.size)),
                            note: Some(why(hazard.relation, hazard.earlier).to_owned()),
                        });
                    };
                    shadow.access(access, shape, &mut block.order, &mut hazard);
                }
            }
            Space::Local => {
                if let Some((_, local)) = &mut block.written {
                    local.access(access, &mut missing);
                }
            }
            Space::Global => {
                if launch.config.checks.uninitialised {
                    global.access(access, shape, &mut missing);
                }
                if let Some(grid) = &launch.grid {
                    grid.access(access, shape, global, |hazard| {
                        let key = (hazard.kind, pc, Some(hazard.earlier_pc));
                        found.add(key, Level::Error, || Seen {
                            kind: hazard.kind,
                            level: Level::Error,
                            at: spot(hazard.lane),
                            other: Some(Spot {
                                pc: hazard.earlier_pc,
                                block: hazard.earlier_block,
                                thread: hazard.earlier_thread,
                            }),
                            memory: Some((space, hazard.address, access.size)),
                            note: Some("the blocks of a launch run in any order; neither a fence nor an atomic operation orders these".to_owned()),
                        });
                    });
                }
            }
            _ => {}
        }
    }
}

/// What a race is reported as.
fn race(config: &Config, access: &Access<'_>, hazard: &Hazard) -> Option<(Kind, Level)> {
    let writes = access.kind != AccessKind::Load;
    let kind = match (hazard.earlier, writes) {
        (Earlier::Copy, _) => Kind::AsynchronousCopy,
        (Earlier::Read, _) => Kind::WriteAfterRead,
        (Earlier::Write, true) => Kind::WriteAfterWrite,
        (Earlier::Write, false) => Kind::ReadAfterWrite,
    };
    let level = match hazard.relation {
        _ if hazard.same_value => {
            if !config.same_value {
                return None;
            }
            Level::Info
        }
        Relation::Together => {
            if config.lockstep {
                return None;
            }
            Level::Warning
        }
        Relation::Instruction | Relation::Apart | Relation::Warps => Level::Error,
    };
    Some((kind, level))
}

fn why(relation: Relation, earlier: Earlier) -> &'static str {
    match (earlier, relation) {
        (Earlier::Copy, _) => "the copy has not been waited for by the thread that began it",
        (_, Relation::Instruction) => {
            "lanes of one instruction write different values: any of them may remain"
        }
        (_, Relation::Together) => {
            "both in one warp: only lockstep orders them, which nothing promises; `__syncwarp()` between them does"
        }
        (_, Relation::Apart) => "both in one warp, in divergent code: nothing orders them",
        (_, Relation::Warps) => "no barrier between them",
    }
}

impl Observer for Checker {
    fn block_begins(&mut self, index: [u32; 3]) {
        let new = || Box::new(Block::new(&self.launch));
        let mut block = self.spare.pop().unwrap_or_else(new);
        if block.order.worn_out() {
            block = new();
        }
        block.index = index;
        block.order.begin();
        block.barriers.clear();
        if let Some(shadow) = &mut block.shadow {
            shadow.begin();
        }
        if let Some((shared, local)) = &mut block.written {
            shared.clear();
            local.clear();
        }
        self.blocks.push(block);
        if let Some(next) = &mut self.next {
            next.block_begins(index);
        }
    }

    fn block_ends(&mut self, index: [u32; 3]) {
        if self.turn_to(index) {
            self.spare.push(self.blocks.swap_remove(0));
        }
        if let Some(next) = &mut self.next {
            next.block_ends(index);
        }
    }

    fn access(&mut self, access: &Access<'_>) {
        if let Some(next) = &mut self.next {
            next.access(access);
        }
        #[cfg(target_arch = "x86_64")]
        if level::fast() {
            // SAFETY: the processor has the extensions.
            unsafe { self.check_fast(access) }
            return;
        }
        self.check(access);
    }

    fn barrier(&mut self, arrival: &BarrierUse) {
        if let Some(next) = &mut self.next {
            next.barrier(arrival);
        }
        if !self.turn_to(arrival.block) {
            return;
        }
        let Self { launch, blocks, found, .. } = self;
        let block = &mut blocks[0];
        let &BarrierUse { pc, block: index, warp, mask, barrier, waits, .. } = arrival;
        if launch.config.checks.barriers {
            let at = Spot { pc, block: index, thread: warp * 32 + mask.trailing_zeros() };
            block.barriers.arrive(arrival, |kind, level, other, note| {
                found.add((kind, pc, other.map(|spot| spot.pc)), level, || Seen {
                    kind,
                    level,
                    at,
                    other,
                    memory: None,
                    note: Some(note),
                });
            });
        }
        block.order.arrives(barrier, warp, mask, waits);
    }

    fn released(&mut self, release: &BarrierRelease) {
        if let Some(next) = &mut self.next {
            next.released(release);
        }
        if self.turn_to(release.block) {
            self.blocks[0].barriers.released(release.barrier);
            self.blocks[0].order.released(release.barrier, release.all);
        }
    }

    fn synced(&mut self, lanes: &Lanes) {
        if let Some(next) = &mut self.next {
            next.synced(lanes);
        }
        if self.turn_to(lanes.block) {
            self.blocks[0].order.synced(lanes.warp, lanes.mask, lanes.live);
        }
    }

    fn fenced(&mut self, lanes: &Lanes) {
        if let Some(next) = &mut self.next {
            next.fenced(lanes);
        }
        if self.turn_to(lanes.block) {
            self.blocks[0].order.fenced(lanes.warp, lanes.mask);
            if let Some(grid) = &self.launch.grid {
                grid.synchronises(lanes.block);
            }
        }
    }

    fn watched(&mut self, lanes: &Lanes) {
        if let Some(next) = &mut self.next {
            next.watched(lanes);
        }
    }

    fn waited(&mut self, lanes: &Lanes, waited: bool) {
        if let Some(next) = &mut self.next {
            next.waited(lanes, waited);
        }
    }

    fn copied(&mut self, copy: &Copied) {
        if let Some(next) = &mut self.next {
            next.copied(copy);
        }
        if self.turn_to(copy.block) {
            let block = &mut self.blocks[0];
            if let Some((shared, _)) = &mut block.written {
                for lane in each(copy.mask) {
                    shared.set(copy.addresses[lane].into(), copy.size.into());
                }
            }
            if let Some(shadow) = &mut block.shadow {
                shadow.copied(copy, &block.order);
            }
        }
    }
}
