//! What is seen of a group at a moment.

use super::replication::{Changes, Cluster};
use super::status::Status;

/// Messages that a group has not committed yet: from what is to be read next (if nothing is committed: from the first that is there) to the end.
#[must_use]
pub fn messages(low: u64, end: u64, committed: Option<u64>) -> u64 {
    end.saturating_sub(committed.unwrap_or(low))
}

/// Seconds that a group is behind: the age of the first message that it has not committed. 0 if it is behind by none; none if the age is not known.
/// Times are milliseconds since 1970. A message from the future has no age.
#[must_use]
pub fn seconds(messages: u64, oldest: Option<i64>, now: i64) -> Option<f64> {
    if messages == 0 {
        return Some(0.0);
    }
    oldest.map(|at| now.saturating_sub(at).max(0) as f64 / 1e3)
}

/// How a group stands on a partition.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionLag {
    /// The topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The first offset that is there. None if its leader does not answer, or it has none.
    pub low: Option<u64>,
    /// The offset that the next message would get.
    pub high: Option<u64>,
    /// Where those who read what is committed come to: below `high` while a transaction is open.
    pub stable: Option<u64>,
    /// What the group has committed: the offset that is to be read next.
    pub committed: Option<u64>,
    /// Messages that the group can read and has not committed.
    pub lag: Option<u64>,
    /// Seconds since the first of them was sent (by its time stamp).
    pub seconds: Option<f64>,
    /// How the group does.
    pub status: Status,
}

/// A group of a cluster, as its coordinator lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// `Stable`, `Empty`, ...
    pub state: String,
    /// How it shares partitions out: `range`, ...
    pub protocol: String,
    /// How many members it has.
    pub members: u32,
}

/// What is seen of a group and of the cluster at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Milliseconds since 1970.
    pub at: u64,
    /// The group's name.
    pub group: String,
    /// How many members it has, if the cluster tells.
    pub members: Option<u32>,
    /// Its partitions.
    pub partitions: Vec<PartitionLag>,
    /// Brokers, leaders and replicas.
    pub cluster: Cluster,
    /// What has changed since the observation before.
    pub changes: Changes,
    /// What has changed since the first.
    pub total: Changes,
}

impl Observation {
    /// Messages that the group has not committed, of all partitions that are known.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.partitions.iter().filter_map(|partition| partition.lag).sum()
    }

    /// The age of the oldest of them.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.partitions.iter().filter_map(|partition| partition.seconds).fold(0.0, f64::max)
    }

    /// The worst status of a partition.
    #[must_use]
    pub fn status(&self) -> Status {
        self.partitions.iter().map(|partition| partition.status).max().unwrap_or_default()
    }
}
