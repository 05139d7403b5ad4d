//! Which reading answers which gate.
//!
//! [`plan`] holds the gates, [`run`] does what the chosen ones need, and [`measurements`] turns what came of it into what the judge
//! reads. Thresholds are in `gates.toml` and nowhere here.

use std::collections::BTreeMap;

use comfy_table::{Table, presets};

use super::case::{Case, Kind, SIZES};
use super::measure::{self, Growth, Outcomes, Readings, Work};
use super::{Result, ours};
use crate::choice::Choice;
use crate::gate::{Gate, Gates};
use crate::judge::quantile;
use crate::measurement::{Measurement, Round};
use crate::report::figure;

/// A gate: where its readings come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Its id in `gates.toml`.
    pub id: String,
    /// Its unit there.
    pub unit: &'static str,
    /// What it reads.
    pub source: Source,
}

/// Where a reading comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A case: ours against all rivals of the kind.
    Rivals(Kind, usize, Work),
    /// A case: one of ours alone.
    Alone(Kind, usize, &'static str),
    /// [`Outcomes::growths`].
    Growth,
    /// [`Outcomes::scaling`].
    Scaling,
}

/// Every gate of the area.
#[must_use]
pub fn plan() -> Vec<Reading> {
    let mut plan = Vec::new();
    let works = [
        ("lookup", "lookups/us", Work::Lookup),
        ("build", "us", Work::Build),
        ("add", "us", Work::Add),
        ("bytes", "bytes/node", Work::Bytes),
    ];
    for (name, unit, work) in works {
        for kind in Kind::ALL {
            if work == Work::Lookup || kind.holds_nodes() {
                plan.extend(SIZES.map(|nodes| Reading {
                    id: format!("ring.{name}.{kind}.{nodes}"),
                    unit,
                    source: Source::Rivals(kind, nodes, work),
                }));
            }
        }
    }
    let others = [
        ("ring.lookup.maglev.ns", "ns", Source::Alone(Kind::Maglev, 1000, ours::NAME)),
        ("ring.lookup.jump.ns", "ns", Source::Alone(Kind::Jump, 100, "hash-ring/batch")),
        ("ring.lookup.growth", "growth / growth of log2(points)", Source::Growth),
        ("ring.scaling.2t", "lookups/us", Source::Scaling),
    ];
    plan.extend(others.map(|(id, unit, source)| Reading { id: id.to_owned(), unit, source }));
    plan
}

/// Whether a gate was chosen that has such a source.
fn needs(choice: &Choice, source: impl Fn(Source) -> bool) -> bool {
    plan().iter().any(|reading| choice.takes(&reading.id) && source(reading.source))
}

/// Does all the work that the chosen gates need, and says on `progress` what it is at.
///
/// # Errors
/// What a contestant says; that ours is less even than promised.
pub fn run(choice: &Choice, progress: impl Fn(&str)) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    for kind in Kind::ALL {
        for nodes in SIZES {
            let case = Case::new(kind, nodes)?;
            let wanted = |works: &[Work]| {
                needs(choice, |source| match source {
                    Source::Rivals(k, n, work) => (k, n) == (kind, nodes) && works.contains(&work),
                    Source::Alone(k, n, _) => (k, n) == (kind, nodes) && works[0] == Work::Lookup,
                    Source::Growth | Source::Scaling => false,
                })
            };
            if wanted(&[Work::Lookup, Work::Bytes]) {
                progress(&format!("{kind}, {nodes} nodes: lookups"));
                measure::lookups(&mut outcomes, &case, choice.rounds, &choice.only)?;
            }
            if wanted(&[Work::Build, Work::Add]) {
                progress(&format!("{kind}, {nodes} nodes: builds"));
                let takes_seconds = nodes == 1000 && matches!(kind, Kind::Ring | Kind::Maglev);
                let rounds = if takes_seconds { choice.rounds.min(3) } else { choice.rounds };
                measure::builds(&mut outcomes, &case, rounds, &choice.only)?;
            }
        }
    }
    if needs(choice, |source| source == Source::Growth) {
        progress("growth");
        measure::growth(&mut outcomes, choice.rounds)?;
    }
    if needs(choice, |source| source == Source::Scaling) {
        progress("scaling");
        measure::scaling(&mut outcomes, choice.rounds)?;
    }
    Ok(outcomes)
}

/// What the judge reads: a measurement for each chosen gate.
///
/// # Errors
/// If `gates.toml` does not parse.
pub fn measurements(outcomes: &Outcomes, choice: &Choice) -> Result<Vec<Measurement>> {
    let gates = Gates::embedded()?;
    let chosen = plan().into_iter().filter(|reading| choice.takes(&reading.id));
    Ok(chosen
        .map(|reading| {
            let rivals = gates.get(&reading.id).map_or(&[][..], |gate: &Gate| &gate.rivals);
            match rounds(outcomes, reading.source, rivals) {
                Ok(rounds) => Measurement::measured(&reading.id, reading.unit, rounds),
                Err(reason) => Measurement::missing(&reading.id, reading.unit, &reason),
            }
        })
        .collect())
}

fn rounds(
    outcomes: &Outcomes,
    source: Source,
    rivals: &[String],
) -> std::result::Result<Vec<Round>, String> {
    let of = |kind, nodes, work| {
        let readings = outcomes.readings.get(&(kind, nodes, work));
        readings.ok_or_else(|| "was not run".to_owned())
    };
    match source {
        Source::Rivals(kind, nodes, work) => against(of(kind, nodes, work)?, work, rivals),
        Source::Alone(kind, nodes, name) => {
            let readings = of(kind, nodes, Work::Lookup)?.get(name);
            let readings = readings.ok_or_else(|| format!("{name} was not run"))?;
            Ok(readings.iter().copied().map(Round::absolute).collect())
        }
        Source::Growth => {
            let growths = outcomes.growths.iter().map(Growth::against_logarithm);
            Ok(growths.map(Round::absolute).collect())
        }
        Source::Scaling => Ok(outcomes
            .scaling
            .iter()
            .map(|[one, two]| Round::against(*two, [("one-thread", *one)]))
            .collect()),
    }
}

/// Ours against everybody else, in the gate's unit.
fn against(
    readings: &Readings,
    work: Work,
    rivals: &[String],
) -> std::result::Result<Vec<Round>, String> {
    let in_unit = |reading: f64| if work == Work::Lookup { 1e3 / reading } else { reading };
    let crate_of = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    for rival in rivals {
        if !readings.keys().any(|name| crate_of(name) == *rival) {
            return Err(format!("{rival} was not built (--features peer-rings)"));
        }
    }
    let ours = readings.get(ours::NAME).ok_or("ours was not run")?;
    let round = |(at, ours): (usize, &f64)| {
        let others = readings.iter().filter(|(name, _)| **name != ours::NAME);
        let others = others.filter_map(|(name, theirs)| Some((*name, in_unit(*theirs.get(at)?))));
        Round::against(in_unit(*ours), others)
    };
    Ok(ours.iter().enumerate().map(round).collect())
}

/// A table of medians: every kind, every size, every contestant, everything read.
#[must_use]
pub fn table(outcomes: &Outcomes) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header([
        "kind",
        "nodes",
        "contestant",
        "ns/lookup",
        "build us",
        "add us",
        "bytes/node",
        "max/mean",
    ]);
    let mut rows = BTreeMap::<(Kind, usize), Vec<&str>>::new();
    for ((kind, nodes, _), readings) in &outcomes.readings {
        let names = rows.entry((*kind, *nodes)).or_default();
        names.extend(readings.keys());
    }
    for ((kind, nodes), mut names) in rows {
        // Ours above the others.
        names.sort_unstable_by_key(|name| (name.split('/').next() != Some(ours::NAME), *name));
        names.dedup();
        for name in names {
            let median = |work| {
                let readings = outcomes.readings.get(&(kind, nodes, work));
                let readings = readings.and_then(|readings| readings.get(name));
                readings.map_or("-".to_owned(), |readings| figure(quantile(readings, 0.5)))
            };
            let imbalance = outcomes.imbalances.get(&(kind, nodes)).filter(|_| name == ours::NAME);
            table.add_row([
                kind.to_string(),
                nodes.to_string(),
                name.to_owned(),
                median(Work::Lookup),
                median(Work::Build),
                median(Work::Add),
                median(Work::Bytes),
                imbalance.map_or(String::new(), |found| figure(*found)),
            ]);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_gate_of_the_area_is_planned_in_its_unit() {
        let gates = Gates::embedded().unwrap();
        for reading in plan() {
            let gate = gates.get(&reading.id).unwrap_or_else(|| panic!("no gate {}", reading.id));
            assert_eq!(gate.unit, reading.unit, "{}", reading.id);
        }
        let planned: BTreeSet<String> = plan().into_iter().map(|reading| reading.id).collect();
        let listed: BTreeSet<String> =
            gates.iter().filter(|g| g.area() == "ring").map(|g| g.id.clone()).collect();
        assert_eq!(planned, listed);
    }

    /// Nobody who is measured is left out of a gate.
    #[cfg(feature = "peer-rings")]
    #[test]
    fn gates_are_against_all_rivals_of_the_kind() {
        let gates = Gates::embedded().unwrap();
        for reading in plan() {
            if let Source::Rivals(kind, ..) = reading.source {
                let all = super::super::rivals::contestants(kind);
                let crates = all.iter().map(|one| one.name.split('/').next().unwrap());
                let crates: BTreeSet<&str> = crates.collect();
                let gate = gates.get(&reading.id).unwrap();
                let named: BTreeSet<&str> = gate.rivals.iter().map(String::as_str).collect();
                assert_eq!(named, crates, "{}", reading.id);
            }
        }
    }

    #[test]
    fn lookups_are_judged_as_rates_and_the_rest_as_it_is() {
        let readings = Readings::from([
            ("hash-ring", vec![2.0, 4.0]),
            ("hash-ring/by-key", vec![3.0, 5.0]),
            ("slow/hashed", vec![8.0, 8.0]),
        ]);
        let rivals = ["slow".to_owned()];
        let rounds = against(&readings, Work::Lookup, &rivals).unwrap();
        assert_eq!((rounds[1].ours, rounds[1].rivals["slow/hashed"]), (250.0, 125.0));
        let rounds = against(&readings, Work::Add, &rivals).unwrap();
        assert_eq!((rounds[0].ours, rounds[0].rivals["hash-ring/by-key"]), (2.0, 3.0));
        let absent = against(&readings, Work::Add, &["absent".to_owned()]).unwrap_err();
        assert!(absent.contains("peer-rings"), "{absent}");
    }

    #[test]
    fn everything_chosen_is_measured_or_says_why_not() {
        let choice = Choice { filters: vec!["ring.lookup.jump".to_owned()], ..Choice::default() };
        let measurements = measurements(&Outcomes::default(), &choice).unwrap();
        assert_eq!(measurements.len(), 4);
        assert!(measurements.iter().all(|one| one.not_measured.is_some()));
    }
}
