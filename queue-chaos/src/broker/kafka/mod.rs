//! Apache Kafka in KRaft mode: nodes as child processes, data on disk, proxies in front.
//!
//! ```no_run
//! use queue_chaos::broker::Cluster;
//! use queue_chaos::broker::kafka::{Distribution, Kafka, KafkaOptions};
//! use queue_chaos::schedule::{Action, Target};
//!
//! let mut kafka = Kafka::start(&KafkaOptions::new("out/cluster", Distribution::find()?))?;
//! println!("three nodes at {}", kafka.bootstrap());
//! kafka.apply(&Action::Kill(Target::Leader))?;
//! # Ok::<(), queue_chaos::Error>(())
//! ```
//!
//! # Listeners
//! Each node has four, all on the loopback address: for clients, for nodes that copy from it, for nodes that talk to it as a controller (each behind a proxy of its
//! own, whose address is what the node advertises), and one past all proxies for those who observe.
//!
//! # What is set otherwise than Kafka does
//! Topics are not created by asking for them; leaders do not move back by themselves; records are kept for ever; a node that is silent for 4 s is taken for dead, a
//! follower that has not caught up for 5 s for out of sync; replication asks for at most 96 KiB at a time, so that it gets on over a thin line too. Heaps and pools of
//! threads are small. [`KafkaOptions::server_properties`] sets all that, and anything else, otherwise.
//!
//! # What is not obvious
//! A follower that is cut off stays in sync as long as nothing is written that it lacks. One that was killed and is started at once is let in when its old session is
//! over (4 s). The only controller of a cluster keeps the metadata when its node is wiped, so that topics are known, and empty. `Target::Leader` and its like wait up to 15 s
//! for one that is up. A full disk has room in the last page of each file, so that small batches go on being written for a while.
//!
//! # Processes
//! Nodes end with this process, also if it is killed. Java is told `-Dqueue-chaos.run=` and [`Kafka::run_id`], so that `ps` finds them.

mod addresses;
mod directory;
mod distribution;
mod faults;
mod keeper;
mod node;
mod options;
mod placement;
mod ports;
mod settings;
mod tools;

pub use distribution::Distribution;
pub use options::KafkaOptions;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use self::addresses::Addresses;
use self::directory::Directory;
use self::node::Node;
use self::tools::Tools;
use super::target::{self, Dice, Wanted};
use super::wire::{self, Metadata};
use super::{NewTopic, NodeState, waiting};
use crate::id::NodeId;
use crate::proxy::Proxy;
use crate::schedule::{Link, Target};
use crate::{Error, Result};

/// How long one node may take to answer one question.
const ANSWER: Duration = Duration::from_secs(2);

/// How often a whole cluster is tried with other ports, if others take them first.
const ATTEMPTS: u32 = 3;
/// How long a node may look for a controller to say goodbye to, when no node is left that could be one.
const GOODBYE: Duration = Duration::from_secs(30);

/// A cluster of Apache Kafka, whose nodes are child processes of this one. Dropping it kills them; logs and data stay.
#[derive(Debug)]
pub struct Kafka {
    // The nodes first: they are dead when the directory is given up.
    nodes: BTreeMap<NodeId, Node>,
    directory: Directory,
    tools: Tools,
    options: KafkaOptions,
    /// The cluster's id, and the mark on its processes.
    id: String,
    voters: Vec<(NodeId, SocketAddr)>,
    /// Those of the run, in the order in which they were made.
    topics: Vec<NewTopic>,
    dice: Dice,
}

impl Kafka {
    /// Makes a cluster, starts it, and waits until all nodes answer.
    ///
    /// # Errors
    /// [`Error::Broker`] if Java or a node does not start, with the end of the node's log, or if the directory is in use; [`Error::File`].
    pub fn start(options: &KafkaOptions) -> Result<Self> {
        if options.nodes == 0 {
            let why = "a cluster has one node or more".into();
            return Err(Error::Broker { what: "starting no nodes".into(), why });
        }
        let mut attempt = 1;
        loop {
            match Self::start_once(options) {
                Err(Error::Broker { why, .. })
                    if why.contains("Address already in use") && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    fn start_once(options: &KafkaOptions) -> Result<Self> {
        let id = new_id();
        let mut kafka = Self {
            nodes: BTreeMap::new(),
            directory: Directory::take(&options.data)?,
            tools: Tools::new(options, &id)?,
            options: options.clone(),
            id,
            voters: Vec::new(),
            topics: Vec::new(),
            dice: Dice::default(),
        };
        let controllers = if options.nodes < 3 { 1 } else { 3 };
        for number in 1..=options.nodes {
            let node = kafka.new_node(NodeId(number), number <= controllers)?;
            if node.is_controller {
                kafka.voters.push((node.id, node.advertised.controller));
            }
            kafka.nodes.insert(node.id, node);
        }
        let ids: Vec<NodeId> = kafka.nodes.keys().copied().collect();
        kafka.format(&ids)?;
        kafka.start_nodes(&ids)?;
        Ok(kafka)
    }

    /// What its processes are marked with: its cluster id.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.id
    }

    /// The log of a node, which has everything from INFO on.
    #[must_use]
    pub fn log(&self, node: NodeId) -> Option<std::path::PathBuf> {
        self.nodes.get(&node).map(Node::log)
    }

    fn new_node(&self, id: NodeId, is_controller: bool) -> Result<Node> {
        let ports = ports::free(4).map_err(|source| Error::Network {
            what: format!("looking for ports for {id}"),
            source,
        })?;
        let listens = Addresses {
            clients: ports[0],
            replication: ports[1],
            controller: ports[2],
            direct: ports[3],
        };
        Node::new(id, is_controller, self.directory.path(), listens, &self.options)
    }

    fn node(&mut self, id: NodeId) -> Result<&mut Node> {
        self.nodes.get_mut(&id).ok_or_else(|| Error::Broker {
            what: id.to_string(),
            why: "there is none of that number".into(),
        })
    }

    fn proxies(&self, id: NodeId, link: Link) -> Vec<&Proxy> {
        let proxies = self.nodes.get(&id).and_then(|node| node.proxies.as_ref());
        proxies.map(|proxies| proxies.of(link)).unwrap_or_default()
    }

    /// Makes their directories into ones of this cluster, all at once.
    fn format(&self, ids: &[NodeId]) -> Result<()> {
        let mut running = Vec::new();
        for node in ids.iter().filter_map(|id| self.nodes.get(id)) {
            node.write_settings(&self.voters, self.options.nodes, &self.options.server_properties)?;
            running.push(node.format(&self.tools, &self.id)?);
        }
        running.into_iter().try_for_each(|tool| tool.finish(self.options.patience).map(drop))
    }

    /// Starts those of them that are down, all at once, and waits until they answer.
    fn start_nodes(&mut self, ids: &[NodeId]) -> Result<()> {
        let mut started = Vec::new();
        for id in ids {
            let (heap, run) = (self.options.heap_mib, self.id.clone());
            let Some(node) = self.nodes.get_mut(id) else { continue };
            if node.state() == NodeState::Down {
                node.start(&self.tools, heap, &run)?;
                started.push(*id);
            }
        }
        let patience = self.options.patience;
        started.into_iter().try_for_each(|id| self.node(id)?.wait_until_it_answers(patience))
    }

    /// Asks them to shut down, all at once, and waits.
    ///
    /// A node says goodbye to a controller. When no other node is left, it may find none, and look for one for minutes: then it is killed, as a service's manager would, and has stopped.
    fn stop_nodes(&mut self, ids: &[NodeId]) -> Result<()> {
        let last = self.up().iter().all(|id| ids.contains(id));
        for id in ids {
            self.node(*id)?.ask_to_stop()?;
        }
        let patience = self.options.patience;
        if last {
            let patience = patience.min(GOODBYE);
            return ids.iter().try_for_each(|id| self.node(*id)?.stop_or_kill(patience));
        }
        ids.iter().try_for_each(|id| self.node(*id)?.wait_until_stopped(patience))
    }

    fn states(&self) -> Vec<(NodeId, NodeState)> {
        self.nodes.iter().map(|(id, node)| (*id, node.state())).collect()
    }

    fn up(&self) -> Vec<NodeId> {
        let up = |(id, state)| (state == NodeState::Up).then_some(id);
        self.states().into_iter().filter_map(up).collect()
    }

    /// What the first node that answers says.
    fn ask<T>(
        &self,
        mut question: impl FnMut(SocketAddr) -> std::io::Result<T>,
    ) -> std::result::Result<T, String> {
        let mut why = "no node is up".to_owned();
        for id in self.up() {
            match question(self.nodes[&id].listens.direct) {
                Ok(answer) => return Ok(answer),
                Err(error) => why = format!("{id}: {error}"),
            }
        }
        Err(why)
    }

    fn metadata(&self) -> std::result::Result<Metadata, String> {
        self.ask(|node| wire::metadata(node, ANSWER))
    }

    /// Waits until what the nodes know is as wanted; `wrong` says what is not.
    fn wait_for(
        &self,
        what: &str,
        mut wrong: impl FnMut(&Metadata) -> Option<String>,
    ) -> Result<()> {
        waiting::until(what, self.options.patience, || {
            Ok(self.metadata().and_then(|metadata| wrong(&metadata).map_or(Ok(()), Err)))
        })
    }

    /// Who has the role that a target means. A dead leader is led on by another soon, so that this may wait for that.
    fn role(&self, target: Target) -> Result<NodeId> {
        let up = self.up();
        let alive = |id: NodeId| {
            if up.contains(&id) { Ok(id) } else { Err(format!("{id} is not up")) }
        };
        let what = format!("finding the {}", format!("{target:?}").to_lowercase());
        waiting::until(&what, self.options.patience.min(Duration::from_secs(15)), || {
            if target == Target::Controller {
                return Ok(self.ask(|node| wire::controller(node, ANSWER)).and_then(alive));
            }
            let Some(topic) = self.topics.first() else {
                let why = "no topic has been made yet".into();
                return Err(Error::Broker { what: what.clone(), why });
            };
            let metadata = match self.metadata() {
                Ok(metadata) => metadata,
                Err(why) => return Ok(Err(why)),
            };
            let partition = metadata.topic(&topic.name).and_then(|topic| topic.partitions.first());
            let Some((partition, leader)) =
                partition.and_then(|partition| Some((partition, partition.leader?)))
            else {
                return Ok(Err(format!("partition 0 of {} has no leader", topic.name)));
            };
            Ok(match target {
                Target::Leader => alive(leader),
                _ => partition
                    .replicas
                    .iter()
                    .copied()
                    .filter(|id| *id != leader)
                    .find(|id| alive(*id).is_ok())
                    .ok_or_else(|| format!("partition 0 of {} has none that is up", topic.name)),
            })
        })
    }

    fn resolve(&mut self, target: Target, wanted: Wanted) -> Result<Vec<NodeId>> {
        let states = self.states();
        let mut dice = std::mem::take(&mut self.dice);
        let nodes = target::resolve(target, wanted, &states, &mut dice, || self.role(target));
        self.dice = dice;
        nodes
    }

    fn restart(&mut self, id: NodeId) -> Result<()> {
        self.stop_nodes(&[id])?;
        self.start_nodes(&[id])
    }

    fn wipe(&mut self, ids: &[NodeId]) -> Result<()> {
        let keep_metadata = self.voters.len() == 1;
        for id in ids {
            let node = self.node(*id)?;
            if node.state() != NodeState::Down {
                let why = "it runs: stop or kill it first".into();
                return Err(Error::Broker { what: format!("wiping {id}"), why });
            }
            node.wipe(keep_metadata && node.is_controller)?;
        }
        self.format(ids)
    }

    fn add_node(&mut self) -> Result<()> {
        let id = NodeId(self.nodes.keys().map(|id| id.0).max().unwrap_or(0) + 1);
        let node = self.new_node(id, false)?;
        self.nodes.insert(id, node);
        self.format(&[id])?;
        self.start_nodes(&[id])?;
        self.wait_for(&format!("adding {id}"), |metadata| {
            (!metadata.brokers.contains(&id)).then(|| "the other nodes do not see it".into())
        })
    }

    fn direct_of_those_up(&self) -> String {
        let up = self.up();
        let of = |id: &NodeId| self.nodes[id].listens.direct.to_string();
        up.iter().map(of).collect::<Vec<_>>().join(",")
    }

    fn run_tool(&self, class: &str, arguments: &[std::ffi::OsString], log: &str) -> Result<()> {
        let mut all = vec!["--bootstrap-server".into(), self.direct_of_those_up().into()];
        all.extend_from_slice(arguments);
        let output = self.directory.path().join(log);
        self.tools.start(class, &all, &output)?.finish(self.options.patience).map(drop)
    }
}

/// 21 letters and digits at random and one that makes 16 bytes of base64 of it: what Kafka takes for an id.
fn new_id() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random = RandomState::new();
    let letter = |place: u32| {
        let drawn = random.hash_one(place) % LETTERS.len() as u64;
        char::from(LETTERS[drawn as usize])
    };
    (0..21).map(letter).chain(['A']).collect()
}
