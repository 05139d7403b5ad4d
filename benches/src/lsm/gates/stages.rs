//! The stages: pieces of work that share databases, in the order in which they are done.

use super::{Choice, plan, scaling};
use crate::lsm::Result;
use crate::lsm::child::{Mixture, Spec, Work};
use crate::lsm::confine::Confinement;
use crate::lsm::engine::{Direction, Durability};
use crate::lsm::measure::{CACHE, Contestant, Harness, WRITE_BUFFER, spec};
use crate::lsm::meter::forget_cached;
use crate::lsm::workload::Records;

const MILLION: u64 = 1_000_000;

/// Puts per second beside the readers: less than what every rival manages alone, so that all of them do the same writing.
pub const BACKGROUND_WRITES: f64 = 40_000.0;

/// Seconds of work that is bounded by time.
const SECONDS: f64 = 2.0;

/// How many times the records of the other stages the memory-limited stage holds: a quarter of it must exceed cache and
/// filters.
const LIMITED_TIMES: u64 = 4;

/// Why the memory-limited gates were not measured, if that is so.
pub type Unlimited = Option<String>;

/// Does all the work that the chosen gates need.
///
/// # Errors
///
/// Only what stops everything: no room for databases. A contestant that fails is noted in [`Harness::failures`].
pub fn run(harness: &mut Harness, choice: &Choice) -> Result<Unlimited> {
    let plan = plan();
    let needs = |work: &[&str]| {
        plan.iter().any(|reading| work.contains(&reading.work) && choice.takes(reading.id))
    };
    let peak = choice.takes("lsm.memory.peak");
    for round in 0..harness.rounds {
        if peak || choice.ycsb || needs(&CORE) {
            core(harness, choice, round, &|work| needs(&[work]) || peak)?;
        }
        if needs(&["fill by two"]) {
            let all = writers(&choice.contestants());
            let records = choice.records(MILLION, 100, round);
            fill_only(harness, round, "fill by two", &all, records, 2)?;
        }
        if choice.takes(scaling::GATE) {
            scaling::run(harness, choice, round)?;
        }
        if needs(&["fill 1 KiB"]) {
            let all = for_the_table(writers(&choice.contestants()), round);
            let records = choice.records(MILLION / 5, 1024, round);
            fill_only(harness, round, "fill 1 KiB", &all, records, 1)?;
        }
        if needs(&["sync by sixteen"]) {
            sync(harness, choice, round)?;
        }
        if needs(&["open after crash"]) {
            crash(harness, choice, round)?;
        }
        if needs(&["sustained"]) || peak {
            sustained(harness, choice, round)?;
        }
    }
    if needs(&["limited hits", "limited scan", "limited ranges"]) {
        return limited(harness, choice);
    }
    Ok(None)
}

const CORE: [&str; 8] =
    ["fill", "hits", "misses", "seeks", "scan", "scan backward", "read while writing", "overwrite"];

/// Those that write alike once, and in their default layout.
fn writers(all: &[Contestant]) -> Vec<Contestant> {
    all.iter().filter(|one| !one.mapped && one.name != "lsm/leveled").cloned().collect()
}

/// Where a gate has no rivals, one round of them is enough for the table.
fn for_the_table(mut all: Vec<Contestant>, round: usize) -> Vec<Contestant> {
    all.retain(|one| round == 0 || !one.is_rival());
    all
}

/// Fill, all reads on what was filled, overwrite.
fn core(
    harness: &mut Harness,
    choice: &Choice,
    round: usize,
    needs: &dyn Fn(&str) -> bool,
) -> Result<()> {
    let records = choice.records(MILLION, 100, round);
    let mut all = choice.contestants();
    all.retain(|one| one.name != "lsm/leveled");
    let n = records.count;
    let dir = |harness: &Harness, one: &Contestant| harness.dir("core", &one.database());
    let root: Vec<_> = all.iter().map(|one| (one.name, dir(harness, one))).collect();
    let make = |one: &Contestant, work: Work| -> Result<Spec> {
        let found = root.iter().find(|(name, _)| *name == one.name);
        let (_, dir) = found.ok_or("a contestant without a directory")?;
        Ok(spec(one, dir.clone(), records, work))
    };
    harness.turn("fill", round, &writers(&all), |one| {
        make(one, Work::Fill { writers: 1, compact: false })
    });
    // A contestant that could not fill has nothing to read.
    all.retain(|one| dir(harness, one).exists());
    let reads = [
        ("hits", Work::Hits { operations: n / 3 }),
        ("misses", Work::Misses { operations: n }),
        ("seeks", Work::Seeks { operations: n / 16, length: 11 }),
        ("scan", Work::Scan { direction: Direction::Forward, passes: 3 }),
        ("scan backward", Work::Scan { direction: Direction::Backward, passes: 3 }),
        (
            "read while writing",
            Work::ReadWhileWriting { seconds: SECONDS, writes_per_second: BACKGROUND_WRITES },
        ),
    ];
    for (name, work) in reads {
        if needs(name) {
            harness.turn(name, round, &all, |one| make(one, work.clone()));
        }
    }
    if choice.ycsb {
        let mixtures = [
            ("ycsb a", Mixture::A),
            ("ycsb b", Mixture::B),
            ("ycsb c", Mixture::C),
            ("ycsb d", Mixture::D),
            ("ycsb e", Mixture::E),
            ("ycsb f", Mixture::F),
        ];
        for (name, mixture) in mixtures {
            let operations = if mixture == Mixture::E { n / 20 } else { n / 3 };
            harness.turn(name, round, &all, |one| make(one, Work::Ycsb { mixture, operations }));
        }
    }
    if needs("overwrite") {
        harness
            .turn("overwrite", round, &writers(&all), |one| make(one, Work::Overwrite { puts: n }));
    }
    harness.clear("core")
}

fn fill_only(
    harness: &mut Harness,
    round: usize,
    name: &'static str,
    all: &[Contestant],
    records: Records,
    threads: u64,
) -> Result<()> {
    let place = harness.dir("fill", "");
    harness.turn(name, round, all, |one| {
        let dir = place.with_file_name(format!("fill-{}", one.database()));
        Ok(spec(one, dir, records, Work::Fill { writers: threads, compact: false }))
    });
    harness.clear("fill")
}

fn sync(harness: &mut Harness, choice: &Choice, round: usize) -> Result<()> {
    let records = choice.records(0, 100, round);
    let place = harness.dir("sync", "");
    harness.turn("sync by sixteen", round, &writers(&choice.contestants()), |one| {
        let dir = place.with_file_name(format!("sync-{}", one.database()));
        let mut spec = spec(one, dir, records, Work::Writers { writers: 16, seconds: SECONDS });
        spec.options.durability = Durability::Sync;
        Ok(spec)
    });
    harness.clear("sync")
}

/// 64 MiB of records in the log alone: the write buffer is larger, so that nothing is flushed before the kill.
fn crash(harness: &mut Harness, choice: &Choice, round: usize) -> Result<()> {
    let mut records = choice.records(MILLION, 100, round);
    records.count = (((64 << 20) as f64 * choice.scale) as u64 / records.record_bytes()).max(1000);
    let place = harness.dir("crash", "");
    let make = |one: &Contestant, work: Work| {
        let dir = place.with_file_name(format!("crash-{}", one.database()));
        let mut spec = spec(one, dir, records, work);
        spec.options.write_buffer_bytes = 4 * WRITE_BUFFER;
        Ok(spec)
    };
    let all = for_the_table(writers(&choice.contestants()), round);
    harness.turn("fill and die", round, &all, |one| make(one, Work::FillAndDie));
    harness.turn("open after crash", round, &all, |one| {
        make(one, Work::OpenAfterCrash { checked: 20_000 })
    });
    harness.clear("crash")
}

fn sustained(harness: &mut Harness, choice: &Choice, round: usize) -> Result<()> {
    let records = choice.records(MILLION, 100, round);
    let place = harness.dir("sustained", "");
    harness.turn("sustained", round, &writers(&choice.contestants()), |one| {
        let dir = place.with_file_name(format!("sustained-{}", one.database()));
        Ok(spec(one, dir, records, Work::Sustained { passes: 5 }))
    });
    harness.clear("sustained")
}

/// Databases are filled and compacted once, without a limit; then each piece of work runs in a group of its own, cold.
fn limited(harness: &mut Harness, choice: &Choice) -> Result<Unlimited> {
    let records = choice.records(LIMITED_TIMES * MILLION, 100, 0);
    let limit = records.live_bytes() / 4;
    if let Err(error) = Confinement::new(limit) {
        return Ok(Some(error.to_string()));
    }
    let all = choice.contestants();
    let place = harness.dir("limited", "");
    let make = |one: &Contestant, work: Work| {
        let dir = place.with_file_name(format!("limited-{}", one.database()));
        let mut spec = spec(one, dir, records, work);
        // The whole budget at full scale; a small trial must still fit its small limit.
        spec.options.cache_bytes = CACHE.min(limit / 2 + limit / 16);
        Ok(spec)
    };
    let fillers: Vec<_> = all.iter().filter(|one| !one.mapped).cloned().collect();
    harness.turn("limited fill", 0, &fillers, |one| {
        make(one, Work::Fill { writers: 1, compact: true })
    });
    let n = records.count;
    let works = [
        ("limited hits", Work::Hits { operations: n / 160 }),
        ("limited ranges", Work::Seeks { operations: n / 2000, length: 50 }),
        ("limited scan", Work::Scan { direction: Direction::Forward, passes: 1 }),
    ];
    for round in 0..harness.rounds {
        for (name, work) in &works {
            for turn in 0..all.len() {
                let one = &all[(turn + round) % all.len()];
                let confinement = Confinement::new(limit)?;
                harness.turn(name, round, std::slice::from_ref(one), |one| {
                    let mut spec = make(one, work.clone())?;
                    forget_cached(&spec.dir)?;
                    spec.group = Some(confinement.path().to_owned());
                    Ok(spec)
                });
            }
        }
    }
    harness.clear("limited")?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_of_work_has_a_stage() {
        let others = [
            "fill by two",
            "fill 1 KiB",
            "sync by sixteen",
            "open after crash",
            "sustained",
            "limited hits",
            "limited scan",
            "limited ranges",
        ];
        for reading in plan() {
            assert!(
                CORE.contains(&reading.work) || others.contains(&reading.work),
                "{}",
                reading.work
            );
        }
    }
}
