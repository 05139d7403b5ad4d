//! What can be wrong, and what was promised.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What can be wrong. The names are those of Jepsen's Kafka workload where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AnomalyKind {
    /// A message was acknowledged, or read by somebody, and is not there.
    LostWrite,
    /// A message is there twice.
    Duplicate,
    /// Two messages at one offset, or a message whose acknowledgement told another offset than the one that it is at.
    InconsistentOffsets,
    /// A message of a transaction that was not committed (or not yet) was read by somebody who reads what is committed; or one that was refused was read by anybody.
    AbortedRead,
    /// A record that nobody sent, or not to this partition.
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

impl AnomalyKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::LostWrite,
        Self::Duplicate,
        Self::InconsistentOffsets,
        Self::AbortedRead,
        Self::Phantom,
        Self::Corrupt,
        Self::PollSkip,
        Self::NonMonotonicPoll,
        Self::NonMonotonicSend,
        Self::CommitRegression,
        Self::GroupSkip,
        Self::LostWork,
        Self::TornTransaction,
        Self::NotExactlyOnce,
    ];

    /// Its name, as in JSON: `lost-write`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LostWrite => "lost-write",
            Self::Duplicate => "duplicate",
            Self::InconsistentOffsets => "inconsistent-offsets",
            Self::AbortedRead => "aborted-read",
            Self::Phantom => "phantom",
            Self::Corrupt => "corrupt",
            Self::PollSkip => "poll-skip",
            Self::NonMonotonicPoll => "non-monotonic-poll",
            Self::NonMonotonicSend => "non-monotonic-send",
            Self::CommitRegression => "commit-regression",
            Self::GroupSkip => "group-skip",
            Self::LostWork => "lost-work",
            Self::TornTransaction => "torn-transaction",
            Self::NotExactlyOnce => "not-exactly-once",
        }
    }

    /// The promise that it breaks.
    #[must_use]
    pub fn guarantee(self) -> &'static str {
        match self {
            Self::LostWrite => "durability: what is acknowledged stays",
            Self::Duplicate => "idempotence: a message is written once",
            Self::InconsistentOffsets => "the log: an offset is one message's, for ever",
            Self::AbortedRead => "isolation: what is not committed is not read",
            Self::Phantom | Self::Corrupt => "integrity: what is read was sent",
            Self::PollSkip | Self::NonMonotonicPoll => {
                "order: a consumer gets the records of a partition one after the other"
            }
            Self::NonMonotonicSend => {
                "order: messages of a producer stay in the order of their sending"
            }
            Self::CommitRegression => "durability of a group's commits",
            Self::GroupSkip | Self::LostWork => "at-least-once: a group gets to each record",
            Self::TornTransaction => "atomicity: a transaction is visible as a whole",
            Self::NotExactlyOnce => "exactly-once: each input has one output",
        }
    }

    /// Whom the promise is made to. To others it may happen, and is found all the same: [`Anomaly::promised`](super::Anomaly::promised) is false then.
    #[must_use]
    pub fn promised_to(self) -> &'static str {
        match self {
            Self::LostWrite => "producers with acks=all; of what was read, to everybody",
            Self::Duplicate | Self::NonMonotonicSend => "idempotent and transactional producers",
            Self::LostWork => "groups of which no member commits before it does its work",
            Self::NotExactlyOnce => {
                "loops of a transactional producer and consumers that read what is committed, and commit in its transactions"
            }
            _ => "everybody",
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Takes the names of [`AnomalyKind::as_str`].
impl FromStr for AnomalyKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|it| it.as_str() == name).ok_or_else(|| {
            format!("{name:?} is no anomaly; there are {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}
