//! The course runner: a lab is a value, and running it leaves a verdict on every one of its checks.
//!
//! | module | what it holds |
//! |---|---|
//! | [`registry`] | the labs that are ready |
//! | [`protocol`] | what a lab's command says on standard output |
//! | [`environment`] | programs as a shell would start them |
//! | [`execution`] | a command as a child process, and what it said |
//! | [`check`] | acceptance checks and their verdicts |
//! | [`rivals`] | the same work by others, from the last run of the gates |
//! | [`book`] | the commands of the book, which are executed so that it cannot rot |
//! | [`front_page`] | the front page's table of crates with a number each |
//! | [`group`] | a program and all that it starts, which are stopped together |
//! | [`report`] | the acceptance table, `out/report/index.html`, `out/report/results.json` |
//!
//! A check's verdict is `pass`, `fail` or `not measured: REASON`. Thresholds that are gates stand in `benches/gates.toml` and
//! are looked up there; a lab never repeats one.

pub mod book;
pub mod check;
pub mod environment;
pub mod execution;
pub mod front_page;
pub mod group;
pub mod protocol;
pub mod registry;
pub mod report;
pub mod rivals;

mod error;

pub use error::{Error, Result};
