//! The checks of `sanitize`: each kind of fault is found, with the right lines, and its right twin is not.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod barriers;
mod harness;
mod initial;
mod memory;
mod mutants;
mod property;
mod races;
mod settings;
