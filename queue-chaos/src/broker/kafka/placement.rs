//! Which node holds which partition, and leads it.

use super::Kafka;
use crate::id::NodeId;
use crate::{Error, Result};

/// A partition of a topic, and the nodes that shall have it.
type Placed = (String, u32, Vec<NodeId>);

impl Kafka {
    /// Waits until all replicas of all topics, Kafka's own too, are in sync.
    pub(super) fn wait_for_replicas(&self) -> Result<()> {
        self.wait_for("waiting until all partitions are replicated", |metadata| {
            let (topic, partition) = metadata.under_replicated().next()?;
            Some(format!("partition {} of {topic} is not", partition.id))
        })
    }

    /// Round robin: replica r of partition p is on node p + r of those that are up.
    pub(super) fn begin_reassign(&mut self) -> Result<Vec<Placed>> {
        let up = self.up();
        let mut wanted: Vec<Placed> = Vec::new();
        for topic in &self.topics {
            if topic.replicas as usize > up.len() {
                return Err(Error::Broker {
                    what: format!("reassigning {}", topic.name),
                    why: format!(
                        "it has {} replicas, and {} nodes are up",
                        topic.replicas,
                        up.len()
                    ),
                });
            }
            for partition in 0..topic.partitions {
                let on = |replica| up[(partition + replica) as usize % up.len()];
                wanted.push((topic.name.clone(), partition, (0..topic.replicas).map(on).collect()));
            }
        }
        let entries: Vec<serde_json::Value> = wanted
            .iter()
            .map(|(topic, partition, replicas)| {
                serde_json::json!({ "topic": topic, "partition": partition, "replicas": replicas })
            })
            .collect();
        let plan = self.directory.path().join("reassign.json");
        let text = serde_json::json!({ "version": 1, "partitions": entries }).to_string();
        std::fs::write(&plan, text).map_err(|source| Error::File { path: plan.clone(), source })?;
        self.run_tool(
            "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
            &["--execute".into(), "--reassignment-json-file".into(), plan.into()],
            "reassign.log",
        )?;
        Ok(wanted)
    }

    pub(super) fn reassign(&mut self) -> Result<()> {
        let wanted = self.begin_reassign()?;
        self.wait_for("reassigning partitions", |metadata| {
            let is_done = |(name, number, replicas): &&Placed| {
                let partition = metadata
                    .topic(name)
                    .and_then(|topic| topic.partitions.iter().find(|p| p.id == *number));
                partition
                    .is_some_and(|p| p.replicas == *replicas && p.in_sync.len() == replicas.len())
            };
            let (name, partition, _) = wanted.iter().find(|one| !is_done(one))?;
            Some(format!("partition {partition} of {name} is not where it shall be"))
        })
    }

    pub(super) fn elect_preferred(&mut self) -> Result<()> {
        self.run_tool(
            "org.apache.kafka.tools.LeaderElectionCommand",
            &["--election-type".into(), "preferred".into(), "--all-topic-partitions".into()],
            "elect.log",
        )?;
        let names: Vec<String> = self.topics.iter().map(|topic| topic.name.clone()).collect();
        self.wait_for("electing preferred leaders", |metadata| {
            let of_the_run = metadata.topics.iter().filter(|topic| names.contains(&topic.name));
            of_the_run
                .flat_map(|topic| topic.partitions.iter().map(move |p| (&topic.name, p)))
                // One that is not in sync cannot lead.
                .find(|(_, p)| {
                    let preferred = p.replicas.first().copied();
                    preferred.is_some_and(|id| p.in_sync.contains(&id)) && p.leader != preferred
                })
                .map(|(name, p)| format!("partition {} of {name} has another leader", p.id))
        })
    }
}
