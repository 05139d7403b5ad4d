//! A client that looks at a cluster without being a part of it: no group, no commits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Message as _, Timestamp};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::{Settings, member, native};
use crate::history::Isolation;
use crate::lag::replication::Cluster;
use crate::{Error, Result};

/// Which end of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The first offset that is there.
    Low,
    /// The offset after the last one that can be seen: the high watermark, or the last stable offset for those who read what is committed.
    High,
}

/// A record, as far as lag is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) offset: u64,
    /// Milliseconds since 1970, if it has a time stamp.
    pub(crate) timestamp: Option<i64>,
}

/// Offsets by topic and partition.
pub(crate) type Offsets = BTreeMap<(String, i32), u64>;

pub(crate) struct Reader {
    /// Always there but in drop.
    client: Option<BaseConsumer>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

fn failed(what: impl Into<String>) -> impl FnOnce(KafkaError) -> Error {
    let what = what.into();
    move |source| Error::Kafka { what, source }
}

impl Reader {
    /// A client. It does not connect to anything before it is asked something.
    pub(crate) fn new(
        bootstrap: &str,
        settings: &Settings,
        group: Option<&str>,
        isolation: Isolation,
    ) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        // librdkafka reads nothing without the name of a group, even if it never joins it.
        config.set("group.id", group.unwrap_or("queue-chaos-observer"));
        config.set("enable.auto.commit", "false");
        config.set("enable.partition.eof", "true");
        config.set("auto.offset.reset", "error");
        config.set("isolation.level", member::isolation_level(isolation));
        config.set("check.crcs", "true");
        config.set("socket.timeout.ms", "10000");
        config.set("reconnect.backoff.max.ms", "1000");
        config.set("fetch.wait.max.ms", "50");
        for (name, value) in settings {
            config.set(name, value);
        }
        let client = config.create().map_err(failed("making a client that observes"))?;
        Ok(Self { client: Some(client) })
    }

    #[expect(clippy::expect_used, reason = "only drop takes it")]
    pub(crate) fn client(&self) -> &BaseConsumer {
        self.client.as_ref().expect("there until drop")
    }

    /// What the cluster says of its brokers and of all topics.
    pub(crate) fn cluster(&self, time: Duration) -> Result<Cluster> {
        let metadata =
            self.client().fetch_metadata(None, time).map_err(failed("asking for metadata"))?;
        Ok(Cluster::of(&metadata))
    }

    /// An end of each of the partitions, as their leaders say: one request to each leader. Those whose leader does not answer, or that have none, are
    /// left out.
    pub(crate) fn ends(
        &self,
        end: End,
        partitions: &[(String, i32)],
        cluster: &Cluster,
        time: Duration,
    ) -> Offsets {
        let mut by_leader: BTreeMap<i32, TopicPartitionList> = BTreeMap::new();
        // A query for a time; these two mean the ends (ListOffsets).
        let wanted = match end {
            End::Low => Offset::Beginning,
            End::High => Offset::End,
        };
        for (topic, partition) in partitions {
            if let Some(leader) = cluster.leader(topic, *partition) {
                let list = by_leader.entry(leader).or_default();
                // It takes these two offsets.
                let _ = list.add_partition_offset(topic, *partition, wanted);
            }
        }
        let until = Instant::now() + time;
        let mut ends = Offsets::new();
        let count = by_leader.len() as u32;
        for (asked, (_, list)) in (0..).zip(by_leader) {
            let left = until.saturating_duration_since(Instant::now()) / (count - asked).max(1);
            let Ok(answer) = self.client().offsets_for_times(list, left) else { continue };
            for element in answer.elements() {
                if let (Ok(()), Offset::Offset(offset)) = (element.error(), element.offset())
                    && let Ok(offset) = u64::try_from(offset)
                {
                    ends.insert((element.topic().to_owned(), element.partition()), offset);
                }
            }
        }
        ends
    }

    /// What the client's group has committed of these partitions; those without are left out.
    pub(crate) fn committed(
        &self,
        partitions: &[(String, i32)],
        time: Duration,
    ) -> Result<Offsets> {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition(topic, *partition);
        }
        let answer = self
            .client()
            .committed_offsets(list, time)
            .map_err(failed("asking for committed offsets"))?;
        let mut committed = Offsets::new();
        for element in answer.elements() {
            let (topic, partition) = (element.topic().to_owned(), element.partition());
            element.error().map_err(failed(format!(
                "asking for the committed offset of {topic} {partition}"
            )))?;
            if let Offset::Offset(offset) = element.offset()
                && let Ok(offset) = u64::try_from(offset)
            {
                committed.insert((topic, partition), offset);
            }
        }
        Ok(committed)
    }

    /// The first record that can be seen at an offset or after it. None if there is none yet.
    pub(crate) fn first_at(
        &self,
        topic: &str,
        partition: i32,
        offset: u64,
        time: Duration,
    ) -> Result<Option<Seen>> {
        let what = || format!("reading {topic} {partition} at {offset}");
        let client = self.client();
        let until = Instant::now() + time;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset as i64))
            .map_err(failed(what()))?;
        client.assign(&list).map_err(failed(what()))?;
        let seen = loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Err(Error::Broker { what: what(), why: format!("nothing in {time:?}") });
            }
            match client.poll(left) {
                Some(Ok(message))
                    if message.partition() == partition && message.topic() == topic =>
                {
                    let timestamp = match message.timestamp() {
                        Timestamp::NotAvailable => None,
                        Timestamp::CreateTime(at) | Timestamp::LogAppendTime(at) => Some(at),
                    };
                    let offset = u64::try_from(message.offset()).unwrap_or(offset);
                    break Ok(Some(Seen { offset, timestamp }));
                }
                Some(Err(KafkaError::PartitionEOF(of))) if of == partition => break Ok(None),
                Some(Err(
                    source @ (KafkaError::MessageConsumptionFatal(_)
                    | KafkaError::MessageConsumption(
                        rdkafka::error::RDKafkaErrorCode::AutoOffsetReset,
                    )),
                )) => {
                    break Err(Error::Kafka { what: what(), source });
                }
                _ => {}
            }
        };
        client.unassign().map_err(failed(what()))?;
        seen
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            native::close(client, Duration::from_secs(1));
        }
    }
}
