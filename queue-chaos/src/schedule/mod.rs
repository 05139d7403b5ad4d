//! What is done to a cluster, and when.

mod action;

pub use action::{Action, Link, Peer, Target};
