//! Every way to place keys on nodes.
#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
#[macro_use]
extern crate std;

mod algorithm;
mod error;
mod hash;
mod placement;
mod preference;
mod range;
mod ring;
mod roster;
mod weight;

pub use algorithm::Algorithm;
pub use error::{Error, Result};
pub use hash::KeyHash;
pub use placement::Placement;
pub use range::{Arc, Arcs, HashRange};
pub use ring::{Ring, Tokens};
pub use roster::{Node, NodeId, Roster};
pub use weight::Weight;
