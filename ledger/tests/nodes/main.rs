//! The node: what is durable, what is refused, and that memory is bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bad_input;
mod durable;
mod every_io;
mod failing_archive;
mod memory;
mod queries;
mod stopped;
mod time;
mod together;
mod with_lsm;
mod world;
