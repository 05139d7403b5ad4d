//! The gates of the Kafka fault harness: what it costs to be watched by it, and how long the verdict takes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`gates`] | the gates, what was measured of them, the table |
//! | [`places`] | where files go |
//! | `produce` | messages a second through the harness, and by bare rdkafka (with the feature `queue`) |
//! | `recovery` | how long it takes after a restart until all is well again |
//! | [`story`] | a history of any length: what a run with groups would write |
//! | [`child`] | writing a history and judging it, each in a process of its own |
//! | [`record`] | what recording an event costs who does it |
//! | [`proxy`] | what the proxy costs |
//!
//! # What is compared with what
//!
//! **Overhead.** One producer sends messages of 100 bytes to one node, four partitions, as fast as it can; idempotent, `acks=all`. Ours is `workload::Producer` as in every
//! run: numbers and checksums in all messages, every send and every outcome in a history on the disk, through the proxy that stands before the node. The rival is what one
//! writes with rdkafka for the same: a loop that sends one and the same buffer and counts acknowledgements in the delivery callback, straight to the node; with a
//! `BaseProducer` that polls every 32 messages, as ours does (`rdkafka/base`; ours hands those 32 over in one call, which rdkafka's safe interface does not offer), and with a `ThreadedProducer` (`rdkafka/threaded`). The gate must hold against both.
//! librdkafka is told the same on both sides, from one list.
//!
//! A rate is what is acknowledged from the first acknowledgement until the last message is sent. Before that librdkafka asks for a producer id, with pauses of half a
//! second, and who sends waits: counted in, it would hide much of what the harness costs. After it nothing is to be done but to wait. Ours is read from its history, which must
//! tell of all messages.
//!
//! The nodes are real (Apache Kafka, which must be there: `scripts/kafka_jars.sh`) and librdkafka's own in-process cluster, which advertises one address only, so that
//! the rival has one of its own. Client and node share the machine's processors: what the harness takes is taken from the node, too, as on a laptop. So processor time is what decides. It
//! is measured as well (`processor`): of all threads of the process, with the in-process cluster, ours less that of the rival with the thread (the other one spins while it
//! waits); it depends less on what else is going on than rates do. A first round does not count: Java compiles what is used.
//!
//! **Histories.** [`story`] writes what a run would: four producers with a thousand messages in flight each, sixteen partitions, a group of four that polls, works and
//! commits, and a reader outside of it. Three events a message (sent, acknowledged, done), records of polls, and commits: 30 million events for 10 million messages. Writer
//! and checker are the library's; each has a process of its own, whose peak memory is the kernel's count (`VmHWM`), the program itself included. Of a writer's the buffers are
//! most, and how many of them are in use depends on the disk, by up to 4 MiB, whatever the length; so `flat` is what each of nine million more messages adds, in bytes.
//!
//! The checker's time is that of `check_file`, with reading and parsing; the file is in the system's cache. It must find nothing. Seconds are for 10 million events,
//! whatever the length of the history; `linear` compares the time an event of 10 million messages with that of one million.
//!
//! **The recorder** records sends and acknowledgements, clock included, one thread, to a file on the disk, faster than any client sends them.
//!
//! **The proxy**, without rules: a stream of 1 GiB over loopback with it and without it; and 100 bytes to and fro, 20,000 times, of which the median counts. Added
//! latency is what the median with it is over that without it.
//!
//! **Recovery** is reported, not judged: it is the cluster's, not ours. A node that was stopped or killed, and down for three seconds, is started under a load of 2,000
//! messages a second: how long until it answers, until the first message is acknowledged, and until the group has committed what had piled up; from the moment the start was
//! asked for.
//!
//! # How a number comes about
//!
//! Contestants take turns within a round, the order rotates from round to round; what the judge sees are rounds. Readings of producers, the recorder and the proxy are the
//! best of some passes: noise only ever adds.
//!
//! Without the feature `queue` there is no librdkafka, so that overhead and recovery are not measured; all else is.

pub mod child;
pub mod gates;
pub mod places;
#[cfg(feature = "queue")]
pub mod produce;
pub mod proxy;
pub mod record;
#[cfg(feature = "queue")]
pub mod recovery;
pub mod story;

pub use crate::Fault;

/// The harness's result.
pub type Result<T> = std::result::Result<T, Fault>;
