//! Acceptance checks and their verdicts.

use std::fmt;

use gates::gate::{Comparison, Gate};
use gates::report::figure;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::execution::{Outcome, Reading};

/// What a measured value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Must {
    /// Stand to a threshold as a comparison says. `gate` is where the threshold has its home.
    Compare {
        /// How.
        comparison: Comparison,
        /// To what.
        threshold: f64,
        /// Id in `gates.toml`, if it is a gate.
        gate: Option<String>,
    },
    /// Be exactly this.
    Equal(f64),
    /// Be at least `low` and at most `high`.
    Between {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// Be within `tolerance` (a share of `target`) of `target`.
    Near {
        /// The target.
        target: f64,
        /// The share.
        tolerance: f64,
    },
}

impl Must {
    fn holds(&self, value: f64) -> bool {
        match self {
            Self::Compare { comparison, threshold, .. } => comparison.holds(value, *threshold),
            // Counts: both sides are whole numbers far below 2^53.
            Self::Equal(target) => value == *target,
            Self::Between { low, high } => (*low..=*high).contains(&value),
            Self::Near { target, tolerance } => (value - target).abs() <= tolerance * target.abs(),
        }
    }
}

impl fmt::Display for Must {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { comparison, threshold, gate } => {
                write!(f, "{comparison} {}", figure(*threshold))?;
                gate.as_ref().map_or(Ok(()), |gate| write!(f, " ({gate})"))
            }
            Self::Equal(target) => write!(f, "= {}", figure(*target)),
            Self::Between { low, high } => write!(f, "{} to {}", figure(*low), figure(*high)),
            Self::Near { target, tolerance } => {
                write!(f, "{} within {} %", figure(*target), figure(tolerance * 100.0))
            }
        }
    }
}

/// One acceptance check: a measure, and what it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Id of the measure.
    pub measure: String,
    /// What is checked, in one line.
    pub what: String,
    /// Unit of the measure.
    pub unit: String,
    /// What it must be.
    pub must: Must,
}

impl Check {
    /// A check of `measure`, in `unit`.
    #[must_use]
    pub fn new(measure: &str, what: &str, unit: &str, must: Must) -> Self {
        Self { measure: measure.to_owned(), what: what.to_owned(), unit: unit.to_owned(), must }
    }

    /// A check with comparison, threshold and unit of a gate.
    #[must_use]
    pub fn of_gate(measure: &str, what: &str, gate: &Gate) -> Self {
        let must = Must::Compare {
            comparison: gate.comparison,
            threshold: gate.threshold,
            gate: Some(gate.id.clone()),
        };
        Self::new(measure, what, &gate.unit, must)
    }
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// Nobody knows, and why.
    NotMeasured(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Fail => f.write_str("fail"),
            Self::NotMeasured(reason) => write!(f, "not measured: {reason}"),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "pass" => Ok(Self::Pass),
            "fail" => Ok(Self::Fail),
            other => match other.strip_prefix("not measured: ") {
                Some(reason) => Ok(Self::NotMeasured(reason.to_owned())),
                None => Err(serde::de::Error::custom(format!("`{other}` is no verdict"))),
            },
        }
    }
}

/// A check with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Id of the measure, or `command` or `artefacts`.
    pub id: String,
    /// What was checked.
    pub what: String,
    /// The value, if there is one.
    pub measured: Option<f64>,
    /// Its unit; empty for what has none.
    pub unit: String,
    /// What it must be.
    pub required: String,
    /// What became of it.
    pub verdict: Verdict,
    /// What there is to know about a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Judged {
    /// The measured value for people.
    #[must_use]
    pub fn measured_text(&self) -> String {
        let value = match self.measured {
            None => "-".to_owned(),
            Some(value) if self.unit.is_empty() => figure(value),
            Some(value) => format!("{} {}", figure(value), self.unit),
        };
        match &self.detail {
            None => value,
            Some(detail) if self.measured.is_none() => detail.clone(),
            Some(detail) => format!("{value}; {detail}"),
        }
    }
}

/// Judges one check by what the command said.
///
/// A measure that is missing although the command ended well is a failure: the lab broke its word. If the command
/// did not end well, that is a failure of its own, and what it did not come to is *not measured*.
#[must_use]
pub fn judge(check: &Check, outcome: &Outcome) -> Judged {
    let mut judged = Judged {
        id: check.measure.clone(),
        what: check.what.clone(),
        measured: None,
        unit: check.unit.clone(),
        required: check.must.to_string(),
        verdict: Verdict::Fail,
        detail: None,
    };
    match outcome.readings.get(&check.measure) {
        Some(Reading::Measured { value, unit }) if *unit == check.unit => {
            judged.measured = Some(*value);
            if check.must.holds(*value) {
                judged.verdict = Verdict::Pass;
            }
        }
        Some(Reading::Measured { unit, .. }) => {
            judged.detail = Some(format!("reported in `{unit}`, the check is in `{}`", check.unit));
        }
        Some(Reading::NotMeasured { reason }) => {
            judged.verdict = Verdict::NotMeasured(reason.clone());
        }
        None if outcome.end.is_good() => {
            judged.detail = Some(format!("the command never reported `{}`", check.measure));
        }
        None => judged.verdict = Verdict::NotMeasured(outcome.end.excuse()),
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::End;

    fn outcome(end: End, reading: Option<Reading>) -> Outcome {
        let readings = reading.map(|reading| ("x".to_owned(), reading)).into_iter().collect();
        Outcome { end, readings, ..Outcome::default() }
    }

    fn measured(value: f64, unit: &str) -> Option<Reading> {
        Some(Reading::Measured { value, unit: unit.to_owned() })
    }

    #[test]
    fn verdicts() {
        let near = Must::Near { target: 1.0, tolerance: 0.1 };
        let below = Must::Compare { comparison: Comparison::LessThan, threshold: 4.0, gate: None };
        for (must, value, holds) in [
            (&near, 1.0, true),
            (&near, 0.9, true),
            (&near, 0.89, false),
            (&near, 1.11, false),
            (&below, 3.99, true),
            (&below, 4.0, false),
            (&Must::Between { low: 24.0, high: 26.0 }, 24.0, true),
            (&Must::Between { low: 24.0, high: 26.0 }, 26.0, true),
            (&Must::Between { low: 24.0, high: 26.0 }, 26.01, false),
            (&Must::Equal(1e6), 1e6, true),
            (&Must::Equal(1e6), 999_999.0, false),
        ] {
            let check = Check::new("x", "what", "s", must.clone());
            let judged = judge(&check, &outcome(End::Exited(0), measured(value, "s")));
            assert_eq!(judged.verdict == Verdict::Pass, holds, "{must} {value}");
            assert_eq!(judged.measured, Some(value));
        }
    }

    #[test]
    fn what_is_missing() {
        let check = Check::new("x", "what", "s", Must::Equal(1.0));
        let silent = judge(&check, &outcome(End::Exited(0), None));
        assert_eq!(silent.verdict, Verdict::Fail);
        assert_eq!(silent.measured_text(), "the command never reported `x`");
        let died = judge(&check, &outcome(End::Exited(3), None));
        assert_eq!(died.verdict.to_string(), "not measured: the command ended with code 3");
        let refused = Reading::NotMeasured { reason: "no counter".to_owned() };
        let refused = judge(&check, &outcome(End::Exited(0), Some(refused)));
        assert_eq!(refused.verdict.to_string(), "not measured: no counter");
        let unit = judge(&check, &outcome(End::Exited(0), measured(1.0, "ms")));
        assert_eq!((unit.verdict, unit.measured), (Verdict::Fail, None));
    }
}
