//! A double-entry ledger.

#![forbid(unsafe_code)]

pub mod archive;
pub mod disk;
mod error;
pub mod log;
pub mod model;
pub mod money;
mod past;
pub mod snapshot;

pub use error::{Error, Result};
pub use past::{NoPast, Past};
