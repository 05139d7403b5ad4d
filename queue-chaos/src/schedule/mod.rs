//! What is done to a cluster, and when.

mod action;
pub(crate) mod duration;

pub use action::{Action, Link, Peer, Target};
