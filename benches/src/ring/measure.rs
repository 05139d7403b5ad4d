//! Passes, rounds, interleaving, and what came of them.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hash_ring::{NodeId, Placement as _, Ring};

use super::case::{Case, Kind};
use super::contestant::{Contestant, Placed, contestants};
use super::{Result, hashes, heap, ours};

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// Nanoseconds a lookup.
    Lookup,
    /// Microseconds to build all nodes.
    Build,
    /// Microseconds to add one node more.
    Add,
    /// Bytes on the heap for each node.
    Bytes,
}

/// Readings by contestant: one a round, or one.
pub type Readings = BTreeMap<&'static str, Vec<f64>>;

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// By what was read, of which kind, with how many nodes.
    pub readings: BTreeMap<(Kind, usize, Work), Readings>,
    /// How uneven ours was, where its parameters decide.
    pub imbalances: BTreeMap<(Kind, usize), f64>,
    /// Of our ring, round by round.
    pub growths: Vec<Growth>,
    /// Lookups a microsecond of our ring with 1000 nodes by one thread and by two.
    pub scaling: Vec<[f64; 2]>,
}

/// How a ring's lookups grow with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Nanoseconds with 10 nodes and with 1000.
    pub nanoseconds: [f64; 2],
    /// Points with as many.
    pub points: [usize; 2],
}

impl Growth {
    /// By which factor lookups grow / by which factor the logarithm of the number of points grows.
    #[must_use]
    pub fn against_logarithm(&self) -> f64 {
        let [small, large] = self.points.map(|points| (points as f64).log2());
        self.nanoseconds[1] / self.nanoseconds[0] / (large / small)
    }
}

/// A pass of lookups takes about so long: less than the scheduler's time slice, so that some passes are not interrupted.
const PASS: Duration = Duration::from_millis(5);
/// Passes of which the best is the reading.
const PASSES: usize = 12;
/// Hashes that are looked up.
const HASHES: usize = 100_000;
/// A contestant that needs longer for all of them sees fewer, but not below this.
const FEWEST_HASHES: usize = 64;
/// Builds are repeated until they took so long.
const BUILDS: Duration = Duration::from_millis(40);
/// Lookups by one thread, and by two together.
const MILLION: usize = 1_000_000;
/// Passes over them, a few milliseconds each, of which the best is the reading.
const MILLION_PASSES: usize = 40;

/// How many instances are built at a time, so that adding a node to each is seen by the clock.
const fn instances(nodes: usize) -> usize {
    match nodes {
        0..50 => 64,
        50..500 => 32,
        _ => 16,
    }
}

/// The nanoseconds of each lookup in the best of a few passes over the same hashes.
pub struct Lookups {
    hashes: Vec<u64>,
}

impl Lookups {
    /// With random hashes.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes 100,000 numbers")]
    pub fn new() -> Self {
        Self { hashes: hashes(0x6b65_7973, HASHES).collect() }
    }

    /// How many hashes a pass takes, and how often, for a contestant: found out by looking some up. The best of several tries, since one
    /// that was interrupted would let a fast contestant see so few hashes that it learns them.
    fn plan(&self, placed: &dyn Placed<'_>) -> (usize, usize) {
        let mut count = FEWEST_HASHES;
        loop {
            let tries = (0..5).map(|_| {
                let begun = Instant::now();
                black_box(placed.locate_all(&self.hashes[..count]));
                begun.elapsed()
            });
            let elapsed = tries.min().unwrap_or(Duration::MAX);
            if elapsed >= PASS / 10 || count == HASHES {
                let each = elapsed.as_secs_f64() / count as f64;
                let wanted = PASS.as_secs_f64() / each.max(1e-10);
                let count = (wanted as usize).clamp(FEWEST_HASHES, HASHES);
                return (count, ((wanted / count as f64) as usize).max(1));
            }
            count = (2 * count).min(HASHES);
        }
    }

    fn best(&self, placed: &dyn Placed<'_>, (count, times): (usize, usize)) -> f64 {
        let hashes = &self.hashes[..count];
        let passes = (0..PASSES).map(|_| {
            let begun = Instant::now();
            for _ in 0..times {
                black_box(placed.locate_all(black_box(hashes)));
            }
            begun.elapsed().as_secs_f64() * 1e9 / (count * times) as f64
        });
        passes.fold(f64::INFINITY, f64::min)
    }
}

/// All contestants of a kind but those that were not asked for.
fn chosen(kind: Kind, only: &[String]) -> Vec<Contestant> {
    let mut all = contestants(kind);
    all.retain(|one| only.is_empty() || only.iter().any(|name| one.name.contains(name.as_str())));
    all
}

/// Looks up in turns, and weighs everybody as it is built.
///
/// # Errors
/// A contestant's; and if ours is less even than it must be.
pub fn lookups(outcomes: &mut Outcomes, case: &Case, rounds: usize, only: &[String]) -> Result<()> {
    let key = |work| (case.kind, case.nodes(), work);
    if let Some(found) = ours::imbalance(case)? {
        outcomes.imbalances.insert((case.kind, case.nodes()), found);
    }
    let lookups = Lookups::new();
    let all = chosen(case.kind, only);
    let mut placed = Vec::with_capacity(all.len());
    for one in &all {
        let before = heap::live();
        let built = (one.build)(case)?;
        // The box is the harness's; it would be on the stack, or part of something else.
        let bytes = heap::live() - before - size_of_val(&*built) + built.elsewhere();
        let per_node = bytes as f64 / case.nodes() as f64;
        outcomes.readings.entry(key(Work::Bytes)).or_default().insert(one.name, vec![per_node]);
        let plan = lookups.plan(&*built);
        placed.push((built, plan));
    }
    if !case.kind.holds_nodes() {
        outcomes.readings.remove(&key(Work::Bytes));
    }
    let readings = outcomes.readings.entry(key(Work::Lookup)).or_default();
    for round in 0..rounds {
        for turn in 0..all.len() {
            let at = (turn + round) % all.len();
            let (built, plan) = &placed[at];
            readings.entry(all[at].name).or_default().push(lookups.best(&**built, *plan));
        }
    }
    Ok(())
}

/// Builds and adds in turns.
///
/// # Errors
/// A contestant's.
pub fn builds(outcomes: &mut Outcomes, case: &Case, rounds: usize, only: &[String]) -> Result<()> {
    let all = chosen(case.kind, only);
    // The harness's own variants are built as the first of them is.
    let all: Vec<Contestant> =
        all.iter().filter(|one| !one.is_ours() || one.name == ours::NAME).copied().collect();
    for round in 0..rounds {
        for turn in 0..all.len() {
            let one = &all[(turn + round) % all.len()];
            let (build, add) = build_and_add(one, case)?;
            for (work, reading) in [(Work::Build, build), (Work::Add, add)] {
                let key = (case.kind, case.nodes(), work);
                let readings = outcomes.readings.entry(key).or_default();
                readings.entry(one.name).or_default().push(reading);
            }
        }
    }
    Ok(())
}

/// Microseconds of a build and of adding a node, the best of several.
fn build_and_add(one: &Contestant, case: &Case) -> Result<(f64, f64)> {
    let begun = Instant::now();
    let (mut build, mut add) = (f64::INFINITY, f64::INFINITY);
    let mut count = 1;
    while begun.elapsed() < BUILDS {
        let mut built = Vec::with_capacity(count);
        let clock = Instant::now();
        for _ in 0..count {
            built.push((one.build)(case)?);
        }
        let first = clock.elapsed();
        build = build.min(first.as_secs_f64() * 1e6 / count as f64);
        let clock = Instant::now();
        for placed in &mut built {
            placed.add(black_box(&case.newcomer))?;
        }
        add = add.min(clock.elapsed().as_secs_f64() * 1e6 / count as f64);
        // One is enough where a build takes long.
        if first < BUILDS / 16 {
            count = instances(case.nodes());
        }
    }
    Ok((build, add))
}

/// Our rings of 10 and of 1000 nodes in turns.
///
/// # Errors
/// None.
pub fn growth(outcomes: &mut Outcomes, rounds: usize) -> Result<()> {
    let cases = [Case::new(Kind::Ring, 10)?, Case::new(Kind::Ring, 1000)?];
    let points = [ours::ring(&cases[0])?.points().len(), ours::ring(&cases[1])?.points().len()];
    let ours = &ours::contestants(Kind::Ring)[0];
    let lookups = Lookups::new();
    let placed = [(ours.build)(&cases[0])?, (ours.build)(&cases[1])?];
    let plans = [lookups.plan(&*placed[0]), lookups.plan(&*placed[1])];
    for _ in 0..rounds {
        let nanoseconds = [0, 1].map(|at| lookups.best(&*placed[at], plans[at]));
        outcomes.growths.push(Growth { nanoseconds, points });
    }
    Ok(())
}

/// A million lookups by one thread and by two, in turns, all on one ring.
///
/// Passes of either follow each other closely, and are short: a host that takes a processor away for milliseconds spoils some of them, not all.
///
/// # Errors
/// None.
pub fn scaling(outcomes: &mut Outcomes, rounds: usize) -> Result<()> {
    let ring = ours::ring(&Case::new(Kind::Ring, 1000)?)?;
    let hashes: Vec<u64> = hashes(0x6b65_7973, MILLION).collect();
    for _ in 0..rounds {
        let mut best = [0.0_f64; 2];
        for _ in 0..MILLION_PASSES {
            for (threads, best) in (1..).zip(&mut best) {
                *best = best.max(together(&ring, &hashes, threads));
            }
        }
        outcomes.scaling.push(best);
    }
    Ok(())
}

/// Lookups a microsecond of so many threads, each with its part of the hashes, from when all are ready until the last is done.
fn together(ring: &Ring, hashes: &[u64], threads: usize) -> f64 {
    let waiting = AtomicUsize::new(threads);
    let times: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let parts = hashes.chunks(hashes.len().div_ceil(threads));
        let threads: Vec<_> = parts
            .map(|part| {
                let waiting = &waiting;
                scope.spawn(move || {
                    // Not a barrier that sleeps: waking up takes part of what is measured.
                    waiting.fetch_sub(1, Ordering::AcqRel);
                    while waiting.load(Ordering::Acquire) > 0 {
                        std::hint::spin_loop();
                    }
                    let begun = Instant::now();
                    let owner = |hash: &u64| ring.locate(*hash).map_or(0, NodeId::index);
                    black_box(black_box(part).iter().map(owner).fold(0, usize::wrapping_add));
                    (begun, Instant::now())
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let begun = times.iter().map(|(begun, _)| *begun).min();
    let ended = times.iter().map(|(_, ended)| *ended).max();
    let elapsed = begun.zip(ended).map_or(Duration::MAX, |(begun, ended)| ended - begun);
    hashes.len() as f64 / elapsed.as_secs_f64() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_measured_by_logarithms() {
        // From 2^8 points to 2^16 the logarithm doubles.
        let growth = Growth { nanoseconds: [2.0, 3.0], points: [1 << 8, 1 << 16] };
        assert!((growth.against_logarithm() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn contestants_are_told_apart() {
        for kind in Kind::ALL {
            let all = contestants(kind);
            assert_eq!(all[0].name, ours::NAME);
            let mut names: Vec<_> = all.iter().map(|one| one.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all.len());
        }
    }

    /// Everybody finds, adds and finds again; whoever answers by address or number answers one of the nodes.
    #[test]
    fn everybody_works() {
        for kind in Kind::ALL {
            let mut case = Case::new(kind, 10).unwrap();
            case.random_points = 20;
            let hashes: Vec<u64> = hashes(3, 100).collect();
            for one in contestants(kind) {
                let mut placed = (one.build)(&case).unwrap();
                assert_eq!(placed.locate_all(&hashes), placed.locate_all(&hashes), "{}", one.name);
                if kind.holds_nodes() {
                    placed.add(&case.newcomer).unwrap();
                    placed.locate_all(&hashes);
                }
            }
        }
    }

    #[test]
    fn two_threads_do_what_one_does() {
        let ring = ours::ring(&Case::new(Kind::Ring, 10).unwrap()).unwrap();
        let hashes: Vec<u64> = hashes(3, 1001).collect();
        for threads in [1, 2] {
            let rate = together(&ring, &hashes, threads);
            assert!(rate.is_finite() && rate > 0.0);
        }
    }
}
