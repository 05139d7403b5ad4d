//! What a gate is, and the list of them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The text of `benches/gates.toml` as it was when this program was built.
pub const GATES_TOML: &str = include_str!("../gates.toml");

/// How many rounds are a measurement when the gate does not say: the fewest that have a spread of any meaning.
const DEFAULT_ROUNDS: usize = 3;

/// How a measured value must stand to a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// More than.
    #[serde(rename = ">")]
    MoreThan,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// Less than.
    #[serde(rename = "<")]
    LessThan,
}

impl Comparison {
    /// Whether `value` stands to `threshold` as it must. Never for NaN.
    #[must_use]
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::MoreThan => value > threshold,
            Self::AtMost => value <= threshold,
            Self::LessThan => value < threshold,
        }
    }

    /// Whether larger values are better.
    #[must_use]
    pub fn wants_more(self) -> bool {
        matches!(self, Self::AtLeast | Self::MoreThan)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtLeast => ">=",
            Self::MoreThan => ">",
            Self::AtMost => "<=",
            Self::LessThan => "<",
        })
    }
}

/// What sort of number a gate judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A value in the gate's unit.
    Absolute,
    /// Ours / rival, in the same round.
    Ratio,
    /// A value that is the same in every run, up to the scheduling of threads.
    Count,
    /// A value that only a device can give.
    Device,
}

/// How the rounds of a measurement become one verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The median is judged, if the spread is smaller than its distance from the threshold.
    Median,
    /// The worst round is judged.
    EveryRound,
}

/// One threshold. The fields are described in `gates.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Stable name, `AREA.WORK[.VARIANT]`.
    pub id: String,
    /// What is measured, in one sentence.
    pub what: String,
    /// Unit of one reading.
    pub unit: String,
    /// What sort of number it is.
    pub kind: Kind,
    /// How it must stand to the threshold.
    pub comparison: Comparison,
    /// The threshold: in `unit`, or without a unit for ratios.
    pub threshold: f64,
    /// Whom a ratio is against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_rounds: Option<usize>,
}

impl Gate {
    /// The crate or lab that it belongs to: the first part of its id.
    #[must_use]
    pub fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// How its rounds are judged.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy.unwrap_or(match self.kind {
            Kind::Count => Policy::EveryRound,
            Kind::Absolute | Kind::Ratio | Kind::Device => Policy::Median,
        })
    }

    /// The fewest rounds that count as a measurement.
    #[must_use]
    pub fn min_rounds(&self) -> usize {
        self.min_rounds.unwrap_or(match self.policy() {
            Policy::Median => DEFAULT_ROUNDS,
            Policy::EveryRound => 1,
        })
    }

    fn check(&self) -> std::result::Result<(), &'static str> {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if self.id.split('.').count() < 2 || !self.id.split('.').all(part) {
            return Err("the id is not AREA.WORK[.VARIANT] in a-z, 0-9 and -");
        }
        if self.what.is_empty() || self.unit.is_empty() {
            return Err("`what` and `unit` must say something");
        }
        if !self.threshold.is_finite() {
            return Err("the threshold is not a number");
        }
        if (self.kind == Kind::Ratio) == self.rivals.is_empty() {
            return Err("a ratio names its rivals, and nothing else does");
        }
        if self.rivals.iter().any(|rival| rival.is_empty() || rival.contains('/')) {
            return Err(
                "a rival's name has no `/`: what follows it in a measurement is a configuration",
            );
        }
        if self.min_rounds == Some(0) {
            return Err("no rounds are no measurement");
        }
        Ok(())
    }
}

/// All gates, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates(Vec<Gate>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatesFile {
    gate: Vec<Gate>,
}

impl Gates {
    /// The gates that this program was built with.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); a test of this crate holds that there is none.
    pub fn embedded() -> Result<Self> {
        Self::parse(GATES_TOML)
    }

    /// Reads gates from TOML.
    ///
    /// # Errors
    /// [`Error::Gates`]: no TOML, a field that is missing or unknown, an id used twice, a gate that contradicts itself.
    pub fn parse(text: &str) -> Result<Self> {
        let file: GatesFile = toml::from_str(text).map_err(|e| Error::Gates(e.to_string()))?;
        let mut ids = BTreeSet::new();
        for gate in &file.gate {
            gate.check().map_err(|what| Error::Gates(format!("`{}`: {what}", gate.id)))?;
            if !ids.insert(gate.id.as_str()) {
                return Err(Error::Gates(format!("`{}` stands there twice", gate.id)));
            }
        }
        Ok(Self(file.gate))
    }

    /// The gate of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Gate> {
        self.0.iter().find(|gate| gate.id == id)
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Gate> {
        self.0.iter()
    }

    /// The areas that have gates, sorted.
    #[must_use]
    pub fn areas(&self) -> BTreeSet<&str> {
        self.0.iter().map(Gate::area).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(lines: &str) -> Result<Gates> {
        Gates::parse(&format!("[[gate]]\nwhat = \"w\"\nunit = \"s\"\n{lines}"))
    }

    #[test]
    fn the_embedded_gates_parse() {
        let gates = Gates::embedded().unwrap();
        assert!(gates.areas().contains("lsm"));
        // The course's own number may be undercut, never exceeded.
        assert_eq!(gates.get("lsm.fill.course").unwrap().threshold, 4.0);
        assert!(
            gates.get("lsm.fill.absolute").unwrap().threshold
                <= gates.get("lsm.fill.course").unwrap().threshold
        );
    }

    #[test]
    fn every_id_of_the_header_comment_is_an_id_and_the_other_way_round() {
        let gates = Gates::embedded().unwrap();
        let header: Vec<&str> = GATES_TOML
            .lines()
            .take_while(|line| line.starts_with('#'))
            .filter_map(|line| line.strip_prefix("#   "))
            .filter(|line| gates.areas().iter().any(|area| line.starts_with(&format!("{area}."))))
            .collect();
        // Each line starts with ids ("lsm.a.b, .c, lsm.d") and goes on after two spaces.
        let mut named = BTreeSet::new();
        for line in header {
            let ids = line.split("  ").next().unwrap();
            let mut family = "";
            for id in ids.split(", ") {
                if let Some(variant) = id.strip_prefix('.') {
                    named.insert(format!("{family}.{variant}"));
                } else {
                    family = id.rsplit_once('.').map_or(id, |(family, _)| family);
                    named.insert(id.to_owned());
                }
            }
        }
        for gate in gates.iter() {
            let family = format!("{}.*", gate.id.split('.').take(2).collect::<Vec<_>>().join("."));
            assert!(
                named.contains(&gate.id) || named.contains(&family),
                "{} is not in the header",
                gate.id
            );
        }
        for name in &named {
            let family = name.strip_suffix('*');
            let known = match family {
                Some(family) => gates.iter().any(|gate| gate.id.starts_with(family)),
                None => gates.get(name).is_some(),
            };
            assert!(known, "the header names {name}, which is no gate");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let good = "id = \"a.b\"\nkind = \"absolute\"\ncomparison = \"<\"\nthreshold = 1.0\n";
        assert!(one(good).is_ok());
        for (from, to, says) in [
            ("\"a.b\"", "\"ab\"", "AREA.WORK"),
            ("\"a.b\"", "\"a..b\"", "AREA.WORK"),
            ("\"a.b\"", "\"A.b\"", "AREA.WORK"),
            ("absolute", "ratio", "names its rivals"),
            ("1.0", "nan", "not a number"),
            ("\"<\"", "\"~\"", "unknown variant"),
            ("threshold", "treshold", "unknown field"),
            ("1.0\n", "1.0\nrivals = [\"x\"]\n", "names its rivals"),
            ("1.0\n", "1.0\nmin_rounds = 0\n", "no rounds"),
        ] {
            let error = one(&good.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(says), "{from} -> {to}: {error}");
        }
        let twice = format!("[[gate]]\nwhat = \"w\"\nunit = \"s\"\n{good}");
        assert!(Gates::parse(&twice.repeat(2)).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn not_a_number_never_holds() {
        for comparison in
            [Comparison::AtLeast, Comparison::MoreThan, Comparison::AtMost, Comparison::LessThan]
        {
            assert!(!comparison.holds(f64::NAN, 1.0));
        }
    }
}
