//! The topics of a run, and the numbers that their partitions and clients have in its history.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::history::{Run, Topic};
use crate::id::{ConsumerId, PartitionId, ProducerId};

/// Topics with their partitions, each of which has a [`PartitionId`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partitions {
    topics: Vec<String>,
    rows: Vec<(u32, u32)>,
    numbers: BTreeMap<String, Vec<Option<PartitionId>>>,
}

impl Partitions {
    /// All partitions of these topics, numbered one topic after the other.
    #[must_use]
    pub fn new(topics: &[Topic]) -> Self {
        let rows = topics
            .iter()
            .enumerate()
            .flat_map(|(topic, it)| (0..it.partitions).map(move |p| (topic as u32, p)))
            .collect();
        Self::numbered(topics.iter().map(|topic| topic.name.clone()).collect(), rows)
    }

    /// Those of a history's first line.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self::numbered(
            run.topics.iter().map(|topic| topic.name.clone()).collect(),
            run.partitions.clone(),
        )
    }

    fn numbered(topics: Vec<String>, rows: Vec<(u32, u32)>) -> Self {
        let mut numbers: BTreeMap<String, Vec<Option<PartitionId>>> = BTreeMap::new();
        for (id, &(topic, partition)) in rows.iter().enumerate() {
            let Some(name) = topics.get(topic as usize) else { continue };
            let of = numbers.entry(name.clone()).or_default();
            if of.len() <= partition as usize {
                of.resize(partition as usize + 1, None);
            }
            of[partition as usize] = Some(PartitionId(id as u32));
        }
        Self { topics, rows, numbers }
    }

    /// Topic (its place among the topics) and partition of each [`PartitionId`]: [`Run::partitions`].
    #[must_use]
    pub fn table(&self) -> &[(u32, u32)] {
        &self.rows
    }

    /// How many partitions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of the topics.
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// All of them.
    pub fn ids(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.rows.len() as u32).map(PartitionId)
    }

    /// Those of a topic.
    #[must_use]
    pub fn of_topic(&self, topic: &str) -> Vec<PartitionId> {
        self.numbers.get(topic).into_iter().flatten().flatten().copied().collect()
    }

    /// Topic and partition of a number.
    #[must_use]
    pub fn name(&self, id: PartitionId) -> Option<(&str, i32)> {
        let &(topic, partition) = self.rows.get(id.0 as usize)?;
        Some((self.topics.get(topic as usize)?, partition as i32))
    }

    /// The number of a partition of a topic.
    #[must_use]
    pub fn id(&self, topic: &str, partition: i32) -> Option<PartitionId> {
        self.numbers.get(topic)?.get(usize::try_from(partition).ok()?).copied().flatten()
    }
}

/// Hands out numbers of producers and consumers; all of a run share one.
#[derive(Debug, Default)]
pub struct Ids {
    producers: AtomicU32,
    consumers: AtomicU32,
}

impl Ids {
    /// From 0 on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next producer.
    pub fn producer(&self) -> ProducerId {
        ProducerId(self.producers.fetch_add(1, Ordering::Relaxed))
    }

    /// The next consumer.
    pub fn consumer(&self) -> ConsumerId {
        ConsumerId(self.consumers.fetch_add(1, Ordering::Relaxed))
    }
}
