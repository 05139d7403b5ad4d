//! A deterministic simulator of the ledger: one seed is one run, bit for bit, with every fault in it.
//!
//! A run is a plan ([`plan`]) that is made from a seed ([`workload`]) and done by a machine in memory ([`world`]): clients that repeat
//! what they had no answer to, a clock that jumps, a disk that tears, loses, misplaces and rots, power that fails within any operation. After every answer
//! the ledger is held against a second, naive telling of its semantics ([`oracle`]). A plan that fails is made short ([`shrink()`]) and printed.
//!
//! ```
//! use ledger_sim::{run, workload, world::Real};
//!
//! let plan = workload::plan(7, workload::Options::default());
//! let outcome = run(&plan, &Real, false);
//! assert!(outcome.failure.is_none());
//! assert_eq!(outcome.digest, run(&plan, &Real, false).digest);
//! ```
//!
//! # What is checked
//!
//! - Every reply is the oracle's, with its timestamp; so are all accounts, totals and deadlines after it.
//! - What was acknowledged is in the log after any crash; what was not is there whole and in order, or not at all.
//! - An id happens once, and is answered the same for ever; what is asked later comes later.
//! - Every entry is found by its id, by its time and by its accounts, in memory or in the archive, and says what the oracle says.
//! - A state made anew from the log has the same digest; the log proves itself, and an export of it proves itself.
//! - After damage the ledger says which file, or answers as if nothing had happened. Only damage to the last group, which looks like the trace of a crash,
//!   may cut that group off, and is reported.
//! - When faults stop, the ledger opens, and every request is answered.
//!
//! # What is not
//!
//! Threads (the node does everything in one here), the archive's own files (the archive is in memory here; `lsm` has its own simulator), sockets. The processor
//! and the memory are taken to work.

#![forbid(unsafe_code)]

pub mod broken;
pub mod oracle;
pub mod plan;
pub mod random;
mod run;
mod shrink;
pub mod workload;
pub mod world;

pub use run::{Outcome, run};
pub use shrink::{Shrunk, shrink};
