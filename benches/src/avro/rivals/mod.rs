//! Crates that do the same.

pub mod apache;
pub mod fast;
