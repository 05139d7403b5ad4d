//! The log: what it promises of crashes, of damage and of faults.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod common;
mod damage;
mod exports;
mod faults;
mod model;
mod reading;
