//! What produces and consumes in a run, and writes down all that it does.
//!
//! A workload is a number of producers, consumers and consume-transform-produce loops, each a thread with a client of librdkafka. Every message has a
//! number and a checksum ([`message`]); every request is written to the history when it is made and when its outcome is known. One rule holds for all:
//! **what is not certain is unknown**. A message that nobody has heard of again is neither acknowledged nor refused.

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
