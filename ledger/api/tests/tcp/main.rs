//! The binary face.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod clients;
mod garbage;
mod keys;
mod limits;
mod reads;
