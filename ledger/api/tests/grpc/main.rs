//! The gRPC face, by the client that the `.proto` makes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod events;
mod feed;
mod garbage;
mod keys;
mod limits;
mod messages;
mod reads;
mod rpc;
mod stop;
