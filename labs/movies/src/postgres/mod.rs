//! PostgreSQL, where it is installed: a server of its own with a database for each layout.

mod cluster;
mod engine;

pub use cluster::{Cluster, SETTINGS};
