//! Blocks over threads.

use super::block::{Block, Halt, Lent};
use super::context::Cached;
use super::error::{LaneFault, LaunchError};
use super::launch::State;
use crate::count::Count;
use std::sync::atomic::Ordering::Relaxed;

/// Instructions that a block runs before another is let in beside it.
const LONG: u64 = 1 << 18;
/// Instructions that a block runs before the next has its turn, where there are several.
const TURN: u64 = 1 << 15;

/// Counters of each instruction: of what it did, and of what was only waiting.
pub(crate) type Counts = (Vec<Count>, Vec<Count>);

/// Runs blocks until there are no more, or the launch stops. Returns the counters.
pub(crate) fn work(launch: &State<'_>, worker: u32) -> Counts {
    let length = launch.program.code.len();
    let mut cache = vec![Cached::EMPTY; length];
    let mut counts = vec![Count::default(); length];
    let mut waits = vec![Count::default(); length];
    let mut lent = Lent {
        cache: &mut cache,
        counts: &mut counts,
        waits: &mut waits,
        observer: launch.observers.map(|make| make()),
        clock: 0,
    };
    let mut resident: Vec<Block> = Vec::new();
    let mut spare: Vec<Block> = Vec::new();
    let mut share = launch.pool.share();
    let mut long = true;
    while !launch.stopped.load(Relaxed) {
        while resident.is_empty()
            || launch.cooperative
            || long && (resident.len() < launch.resident || share.owes())
        {
            let Some(number) = share.take(launch.cooperative || !resident.is_empty()) else {
                break;
            };
            let index = launch.index(number);
            let mut block = spare.pop().unwrap_or_else(|| Block::new(launch, worker));
            block.begin(index, launch);
            if let Some(observer) = lent.observer.as_deref_mut() {
                observer.block_begins(index);
            }
            resident.push(block);
            long = false;
            if launch.cooperative && resident.len() >= launch.share {
                break;
            }
        }
        if resident.is_empty() {
            break;
        }
        let turn = if resident.len() == 1 { LONG } else { TURN };
        let mut at = 0;
        let mut done = false;
        while at < resident.len() {
            let fuel = share.fuel(turn);
            let block = &mut resident[at];
            // SAFETY: lowering makes well-formed programs; cache and counters have the code's length.
            let (halt, used) = unsafe { block.run(launch, &mut lent, fuel) };
            let spent = share.spend(used);
            match halt {
                Halt::Done => {
                    if let Some(observer) = lent.observer.as_deref_mut() {
                        observer.block_ends(block.index);
                    }
                    spare.push(resident.swap_remove(at));
                    done = true;
                    continue;
                }
                Halt::Turn if spent => {
                    let places = resident.iter().flat_map(|block| block.places(launch)).collect();
                    launch.stop(LaunchError::StepLimit {
                        kernel: launch.program.name.clone(),
                        limit: launch.limit,
                        places,
                    });
                    return (counts, waits);
                }
                Halt::Turn => at += 1,
                Halt::Deadlock => {
                    launch.stop(LaunchError::Deadlock {
                        kernel: launch.program.name.clone(),
                        places: block.places(launch),
                    });
                    return (counts, waits);
                }
                Halt::Fault(warp, pc, LaneFault { lane, kind }) => {
                    let place = launch.place(block.index, warp * 32 + lane, pc);
                    launch.stop(LaunchError::Fault { place: Box::new(place), fault: kind });
                    return (counts, waits);
                }
            }
        }
        long = !done;
    }
    (counts, waits)
}
