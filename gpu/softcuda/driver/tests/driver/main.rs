//! The driver by its public functions: what it does, and what it answers to everything that is wrong.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod arguments;
mod contexts;
mod copies;
mod errors;
mod exports;
mod faults;
mod handles;
mod launches;
mod memory;
mod modules;
mod occupancy;
mod random;
mod streams;
mod support;
