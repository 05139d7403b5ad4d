//! A double-entry ledger.

#![forbid(unsafe_code)]

pub mod codec;
pub mod disk;
mod error;
pub mod log;
pub mod model;
pub mod money;
mod past;
pub mod state;

pub use error::{Error, Result};
pub use past::{NoPast, Past};
