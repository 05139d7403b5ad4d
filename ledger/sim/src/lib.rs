//! A deterministic simulator of the ledger.

#![forbid(unsafe_code)]

pub mod oracle;
pub mod random;
