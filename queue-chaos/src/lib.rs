//! A fault harness for Kafka.
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`history`] | what happened in a run, a JSON line an event: written while it happens, read again whenever |
//! | [`schedule`] | what is done to a cluster, and when |
//! | [`proxy`] | a TCP proxy whose connections can be made slow, thin, cut and silent |
//! | `broker` | clusters to break: in this process, real ones as our child processes, and other people's (feature `kafka`) |

pub mod history;
pub mod id;
pub mod proxy;
pub mod schedule;

#[cfg(feature = "kafka")]
pub mod broker;

mod error;

pub use error::{Error, Result};
