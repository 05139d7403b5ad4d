//! The archive: against one in memory, through crashes, and with what was changed under it.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod codec;
mod crash;
mod damage;
mod entries;
mod model;
