//! Replicas and leaders, and how they change.

use std::collections::BTreeMap;

/// A broker of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// The name that clients are told.
    pub host: String,
    /// The port that clients are told.
    pub port: u16,
}

/// A partition as metadata have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// Who leads it. None if nobody does.
    pub leader: Option<i32>,
    /// Who has a copy, the preferred leader first.
    pub all: Vec<i32>,
    /// Who has all of it.
    pub in_sync: Vec<i32>,
}

impl Replicas {
    /// Whether it has fewer replicas in sync than it has.
    #[must_use]
    pub fn under_replicated(&self) -> bool {
        self.in_sync.len() < self.all.len()
    }

    /// Whether it is led by the first of its replicas.
    #[must_use]
    pub fn leader_is_preferred(&self) -> bool {
        self.leader.is_some() && self.leader == self.all.first().copied()
    }
}

/// A cluster at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its brokers.
    pub brokers: Vec<Broker>,
    /// Its topics, each with its partitions.
    pub topics: BTreeMap<String, BTreeMap<i32, Replicas>>,
}

impl Cluster {
    /// Who leads a partition.
    #[must_use]
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        self.topics.get(topic)?.get(&partition)?.leader
    }

    /// Without the topics that `keep` does not want.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&str) -> bool) -> Self {
        self.topics.retain(|topic, _| keep(topic));
        self
    }

    /// Topics and numbers of all partitions.
    #[must_use]
    pub fn partitions(&self) -> Vec<(String, i32)> {
        let of = |(topic, partitions): (&String, &BTreeMap<i32, Replicas>)| {
            partitions.keys().map(|&p| (topic.clone(), p)).collect::<Vec<_>>()
        };
        self.topics.iter().flat_map(of).collect()
    }

    fn replicas(&self) -> impl Iterator<Item = &Replicas> {
        self.topics.values().flat_map(BTreeMap::values)
    }

    /// How many partitions have fewer replicas in sync than they have.
    #[must_use]
    pub fn under_replicated(&self) -> u32 {
        self.replicas().filter(|replicas| replicas.under_replicated()).count() as u32
    }

    /// How many partitions have no leader.
    #[must_use]
    pub fn offline(&self) -> u32 {
        self.replicas().filter(|replicas| replicas.leader.is_none()).count() as u32
    }

    /// What has changed between an earlier moment and this.
    #[must_use]
    pub fn since(&self, before: &Self) -> Changes {
        let mut changes = Changes::default();
        for (topic, partitions) in &self.topics {
            for (partition, now) in partitions {
                let was = before.topics.get(topic).and_then(|all| all.get(partition));
                let Some(was) = was else { continue };
                let lacks = |of: &[i32], those: &[i32]| of.iter().any(|id| !those.contains(id));
                changes.shrinks += u32::from(lacks(&was.in_sync, &now.in_sync));
                changes.expands += u32::from(lacks(&now.in_sync, &was.in_sync));
                changes.elections += u32::from(now.leader.is_some() && now.leader != was.leader);
            }
        }
        changes
    }

    /// What librdkafka has been told.
    #[cfg(feature = "kafka")]
    pub(crate) fn of(metadata: &rdkafka::metadata::Metadata) -> Self {
        let brokers = metadata.brokers().iter().map(|broker| Broker {
            id: broker.id(),
            host: broker.host().to_owned(),
            port: u16::try_from(broker.port()).unwrap_or_default(),
        });
        let topics = metadata.topics().iter().map(|topic| {
            let partitions = topic.partitions().iter().map(|partition| {
                let replicas = Replicas {
                    leader: Some(partition.leader()).filter(|&leader| leader >= 0),
                    all: partition.replicas().to_vec(),
                    in_sync: partition.isr().to_vec(),
                };
                (partition.id(), replicas)
            });
            (topic.name().to_owned(), partitions.collect())
        });
        let mut brokers: Vec<Broker> = brokers.collect();
        brokers.sort_by_key(|broker| broker.id);
        Self { brokers, topics: topics.collect() }
    }
}

/// How many partitions have changed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Partitions some of whose replicas fell out of sync.
    pub shrinks: u32,
    /// Partitions some of whose replicas came back into sync.
    pub expands: u32,
    /// Partitions that have another leader, or one again. (What changes there and back between two looks is not seen.)
    pub elections: u32,
}

impl std::ops::AddAssign for Changes {
    fn add_assign(&mut self, more: Self) {
        self.shrinks += more.shrinks;
        self.expands += more.expands;
        self.elections += more.elections;
    }
}

#[cfg(feature = "kafka")]
pub use observer::Observer;

#[cfg(feature = "kafka")]
mod observer {
    use std::time::Duration;

    use super::{Changes, Cluster};
    use crate::Result;
    use crate::history::Isolation;
    use crate::workload::Settings;
    use crate::workload::reader::Reader;

    /// Looks at a cluster again and again.
    #[derive(Debug)]
    pub struct Observer {
        reader: Reader,
        topics: Vec<String>,
        seen: Option<Cluster>,
        total: Changes,
    }

    impl Observer {
        /// One for these topics; for all, if there are none.
        ///
        /// # Errors
        /// [`Error::Kafka`](crate::Error::Kafka) if librdkafka does not take the settings.
        pub fn new(bootstrap: &str, settings: &Settings, topics: &[String]) -> Result<Self> {
            let reader = Reader::new(bootstrap, settings, None, Isolation::ReadUncommitted)?;
            Ok(Self { reader, topics: topics.to_vec(), seen: None, total: Changes::default() })
        }

        /// The cluster now, and what has changed since the look before.
        ///
        /// # Errors
        /// [`Error::Kafka`](crate::Error::Kafka) if no broker answers in `time`.
        pub fn observe(&mut self, time: Duration) -> Result<(Cluster, Changes)> {
            let topics = &self.topics;
            let keep = |topic: &str| topics.is_empty() || topics.iter().any(|it| it == topic);
            let now = self.reader.cluster(time)?.only(keep);
            let changes = self.seen.as_ref().map(|seen| now.since(seen)).unwrap_or_default();
            self.total += changes;
            self.seen = Some(now.clone());
            Ok((now, changes))
        }

        /// All changes since the first look.
        #[must_use]
        pub fn total(&self) -> Changes {
            self.total
        }
    }
}
