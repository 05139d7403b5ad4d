//! What can be done to a cluster.

use std::time::Duration;

use crate::id::NodeId;
use crate::proxy::{Direction, Toxic};

/// Which nodes an action is for. Chosen when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// That one.
    Node(NodeId),
    /// The leader of the first partition of the run's first topic.
    Leader,
    /// A follower of the same.
    Follower,
    /// The active controller.
    Controller,
    /// Any that is up.
    Random,
    /// All.
    All,
}

/// Whose connections to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Those of clients.
    Clients,
    /// Those of other nodes that copy its partitions, and forward requests.
    Replication,
    /// Those of other nodes to its controller.
    Controller,
    /// All of them.
    All,
}

/// Who has made the connections that an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Anybody.
    Anybody,
    /// That node, told from the client id of its requests.
    Node(NodeId),
}

/// One of the workload's clients, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// A producer.
    Producer(u32),
    /// A consumer.
    Consumer(u32),
    /// A consume-transform-produce loop.
    Loop(u32),
}

/// What can be done to a cluster.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// A node is asked to shut down, and has.
    Stop(Target),
    /// A node that is down is started, and answers.
    Start(Target),
    /// `kill -9`.
    Kill(Target),
    /// A node is frozen (SIGSTOP): its connections stay open, and nothing answers.
    Pause(Target),
    /// A frozen node goes on (SIGCONT).
    Resume(Target),
    /// Stop and start.
    Restart(Target),
    /// Each node in turn: stop, start, wait until all partitions are replicated again.
    RollingRestart,
    /// All data of a node that is down are deleted. It keeps its id.
    Wipe(Target),
    /// One more node joins.
    AddNode,
    /// The partitions of the run's topics are spread over all nodes that are up.
    Reassign,
    /// The same is asked for, and goes on while other things happen.
    BeginReassign,
    /// Each partition is led by the first of its replicas again.
    ElectPreferred,
    /// Connections get a toxic until [`Heal`](Self::Heal).
    Net {
        /// To whom.
        to: Target,
        /// By whom.
        from: Peer,
        /// Which.
        link: Link,
        /// Which way.
        direction: Direction,
        /// What.
        toxic: Toxic,
    },
    /// All toxics of connections to a node are taken away.
    Heal(Target),
    /// A node's disk is filled to the last byte.
    FillDisk(Target),
    /// What filled it is deleted.
    FreeDisk(Target),
    /// A node's disk cannot be written to any more.
    ReadOnlyDisk(Target),
    /// It can be again.
    WritableDisk(Target),
    /// The last bytes of the newest log segment of each partition of the run's topics on a node that is down are cut off: what a
    /// power failure does to a log that is not synced.
    TearTail {
        /// Of whom.
        of: Target,
        /// How many bytes.
        bytes: u64,
    },
    /// All responses of a node come later (embedded cluster only; elsewhere `Net` with a latency).
    RoundTrip {
        /// Of whom.
        of: Target,
        /// How much later; zero ends it.
        delay: Duration,
    },
    /// The next produce requests are answered with an error (embedded cluster only).
    ProduceErrors {
        /// How many.
        count: u32,
    },
    /// A partition of the run's first topic gets another leader (embedded cluster only; elsewhere stop the leader).
    MoveLeader {
        /// The partition.
        partition: u32,
        /// Its leader.
        to: NodeId,
    },
    /// The cluster forgets all that it has acknowledged, as if nothing had been on a disk (embedded cluster only: a negative control).
    Forget,
    /// A client of the workload dies in the middle of its work: it commits nothing more, says goodbye to nobody, and what it had sent is unknown.
    KillClient(Client),
    /// Another one takes its place.
    StartClient(Client),
    /// Nothing; a mark in the history.
    Mark(String),
}
