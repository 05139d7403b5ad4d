//! Somebody else's cluster: it is used, and never harmed.
//!
//! What is promised to its owner: no node, disk or connection of it is touched; topics are made under names that begin with [`PREFIX`], only those that this made are
//! written to by a run, and only those are ever deleted. Faults in the network between the clients of a run and such a cluster need a
//! [`Proxy`](crate::proxy) that the cluster advertises, which is up to its owner.

use std::time::Duration;

use super::admin::Admin;
use super::target::unsupported;
use super::{Cluster, NewTopic, NodeState, waiting};
use crate::id::NodeId;
use crate::schedule::Action;
use crate::{Error, Result};

/// What names of topics begin with.
pub const PREFIX: &str = "queue-chaos-";

/// How long it may take to say what it consists of.
const ANSWER: Duration = Duration::from_secs(15);

/// A cluster that others run.
pub struct External {
    bootstrap: String,
    config: Vec<(String, String)>,
    admin: Admin,
    nodes: Vec<NodeId>,
    topics: Vec<String>,
}

impl External {
    /// Asks a cluster what it consists of. `config` is librdkafka's, for those that want TLS (feature `ssl`) or a password (feature `sasl`).
    ///
    /// # Errors
    /// [`Error::Kafka`] if the settings are wrong or the cluster does not answer within 15 s.
    pub fn connect(bootstrap: &str, config: Vec<(String, String)>) -> Result<Self> {
        let admin = Admin::new(bootstrap, &config)?;
        let metadata = admin.metadata(None, ANSWER)?;
        // Node ids of Kafka are not negative.
        let ids = metadata.brokers().iter().filter_map(|broker| broker.id().try_into().ok());
        let nodes = ids.map(NodeId).collect();
        Ok(Self { bootstrap: bootstrap.to_owned(), config, admin, nodes, topics: Vec::new() })
    }

    /// What clients must be told besides the address.
    #[must_use]
    pub fn config(&self) -> &[(String, String)] {
        &self.config
    }

    /// The topics that this has made, and not deleted.
    #[must_use]
    pub fn own_topics(&self) -> &[String] {
        &self.topics
    }

    /// Deletes the topics that this has made. Nothing else does; not even dropping it.
    ///
    /// # Errors
    /// [`Error::Kafka`] with what the cluster says. Topics that could not be deleted are still [its own](Self::own_topics).
    pub fn delete_own_topics(&mut self, wait: Duration) -> Result<()> {
        while let Some(topic) = self.topics.last() {
            self.admin.delete(&[topic], wait)?;
            self.topics.pop();
        }
        Ok(())
    }
}

impl Cluster for External {
    fn kind(&self) -> &'static str {
        "external"
    }

    fn bootstrap(&self) -> String {
        self.bootstrap.clone()
    }

    fn direct(&self) -> String {
        self.bootstrap.clone()
    }

    /// Those that there were when it was connected to; how they are, nobody knows.
    fn nodes(&self) -> Vec<(NodeId, NodeState)> {
        self.nodes.iter().map(|id| (*id, NodeState::Up)).collect()
    }

    fn create_topic(&mut self, topic: &NewTopic, wait: Duration) -> Result<()> {
        let what = format!("creating topic {}", topic.name);
        if !topic.name.starts_with(PREFIX) {
            let why = format!("on a cluster of others, names of topics begin with {PREFIX}");
            return Err(Error::Broker { what, why });
        }
        // Kafka refuses a topic that is there, so that what is ours is what we made.
        self.admin.create(topic, wait)?;
        self.topics.push(topic.name.clone());
        waiting::until(&what, wait, || {
            let metadata = match self.admin.metadata(Some(&topic.name), wait.min(ANSWER)) {
                Ok(metadata) => metadata,
                Err(error) => return Ok(Err(error.to_string())),
            };
            let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
            let led = partitions.filter(|partition| partition.leader() >= 0).count();
            Ok(if led == topic.partitions as usize {
                Ok(())
            } else {
                Err(format!("{led} of {} partitions have leaders", topic.partitions))
            })
        })
    }

    fn supports(&self, action: &Action) -> Result<()> {
        match action {
            Action::Mark(_) => Ok(()),
            _ => unsupported(action, "external", WHY_NOT),
        }
    }

    fn apply(&mut self, action: &Action) -> Result<()> {
        self.supports(action)
    }

    /// Nothing was done to it.
    fn heal(&mut self) -> Result<()> {
        Ok(())
    }
}

const WHY_NOT: &str =
    "it is not ours to break; a cluster that is started here (kafka, embedded) can take it";
