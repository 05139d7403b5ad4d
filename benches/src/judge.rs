//! Medians, spreads, verdicts.
//!
//! The rules, in full:
//! 1. A gate without rounds, with fewer than it asks for, in another unit, or with a rival missing from a round is
//!    *not measured*, with the reason.
//! 2. A ratio is taken within each round and for each configuration of each rival. The gate is judged against every one of
//!    them, and the worst verdict is the gate's.
//! 3. Policy *median*: if no round holds, the gate *failed*. Else, if the spread (interquartile range) is larger than the
//!    distance between median and threshold, it is *too noisy*: another run might well turn out the other way. Else the
//!    median decides.
//! 4. Policy *every round*: the worst round decides.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gate::{Comparison, Gate, Gates, Kind, Policy};
use crate::measurement::{Environment, Measurement, MeasurementFile};
use crate::{Error, Result};

/// What the judge says about one gate. Ordered from best to worst, but for what is not measured, which comes last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// The rounds are too far apart to tell.
    TooNoisy,
    /// It does not hold.
    Fail,
    /// Nobody knows, and why.
    NotMeasured(String),
}

impl Verdict {
    fn severity(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::TooNoisy => 1,
            Self::Fail => 2,
            Self::NotMeasured(_) => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::TooNoisy => f.write_str("too noisy"),
            Self::Fail => f.write_str("fail"),
            Self::NotMeasured(reason) => write!(f, "not measured: {reason}"),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "pass" => Ok(Self::Pass),
            "too noisy" => Ok(Self::TooNoisy),
            "fail" => Ok(Self::Fail),
            other => match other.strip_prefix("not measured: ") {
                Some(reason) => Ok(Self::NotMeasured(reason.to_owned())),
                None => Err(serde::de::Error::custom(format!("`{other}` is no verdict"))),
            },
        }
    }
}

/// A gate's rounds against one rival (or against nobody), boiled down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Rival and configuration; none but for ratios.
    pub rival: Option<String>,
    /// The value that was compared with the threshold: the median, or the worst round.
    pub value: f64,
    /// Interquartile range of the rounds.
    pub spread: f64,
    /// Distance between `value` and the threshold.
    pub margin: f64,
    /// Median of our readings, in the gate's unit.
    pub ours: f64,
    /// Median of the rival's readings, in the gate's unit.
    pub theirs: Option<f64>,
    /// What follows for this rival.
    pub verdict: Verdict,
}

/// One gate, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The gate.
    #[serde(flatten)]
    pub gate: Gate,
    /// What the judge says.
    pub verdict: Verdict,
    /// How many rounds there were.
    pub rounds: usize,
    /// The figures, the one that decided first; empty if not measured.
    pub figures: Vec<Figure>,
}

impl Judged {
    /// The figure that decided.
    #[must_use]
    pub fn decisive(&self) -> Option<&Figure> {
        self.figures.first()
    }
}

/// Judges one gate.
#[must_use]
pub fn judge(gate: &Gate, measurement: Option<&Measurement>) -> Judged {
    let rounds = measurement.map_or(0, |measurement| measurement.rounds.len());
    match figures(gate, measurement) {
        Err(reason) => Judged {
            gate: gate.clone(),
            verdict: Verdict::NotMeasured(reason),
            rounds,
            figures: Vec::new(),
        },
        Ok(mut figures) => {
            // The worst verdict first; among equals the one with the least to spare.
            figures.sort_by(|a, b| {
                let spare =
                    |f: &Figure| if gate.comparison.wants_more() { f.value } else { -f.value };
                b.verdict.severity().cmp(&a.verdict.severity()).then(spare(a).total_cmp(&spare(b)))
            });
            let verdict = figures.first().map_or_else(
                || Verdict::NotMeasured("no readings".to_owned()),
                |figure| figure.verdict.clone(),
            );
            Judged { gate: gate.clone(), verdict, rounds, figures }
        }
    }
}

fn figures(
    gate: &Gate,
    measurement: Option<&Measurement>,
) -> std::result::Result<Vec<Figure>, String> {
    let measurement = measurement.ok_or_else(|| match gate.kind {
        Kind::Device => "no device".to_owned(),
        _ => "no measurement found".to_owned(),
    })?;
    if let Some(reason) = &measurement.not_measured {
        return Err(reason.clone());
    }
    if measurement.unit != gate.unit {
        return Err(format!("measured in {}, the gate is in {}", measurement.unit, gate.unit));
    }
    let rounds = &measurement.rounds;
    if rounds.len() < gate.min_rounds() {
        return Err(format!("{} round(s), the gate asks for {}", rounds.len(), gate.min_rounds()));
    }
    let ours: Vec<f64> = rounds.iter().map(|round| round.ours).collect();
    if gate.kind != Kind::Ratio {
        return Ok(vec![figure(gate, None, &ours, &ours, None)]);
    }

    let mut by_configuration = BTreeMap::<&str, Vec<f64>>::new();
    for round in rounds {
        for (configuration, value) in &round.rivals {
            by_configuration.entry(configuration).or_default().push(*value);
        }
    }
    // Other rivals may be in the measurement; they are none of this gate's business.
    by_configuration
        .retain(|configuration, _| gate.rivals.iter().any(|rival| rival == name_of(configuration)));
    for rival in &gate.rivals {
        if !by_configuration.keys().any(|configuration| name_of(configuration) == rival) {
            return Err(format!("{rival} was not measured"));
        }
    }
    let mut figures = Vec::new();
    for (configuration, theirs) in by_configuration {
        if theirs.len() < rounds.len() {
            let missing = rounds.len() - theirs.len();
            return Err(format!("{configuration} is missing from {missing} round(s)"));
        }
        let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
        figures.push(figure(gate, Some(configuration), &ratios, &ours, Some(&theirs)));
    }
    Ok(figures)
}

fn name_of(configuration: &str) -> &str {
    configuration.split('/').next().unwrap_or_default()
}

/// `values` is never empty: the gate asks for at least one round.
fn figure(
    gate: &Gate,
    rival: Option<&str>,
    values: &[f64],
    ours: &[f64],
    theirs: Option<&[f64]>,
) -> Figure {
    let (comparison, threshold) = (gate.comparison, gate.threshold);
    let spread = spread(values);
    let value = match gate.policy() {
        Policy::Median => quantile(values, 0.5),
        Policy::EveryRound => worst(comparison, values),
    };
    let margin = (value - threshold).abs();
    let verdict = if !values.iter().any(|value| comparison.holds(*value, threshold)) {
        Verdict::Fail
    } else if gate.policy() == Policy::Median && spread > margin {
        Verdict::TooNoisy
    } else if comparison.holds(value, threshold) {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    Figure {
        rival: rival.map(str::to_owned),
        value,
        spread,
        margin,
        ours: quantile(ours, 0.5),
        theirs: theirs.map(|theirs| quantile(theirs, 0.5)),
        verdict,
    }
}

fn worst(comparison: Comparison, values: &[f64]) -> f64 {
    let pick = if comparison.wants_more() { f64::min } else { f64::max };
    values.iter().copied().reduce(pick).unwrap_or(f64::NAN)
}

/// Quantile `q` in 0..=1, linear between neighbours (Hyndman and Fan, "Sample quantiles in statistical packages", 1996, type
/// 7). NaN of nothing.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = q * sorted.len().saturating_sub(1) as f64;
    let below = place.floor();
    // `below` is between 0 and the last index, so that the conversion is exact.
    let index = below as usize;
    match (sorted.get(index), sorted.get(index + 1)) {
        (Some(a), Some(b)) => a + (b - a) * (place - below),
        (Some(a), None) => *a,
        (None, _) => f64::NAN,
    }
}

/// Interquartile range: how far apart the middle half of the rounds lies. One slow round of many does not widen it.
#[must_use]
pub fn spread(values: &[f64]) -> f64 {
    quantile(values, 0.75) - quantile(values, 0.25)
}

/// All gates, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Where and with what was measured, by file.
    pub environments: BTreeMap<String, Environment>,
    /// Every gate, in the order of `gates.toml`.
    pub gates: Vec<Judged>,
}

impl Judgement {
    /// How many gates failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Fail)
    }

    /// How many gates passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Pass)
    }

    /// How many gates were too noisy to tell.
    #[must_use]
    pub fn noisy(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::TooNoisy)
    }

    /// How many gates were not measured.
    #[must_use]
    pub fn not_measured(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::NotMeasured(_)))
    }

    fn count(&self, which: impl Fn(&Verdict) -> bool) -> usize {
        self.gates.iter().filter(|judged| which(&judged.verdict)).count()
    }
}

/// Judges every gate (of `area`, if one is named) by the measurements in `files`.
///
/// # Errors
/// [`Error::UnknownGate`] and [`Error::MeasuredTwice`] for measurements that fit no gate or fit it twice, in any area;
/// [`Error::UnknownArea`].
pub fn judge_all(
    gates: &Gates,
    files: &[(PathBuf, MeasurementFile)],
    area: Option<&str>,
) -> Result<Judgement> {
    if let Some(area) = area
        && !gates.areas().contains(area)
    {
        let known = gates.areas().into_iter().collect::<Vec<_>>().join(", ");
        return Err(Error::UnknownArea { area: area.to_owned(), known });
    }
    let mut measured = BTreeMap::<&str, (&PathBuf, &Measurement)>::new();
    for (path, file) in files {
        for measurement in &file.measurements {
            if gates.get(&measurement.gate).is_none() {
                let gate = measurement.gate.clone();
                return Err(Error::UnknownGate { path: path.clone(), gate });
            }
            if let Some((first, _)) = measured.insert(&measurement.gate, (path, measurement)) {
                return Err(Error::MeasuredTwice {
                    gate: measurement.gate.clone(),
                    first: first.clone(),
                    second: path.clone(),
                });
            }
        }
    }
    let name = |path: &PathBuf| {
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    Ok(Judgement {
        environments: files
            .iter()
            .map(|(path, file)| (name(path), file.environment.clone()))
            .collect(),
        gates: gates
            .iter()
            .filter(|gate| area.is_none_or(|area| gate.area() == area))
            .map(|gate| judge(gate, measured.get(gate.id.as_str()).map(|(_, m)| *m)))
            .collect(),
    })
}

#[cfg(test)]
mod tests;
