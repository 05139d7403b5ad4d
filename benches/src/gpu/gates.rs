//! Which reading answers which gate.
//!
//! [`PLAN`] holds the gates, [`run`] does what the chosen ones need, and [`measurements`] turns what came of it into what the judge reads. Thresholds are in
//! `gates.toml` and nowhere here.

use std::collections::BTreeMap;
use std::num::NonZero;

use softcuda::sanitize::Checks;

use super::speed::{Bench, Case, Time};
use super::{Result, counts, device, speed};
use crate::choice::Choice;
use crate::judge::quantile;
use crate::measurement::{Measurement, Round};

/// A rival: one worker.
const ONE: &str = "one-worker";
/// A rival: no checks.
const UNCHECKED: &str = "unchecked";

/// What a gate needs to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// A kernel on one worker.
    Speed(Case),
    /// A kernel on two workers and one.
    Scaling(Case),
    /// A kernel with and without checks.
    Checks(Case),
    /// Counts and predictions.
    Counts,
    /// A GPU.
    Device,
}

/// Every gate of the area: its id and its unit in `gates.toml`, and what it needs.
pub const PLAN: [(&str, &str, Work); 20] = [
    ("gpu.speed.vec-add", RATE, Work::Speed(Case::VecAdd)),
    ("gpu.speed.matmul-tiled", RATE, Work::Speed(Case::MatmulTiled)),
    ("gpu.scaling.vec-add", RATE, Work::Scaling(Case::VecAdd)),
    ("gpu.scaling.matmul-tiled", RATE, Work::Scaling(Case::MatmulTiled)),
    ("gpu.checks.vec-add", "ms", Work::Checks(Case::VecAdd)),
    ("gpu.checks.matmul-tiled", "ms", Work::Checks(Case::MatmulTiled)),
    ("gpu.checks.matmul-vectorised", "ms", Work::Checks(Case::MatmulVectorised)),
    ("gpu.checks.matmul-cp-async", "ms", Work::Checks(Case::MatmulCpAsync)),
    ("gpu.bytes.vec-add", "%", Work::Counts),
    ("gpu.bytes.matmul", "%", Work::Counts),
    ("gpu.bytes.matmul-tiled", "%", Work::Counts),
    ("gpu.bytes.scan", "bytes", Work::Counts),
    ("gpu.bytes.flash-attention", "%", Work::Counts),
    ("gpu.predicted.shuffle", PREDICTED, Work::Counts),
    ("gpu.predicted.matmul", PREDICTED, Work::Counts),
    ("gpu.device.vec-add", "GB/s", Work::Device),
    ("gpu.device.vec-add-cpu", "x", Work::Device),
    ("gpu.device.matmul-cpu", "x", Work::Device),
    ("gpu.device.shuffle", "x", Work::Device),
    ("gpu.device.scan", "%", Work::Device),
];
const RATE: &str = "M thread instructions/s";
const PREDICTED: &str = "x (predicted)";

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// Rounds by gate.
    pub rounds: BTreeMap<String, Vec<Round>>,
    /// Why a gate could not be measured.
    pub absent: BTreeMap<String, String>,
    /// What belongs to the numbers.
    pub notes: BTreeMap<String, String>,
}

impl Outcomes {
    fn add(&mut self, gate: &str, round: Round) {
        self.rounds.entry(gate.to_owned()).or_default().push(round);
    }
}

/// Does all the work that the chosen gates need, and says on `progress` what it is at.
///
/// # Errors
/// A kernel's; that checks find something.
pub fn run(choice: &Choice, progress: impl Fn(&str)) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    for (id, _, work) in PLAN {
        if !choice.takes(id) {
            continue;
        }
        match work {
            Work::Speed(case) => {
                progress(&format!("{}: speed", case.kernel()));
                let bench = Bench::new(case, Checks::NONE)?;
                for _ in 0..choice.rounds {
                    let (rate, _) = speed::rate(&bench, NonZero::<usize>::MIN, Time::OfThread)?;
                    outcomes.add(id, Round::absolute(rate));
                }
            }
            Work::Scaling(case) => {
                progress(&format!("{}: two cores", case.kernel()));
                scaling(&mut outcomes, id, case, choice.rounds)?;
            }
            Work::Checks(case) => {
                progress(&format!("{}: checks", case.kernel()));
                let plain = Bench::new(case, Checks::NONE)?;
                let checked = Bench::new(case, Checks::ALL)?;
                for _ in 0..choice.rounds {
                    let [ours, none] = speed::cost(&checked, &plain)?.map(|it| it * 1e3);
                    outcomes.add(id, Round::against(ours, [(UNCHECKED, none)]));
                }
            }
            Work::Counts | Work::Device => {}
        }
    }
    if needs(choice, Work::Counts) {
        progress("counts and predictions");
        for (id, reading) in counts::spawn()? {
            outcomes.add(&id, Round::absolute(reading));
        }
        let model = softcuda::profile::MODEL.to_owned();
        outcomes.notes.insert("model of predictions".to_owned(), model);
    }
    if needs(choice, Work::Device) {
        devices(&mut outcomes, choice, &progress)?;
    }
    Ok(outcomes)
}

fn needs(choice: &Choice, work: Work) -> bool {
    PLAN.iter().any(|(id, _, needs)| *needs == work && choice.takes(id))
}

/// Both by time that passes.
fn scaling(outcomes: &mut Outcomes, id: &str, case: Case, rounds: usize) -> Result<()> {
    let two = NonZero::<usize>::MIN.saturating_add(1);
    if std::thread::available_parallelism()? < two {
        outcomes.absent.insert(id.to_owned(), "one core".to_owned());
        return Ok(());
    }
    let bench = Bench::new(case, Checks::NONE)?;
    let mut cores = Vec::new();
    for _ in 0..rounds {
        let (one, _) = speed::rate(&bench, NonZero::<usize>::MIN, Time::Passes)?;
        let (both, had) = speed::rate(&bench, two, Time::Passes)?;
        outcomes.add(id, Round::against(both, [(ONE, one)]));
        cores.push(had);
    }
    // Who shares the machine sees here why two are not twice as fast.
    let had = format!("{:.2}", quantile(&cores, 0.5));
    outcomes.notes.insert(format!("processors that two workers had, {}", case.kernel()), had);
    Ok(())
}

fn devices(outcomes: &mut Outcomes, choice: &Choice, progress: &impl Fn(&str)) -> Result<()> {
    match device::open() {
        Ok(gpu) => {
            outcomes.notes.insert("device".to_owned(), gpu.properties().name.clone());
            for round in 1..=choice.rounds {
                progress(&format!("device, round {round}"));
                for (id, reading) in device::round(&gpu, device::FULL)? {
                    outcomes.add(id, Round::absolute(reading));
                }
            }
        }
        Err(reason) => {
            for (id, _, work) in PLAN {
                if work == Work::Device {
                    outcomes.absent.insert(id.to_owned(), reason.clone());
                }
            }
        }
    }
    Ok(())
}

/// What the judge reads: a measurement for each chosen gate.
#[must_use]
pub fn measurements(outcomes: &Outcomes, choice: &Choice) -> Vec<Measurement> {
    let chosen = PLAN.iter().filter(|(id, ..)| choice.takes(id));
    chosen
        .map(|(id, unit, _)| match (outcomes.rounds.get(*id), outcomes.absent.get(*id)) {
            (Some(rounds), _) => Measurement::measured(id, unit, rounds.clone()),
            (None, Some(reason)) => Measurement::missing(id, unit, reason),
            (None, None) => Measurement::missing(id, unit, "was not run"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::gate::{Gates, Kind};

    #[test]
    fn every_gate_of_the_area_is_planned_in_its_unit() {
        let gates = Gates::embedded().unwrap();
        for (id, unit, work) in PLAN {
            let gate = gates.get(id).unwrap_or_else(|| panic!("no gate {id}"));
            assert_eq!(gate.unit, unit, "{id}");
            assert_eq!(gate.kind == Kind::Device, work == Work::Device, "{id}");
        }
        let planned: BTreeSet<&str> = PLAN.iter().map(|(id, ..)| *id).collect();
        let area = gates.iter().filter(|gate| gate.area() == "gpu");
        assert_eq!(planned, area.map(|gate| gate.id.as_str()).collect());
    }

    #[test]
    fn what_is_chosen_is_measured_or_says_why_not() {
        let choice = Choice { filters: vec!["gpu.device".to_owned()], ..Choice::default() };
        let mut outcomes = Outcomes::default();
        outcomes.add("gpu.device.shuffle", Round::absolute(2.0));
        outcomes.absent.insert("gpu.device.scan".to_owned(), "no device".to_owned());
        let all = measurements(&outcomes, &choice);
        let reason = |id: &str| {
            let found = all.iter().find(|it| it.gate == id).unwrap();
            (found.rounds.len(), found.not_measured.as_deref())
        };
        assert_eq!(all.len(), 5);
        assert_eq!(reason("gpu.device.shuffle"), (1, None));
        assert_eq!(reason("gpu.device.scan"), (0, Some("no device")));
        assert_eq!(reason("gpu.device.vec-add"), (0, Some("was not run")));
    }
}
