//! What is done to it.

use std::time::Duration;

use super::node::Node;
use super::{ANSWER, Kafka};
use crate::Result;
use crate::broker::admin::Admin;
use crate::broker::target::{Dice, Wanted, unsupported};
use crate::broker::{Cluster, NewTopic, NodeState, waiting, wire};
use crate::id::NodeId;
use crate::proxy::{ClientPattern, Direction, Proxy, Rule, Toxic};
use crate::schedule::{Action, Link, Peer};

impl Kafka {
    /// Adds a rule to the proxies of a link of a node.
    fn poison(&self, id: NodeId, from: Peer, link: Link, direction: Direction, toxic: &Toxic) {
        let links = match link {
            Link::All => vec![Link::Clients, Link::Replication, Link::Controller],
            one => vec![one],
        };
        for link in links {
            let rule = Rule::new(toxic.clone(), direction);
            let rule = match (from, link) {
                (Peer::Node(node), _) => rule.from(ClientPattern::Node(node)),
                (Peer::Anybody, Link::Clients) => rule,
                // Those of other nodes: to cut a node off is not to cut its broker off from the controller in the same process.
                (Peer::Anybody, _) => rule.from(ClientPattern::AnyBut(id)),
            };
            for proxy in self.proxies(id, link) {
                proxy.add(rule.clone());
            }
        }
    }
}

impl Cluster for Kafka {
    fn kind(&self) -> &'static str {
        "kafka"
    }

    fn set_seed(&mut self, seed: u64) {
        self.dice = Dice(seed);
    }

    fn bootstrap(&self) -> String {
        let clients = self.nodes.values().map(|node| node.advertised.clients.to_string());
        clients.collect::<Vec<_>>().join(",")
    }

    fn direct(&self) -> String {
        let direct = self.nodes.values().map(|node| node.listens.direct.to_string());
        direct.collect::<Vec<_>>().join(",")
    }

    fn nodes(&self) -> Vec<(NodeId, NodeState)> {
        self.states()
    }

    fn begin_run(&mut self) {
        self.topics.clear();
    }

    fn create_topic(&mut self, topic: &NewTopic, wait: Duration) -> Result<()> {
        Admin::new(&self.direct(), &[])?.create(topic, wait)?;
        self.topics.push(topic.clone());
        let up = self.up();
        waiting::until(&format!("creating topic {}", topic.name), wait, || {
            Ok(up.iter().try_for_each(|id| {
                let known = wire::metadata(self.nodes[id].listens.direct, ANSWER);
                let known = known.map_err(|error| format!("{id}: {error}"))?;
                let led = known.topic(&topic.name).map_or(0, |topic| {
                    topic.partitions.iter().filter(|partition| partition.leader.is_some()).count()
                });
                if led == topic.partitions as usize {
                    Ok(())
                } else {
                    Err(format!("{id} knows leaders of {led} of {} partitions", topic.partitions))
                }
            }))
        })
    }

    fn supports(&self, action: &Action) -> Result<()> {
        let no = |why| unsupported(action, "kafka", why);
        match action {
            Action::RoundTrip { .. } => {
                no("a real node has no such switch; `net` with a latency does the same")
            }
            Action::ProduceErrors { .. } => {
                no("a real node has no such switch; the embedded cluster has")
            }
            Action::MoveLeader { .. } => {
                no("stop the leader, or have preferred leaders elected; the embedded cluster can")
            }
            Action::Forget => no("kill and wipe all nodes; the embedded cluster can"),
            Action::Net { .. } | Action::Heal(_) if !self.options.proxies => {
                no("it was started without proxies")
            }
            Action::FillDisk(_) | Action::FreeDisk(_) => {
                self.nodes.values().find_map(Node::why_no_quota).map_or(Ok(()), no)
            }
            Action::ReadOnlyDisk(_) | Action::WritableDisk(_) if !cfg!(target_os = "linux") => {
                no("only on Linux can a process be kept from writing")
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, action: &Action) -> Result<()> {
        self.supports(action)?;
        match action {
            Action::Stop(target) => {
                let nodes = self.resolve(*target, Wanted::Running)?;
                self.stop_nodes(&nodes)
            }
            Action::Start(target) => {
                let nodes = self.resolve(*target, Wanted::Down)?;
                self.start_nodes(&nodes)
            }
            Action::Kill(target) => {
                let nodes = self.resolve(*target, Wanted::Running)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.kill())
            }
            Action::Pause(target) => {
                let nodes = self.resolve(*target, Wanted::Up)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.pause())
            }
            Action::Resume(target) => {
                let nodes = self.resolve(*target, Wanted::Paused)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.resume())
            }
            Action::Restart(target) => {
                let nodes = self.resolve(*target, Wanted::Up)?;
                nodes.into_iter().try_for_each(|id| self.restart(id))
            }
            Action::RollingRestart => self.up().into_iter().try_for_each(|id| {
                self.restart(id)?;
                self.wait_for_replicas()
            }),
            Action::Wipe(target) => {
                let nodes = self.resolve(*target, Wanted::Down)?;
                self.wipe(&nodes)
            }
            Action::AddNode => self.add_node(),
            Action::Reassign => self.reassign(),
            Action::BeginReassign => self.begin_reassign().map(|_| ()),
            Action::ElectPreferred => self.elect_preferred(),
            Action::Net { to, from, link, direction, toxic } => {
                for id in self.resolve(*to, Wanted::Any)? {
                    self.poison(id, *from, *link, *direction, toxic);
                }
                Ok(())
            }
            Action::Heal(target) => {
                for id in self.resolve(*target, Wanted::Any)? {
                    self.proxies(id, Link::All).into_iter().for_each(Proxy::clear);
                }
                Ok(())
            }
            Action::FillDisk(target) => {
                let nodes = self.resolve(*target, Wanted::Running)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.fill_disk())
            }
            Action::FreeDisk(target) => {
                let nodes = self.resolve(*target, Wanted::Any)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.free_disk())
            }
            Action::ReadOnlyDisk(target) => {
                let nodes = self.resolve(*target, Wanted::Running)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.deny_writes(true))
            }
            Action::WritableDisk(target) => {
                let nodes = self.resolve(*target, Wanted::Any)?;
                nodes.into_iter().try_for_each(|id| self.node(id)?.deny_writes(false))
            }
            Action::TearTail { of, bytes } => {
                let nodes = self.resolve(*of, Wanted::Down)?;
                let of_topic = |topic: &NewTopic| {
                    let name = topic.name.clone();
                    (0..topic.partitions).map(move |partition| format!("{name}-{partition}"))
                };
                let partitions: Vec<String> = self.topics.iter().flat_map(of_topic).collect();
                nodes.into_iter().try_for_each(|id| self.node(id)?.tear_tail(&partitions, *bytes))
            }
            Action::Mark(_) => Ok(()),
            other => unsupported(other, "kafka", "it does not know of this"),
        }
    }

    fn heal(&mut self) -> Result<()> {
        for node in self.nodes.values_mut() {
            let proxies = node.proxies.iter().flat_map(|proxies| proxies.of(Link::All));
            proxies.for_each(Proxy::clear);
            if node.why_no_quota().is_none() {
                node.free_disk()?;
            }
            node.deny_writes(false)?;
            if node.state() == NodeState::Paused {
                node.resume()?;
            }
        }
        let all: Vec<NodeId> = self.nodes.keys().copied().collect();
        self.start_nodes(&all)?;
        let patience = self.options.patience;
        all.into_iter().try_for_each(|id| self.node(id)?.wait_until_it_answers(patience))
    }
}
