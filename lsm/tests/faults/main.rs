//! Faults at every I/O: a disk that fails, a disk that is full, a sync that fails. What is promised is an error that
//! names what failed, no loss, no panic, no hang, and that work goes on when the fault has gone; unless a sync failed,
//! which ends writing until the database is opened again.
// A test may fail in any way it likes, and say how much it has tried.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod close;
mod eio;
mod full;
mod held;
mod power;
mod replay;
mod session;
mod structure;
mod sync;
#[path = "../workload/mod.rs"]
mod workload;
