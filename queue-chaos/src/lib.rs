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
//! | [`report`] | a page with a timeline, a summary for programs, a recording of the terminal |
//! | [`broker`] | clusters to break: in this process, real ones as our child processes, and other people's (these with the feature `kafka`) |

pub mod broker;
pub mod check;
pub mod disk;
pub mod history;
pub mod id;
pub mod proxy;
pub mod report;
pub mod schedule;

mod error;

pub use error::{Error, Result};
