//! A fault harness for Kafka.
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`history`] | what happened in a run, a JSON line an event: written while it happens, read again whenever |
//! | [`schedule`] | what is done to a cluster, and when |
//! | [`proxy`] | a TCP proxy whose connections can be made slow, thin, cut and silent |
//! | [`disk`] | disks that are full, read-only and torn |
//! | [`check`] | whether messages were lost, doubled or reordered |
//! | [`workload`] | producers, consumers and consume-transform-produce loops that write down all they do (the message format without the feature `kafka`) |
//! | [`lag`] | how far groups are behind, in messages and seconds; replicas in sync, elections; metrics for Prometheus |
//! | [`report`] | a page with a timeline, a summary for programs, a recording of the terminal |
//! | [`broker`] | clusters to break: in this process, real ones as our child processes, and other people's (these with the feature `kafka`) |

pub mod broker;
pub mod check;
pub mod disk;
pub mod history;
pub mod id;
pub mod lag;
pub mod proxy;
pub mod report;
#[cfg(feature = "kafka")]
pub mod run;
pub mod schedule;
pub mod workload;

mod error;

pub use error::{Error, Result};
