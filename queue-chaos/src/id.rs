//! Numbers by which nodes, partitions, producers, consumers and messages are known in a run.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty), $short:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($short, "{}"), self.0)
            }
        }
    };
}

number! {
    /// A node of a cluster, by its `node.id`; the first is 1.
    NodeId(u32), "node "
}
number! {
    /// A partition of a topic: its row in the table of the history's first line, [`Run::partitions`](crate::history::Run::partitions).
    PartitionId(u32), "partition "
}
number! {
    /// A producer; the first is 0. One that is started anew after a crash is another one.
    ProducerId(u32), "producer "
}
number! {
    /// A consumer; the first is 0. One that is started anew after a crash is another one.
    ConsumerId(u32), "consumer "
}

/// A message: who sent it, and as which of its messages, counted from 0 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// Its producer.
    pub producer: ProducerId,
    /// Its number among those of its producer.
    pub sequence: u64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}/{}", self.producer.0, self.sequence)
    }
}
