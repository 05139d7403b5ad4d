//! Which reading answers which gate.
//!
//! [`plan`] holds the gates, [`run`] does what the chosen ones need, and [`measurements`] turns what came of it into what the judge
//! reads. Thresholds are in `gates.toml` and nowhere here.

use comfy_table::{Table, presets};

use super::Result;
use super::child::Places;
use super::contestant::OURS;
use super::measure::{self, CODECS, Outcomes, Readings, Work};
use crate::choice::Choice;
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
    /// The work.
    pub work: Work,
    /// Which of ours.
    pub ours: &'static str,
    /// Against whom; against a number, if nobody.
    pub rivals: &'static [&'static str],
}

/// Every gate of the area.
#[must_use]
pub fn plan() -> Vec<Reading> {
    let one = |id: &str, unit, work, ours, rivals| Reading {
        id: format!("avro.{id}"),
        unit,
        work,
        ours,
        rivals,
    };
    let rate = "records/us";
    let decode = |id, ours, rivals| one(id, rate, Work::Decode, ours, rivals);
    let mut plan = vec![
        decode("decode.ref", "avro-compat/ref", &["apache-avro/value"]),
        decode("decode.struct", "avro-compat/borrowed", &["apache-avro/struct"]),
        decode("decode.owned", "avro-compat/owned", &["apache-avro/struct"]),
        decode("decode.value", "avro-compat/value", &["apache-avro/value"]),
        decode("decode.java-resolving", "avro-compat/owned", &["java/resolving-new"]),
        decode("decode.java-fast", "avro-compat/borrowed", &["java/fast-new"]),
        decode(
            "decode.java-reused",
            "avro-compat/ref",
            &["java/resolving-reused", "java/fast-reused"],
        ),
        decode("decode.fastavro", "avro-compat/value", &["fastavro"]),
        one("decode.ref-ns", "ns", Work::Decode, "avro-compat/ref", &[]),
        one("decode.borrowed-ns", "ns", Work::Decode, "avro-compat/borrowed", &[]),
        one("encode.apache", rate, Work::Encode, OURS, &["apache-avro"]),
        one("compile.us", "us", Work::Compile, OURS, &[]),
        one("check.us", "us", Work::Check, OURS, &[]),
        one("parse.apache", "schemas/us", Work::Parse, OURS, &["apache-avro"]),
    ];
    for codec in CODECS {
        for (name, work) in [("read", Work::Read(codec)), ("write", Work::Write(codec))] {
            for rival in ["apache-avro", "fastavro"] {
                let id = format!("{name}.{codec}-{}", rival.split('-').next().unwrap_or_default());
                let rivals: &[_] =
                    if rival == "fastavro" { &["fastavro"] } else { &["apache-avro"] };
                plan.push(one(&id, "MB/s", work, OURS, rivals));
            }
        }
    }
    plan
}

/// Does all the work that the chosen gates need, and says on `progress` what it is at.
///
/// # Errors
/// What a contestant says.
pub fn run(choice: &Choice, places: &Places, progress: impl Fn(&str)) -> Result<Outcomes> {
    let plan = plan();
    let chosen = |work: &Work| plan.iter().any(|it| it.work == *work && choice.takes(&it.id));
    let works: Vec<Work> = Work::all().into_iter().filter(chosen).collect();
    measure::run(&works, choice.rounds, &choice.only, places, progress)
}

/// What the judge reads: a measurement for each chosen gate.
#[must_use]
pub fn measurements(outcomes: &Outcomes, choice: &Choice) -> Vec<Measurement> {
    let plan = plan().into_iter().filter(|reading| choice.takes(&reading.id));
    plan.map(|reading| match rounds(outcomes, &reading) {
        Ok(rounds) => Measurement::measured(&reading.id, reading.unit, rounds),
        Err(reason) => Measurement::missing(&reading.id, reading.unit, &reason),
    })
    .collect()
}

/// Nanoseconds in a gate's unit.
fn in_unit(unit: &str, nanoseconds: f64) -> f64 {
    match unit {
        "ns" => nanoseconds,
        "us" => nanoseconds / 1e3,
        // Of a rate: records or schemas a microsecond, and megabytes a second from nanoseconds a byte.
        _ => 1e3 / nanoseconds,
    }
}

fn rounds(outcomes: &Outcomes, reading: &Reading) -> std::result::Result<Vec<Round>, String> {
    let readings = outcomes.readings.get(&reading.work).ok_or("was not run")?;
    let of = |name: &str| {
        readings.get(name).ok_or_else(|| {
            let program = name.split('/').next().unwrap_or_default();
            outcomes.absent.get(program).cloned().unwrap_or_else(|| format!("{name} was not run"))
        })
    };
    let ours = of(reading.ours)?;
    let rivals = reading.rivals.iter().map(|name| Ok((*name, of(name)?)));
    let rivals: Vec<_> = rivals.collect::<std::result::Result<_, String>>()?;
    let round = |(at, ours): (usize, &f64)| {
        let others = rivals.iter();
        let others =
            others.filter_map(|(name, all)| Some((*name, in_unit(reading.unit, *all.get(at)?))));
        Round::against(in_unit(reading.unit, *ours), others)
    };
    Ok(ours.iter().enumerate().map(round).collect())
}

/// A table of medians: everything that was done, by everybody who did it.
#[must_use]
pub fn table(outcomes: &Outcomes) -> String {
    let mut table = Table::new();
    let header = ["work", "contestant", "median", "fastest", "unit", "to ours"];
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header);
    for (work, readings) in &outcomes.readings {
        let unit = match work {
            Work::Read(_) | Work::Write(_) => "MB/s",
            Work::Decode | Work::Encode => "ns",
            Work::Compile | Work::Check | Work::Parse => "us",
        };
        let median = |name: &str| readings.get(name).map(|all| quantile(all, 0.5));
        let first = median(OURS).or_else(|| ours(readings));
        let mut rows: Vec<_> = readings.iter().collect();
        rows.sort_by(|a, b| quantile(a.1, 0.5).total_cmp(&quantile(b.1, 0.5)));
        for (name, all) in rows {
            let median = quantile(all, 0.5);
            let fastest = all.iter().copied().fold(f64::INFINITY, f64::min);
            table.add_row([
                work.to_string(),
                (*name).to_owned(),
                figure(in_unit(unit, median)),
                figure(in_unit(unit, fastest)),
                unit.to_owned(),
                first.map_or(String::new(), |ours| format!("{}x", figure(median / ours))),
            ]);
        }
    }
    table.to_string()
}

/// The median of the first of ours.
fn ours(readings: &Readings) -> Option<f64> {
    let ours = readings.iter().filter(|it| it.0.split('/').next() == Some(OURS));
    ours.map(|it| quantile(it.1, 0.5)).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::gate::{Gates, Kind};

    #[test]
    fn every_gate_of_the_area_is_planned_in_its_unit() {
        let gates = Gates::embedded().unwrap();
        for reading in plan() {
            let gate = gates.get(&reading.id).unwrap_or_else(|| panic!("no gate {}", reading.id));
            assert_eq!(gate.unit, reading.unit, "{}", reading.id);
            assert_eq!(gate.kind == Kind::Ratio, !reading.rivals.is_empty(), "{}", reading.id);
            // Nobody whom the plan compares with is left out of the gate.
            let named: BTreeSet<&str> = gate.rivals.iter().map(String::as_str).collect();
            let of = |name: &&'static str| name.split('/').next().unwrap_or_default();
            let planned: BTreeSet<&str> = reading.rivals.iter().map(of).collect();
            assert_eq!(named, planned, "{}", reading.id);
        }
        let planned: BTreeSet<String> = plan().into_iter().map(|reading| reading.id).collect();
        let listed: BTreeSet<String> =
            gates.iter().filter(|g| g.area() == "avro").map(|g| g.id.clone()).collect();
        assert_eq!(planned, listed);
    }

    fn outcomes() -> Outcomes {
        let mut outcomes = Outcomes::default();
        let readings = [
            ("avro-compat/ref", vec![100.0, 125.0]),
            ("avro-compat/value", vec![300.0, 320.0]),
            ("apache-avro/value", vec![2000.0, 2500.0]),
        ];
        outcomes.readings.insert(Work::Decode, Readings::from(readings));
        outcomes.absent.insert("java", "no JDK".to_owned());
        outcomes
    }

    #[test]
    fn ratios_are_of_rates_and_the_rest_is_as_it_was_read() {
        let choice = Choice { filters: vec!["avro.decode.ref".to_owned()], ..Choice::default() };
        let found = measurements(&outcomes(), &choice);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].rounds[1], Round::against(8.0, [("apache-avro/value", 0.4)]));
        assert_eq!(found[1].rounds, [100.0, 125.0].map(Round::absolute));
    }

    #[test]
    fn what_is_not_there_is_not_measured_and_says_why() {
        let found = measurements(&outcomes(), &Choice::default());
        let reason = |id: &str| {
            let one = found.iter().find(|it| it.gate == id).unwrap();
            one.not_measured.clone().unwrap()
        };
        assert_eq!(reason("avro.decode.java-reused"), "no JDK");
        assert_eq!(reason("avro.decode.fastavro"), "fastavro was not run");
        assert_eq!(reason("avro.check.us"), "was not run");
        assert_eq!(found.len(), plan().len());
    }

    #[test]
    fn nanoseconds_a_byte_are_megabytes_a_second() {
        assert_eq!(in_unit("MB/s", 2.0), 500.0);
        assert_eq!(in_unit("us", 1500.0), 1.5);
    }
}
