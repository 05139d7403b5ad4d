//! Clusters that can be broken.
//!
//! | | nodes | faults |
//! |---|---|---|
//! | `embedded` | librdkafka's cluster in this process; memory only | stop, kill, restart; leaders, errors and delays on demand; networks of clients; forgetting |
//! | `kafka` | Apache Kafka in KRaft mode, as child processes with data on disk | all that can be done to processes, networks and disks without root |
//! | `external` | somebody else's | none |

#[cfg(feature = "kafka")]
mod admin;
#[cfg(feature = "kafka")]
pub mod embedded;
#[cfg(feature = "kafka")]
pub mod external;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "kafka")]
mod target;
#[cfg(feature = "kafka")]
mod waiting;
#[cfg(feature = "kafka")]
mod wire;

use std::time::Duration;

use crate::Result;
use crate::id::NodeId;
use crate::schedule::{Action, Target};

/// A topic to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: u32,
    /// How many replicas of each.
    pub replicas: u32,
    /// What else it is told, as `min.insync.replicas`.
    pub settings: Vec<(String, String)>,
}

/// What a node is doing, as far as the cluster's owner knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// It runs.
    Up,
    /// It is frozen.
    Paused,
    /// It was stopped or killed.
    Down,
}

/// A Kafka cluster, and what can be done to it.
///
/// Dropping one ends all that it started.
pub trait Cluster: Send {
    /// `embedded`, `kafka` or `external`.
    fn kind(&self) -> &'static str;

    /// What [`Target::Random`] is drawn from: with the same seed, the same actions and nodes in the same states, the same
    /// nodes are drawn. Zero if it is never called. Without effect where nothing can be targeted.
    fn set_seed(&mut self, _seed: u64) {}

    /// What clients are told as `bootstrap.servers`: their connections pass the proxies, where there are some.
    fn bootstrap(&self) -> String;

    /// The same for those who observe, around the proxies.
    fn direct(&self) -> String;

    /// Its nodes.
    fn nodes(&self) -> Vec<(NodeId, NodeState)>;

    /// The topics of the run, which some actions are about, are those that are made from now on. Those of earlier runs stay.
    fn begin_run(&mut self) {}

    /// Makes a topic, and waits until all its partitions have leaders.
    ///
    /// # Errors
    /// What the cluster says, or that it took longer than `wait`.
    fn create_topic(&mut self, topic: &NewTopic, wait: Duration) -> Result<()>;

    /// The node that a target means now, if the cluster can tell: so that the history names it, and that the same is undone later.
    fn resolve(&self, target: Target) -> Option<NodeId> {
        match target {
            Target::Node(node) => Some(node),
            _ => None,
        }
    }

    /// Whether it can take such an action.
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::Error::Unsupported), with the reason, if not.
    fn supports(&self, action: &Action) -> Result<()>;

    /// Does it, and returns when it has taken effect.
    ///
    /// # Errors
    /// As [`supports`](Self::supports); [`Error::Broker`](crate::Error::Broker) if it did not work.
    fn apply(&mut self, action: &Action) -> Result<()>;

    /// Undoes all faults: nodes run, connections and disks are as they were. Returns when all nodes answer.
    ///
    /// # Errors
    /// [`Error::Broker`](crate::Error::Broker) if a node does not come back.
    fn heal(&mut self) -> Result<()>;
}
