//! The events of a history, and how they are written.

use serde::{Deserialize, Serialize};

use crate::id::{ConsumerId, PartitionId, ProducerId};

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds since the run began, by a clock that never goes back.
    #[serde(rename = "t")]
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen. The JSON name of a variant is its value of `e`; names of fields that come with every message are one letter.
///
/// ```text
/// {"t":0,"e":"run","version":2,"name":"rolling restart","seed":7,"cluster":"kafka","started":1764144000000000,"topics":[{"name":"qc-1","partitions":2,"replicas":3}],"partitions":[[0,0],[0,1]]}
/// {"t":310,"e":"producer","p":0,"delivery":"idempotent","acks":"all"}
/// {"t":402,"e":"send","p":0,"s":0,"to":1}
/// {"t":978,"e":"ack","p":0,"s":0,"to":1,"o":0}
/// {"t":1702,"e":"poll","c":0,"to":1,"r":[[0,0,0]]}
/// {"t":9000,"e":"end","events":5}
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "e", rename_all = "snake_case")]
pub enum What {
    /// The first line: what was run.
    Run(Run),
    /// A producer begins.
    Producer {
        /// Which.
        p: ProducerId,
        /// What it has been told about doubles.
        delivery: Delivery,
        /// Whose word it waits for.
        acks: Acks,
    },
    /// A producer hands a message to its client. In a transaction if one of this producer is open.
    Send {
        /// The producer.
        p: ProducerId,
        /// The number of the message among its own.
        s: u64,
        /// The partition.
        to: PartitionId,
        /// What the message was made of, in a consume-transform-produce loop: partition and offset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<(PartitionId, u64)>,
    },
    /// A message is acknowledged. (Of one in a transaction that only says that the broker has it.)
    Ack {
        /// The producer.
        p: ProducerId,
        /// The message.
        s: u64,
        /// The partition.
        to: PartitionId,
        /// The offset that it got. None where acknowledgements carry none (`acks=0`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        o: Option<u64>,
    },
    /// A message was refused, and is certain not to be written.
    Nack {
        /// The producer.
        p: ProducerId,
        /// The message.
        s: u64,
        /// What was said.
        why: String,
    },
    /// Nobody knows whether a message was written: its time ran out, the producer died, the connection broke.
    Unknown {
        /// The producer.
        p: ProducerId,
        /// The message.
        s: u64,
        /// What was said.
        why: String,
    },
    /// A transaction begins. A producer has one at a time.
    Begin {
        /// The producer.
        p: ProducerId,
    },
    /// A producer asks for its transaction to be committed, or hears how that went.
    Commit {
        /// The producer.
        p: ProducerId,
        /// How it went.
        is: Outcome,
    },
    /// A producer asks for its transaction to be aborted, or hears how that went.
    Abort {
        /// The producer.
        p: ProducerId,
        /// How it went.
        is: Outcome,
    },
    /// A producer is gone: closed, or killed. What it had sent and heard nothing about has been reported as unknown before.
    ProducerGone {
        /// Which.
        p: ProducerId,
        /// Whether it was killed.
        killed: bool,
    },
    /// A consumer begins.
    Consumer {
        /// Which.
        c: ConsumerId,
        /// Its group; none if it reads on its own account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// What of transactions it sees.
        isolation: Isolation,
        /// How it commits.
        commits: Commits,
    },
    /// A consumer is given partitions to read: by its group, or by itself.
    Assign {
        /// The consumer.
        c: ConsumerId,
        /// Each with the offset that it will begin at, where the consumer knows it.
        to: Vec<(PartitionId, Option<u64>)>,
    },
    /// A consumer gives partitions up.
    Revoke {
        /// The consumer.
        c: ConsumerId,
        /// Which.
        to: Vec<PartitionId>,
        /// Whether they were taken from it without being asked (a session ran out).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
    /// A consumer moves its position of a partition by itself.
    Seek {
        /// The consumer.
        c: ConsumerId,
        /// The partition.
        to: PartitionId,
        /// Its next offset.
        o: u64,
    },
    /// A consumer gets records of a partition, in this order.
    Poll {
        /// The consumer.
        c: ConsumerId,
        /// The partition.
        to: PartitionId,
        /// What it got.
        r: Vec<Record>,
    },
    /// A consumer gets a record that is not what a producer of this run has written: its checksum is wrong, or it is no message of ours.
    Corrupt {
        /// The consumer.
        c: ConsumerId,
        /// The partition.
        to: PartitionId,
        /// The offset.
        o: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The application has done what it does with a record: before that, a crash loses it unless it is delivered again.
    Done {
        /// The consumer.
        c: ConsumerId,
        /// The partition.
        to: PartitionId,
        /// The offset of the record.
        o: u64,
    },
    /// A consumer (or, for it, a producer's transaction) asks to commit an offset, or hears how that went.
    Offsets {
        /// The consumer.
        c: ConsumerId,
        /// How it went.
        is: Outcome,
        /// Partitions with the offset that is to be read next.
        to: Vec<(PartitionId, u64)>,
        /// The producer in whose transaction that is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<ProducerId>,
    },
    /// A consumer is gone: closed, or killed.
    ConsumerGone {
        /// Which.
        c: ConsumerId,
        /// Whether it was killed.
        killed: bool,
    },
    /// After all faults ended: the first and the next offset of a partition, as its leader says.
    Watermarks {
        /// The partition.
        to: PartitionId,
        /// The first offset that is there.
        low: u64,
        /// The offset that the next message would get.
        high: u64,
    },
    /// After all faults ended: a consumer that read all of a partition from its beginning has come to this offset, and there was nothing more.
    /// Without this line nobody can say that what was not seen is lost.
    ReadAll {
        /// The consumer.
        c: ConsumerId,
        /// The partition.
        to: PartitionId,
        /// Where it ended: the offset that would come next.
        o: u64,
    },
    /// After all faults ended: what a group has committed.
    Committed {
        /// The group.
        group: String,
        /// Partitions with the offset that is to be read next.
        to: Vec<(PartitionId, u64)>,
    },
    /// Something is done to the cluster.
    Fault {
        /// The action, as plans write it.
        what: String,
        /// Asked for, done, or why not.
        is: Outcome,
        /// A number that begin and end of an action share.
        n: u32,
    },
    /// What one sees from outside, about once a second.
    Sample(Sample),
    /// Something for whoever reads this.
    Note {
        /// What.
        text: String,
    },
    /// The last line.
    End {
        /// How many events there are before this one.
        events: u64,
    },
}

/// A record that a consumer got: offset, producer, number among its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record(
    /// Its offset.
    pub u64,
    /// Who sent it.
    pub ProducerId,
    /// As which of its messages.
    pub u64,
);

/// How a request went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is made.
    Invoke,
    /// It is done.
    Ok,
    /// It is certain not to have happened, and why.
    Fail(String),
    /// Nobody knows whether it has happened, and why.
    Unknown(String),
}

/// What was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Of this format: [`VERSION`](super::VERSION).
    pub version: u32,
    /// What people call it.
    pub name: String,
    /// What its random choices came from.
    pub seed: u64,
    /// The kind of cluster: `embedded`, `kafka`, `external`.
    pub cluster: String,
    /// Microseconds since 1970 when it began.
    pub started: u64,
    /// The topics.
    pub topics: Vec<Topic>,
    /// Topic and partition of each [`PartitionId`].
    pub partitions: Vec<(u32, u32)>,
}

/// A topic of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// How many replicas each has.
    pub replicas: u32,
}

/// What a producer has been told about doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Retries may double and reorder messages.
    Plain,
    /// The broker drops doubles (`enable.idempotence`).
    Idempotent,
    /// Messages become visible together or never.
    Transactional,
}

/// Whose word a producer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acks {
    /// Nobody's.
    None,
    /// The leader's.
    Leader,
    /// That of all replicas that are in sync.
    All,
}

/// What of transactions a consumer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Everything, also what is aborted later.
    ReadUncommitted,
    /// What is committed.
    ReadCommitted,
}

/// How a consumer commits offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Commits {
    /// Not at all.
    Never,
    /// After the work, and waits.
    Sync,
    /// After the work, and goes on.
    Async,
    /// Before the work: what was being worked on is lost with the consumer.
    Early,
    /// In a producer's transaction.
    Transactional,
}

/// What one sees from outside at a moment. Rates are of the time since the sample before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Messages handed over by producers, a second.
    pub sent: f64,
    /// Messages acknowledged, a second.
    pub acked: f64,
    /// Records read by the workload's consumers, a second.
    pub read: f64,
    /// Messages that the workload's group has not committed yet.
    pub lag: u64,
    /// Age of the oldest of these, seconds.
    pub lag_seconds: f64,
    /// Partitions with fewer replicas in sync than they have.
    pub under_replicated: u32,
    /// Partitions without a leader.
    pub leaderless: u32,
    /// Changes of leaders since the sample before.
    pub elections: u32,
    /// Half of the acknowledgements since the sample before came within this many microseconds.
    pub p50: u64,
    /// 99 of 100 did.
    pub p99: u64,
    /// Whether the cluster answered. If not, `lag` and `lag_seconds` are the workload's own: messages that producers have handed over and consumers have not
    /// read; and the rest is what was seen last.
    #[serde(default)]
    pub seen: bool,
    /// Microseconds that it took to ask the cluster: what is told of it is of some moment in them.
    #[serde(default)]
    pub took: u64,
}
