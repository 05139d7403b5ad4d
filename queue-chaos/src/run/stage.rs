//! A cluster and the workload on it: what plans act on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::broker::{Cluster, NewTopic, NodeState};
use crate::id::NodeId;
use crate::schedule::{Action, Client, Target};
use crate::workload::Running;
use crate::{Error, Result};

/// Passes on what is done to the cluster, and does to the workload's clients what is done to them.
pub(super) struct Stage<'a> {
    pub cluster: &'a mut dyn Cluster,
    pub running: &'a Mutex<Option<Running>>,
}

impl Stage<'_> {
    fn clients(&self, work: impl FnOnce(&mut Running) -> Result<()>) -> Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.as_mut() {
            Some(running) => work(running),
            None => Err(Error::Broker {
                what: "doing something to a client".into(),
                why: "the workload is over".into(),
            }),
        }
    }
}

impl Cluster for Stage<'_> {
    fn kind(&self) -> &'static str {
        self.cluster.kind()
    }

    fn set_seed(&mut self, seed: u64) {
        self.cluster.set_seed(seed);
    }

    fn bootstrap(&self) -> String {
        self.cluster.bootstrap()
    }

    fn direct(&self) -> String {
        self.cluster.direct()
    }

    fn nodes(&self) -> Vec<(NodeId, NodeState)> {
        self.cluster.nodes()
    }

    fn begin_run(&mut self) {
        self.cluster.begin_run();
    }

    fn create_topic(&mut self, topic: &NewTopic, wait: Duration) -> Result<()> {
        self.cluster.create_topic(topic, wait)
    }

    fn resolve(&self, target: Target) -> Option<NodeId> {
        self.cluster.resolve(target)
    }

    fn supports(&self, action: &Action) -> Result<()> {
        match action {
            Action::KillClient(_) | Action::StartClient(_) => Ok(()),
            _ => self.cluster.supports(action),
        }
    }

    fn apply(&mut self, action: &Action) -> Result<()> {
        match *action {
            Action::KillClient(client) => self.clients(|it| match client {
                Client::Producer(at) => it.kill_producer(at as usize),
                Client::Consumer(at) => it.kill_consumer(at as usize),
                Client::Loop(at) => it.kill_loop(at as usize),
            }),
            Action::StartClient(client) => self.clients(|it| match client {
                Client::Producer(at) => it.restart_producer(at as usize),
                Client::Consumer(at) => it.restart_consumer(at as usize),
                Client::Loop(at) => it.restart_loop(at as usize),
            }),
            _ => self.cluster.apply(action),
        }
    }

    fn heal(&mut self) -> Result<()> {
        self.cluster.heal()
    }
}
