//! What comes out of a check.

use std::collections::BTreeMap;

use serde::Serialize;

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

/// What can be wrong. The names are those of Jepsen's Kafka workload where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AnomalyKind {
    /// A message was acknowledged, and is not there.
    LostWrite,
    /// A message is there twice.
    Duplicate,
    /// Two messages at one offset, or a message whose acknowledgement told another offset than the one that it is at.
    InconsistentOffsets,
    /// A message of an aborted transaction, or one that was refused, was read by somebody who reads what is committed.
    AbortedRead,
    /// A record that nobody sent.
    Phantom,
    /// A record whose checksum is wrong.
    Corrupt,
    /// A consumer went past a record without getting it.
    PollSkip,
    /// A consumer went back without being told to.
    NonMonotonicPoll,
    /// Messages of a producer are in another order than it sent them.
    NonMonotonicSend,
    /// What a group has committed went back.
    CommitRegression,
    /// A group went past a record that none of its members got.
    GroupSkip,
    /// A group went past a record that no member had done its work on.
    LostWork,
    /// A part of a transaction is visible, and a part is not.
    TornTransaction,
    /// An input of a consume-transform-produce loop has no output, or several.
    NotExactlyOnce,
}

/// Something wrong, with what shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Anomaly {
    /// What.
    pub kind: AnomalyKind,
    /// A sentence with the numbers in it.
    pub what: String,
    /// The partition that it is about.
    pub partition: Option<PartitionId>,
    /// The messages that it is about.
    #[serde(skip)]
    pub messages: Vec<MessageId>,
    /// The consumer that saw it.
    pub consumer: Option<ConsumerId>,
    /// Offsets that matter.
    pub offsets: Vec<u64>,
    /// Times that matter (microseconds since the run began): sent, acknowledged, read.
    pub times: Vec<u64>,
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
    /// The first of each kind.
    pub anomalies: Vec<Anomaly>,
    /// Why the outcome is no better than unknown, a sentence each.
    pub unknowns: Vec<String>,
    /// How many of what.
    pub counts: Counts,
}
