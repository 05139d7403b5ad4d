//! librdkafka's cluster in this process: it starts in milliseconds, and everywhere.
//!
//! It speaks Kafka's protocol well enough for producers (idempotent and transactional ones too), consumers and groups. What it is not:
//!
//! - **Nothing is replicated.** A partition is in memory, once; who leads it is only a name. So nothing is lost by killing leaders, and replicas are
//!   always said to be in sync.
//! - **Doubles are not dropped.** It looks at sequence numbers of transactional producers only: where an acknowledgement is lost, an idempotent producer's message is there twice.
//!   A node that is stopped or restarted answers what it has taken before, as Kafka's does; one that is killed does not.
//! - **Transactions leave no marks.** Consumers see aborted messages, whatever they are told to see.
//! - **Old records go.** A partition keeps the last 5 MiB, and at most 100,000 batches: a run that writes more and reads it late finds the beginning of the log cut off.
//! - **Groups and transactions have a fixed coordinator**, by the hash of their name. While it is down, they wait.
//! - **Groups take three seconds to form.** With shorter sessions (`session.timeout.ms`) they never do.
//! - It lists no groups, and takes no settings of topics.
//!
//! A real cluster gives the partitions of a dead leader to another replica; here this is done at once when a node is stopped or killed, by the order of the replicas, and a partition
//! none of whose replicas is up has no leader until one is.
//!
//! A [proxy](crate::proxy) stands in front of each node, so that all faults of the network between clients and nodes work here too.

mod mock;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use self::mock::{Mock, Partition, number};
use super::target::{self, Dice, Wanted, unsupported};
use super::{Cluster, NewTopic, NodeState};
use crate::id::NodeId;
use crate::proxy::{Direction, Proxy, Rule, Toxic};
use crate::schedule::{Action, Link, Peer, Target};
use crate::{Error, Result};

/// A node that is stopped has delivered its answers when none came for so long. A proxy passes on within a millisecond what it is given time to pass on.
const QUIET: Duration = Duration::from_millis(50);
/// However much consumers still get of what they wait for.
const LONGEST_DRAIN: Duration = Duration::from_secs(1);

/// librdkafka's cluster, and the proxies in front of its nodes.
pub struct Embedded {
    nodes: BTreeMap<NodeId, Node>,
    mock: Mock,
    /// Those of the run, in the order in which they were made.
    topics: Vec<Topic>,
    dice: Dice,
}

struct Node {
    id: NodeId,
    up: bool,
    proxy: Proxy,
    /// What comes on top of each response.
    round_trip: Duration,
}

struct Topic {
    new: NewTopic,
    partitions: Vec<Partition>,
}

impl Embedded {
    /// Starts so many nodes.
    ///
    /// # Errors
    /// [`Error::Kafka`] if librdkafka cannot, [`Error::Network`] if there is no port for a proxy.
    pub fn start(nodes: u32) -> Result<Self> {
        let mock = Mock::start(nodes)?;
        let mut all = BTreeMap::new();
        for (id, upstream) in (1..).map(NodeId).zip(mock.listens.iter().copied()) {
            let proxy = Proxy::listen(SocketAddr::from(([127, 0, 0, 1], 0)), upstream)?;
            all.insert(id, Node { id, up: true, proxy, round_trip: Duration::ZERO });
        }
        mock.advertise(proxies(&all))?;
        Ok(Self { nodes: all, mock, topics: Vec::new(), dice: Dice::default() })
    }

    fn states(&self) -> Vec<(NodeId, NodeState)> {
        let state = |node: &Node| if node.up { NodeState::Up } else { NodeState::Down };
        self.nodes.iter().map(|(id, node)| (*id, state(node))).collect()
    }

    fn resolve(&mut self, target: Target, wanted: Wanted) -> Result<Vec<NodeId>> {
        let states = self.states();
        let first = self.topics.first().and_then(|topic| topic.partitions.first());
        let missing = |why: &str| Error::Broker {
            what: format!("finding the {}", format!("{target:?}").to_lowercase()),
            why: why.into(),
        };
        target::resolve(target, wanted, &states, &mut self.dice, || {
            let first = first.ok_or_else(|| missing("no topic has been made yet"))?;
            match target {
                Target::Controller => {
                    Err(missing("this cluster has none; real Kafka (kafka) does"))
                }
                Target::Leader => {
                    first.leader.ok_or_else(|| missing("the partition has no leader"))
                }
                _ => {
                    let up = |id: &&NodeId| self.nodes.get(id).is_some_and(|node| node.up);
                    let mut others = first.replicas.iter().filter(|id| Some(**id) != first.leader);
                    others.find(up).copied().ok_or_else(|| missing("none is up"))
                }
            }
        })
    }

    /// What a node has taken is answered, and the answers are delivered, before it goes: it takes nothing more.
    fn stop(&mut self, id: NodeId) -> Result<()> {
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let held = node.proxy.add(Rule::new(Toxic::BlackHole, Direction::Up));
        let done = self.drain(node);
        let done = done.and_then(|()| self.take_down(id));
        self.nodes.get(&id).inspect(|node| _ = node.proxy.remove(held));
        done
    }

    fn drain(&self, node: &Node) -> Result<()> {
        // Its thread does what it is told between two looks at its connections, and answers at once what it reads: so it has answered all that had arrived.
        for _ in 0..3 {
            self.mock.round_trip(node.id, node.round_trip)?;
        }
        let patience = Instant::now() + node.round_trip + LONGEST_DRAIN;
        let mut delivered = node.proxy.statistics().bytes_down;
        while Instant::now() < patience {
            thread::sleep(node.round_trip + QUIET);
            let now = node.proxy.statistics().bytes_down;
            if now == delivered {
                break;
            }
            delivered = now;
        }
        Ok(())
    }

    fn take_down(&mut self, id: NodeId) -> Result<()> {
        self.mock.does(&format!("stopping {id}"), |mock| mock.broker_down(number(id)))?;
        if let Some(node) = self.nodes.get_mut(&id) {
            node.up = false;
        }
        self.elect()
    }

    fn take_up(&mut self, id: NodeId) -> Result<()> {
        self.mock.does(&format!("starting {id}"), |mock| mock.broker_up(number(id)))?;
        if let Some(node) = self.nodes.get_mut(&id) {
            node.up = true;
        }
        self.elect()
    }

    /// Partitions whose leader is down, or which have none, get the first of their replicas that is up.
    fn elect(&mut self) -> Result<()> {
        let is_up = |id: &NodeId| self.nodes.get(id).is_some_and(|node| node.up);
        for topic in &mut self.topics {
            for (number, partition) in (0..).zip(&mut topic.partitions) {
                if partition.leader.as_ref().is_some_and(is_up) {
                    continue;
                }
                let leader = partition.replicas.iter().copied().find(is_up);
                if leader != partition.leader {
                    self.mock.lead(&topic.new.name, number, leader)?;
                    partition.leader = leader;
                }
            }
        }
        Ok(())
    }

    /// Another cluster takes the place of this one, at the same addresses: with the same topics, and nothing in them. Nodes that are down stay down.
    fn forget(&mut self) -> Result<()> {
        let mock = Mock::start(self.nodes.len() as u32)?;
        mock.advertise(proxies(&self.nodes))?;
        // Before clients come: topics that they ask for are made for them, with other partitions.
        let made = self.topics.iter().map(|topic| mock.create(&topic.new));
        let made = made.collect::<Result<Vec<_>>>()?;
        for (id, node) in &self.nodes {
            mock.round_trip(*id, node.round_trip)?;
            if !node.up {
                mock.does(&format!("stopping {id}"), |mock| mock.broker_down(number(*id)))?;
            }
        }
        for (topic, partitions) in self.topics.iter_mut().zip(made) {
            topic.partitions = partitions;
        }
        for (node, upstream) in self.nodes.values().zip(&mock.listens) {
            node.proxy.set_upstream(*upstream);
            node.proxy.close_all();
        }
        self.mock = mock;
        self.elect()
    }

    fn move_leader(&mut self, partition: u32, to: NodeId) -> Result<()> {
        let what = format!("making {to} the leader of partition {partition}");
        let wrong = |why: &str| Error::Broker { what: what.clone(), why: why.into() };
        let topic = self.topics.first_mut().ok_or_else(|| wrong("no topic has been made yet"))?;
        let known = topic.partitions.get_mut(partition as usize);
        let known = known.ok_or_else(|| wrong("the topic has fewer partitions"))?;
        if !known.replicas.contains(&to) {
            return Err(wrong("it has no replica of it"));
        }
        if !self.nodes.get(&to).is_some_and(|node| node.up) {
            return Err(wrong("it is down"));
        }
        self.mock.lead(&topic.new.name, partition, Some(to))?;
        known.leader = Some(to);
        Ok(())
    }
}

impl Cluster for Embedded {
    fn kind(&self) -> &'static str {
        "embedded"
    }

    fn set_seed(&mut self, seed: u64) {
        self.dice = Dice(seed);
    }

    fn bootstrap(&self) -> String {
        let addresses = self.nodes.values().map(|node| node.proxy.local_addr().to_string());
        addresses.collect::<Vec<_>>().join(",")
    }

    /// The first answer comes around the proxies; it says where the proxies are, so that later ones do not.
    fn direct(&self) -> String {
        let addresses = self.nodes.values().map(|node| node.proxy.upstream().to_string());
        addresses.collect::<Vec<_>>().join(",")
    }

    fn nodes(&self) -> Vec<(NodeId, NodeState)> {
        self.states()
    }

    /// Partitions of earlier runs are led by whom they are led by.
    fn begin_run(&mut self) {
        self.topics.clear();
    }

    /// Settings are ignored: it knows none. There is nothing to wait for.
    fn create_topic(&mut self, topic: &NewTopic, _wait: Duration) -> Result<()> {
        let partitions = self.mock.create(topic)?;
        self.topics.push(Topic { new: topic.clone(), partitions });
        self.elect()
    }

    fn supports(&self, action: &Action) -> Result<()> {
        let no = |why| unsupported(action, "embedded", why);
        match action {
            Action::Pause(_) | Action::Resume(_) => no(
                "its nodes are no processes; a black hole on the connections looks the same to clients, \
                    and real Kafka (kafka) can be paused",
            ),
            Action::Wipe(_) | Action::TearTail { .. } => {
                no("it has no disk; `forget` empties all nodes, and real Kafka (kafka) has disks")
            }
            Action::FillDisk(_)
            | Action::FreeDisk(_)
            | Action::ReadOnlyDisk(_)
            | Action::WritableDisk(_) => no("it has no disk; real Kafka (kafka) has"),
            Action::AddNode | Action::Reassign | Action::BeginReassign => {
                no("real Kafka (kafka) can")
            }
            Action::Net { link: Link::Replication | Link::Controller, .. } => {
                no("its nodes do not talk to each other; those of real Kafka (kafka) do")
            }
            Action::Net { from: Peer::Node(_), .. } => {
                no("its nodes do not connect to each other; those of real Kafka (kafka) do")
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, action: &Action) -> Result<()> {
        self.supports(action)?;
        match action {
            Action::Stop(target) => {
                let nodes = self.resolve(*target, Wanted::Up)?;
                nodes.into_iter().try_for_each(|id| self.stop(id))
            }
            Action::Kill(target) => {
                let nodes = self.resolve(*target, Wanted::Up)?;
                nodes.into_iter().try_for_each(|id| self.take_down(id))
            }
            Action::Start(target) => {
                let nodes = self.resolve(*target, Wanted::Down)?;
                nodes.into_iter().try_for_each(|id| self.take_up(id))
            }
            Action::Restart(target) => {
                let nodes = self.resolve(*target, Wanted::Up)?;
                nodes.into_iter().try_for_each(|id| {
                    self.stop(id)?;
                    self.take_up(id)
                })
            }
            Action::RollingRestart => {
                let nodes = self.resolve(Target::All, Wanted::Up)?;
                nodes.into_iter().try_for_each(|id| {
                    self.stop(id)?;
                    self.take_up(id)
                })
            }
            Action::ElectPreferred => {
                for topic in &mut self.topics {
                    for (number, partition) in (0..).zip(&mut topic.partitions) {
                        let preferred = partition.replicas.first().copied();
                        let is_up =
                            preferred.and_then(|id| self.nodes.get(&id)).is_some_and(|it| it.up);
                        if is_up && partition.leader != preferred {
                            self.mock.lead(&topic.new.name, number, preferred)?;
                            partition.leader = preferred;
                        }
                    }
                }
                Ok(())
            }
            Action::Net { to, direction, toxic, .. } => {
                let rule = Rule::new(toxic.clone(), *direction);
                for id in self.resolve(*to, Wanted::Any)? {
                    self.nodes.get(&id).map(|node| node.proxy.add(rule.clone()));
                }
                Ok(())
            }
            Action::Heal(target) => {
                for id in self.resolve(*target, Wanted::Any)? {
                    self.nodes.get(&id).inspect(|node| node.proxy.clear());
                }
                Ok(())
            }
            Action::RoundTrip { of, delay } => {
                for id in self.resolve(*of, Wanted::Any)? {
                    self.mock.round_trip(id, *delay)?;
                    self.nodes.get_mut(&id).into_iter().for_each(|it| it.round_trip = *delay);
                }
                Ok(())
            }
            Action::ProduceErrors { count } => {
                // It says that nothing was written, and that it may be tried again.
                let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
                let errors = vec![error; *count as usize];
                self.mock.does("", |mock| {
                    mock.request_errors(RDKafkaApiKey::Produce, &errors);
                    Ok(())
                })
            }
            Action::MoveLeader { partition, to } => self.move_leader(*partition, *to),
            Action::Forget => self.forget(),
            Action::Mark(_) => Ok(()),
            other => unsupported(other, "embedded", "it does not know of this"),
        }
    }

    fn heal(&mut self) -> Result<()> {
        self.mock.does("", |mock| {
            mock.clear_request_errors(RDKafkaApiKey::Produce);
            Ok(())
        })?;
        let all: Vec<NodeId> = self.nodes.keys().copied().collect();
        for id in all {
            self.mock.round_trip(id, Duration::ZERO)?;
            if let Some(node) = self.nodes.get_mut(&id) {
                node.proxy.clear();
                node.round_trip = Duration::ZERO;
            }
            if self.nodes.get(&id).is_some_and(|node| !node.up) {
                self.take_up(id)?;
            }
        }
        Ok(())
    }
}

fn proxies(nodes: &BTreeMap<NodeId, Node>) -> impl Iterator<Item = (NodeId, SocketAddr)> {
    nodes.iter().map(|(id, node)| (*id, node.proxy.local_addr()))
}
