//! Which work answers which gate.
//!
//! Work comes in stages; the pieces of a stage share databases. [`plan`] holds the gates, each with the piece of work it
//! reads and how; [`run`] does the stages that the chosen gates need, and [`measurements`] turns outcomes into what the
//! judge reads. Thresholds are in `gates.toml` and nowhere here.

use super::child::{Kind, Outcome, Spec, Work};
use super::confine::Confinement;
use super::engine::{Direction, Durability};
use super::measure::{CACHE, Contestant, Harness, WRITE_BUFFER, contestants, count, median, spec};
use super::meter::forget_cached;
use super::workload::Records;
use super::{Result, child::Mixture};
use crate::measurement::{Measurement, Round};

/// A gate: where its readings come from.
pub struct Reading {
    /// Its id in `gates.toml`.
    pub id: &'static str,
    /// Its unit there.
    pub unit: &'static str,
    /// The piece of work.
    pub work: &'static str,
    /// Which contestant is ours.
    pub ours: &'static str,
    /// What stands on the other side.
    pub rivals: Rivals,
    /// The figure.
    pub read: fn(&Outcome) -> f64,
}

/// What a gate compares us with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rivals {
    /// A number.
    None,
    /// RocksDB in all configurations.
    Rocksdb,
    /// RocksDB and fjall in all configurations.
    All,
    /// Ourselves in another piece of work, under a name.
    Ourselves(&'static str, &'static str),
}

const MILLION: u64 = 1_000_000;

/// Puts per second beside the readers: less than what every rival manages alone, so that all of them do the same writing.
pub const BACKGROUND_WRITES: f64 = 40_000.0;

/// Seconds of work that is bounded by time.
const SECONDS: f64 = 2.0;

/// How many times the records of the other stages the memory-limited stage holds: a quarter of it must exceed cache and
/// filters.
const LIMITED_TIMES: u64 = 4;

fn seconds(outcome: &Outcome) -> f64 {
    outcome.seconds
}

/// Space in relation to live records; of the end of the work, where the engine has settled.
fn space(outcome: &Outcome, live: f64) -> f64 {
    outcome.directory_bytes as f64 / live
}

/// Every gate of the engine but `lsm.memory.peak`, which is read from all of them.
#[must_use]
pub fn plan() -> Vec<Reading> {
    use Rivals::{All, None, Ourselves, Rocksdb};
    let one = |id, unit, work, rivals, read| Reading { id, unit, work, ours: "lsm", rivals, read };
    let rate: fn(&Outcome) -> f64 = Outcome::rate;
    let amplification: fn(&Outcome) -> f64 = Outcome::amplification;
    let written = "bytes written / user byte";
    let mut plan = vec![
        one("lsm.fill.course", "s", "fill", None, seconds),
        one("lsm.fill.absolute", "s", "fill", None, seconds),
        one("lsm.fillrandom.1w", "inserts/s", "fill", All, rate),
        one("lsm.fillrandom.2w", "inserts/s", "fill by two", All, rate),
        one(
            "lsm.fillrandom.scaling",
            "inserts/s",
            "fill by two",
            Ourselves("lsm-one-writer", "fill"),
            rate,
        ),
        one("lsm.overwrite.1w", "inserts/s", "overwrite", All, rate),
        one("lsm.sync.16w", "inserts/s", "sync by sixteen", All, rate),
        one("lsm.readrandom.hits", "reads/s", "hits", All, rate),
        one("lsm.readrandom.misses", "reads/s", "misses", All, rate),
        one("lsm.seekrandom.next10", "seeks/s", "seeks", All, rate),
        one("lsm.scan.forward", "records/s", "scan", All, rate),
        one("lsm.scan.backward", "records/s", "scan backward", All, rate),
        one("lsm.readwhilewriting", "reads/s", "read while writing", All, rate),
        one("lsm.amp.fill.116", written, "fill", None, amplification),
        one("lsm.amp.fill.1k", written, "fill 1 KiB", None, amplification),
        one("lsm.sustained.amp", written, "sustained", Rocksdb, amplification),
        one("lsm.sustained.space", "bytes on disk / live byte", "sustained", None, |outcome| {
            let passes = outcome.passes.len().max(1) as f64;
            space(outcome, outcome.user_bytes as f64 / passes)
        }),
        one("lsm.sustained.p999", "us", "sustained", All, |outcome| {
            outcome.latency.unwrap_or_default().p999 as f64 / 1e3
        }),
        one("lsm.open.crash64", "s", "open after crash", None, seconds),
    ];
    let limited = [
        ("lsm.limited.hits", "reads/s", "limited hits", "lsm"),
        ("lsm.limited.scan.default", "records/s", "limited scan", "lsm"),
        ("lsm.limited.range.default", "ranges/s", "limited ranges", "lsm"),
        ("lsm.limited.scan.leveled", "records/s", "limited scan", "lsm/leveled"),
        ("lsm.limited.range.leveled", "ranges/s", "limited ranges", "lsm/leveled"),
    ];
    plan.extend(limited.map(|(id, unit, work, ours)| Reading {
        id,
        unit,
        work,
        ours,
        rivals: All,
        read: rate,
    }));
    plan
}

/// What to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Only gates whose id contains one of these; all if there are none.
    pub filters: Vec<String>,
    /// Only contestants whose name contains one of these; all if there are none.
    pub only: Vec<String>,
    /// Multiplies the numbers of records. Anything but 1 is for trying things out and never a measurement.
    pub scale: f64,
    /// Also YCSB A to F: no gate reads them.
    pub ycsb: bool,
}

impl Choice {
    /// Whether a gate was chosen.
    #[must_use]
    pub fn takes(&self, id: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| id.contains(filter.as_str()))
    }

    fn records(&self, count: u64, value_bytes: usize, round: usize) -> Records {
        let count = ((count as f64 * self.scale) as u64).max(1000);
        Records { seed: 0x1a5e + round as u64, count, value_bytes }
    }

    fn contestants(&self) -> Vec<Contestant> {
        let mut all = contestants();
        all.retain(|contestant| {
            self.only.is_empty()
                || self.only.iter().any(|only| contestant.name.contains(only.as_str()))
        });
        all
    }
}

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
        let one_writer = choice.takes("lsm.fillrandom.scaling");
        if one_writer || peak || choice.ycsb || needs(&CORE) {
            core(harness, choice, round, &|work| needs(&[work]) || peak)?;
        }
        if needs(&["fill by two"]) {
            let all = writers(&choice.contestants());
            let records = choice.records(MILLION, 100, round);
            fill_only(harness, round, "fill by two", &all, records, 2)?;
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

/// What the judge reads: a measurement for each chosen gate.
#[must_use]
pub fn measurements(harness: &Harness, choice: &Choice, unlimited: &Unlimited) -> Vec<Measurement> {
    let all = contestants();
    let has = |kind| all.iter().any(|one| one.kind == kind);
    let mut measurements = Vec::new();
    for reading in plan().iter().filter(|reading| choice.takes(reading.id)) {
        let wanted: &[Kind] = match reading.rivals {
            Rivals::All => &[Kind::Rocksdb, Kind::Fjall],
            Rivals::Rocksdb => &[Kind::Rocksdb],
            Rivals::None | Rivals::Ourselves(..) => &[],
        };
        let mut missing = unlimited.clone().filter(|_| reading.id.starts_with("lsm.limited"));
        if !wanted.iter().all(|&kind| has(kind)) {
            missing = missing.or(Some("rivals not built (--features peers)".to_owned()));
        }
        let found = match missing {
            Some(reason) => Err(reason),
            None => rounds(harness, reading, wanted, &all),
        };
        measurements.push(match found {
            Ok(rounds) => Measurement::measured(reading.id, reading.unit, rounds),
            Err(reason) => Measurement::missing(reading.id, reading.unit, &reason),
        });
    }
    if choice.takes("lsm.memory.peak") {
        let unit = "bytes / budget byte";
        let peak = |round: usize| {
            let works = harness.outcomes.iter().filter(|(work, _)| in_budget(work));
            works
                .filter_map(|(_, outcomes)| outcomes.get("lsm")?.get(round))
                .map(|outcome| outcome.samples.peak_anonymous)
                .max()
        };
        let budget = (WRITE_BUFFER + CACHE) as f64;
        let rounds: Vec<_> = (0..harness.rounds)
            .map_while(|round| Some(Round::absolute(peak(round)? as f64 / budget)))
            .collect();
        measurements.push(if rounds.is_empty() {
            Measurement::missing("lsm.memory.peak", unit, "nothing of ours was run")
        } else {
            Measurement::measured("lsm.memory.peak", unit, rounds)
        });
    }
    measurements
}

/// Whether a piece of work ran with the common budget: those about crashes have a larger write buffer, those about
/// `fdatasync` sixteen stacks.
fn in_budget(work: &str) -> bool {
    !["fill and die", "open after crash", "sync by sixteen"].contains(&work)
}

fn rounds(
    harness: &Harness,
    reading: &Reading,
    wanted: &[Kind],
    all: &[Contestant],
) -> std::result::Result<Vec<Round>, String> {
    let of = |name: &str, work: &str| -> std::result::Result<&[Outcome], String> {
        if let Some(reason) = harness.failure(name, work) {
            return Err(format!("{name} failed: {reason}"));
        }
        let outcomes = harness.outcomes.get(work).and_then(|outcomes| outcomes.get(name));
        outcomes.map(Vec::as_slice).ok_or_else(|| format!("{name} was not run"))
    };
    let ours = of(reading.ours, reading.work)?;
    let mut rivals = Vec::new();
    if let Rivals::Ourselves(name, work) = reading.rivals {
        rivals.push((name, of(reading.ours, work)?));
    }
    let took_part = harness.outcomes.get(reading.work);
    for rival in all.iter().filter(|one| wanted.contains(&one.kind)) {
        // Mapped twins do not take part in writing: their twin stands for them.
        if rival.mapped && took_part.is_some_and(|outcomes| !outcomes.contains_key(rival.name)) {
            if let Some(reason) = harness.failure(rival.name, reading.work) {
                return Err(format!("{} failed: {reason}", rival.name));
            }
            continue;
        }
        rivals.push((rival.name, of(rival.name, reading.work)?));
    }
    let readings = ours.iter().enumerate().map(|(round, outcome)| {
        let theirs = rivals.iter().filter_map(|(name, outcomes)| {
            Some(((*name).to_owned(), (reading.read)(outcomes.get(round)?)))
        });
        Round::against((reading.read)(outcome), theirs)
    });
    Ok(readings.collect())
}

/// A table of medians: every piece of work, every contestant, everything counted.
#[must_use]
pub fn table(harness: &Harness) -> String {
    let mut text = String::from(
        "work                 contestant         rounds        /s  spread      s    amp  kernel  disk/user     max  p50 us  p99.9 us  anon MB  file MB\n",
    );
    for (work, outcomes) in &harness.outcomes {
        for (name, rounds) in outcomes {
            let of = |reading: fn(&Outcome) -> f64| median(rounds, reading);
            let rates: Vec<_> = rounds.iter().map(Outcome::rate).collect();
            let low = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let high = rates.iter().copied().fold(0.0, f64::max);
            let wrote = rounds.iter().all(|one| one.user_bytes > 0 && one.written.total() > 0);
            let timed = rounds.iter().all(|one| one.latency.is_some());
            let when = |condition: bool, value: f64, decimals: usize| {
                if condition { format!("{value:.decimals$}") } else { "-".to_owned() }
            };
            let live = |one: &Outcome, bytes: u64| {
                bytes as f64 * one.passes.len().max(1) as f64 / one.user_bytes.max(1) as f64
            };
            let most = |one: &Outcome| one.samples.directory_bytes.iter().copied().max();
            let megabytes = |bytes: f64| format!("{:.0}", bytes / f64::from(1 << 20));
            text += &format!(
                "{work:<20} {name:<18} {:>6} {:>9} {:>6.0}% {:>6.2} {:>6} {:>7} {:>10} {:>7} {:>7} {:>9} {:>8} {:>8}\n",
                rounds.len(),
                count(of(Outcome::rate)),
                (high - low) / of(Outcome::rate).max(1e-9) * 100.0,
                of(seconds),
                when(wrote, of(Outcome::amplification), 2),
                when(wrote, of(|one| one.written.dirtied as f64 / one.user_bytes.max(1) as f64), 2),
                when(wrote, median(rounds, |one| live(one, one.directory_bytes)), 2),
                when(wrote, median(rounds, |one| live(one, most(one).unwrap_or_default())), 2),
                when(timed, of(|one| one.latency.unwrap_or_default().p50 as f64 / 1e3), 1),
                when(timed, of(|one| one.latency.unwrap_or_default().p999 as f64 / 1e3), 1),
                megabytes(of(|one| one.samples.peak_anonymous as f64)),
                megabytes(of(|one| one.samples.peak_file as f64)),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::gate::Gates;

    #[test]
    fn every_gate_of_the_area_is_planned_in_its_unit() {
        let gates = Gates::embedded().unwrap();
        let mut planned: BTreeSet<_> = plan().iter().map(|reading| reading.id).collect();
        for reading in plan() {
            let gate = gates.get(reading.id).unwrap_or_else(|| panic!("no gate {}", reading.id));
            assert_eq!(gate.unit, reading.unit, "{}", reading.id);
        }
        planned.insert("lsm.memory.peak");
        let listed: BTreeSet<_> =
            gates.iter().filter(|g| g.area() == "lsm").map(|g| g.id.as_str()).collect();
        assert_eq!(planned, listed);
    }

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
