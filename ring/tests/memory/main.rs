//! What is asked of the allocator, by an allocator that counts.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod allocator;
mod build;
mod decode;
mod lookups;
#[path = "../placements/mod.rs"]
mod placements;
