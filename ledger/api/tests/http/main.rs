//! The HTTP face.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod events;
mod feed;
mod keys;
mod limits;
mod page;
mod reads;
