//! A double-entry ledger.

#![forbid(unsafe_code)]

pub mod archive;
pub mod codec;
pub mod disk;
mod error;
pub mod log;
pub mod model;
pub mod money;
mod node;
mod past;
pub mod query;
pub mod snapshot;
pub mod state;

pub use error::{Error, Result};
pub use node::{Committed, MAX_BATCH_BYTES, Node, NodeOptions, Recovery};
pub use past::{NoPast, Past};
