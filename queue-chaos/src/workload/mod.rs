//! What produces and consumes in a run, and writes down all that it does.
//!
//! A workload is a number of producers, consumers and consume-transform-produce loops, each a thread with a client of librdkafka. Every message has a
//! number and a checksum ([`message`]); every request is written to the history when it is made and when its outcome is known. One rule holds for all:
//! **what is not certain is unknown**. A message that nobody has heard of again is neither acknowledged nor refused.
//!
//! ```
//! # #[cfg(feature = "kafka")] {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use queue_chaos::history::{Isolation, Memory, Topic, What};
//! use queue_chaos::workload::{Ids, Partitions, Settings, Site, Workload, read_all};
//! use rdkafka::mocking::MockCluster;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = MockCluster::new(3)?;
//! cluster.create_topic("orders", 2, 3)?;
//! let memory = Arc::new(Memory::new());
//! let site = Arc::new(Site {
//!     bootstrap: cluster.bootstrap_servers(),
//!     client: Settings::new(),
//!     partitions: Partitions::new(&[Topic { name: "orders".to_owned(), partitions: 2, replicas: 3 }]),
//!     ids: Arc::new(Ids::new()),
//!     sink: memory.clone(),
//! });
//!
//! let mut workload = Workload { consumers: 0, ..Workload::default() };
//! workload.producer.count = Some(1_000);
//! let wait = Duration::from_secs(30);
//! let mut running = workload.start(&site)?;
//! while !running.producers_finished() {
//!     // This is where one breaks something.
//!     std::thread::sleep(Duration::from_millis(10));
//! }
//! running.stop(wait);
//! let ids: Vec<_> = site.partitions.ids().collect();
//! read_all(&site, &ids, Isolation::ReadCommitted, wait)?;
//!
//! let of = |kind: fn(&What) -> bool| memory.events().iter().filter(|event| kind(&event.what)).count();
//! assert_eq!(of(|what| matches!(what, What::Ack { .. })), 1_000);
//! assert_eq!(of(|what| matches!(what, What::ReadAll { .. })), 2);
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```
//!
//! # What each cluster can show
//! librdkafka's in-process cluster answers to transactions, but has none: aborted messages are there for everybody, and offsets that a transaction
//! commits are not kept. Loops whose transactions fail, or whose partitions change hands, do their work twice there. With Apache Kafka they do not.

mod keys;
pub mod message;
mod options;
mod pace;
mod partitions;

#[cfg(feature = "kafka")]
mod batch;
#[cfg(feature = "kafka")]
mod consumer;
#[cfg(feature = "kafka")]
mod member;
#[cfg(feature = "kafka")]
mod native;
#[cfg(feature = "kafka")]
mod outcome;
#[cfg(feature = "kafka")]
mod producer;
#[cfg(feature = "kafka")]
mod read;
#[cfg(feature = "kafka")]
pub(crate) mod reader;
#[cfg(feature = "kafka")]
mod run;
#[cfg(feature = "kafka")]
mod sender;
#[cfg(feature = "kafka")]
mod signal;
#[cfg(feature = "kafka")]
mod site;
#[cfg(feature = "kafka")]
mod statistics;
#[cfg(feature = "kafka")]
mod transform;

pub use keys::{KeyDraw, Keys, partition_of};
pub use options::{
    Compression, ConsumerOptions, LoopOptions, ProducerOptions, Settings, TransactionOptions,
    Workload,
};
pub use pace::Pace;
pub use partitions::{Ids, Partitions};

#[cfg(feature = "kafka")]
pub use consumer::Consumer;
#[cfg(feature = "kafka")]
pub use producer::{Producer, Role};
#[cfg(feature = "kafka")]
pub use read::{committed, read_all};
#[cfg(feature = "kafka")]
pub use run::Running;
#[cfg(feature = "kafka")]
pub use site::Site;
#[cfg(feature = "kafka")]
use site::spawn;
#[cfg(feature = "kafka")]
pub use statistics::{Counts, Statistics};
#[cfg(feature = "kafka")]
pub use transform::Loop;
