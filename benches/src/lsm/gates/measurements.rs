//! From outcomes to what the judge reads.

use super::{Choice, Reading, Rivals, Unlimited, plan, scaling};
use crate::lsm::child::{Kind, Outcome};
use crate::lsm::measure::{CACHE, Contestant, Harness, WRITE_BUFFER, contestants};
use crate::measurement::{Measurement, Round};

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
            Rivals::None => &[],
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
    if choice.takes(scaling::GATE) {
        let unit = "inserts/s";
        measurements.push(match scaling::rounds(harness) {
            Ok(rounds) => Measurement::measured(scaling::GATE, unit, rounds),
            Err(reason) => Measurement::missing(scaling::GATE, unit, &reason),
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
