//! The form of a change: nothing is lost, and what is no change is an error.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod entries;
mod feeds;
mod garbage;
/// Entries of all kinds: the archive is tested with the same.
#[path = "../../../tests/archive/entries.rs"]
#[allow(dead_code, reason = "the archive needs more of it")]
mod generator;
mod known;
mod same;
