//! librdkafka's cluster, as it is.

use std::ffi::CString;
use std::net::SocketAddr;
use std::time::Duration;

use rdkafka::bindings::{rd_kafka_handle_mock_cluster, rd_kafka_mock_broker_set_host_port};
use rdkafka::config::{ClientConfig, FromClientConfig};
use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, DefaultProducerContext, Producer};

use crate::broker::NewTopic;
use crate::broker::wire::{self, Metadata};
use crate::id::NodeId;
use crate::{Error, Result};

/// How long one node may take to answer one question.
const ANSWER: Duration = Duration::from_secs(2);

/// Who holds a partition, and who leads it.
pub(super) struct Partition {
    /// The preferred leader first.
    pub replicas: Vec<NodeId>,
    pub leader: Option<NodeId>,
}

/// librdkafka's cluster, by the client that owns it: unlike [`MockCluster`] that can be sent between threads.
pub(super) struct Mock {
    client: BaseProducer<DefaultProducerContext>,
    /// Where its nodes listen, in the order of their ids.
    pub listens: Vec<SocketAddr>,
}

impl Mock {
    pub fn start(nodes: u32) -> Result<Self> {
        let what = || format!("starting {nodes} nodes");
        let mut config = ClientConfig::new();
        config.set("test.mock.num.brokers", nodes.to_string());
        let client = BaseProducer::from_config(&config)
            .map_err(|source| Error::Kafka { what: what(), source })?;
        let mut mock = Self { client, listens: Vec::new() };
        let listens = mock.does(&what(), |mock| Ok(mock.bootstrap_servers()))?;
        for address in listens.split(',') {
            let address = address.parse().map_err(|_| Error::Broker {
                what: what(),
                why: format!("librdkafka says that one is at {address:?}, which is no address"),
            })?;
            mock.listens.push(address);
        }
        Ok(mock)
    }

    pub fn does<T>(
        &self,
        what: &str,
        work: impl FnOnce(&MockCluster<'_, DefaultProducerContext>) -> Result<T, KafkaError>,
    ) -> Result<T> {
        let mock = self.client.client().mock_cluster();
        let done = mock.as_ref().ok_or(KafkaError::Canceled).and_then(work);
        done.map_err(|source| Error::Kafka { what: what.to_owned(), source })
    }

    /// Makes a topic. librdkafka lists the same node first for all partitions, and draws leaders; here both go round.
    pub fn create(&self, topic: &NewTopic) -> Result<Vec<Partition>> {
        let what = format!("creating topic {}", topic.name);
        let wrong = |why: String| Error::Broker { what: what.clone(), why };
        let count = |n: u32| i32::try_from(n).map_err(|_| wrong(format!("{n} is too many")));
        let (partitions, replicas) = (count(topic.partitions)?, count(topic.replicas)?);
        let nodes = self.listens.len();
        if topic.replicas as usize > nodes || replicas == 0 || partitions == 0 {
            let why = format!(
                "{partitions} partitions, {replicas} replicas and {nodes} nodes do not go together"
            );
            return Err(wrong(why));
        }
        self.does(&what, |mock| mock.create_topic(&topic.name, partitions, replicas))?;
        let known = self.metadata().map_err(wrong)?;
        let known = known.topic(&topic.name).ok_or_else(|| wrong("nobody knows of it".into()))?;
        let mut made = Vec::new();
        for partition in &known.partitions {
            let mut replicas = partition.replicas.clone();
            let first = partition.id as usize % replicas.len().max(1);
            replicas.rotate_left(first);
            let leader = replicas.first().copied();
            self.lead(&topic.name, partition.id, leader)?;
            made.push(Partition { replicas, leader });
        }
        Ok(made)
    }

    /// What the first node that answers says.
    fn metadata(&self) -> std::result::Result<Metadata, String> {
        let mut why = "there is no node".to_owned();
        for node in &self.listens {
            match wire::metadata(*node, ANSWER) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => why = format!("{node}: {error}"),
            }
        }
        Err(why)
    }

    pub fn lead(&self, topic: &str, partition: u32, leader: Option<NodeId>) -> Result<()> {
        let what = || match leader {
            Some(id) => format!("making {id} the leader of partition {partition} of {topic}"),
            None => format!("taking the leader from partition {partition} of {topic}"),
        };
        self.does(&what(), |mock| {
            mock.partition_leader(topic, partition as i32, leader.map(number))
        })
    }

    pub fn round_trip(&self, id: NodeId, delay: Duration) -> Result<()> {
        self.does(&format!("delaying {id}"), |mock| mock.broker_round_trip_time(number(id), delay))
    }

    /// What its nodes say to clients of where they are. Nobody must be connected yet but this.
    pub fn advertise(&self, addresses: impl Iterator<Item = (NodeId, SocketAddr)>) -> Result<()> {
        let what = "telling nodes where their proxies are";
        self.does(what, |mock| mock.broker_down(-1))?;
        for (id, address) in addresses {
            let host = CString::new(address.ip().to_string())
                .map_err(|error| Error::Broker { what: what.into(), why: error.to_string() })?;
            // SAFETY: the client owns the cluster and lives as long as `self`, so that the pointer that it gives is that of a live cluster, or null, which is
            // looked for. The host is copied, under the lock of the cluster. The cluster's thread reads what is written here without that lock, but only to answer
            // requests, and all nodes are down: `broker_down` returned when that thread had closed their connections.
            unsafe {
                let cluster = rd_kafka_handle_mock_cluster(self.client.client().native_ptr());
                if !cluster.is_null() {
                    let port = i32::from(address.port());
                    rd_kafka_mock_broker_set_host_port(cluster, number(id), host.as_ptr(), port);
                }
            }
        }
        self.does(what, |mock| mock.broker_up(-1))
    }
}

/// Its number at librdkafka, which was asked for so many nodes with one of these.
pub(super) fn number(id: NodeId) -> i32 {
    id.0 as i32
}
