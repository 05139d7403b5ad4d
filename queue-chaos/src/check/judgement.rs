//! What comes out of a check.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::AnomalyKind;
use crate::id::{ConsumerId, MessageId, PartitionId};

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All that was to be seen was seen, and nothing is wrong.
    Ok,
    /// Something is wrong.
    Anomaly,
    /// Nothing is known to be wrong, but not all that was to be seen was seen.
    Unknown,
}

impl Verdict {
    /// The word for it: `ok`, `anomaly`, `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Anomaly => "anomaly",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something wrong, with what shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Anomaly {
    /// What.
    pub kind: AnomalyKind,
    /// Whether those who did it had been promised that this does not happen: a producer that is not idempotent has to expect doubles.
    /// See [`AnomalyKind::promised_to`].
    pub promised: bool,
    /// A sentence with the numbers in it.
    pub what: String,
    /// The partition that it is about.
    pub partition: Option<PartitionId>,
    /// The messages that it is about; the first ones, if there are many. As JSON: pairs of producer and sequence.
    #[serde(serialize_with = "pairs")]
    pub messages: Vec<MessageId>,
    /// The consumer that saw it.
    pub consumer: Option<ConsumerId>,
    /// Offsets that matter.
    pub offsets: Vec<u64>,
    /// Times that matter (microseconds since the run began): sent, acknowledged, read. Those of messages are known to a millisecond.
    pub times: Vec<u64>,
}

fn pairs<S: Serializer>(messages: &[MessageId], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(messages.iter().map(|it| (it.producer, it.sequence)))
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Messages handed to producers.
    pub sent: u64,
    /// Of these acknowledged.
    pub acked: u64,
    /// Of these refused.
    pub failed: u64,
    /// Of these nobody knows.
    pub unknown: u64,
    /// Of the unknown ones those that were read.
    pub unknown_read: u64,
    /// Records read, redelivered ones included.
    pub read: u64,
    /// Different messages read.
    pub distinct: u64,
    /// Records that a group got again, which at-least-once permits.
    pub redelivered: u64,
}

/// What a history says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// The outcome.
    pub verdict: Verdict,
    /// How many there are of each kind.
    pub found: BTreeMap<AnomalyKind, u64>,
    /// How many of these nobody had been promised not to happen ([`Anomaly::promised`]).
    pub not_promised: BTreeMap<AnomalyKind, u64>,
    /// The first of each kind, as many as [`Options::keep`](super::Options::keep) says.
    pub anomalies: Vec<Anomaly>,
    /// Why the outcome is no better than unknown, a sentence each.
    pub unknowns: Vec<String>,
    /// How many of what.
    pub counts: Counts,
}

/// A few lines for people: the outcome and the numbers, each kind with its first cases, what is not known.
impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = &self.counts;
        writeln!(
            f,
            "{}: {} sent, {} acknowledged, {} refused, {} unknown ({} of them read); {} records read of {} messages, {} redelivered",
            self.verdict,
            it.sent,
            it.acked,
            it.failed,
            it.unknown,
            it.unknown_read,
            it.read,
            it.distinct,
            it.redelivered
        )?;
        for (kind, count) in &self.found {
            write!(f, "{kind}: {count} ({}", kind.guarantee())?;
            match self.not_promised.get(kind) {
                Some(not) if not == count => write!(f, "; not promised here")?,
                Some(not) => write!(f, "; {not} of them not promised here")?,
                None => {}
            }
            writeln!(f, ")")?;
            for anomaly in self.anomalies.iter().filter(|it| it.kind == *kind).take(3) {
                writeln!(f, "  {}", anomaly.what)?;
            }
        }
        for unknown in &self.unknowns {
            writeln!(f, "not known: {unknown}")?;
        }
        Ok(())
    }
}
