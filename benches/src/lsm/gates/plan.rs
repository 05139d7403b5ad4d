//! The gates, each with the piece of work it reads and how.

use crate::lsm::child::Outcome;

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
}

pub(super) fn seconds(outcome: &Outcome) -> f64 {
    outcome.seconds
}

/// Space in relation to live records; of the end of the work, where the engine has settled.
fn space(outcome: &Outcome, live: f64) -> f64 {
    outcome.directory_bytes as f64 / live
}

/// Every gate of the engine but `lsm.memory.peak`, which is read from all of them, and `lsm.fillrandom.scaling`, which has pairs of its own.
#[must_use]
pub fn plan() -> Vec<Reading> {
    use Rivals::{All, None, Rocksdb};
    let one = |id, unit, work, rivals, read| Reading { id, unit, work, ours: "lsm", rivals, read };
    let rate: fn(&Outcome) -> f64 = Outcome::rate;
    let amplification: fn(&Outcome) -> f64 = Outcome::amplification;
    let written = "bytes written / user byte";
    let mut plan = vec![
        one("lsm.fill.course", "s", "fill", None, seconds),
        one("lsm.fill.absolute", "s", "fill", None, seconds),
        one("lsm.fillrandom.1w", "inserts/s", "fill", All, rate),
        one("lsm.fillrandom.2w", "inserts/s", "fill by two", All, rate),
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
        planned.extend(["lsm.memory.peak", "lsm.fillrandom.scaling"]);
        let listed: BTreeSet<_> =
            gates.iter().filter(|g| g.area() == "lsm").map(|g| g.id.as_str()).collect();
        assert_eq!(planned, listed);
    }
}
