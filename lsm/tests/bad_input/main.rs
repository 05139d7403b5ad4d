//! What the engine says of paths, files and arguments that it cannot use.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod arguments;
#[path = "../crash_copy/mod.rs"]
mod crash_copy;
mod directory;
mod files;
mod sample;
mod version;
