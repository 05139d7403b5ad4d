//! The program `ledger`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod feed;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kafka")]
mod real_kafka;
mod reconcile;
mod support;
