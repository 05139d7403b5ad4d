//! How a cluster is to be.

use std::path::PathBuf;
use std::time::Duration;

use super::Distribution;

/// How a cluster of Apache Kafka is to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KafkaOptions {
    /// Where its data and logs go: a directory that is empty, or not there, or was one of an earlier cluster, whose data are deleted.
    pub data: PathBuf,
    /// Which Kafka.
    pub distribution: Distribution,
    /// How many nodes. Of one or two, the first is the controller; of three or more, the first three are; all are brokers.
    pub nodes: u32,
    /// Which Java. [`Distribution::java`] if not told otherwise.
    pub java: PathBuf,
    /// The heap of a node, MiB. A node takes about 150 MiB more than that.
    pub heap_mib: u32,
    /// Further lines of `server.properties`, which win over those that are written otherwise.
    pub server_properties: Vec<(String, String)>,
    /// How many bytes the data of a node may take, where the machine can limit that; without it, disks cannot be filled.
    pub disk_quota: Option<u64>,
    /// Whether proxies stand in front of the nodes. Without them there are no faults of the network.
    pub proxies: bool,
    /// How long a node may take to start, to stop, and the cluster to become whole again.
    pub patience: Duration,
}

impl KafkaOptions {
    /// Three nodes with 256 MiB of heap each, behind proxies, with two minutes of patience.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>, distribution: Distribution) -> Self {
        Self {
            data: data.into(),
            distribution,
            nodes: 3,
            java: Distribution::java(),
            heap_mib: 256,
            server_properties: Vec::new(),
            disk_quota: None,
            proxies: true,
            patience: Duration::from_secs(120),
        }
    }
}
