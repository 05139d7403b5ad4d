//! A deterministic simulator of the ledger.

#![forbid(unsafe_code)]

pub mod oracle;
pub mod plan;
pub mod random;
pub mod workload;
