//! How long a cache line takes from one processor to another.
//!
//! A host may run the processors of a virtual machine on cores that share a cache, or on cores that do not, and moves them now and then. Where
//! this was seen (an AMD EPYC) a line takes 33 ns in the one case and 170 ns in the other. Two writers pass a few lines with every
//! record, which takes one of them 300 ns: they work on two different machines then, and a run sees both.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Processors between which a line takes longer share no cache: this is between what was seen of either kind, in nanoseconds.
pub const APART: f64 = 100.0;

/// Turns of either thread in a game, and games, of which the best counts: others were interrupted.
const TURNS: u32 = 5_000;
const GAMES: u32 = 4;

/// A word on cache lines of its own.
#[repr(align(128))]
struct Turn(AtomicU32);

/// Nanoseconds that a line takes between the first two processors that this process may use; `None` if there is but one, or no thread
/// may be bound to it. Takes some milliseconds.
#[must_use]
pub fn transfer() -> Option<f64> {
    let allowed = sched_getaffinity(None).ok()?;
    let mut processors = (0..CpuSet::MAX_CPU).filter(|&it| allowed.is_set(it));
    let pair = [(0, processors.next()?), (1, processors.next()?)];
    let turn = &Turn(AtomicU32::new(0));
    let best = std::thread::scope(|scope| {
        let players =
            pair.map(|(parity, processor)| scope.spawn(move || play(turn, parity, processor)));
        let [first, second] = players.map(|player| player.join().ok().flatten());
        first.zip(second)
    });
    best.map(|(first, _)| first)
}

/// Plays all games; the nanoseconds of a turn in the best. It plays them whether or not it could be bound, since the other waits for it.
fn play(turn: &Turn, parity: u32, processor: usize) -> Option<f64> {
    let mut only = CpuSet::new();
    only.set(processor);
    let bound = sched_setaffinity(None, &only).is_ok();
    let mut best = f64::INFINITY;
    for game in 0..GAMES {
        let begun = Instant::now();
        for at in (parity..2 * TURNS).step_by(2) {
            let at = game * 2 * TURNS + at;
            while turn.0.load(Ordering::Acquire) != at {
                std::hint::spin_loop();
            }
            turn.0.store(at + 1, Ordering::Release);
        }
        best = best.min(begun.elapsed().as_secs_f64() * 1e9 / f64::from(2 * TURNS));
    }
    bound.then_some(best)
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_play_to_the_end() {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        match super::transfer() {
            Some(nanoseconds) => assert!(nanoseconds > 0.0 && nanoseconds.is_finite()),
            None => assert!(processors == 1, "two processors, and no thread could be bound"),
        }
    }
}
