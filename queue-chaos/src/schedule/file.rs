//! Plans as TOML.

use std::fmt;
use std::ops::Range;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Spanned;

use super::words::pieces;
use super::{ClusterPlan, Plan, Step, TopicPlan, duration};
use crate::{Error, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    duration: Option<Spanned<String>>,
    seed: Option<Seed>,
    #[serde(default)]
    steps: Option<Spanned<Steps>>,
    #[serde(default)]
    cluster: ClusterPlan,
    #[serde(default)]
    topic: Vec<TopicPlan>,
    #[serde(default)]
    workload: toml::Table,
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    duration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<Seed>,
    steps: Vec<String>,
    cluster: &'a ClusterPlan,
    #[serde(skip_serializing_if = "no_topic")]
    topic: &'a [TopicPlan],
    #[serde(skip_serializing_if = "toml::Table::is_empty")]
    workload: &'a toml::Table,
}

fn no_topic(topics: &&[TopicPlan]) -> bool {
    topics.is_empty()
}

/// A number, or a text where TOML's numbers end.
#[derive(Clone, Copy)]
struct Seed(u64);

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(self.0) {
            Ok(seed) => serializer.serialize_i64(seed),
            Err(_) => serializer.collect_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Seed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a seed: a number from 0 to 18446744073709551615, in quotes from 9223372036854775808 on")
            }

            fn visit_i64<E: serde::de::Error>(self, seed: i64) -> Result<Seed, E> {
                let wrong = |_| E::invalid_value(serde::de::Unexpected::Signed(seed), &self);
                u64::try_from(seed).map(Seed).map_err(wrong)
            }

            fn visit_u64<E: serde::de::Error>(self, seed: u64) -> Result<Seed, E> {
                Ok(Seed(seed))
            }

            fn visit_str<E: serde::de::Error>(self, seed: &str) -> Result<Seed, E> {
                let wrong = |_| E::invalid_value(serde::de::Unexpected::Str(seed), &self);
                seed.parse().map(Seed).map_err(wrong)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// A list of steps, or a text with semicolons between them.
enum Steps {
    List(Vec<Spanned<String>>),
    Line(String),
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrLine;
        impl<'de> Visitor<'de> for ListOrLine {
            type Value = Steps;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("steps: a list of texts, or a text with semicolons between them")
            }

            fn visit_str<E: serde::de::Error>(self, line: &str) -> Result<Steps, E> {
                Ok(Steps::Line(line.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Steps, A::Error> {
                let mut list = Vec::new();
                while let Some(step) = seq.next_element()? {
                    list.push(step);
                }
                Ok(Steps::List(list))
            }
        }
        deserializer.deserialize_any(ListOrLine)
    }
}

/// A text with its place in a file.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, at: usize) -> String {
        let line = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        format!("{}:{line}", self.name)
    }

    fn wrong(&self, at: usize, what: impl Into<String>) -> Error {
        Error::Plan { place: self.place(at), what: what.into() }
    }

    /// An error of a step, with the place in the file before it.
    fn within(&self, at: usize, e: Error) -> Error {
        match e {
            Error::Plan { place, what } => {
                Error::Plan { place: format!("{}: {place}", self.place(at)), what }
            }
            other => other,
        }
    }

    /// The steps, each with its offset in the file.
    fn steps(&self, steps: Spanned<Steps>) -> Vec<(usize, String)> {
        let span = steps.span();
        match steps.into_inner() {
            Steps::List(list) => {
                list.into_iter().map(|step| (step.span().start, step.into_inner())).collect()
            }
            Steps::Line(line) => {
                let mut at = span.start;
                let step = |piece: &str| {
                    at = self.find(piece, at..span.end);
                    (at, piece.to_owned())
                };
                pieces(&line).into_iter().map(step).collect()
            }
        }
    }

    /// Where a piece of a text stands in the file. One that the file writes with escapes is not found: then the piece before it is near enough.
    fn find(&self, piece: &str, within: Range<usize>) -> usize {
        let found = self.text.get(within.clone()).and_then(|text| text.find(piece));
        within.start + found.unwrap_or(0)
    }
}

impl Plan {
    /// Reads a plan. The name of the file is for messages, and for the plan if it has no name of its own.
    ///
    /// # Errors
    /// [`Error::Plan`] with the file and line, what is wrong, and what would be right.
    pub fn parse(text: &str, file_name: &str) -> Result<Self> {
        let source = Source { name: file_name, text };
        let file: File = toml::from_str(text).map_err(|e| {
            source.wrong(e.span().map_or(0, |span| span.start), e.message().replace('\n', ", "))
        })?;
        let stem = std::path::Path::new(file_name).file_stem().and_then(|stem| stem.to_str());
        let name = file.name.unwrap_or_else(|| stem.unwrap_or("plan").to_owned());
        let mut plan = Self::new(name, std::time::Duration::ZERO);
        plan.seed = file.seed.map(|seed| seed.0);
        plan.cluster = file.cluster;
        plan.topics = file.topic;
        plan.workload = file.workload;
        let steps = file.steps.map(|steps| source.steps(steps)).unwrap_or_default();
        for (at, step) in &steps {
            let step: Step = step.parse().map_err(|e| source.within(*at, e))?;
            plan.steps.push(step);
        }
        plan.duration = match file.duration {
            None => plan.natural_duration(),
            Some(text) => {
                let at = text.span().start;
                duration::parse(text.get_ref()).map_err(|what| source.wrong(at, what))?
            }
        };
        for ((at, _), step) in steps.iter().zip(&plan.steps) {
            let place = |what| source.wrong(*at, format!("\"{step}\": {what}"));
            plan.check_step(step).map_err(place)?;
        }
        Ok(plan)
    }

    /// Writes it so that [`parse`](Self::parse) reads the same. Durations are written to the microsecond.
    ///
    /// # Errors
    /// [`Error::Plan`] if the workload's table cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        let written = Written {
            name: &self.name,
            duration: duration::text(self.duration),
            seed: self.seed.map(Seed),
            steps: self.steps.iter().map(ToString::to_string).collect(),
            cluster: &self.cluster,
            topic: &self.topics,
            workload: &self.workload,
        };
        toml::to_string_pretty(&written)
            .map_err(|e| Error::Plan { place: self.name.clone(), what: e.to_string() })
    }
}
