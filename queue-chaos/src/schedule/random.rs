//! Plans that a seed draws.

use std::time::Duration;

use super::prng::Prng;
use super::{Action, ClusterPlan, Link, Peer, Plan, Step, Target};
use crate::broker::Cluster;
use crate::id::NodeId;
use crate::proxy::{Direction, Toxic};
use crate::{Error, Result};

/// What a random plan may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RandomFault {
    /// A node is shut down, and started again.
    Stop,
    /// A node is killed, and started again.
    Kill,
    /// A node is frozen for a while.
    Pause,
    /// A node is restarted.
    Restart,
    /// A node is shut down, loses its data, and is started again.
    Wipe,
    /// A node is killed, loses the end of its logs, and is started again.
    TearTail,
    /// Nobody reaches a node.
    Partition,
    /// Requests reach a node and responses do not come back, or the other way round.
    OneWay,
    /// Connections to a node are reset.
    Reset,
    /// Connections to a node are slow.
    Latency,
    /// Connections to a node are thin.
    Bandwidth,
    /// Bytes of connections to a node come in pieces.
    Slicer,
    /// A node's disk is full.
    FillDisk,
    /// A node's disk cannot be written to.
    ReadOnlyDisk,
    /// Responses of a node come later.
    RoundTrip,
    /// Some produce requests are answered with an error.
    ProduceErrors,
    /// A partition gets another leader.
    MoveLeader,
}

impl RandomFault {
    /// Whether a node that it is done to does not count towards a majority.
    const fn takes_out(self) -> bool {
        !matches!(
            self,
            Self::Latency
                | Self::Bandwidth
                | Self::Slicer
                | Self::RoundTrip
                | Self::ProduceErrors
                | Self::MoveLeader
        )
    }

    /// Whether it is done to some connections of a node, and not to all.
    const fn is_for_a_link(self) -> bool {
        matches!(self, Self::Reset | Self::Latency | Self::Bandwidth | Self::Slicer)
    }

    /// Whether it is done to one node for a while.
    const fn is_for_a_node(self) -> bool {
        !matches!(self, Self::ProduceErrors | Self::MoveLeader)
    }

    /// All actions that it may consist of, for a question whether a cluster can take them.
    fn examples(self, link: Link) -> Vec<Action> {
        let mut steps = Vec::new();
        let drawn = Drawn {
            fault: self,
            node: NodeId(1),
            link,
            at: Duration::ZERO,
            lasts: Duration::from_secs(1),
            partitions: 1,
        };
        drawn.write(&mut Prng::new(0), &mut steps);
        let inverses = steps.iter().filter(|step| step.lasts.is_some());
        let inverses: Vec<Action> = inverses.filter_map(|step| step.action.inverse()).collect();
        steps.into_iter().map(|step| step.action).chain(inverses).collect()
    }

    fn is_supported(self, link: Link, cluster: &dyn Cluster) -> bool {
        self.examples(link).iter().all(|action| cluster.supports(action).is_ok())
    }
}

/// What [`Plan::random`] draws from.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomOptions {
    /// How long the plan is.
    pub duration: Duration,
    /// How many nodes the cluster has; they are numbered from 1.
    pub nodes: u32,
    /// How many partitions the first topic has.
    pub partitions: u32,
    /// What may be done, and how often in proportion to the others.
    pub faults: Vec<(RandomFault, u32)>,
    /// Whose connections are reset, slow, thin or in pieces.
    pub links: Vec<Link>,
    /// Whether never more than a minority of the nodes, (n - 1) / 2 of n, is down, cut off or not yet recovered. A node all of whose connections are slow
    /// counts among these: if it is the controller, nobody hears of it in time.
    pub quorum_safe: bool,
    /// From the beginning of one fault to that of the next; half as much more or less each time.
    pub pause: Duration,
    /// How long a fault lasts, at least and at most.
    pub lasts: (Duration, Duration),
    /// How long a node that something was done to is left alone then. It counts as not recovered so long. The plan ends with so long a time without faults.
    pub recovery: Duration,
}

impl Default for RandomOptions {
    /// A minute of stops, kills, freezes, restarts and faults of the network on three nodes, quorum-safe: what a cluster with `acks=all` and
    /// `min.insync.replicas=2` takes without losing a message.
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(60),
            nodes: 3,
            partitions: 1,
            faults: vec![
                (RandomFault::Kill, 3),
                (RandomFault::Stop, 2),
                (RandomFault::Pause, 2),
                (RandomFault::Restart, 1),
                (RandomFault::Partition, 2),
                (RandomFault::OneWay, 2),
                (RandomFault::Reset, 2),
                (RandomFault::Latency, 2),
                (RandomFault::Bandwidth, 1),
                (RandomFault::Slicer, 1),
            ],
            links: vec![Link::Clients, Link::Replication, Link::All],
            quorum_safe: true,
            pause: Duration::from_secs(5),
            lasts: (Duration::from_secs(1), Duration::from_secs(8)),
            recovery: Duration::from_secs(5),
        }
    }
}

impl RandomOptions {
    /// Drops the faults and links that a cluster cannot take.
    pub fn keep_supported(&mut self, cluster: &dyn Cluster) {
        self.links.retain(|link| RandomFault::Latency.is_supported(*link, cluster));
        let link = self.links.first().copied();
        self.faults.retain(|(fault, _)| match link {
            None if fault.is_for_a_link() => false,
            link => fault.is_supported(link.unwrap_or(Link::All), cluster),
        });
    }

    fn check(&self) -> Result<()> {
        let wrong =
            |what: &str| Err(Error::Plan { place: "random plan".into(), what: what.into() });
        if self.nodes == 0 {
            return wrong("a cluster without nodes: give their number");
        }
        if self.faults.iter().all(|(_, weight)| *weight == 0) {
            return wrong(
                "there is nothing that may be done: give faults that the cluster can take",
            );
        }
        if self.pause < Duration::from_millis(2) {
            return wrong("the pause between faults is less than 2 ms: make it longer");
        }
        if self.lasts.0 > self.lasts.1 || self.lasts.1 < Duration::from_millis(1) {
            return wrong(
                "how long a fault lasts: give the shortest, then the longest, and that at least 1 ms",
            );
        }
        if self.duration.as_millis() / self.pause.as_millis() > 100_000 {
            return wrong("more than 100000 faults: make the pause between them longer");
        }
        Ok(())
    }
}

/// A fault with its numbers.
struct Drawn {
    fault: RandomFault,
    node: NodeId,
    /// Of those that are for one.
    link: Link,
    at: Duration,
    lasts: Duration,
    partitions: u32,
}

impl Drawn {
    fn net(&self, prng: &mut Prng, toxic: Toxic, step: &mut Vec<Step>) {
        let link = if self.fault.is_for_a_link() { self.link } else { Link::All };
        let direction = match toxic {
            Toxic::BlackHole => prng.one_of(&[Direction::Up, Direction::Down]),
            _ => None,
        };
        let action = Action::Net {
            to: Target::Node(self.node),
            from: Peer::Anybody,
            link,
            direction: direction.unwrap_or(Direction::Both),
            toxic,
        };
        step.push(Step::at(self.at, action).lasting(self.lasts));
    }

    /// Writes it as steps.
    fn write(&self, prng: &mut Prng, steps: &mut Vec<Step>) {
        let to = Target::Node(self.node);
        let lasting = |action| Step::at(self.at, action).lasting(self.lasts);
        let milliseconds = |n: u64| Duration::from_millis(n);
        let end = self.at + self.lasts;
        match self.fault {
            RandomFault::Stop => steps.push(lasting(Action::Stop(to))),
            RandomFault::Kill => steps.push(lasting(Action::Kill(to))),
            RandomFault::Pause => steps.push(lasting(Action::Pause(to))),
            RandomFault::FillDisk => steps.push(lasting(Action::FillDisk(to))),
            RandomFault::ReadOnlyDisk => steps.push(lasting(Action::ReadOnlyDisk(to))),
            RandomFault::Restart => steps.push(Step::at(self.at, Action::Restart(to))),
            RandomFault::Wipe => {
                steps.push(Step::at(self.at, Action::Stop(to)));
                steps.push(Step::at(self.at + self.lasts / 2, Action::Wipe(to)));
                steps.push(Step::at(end, Action::Start(to)));
            }
            RandomFault::TearTail => {
                let bytes = prng.between(1, 4096);
                steps.push(Step::at(self.at, Action::Kill(to)));
                let tear = Action::TearTail { of: to, bytes };
                steps.push(Step::at(self.at + self.lasts / 2, tear));
                steps.push(Step::at(end, Action::Start(to)));
            }
            RandomFault::RoundTrip => {
                let delay = milliseconds(prng.between(20, 500));
                steps.push(lasting(Action::RoundTrip { of: to, delay }));
            }
            RandomFault::ProduceErrors => {
                let count = prng.between(1, 10) as u32;
                steps.push(Step::at(self.at, Action::ProduceErrors { count }));
            }
            RandomFault::MoveLeader => {
                let partition = prng.below(self.partitions.into()) as u32;
                steps.push(Step::at(self.at, Action::MoveLeader { partition, to: self.node }));
            }
            RandomFault::Partition => self.net(prng, Toxic::Partition, steps),
            RandomFault::OneWay => self.net(prng, Toxic::BlackHole, steps),
            RandomFault::Reset => {
                let after = milliseconds(prng.below(500));
                self.net(prng, Toxic::Reset { after }, steps);
            }
            RandomFault::Latency => {
                let delay = prng.between(10, 500);
                let jitter = milliseconds(prng.between(0, delay / 2));
                let toxic = Toxic::Latency { delay: milliseconds(delay), jitter };
                self.net(prng, toxic, steps);
            }
            RandomFault::Bandwidth => {
                let bits_per_second = prng.between(1, 40) * 50_000;
                self.net(prng, Toxic::Bandwidth { bits_per_second }, steps);
            }
            RandomFault::Slicer => {
                let size = prng.between(16, 1024) as usize;
                let variation = prng.below(size as u64) as usize;
                let delay = Duration::from_micros(prng.between(0, 20) * 50);
                self.net(prng, Toxic::Slicer { size, variation, delay }, steps);
            }
        }
    }
}

/// One of those that are possible, by their weights.
fn weighted(
    prng: &mut Prng,
    faults: &[(RandomFault, u32)],
    possible: impl Fn(RandomFault) -> bool,
) -> Option<RandomFault> {
    let weight = |(fault, weight): &(RandomFault, u32)| {
        if possible(*fault) { u64::from(*weight) } else { 0 }
    };
    let mut drawn = prng.below(faults.iter().map(weight).sum());
    let found = faults.iter().find(|fault| match drawn.checked_sub(weight(fault)) {
        Some(left) => {
            drawn = left;
            false
        }
        None => true,
    });
    found.map(|(fault, _)| *fault)
}

impl Plan {
    /// Draws a plan. The same seed and options give the same plan, on every machine.
    ///
    /// One thing at a time is done to a node, and all that was done is undone `recovery` before the plan ends.
    ///
    /// # Errors
    /// [`Error::Plan`] if the options leave nothing to draw from.
    pub fn random(seed: u64, options: &RandomOptions) -> Result<Self> {
        options.check()?;
        let mut prng = Prng::new(seed);
        let mut plan = Self::new(format!("random {seed}"), options.duration).seed(seed);
        plan.cluster = ClusterPlan { nodes: Some(options.nodes), ..ClusterPlan::default() };
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (pause, recovery) = (millis(options.pause), millis(options.recovery));
        let (shortest, longest) = (millis(options.lasts.0).max(1), millis(options.lasts.1));
        let last_end = millis(options.duration).saturating_sub(recovery);
        let most_out = ((options.nodes - 1) / 2) as usize;
        // Until when each node is left alone, and whether what was done to it takes it out until then.
        let mut nodes = vec![(0u64, false); options.nodes as usize];
        let mut at = 0;
        loop {
            at += prng.between(pause.div_ceil(2), pause + pause / 2);
            if at + shortest > last_end {
                break;
            }
            let out = nodes.iter().filter(|(until, out)| *out && *until > at).count();
            let free: Vec<usize> = (0..nodes.len()).filter(|n| nodes[*n].0 <= at).collect();
            let full = options.quorum_safe && out >= most_out;
            let may_be = |fault: RandomFault, link: Link| {
                !(full && (fault.takes_out() || link == Link::All))
            };
            let links = |fault: RandomFault| {
                options.links.iter().copied().filter(move |link| may_be(fault, *link))
            };
            let possible = |fault: RandomFault| {
                if fault.is_for_a_link() {
                    !free.is_empty() && links(fault).next().is_some()
                } else {
                    !(fault.is_for_a_node() && (free.is_empty() || full && fault.takes_out()))
                }
            };
            let Some(fault) = weighted(&mut prng, &options.faults, possible) else { continue };
            let lasts = prng.between(shortest, longest).min(last_end - at);
            let mut link = Link::Clients;
            if fault.is_for_a_link() {
                let links: Vec<Link> = links(fault).collect();
                let Some(drawn) = prng.one_of(&links) else { continue };
                link = drawn;
            }
            let node = if fault.is_for_a_node() {
                let Some(node) = prng.one_of(&free) else { continue };
                nodes[node] = (at + lasts + recovery, fault.takes_out() || link == Link::All);
                node
            } else {
                prng.below(options.nodes.into()) as usize
            };
            let drawn = Drawn {
                fault,
                node: NodeId(node as u32 + 1),
                link,
                at: Duration::from_millis(at),
                lasts: Duration::from_millis(lasts),
                partitions: options.partitions.max(1),
            };
            drawn.write(&mut prng, &mut plan.steps);
        }
        plan.steps.sort_by_key(|step| match step.when {
            super::When::At(at) => at,
            super::When::Every { .. } => Duration::ZERO,
        });
        Ok(plan)
    }
}
