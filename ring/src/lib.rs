//! Every way to place keys on nodes.
#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, loom, feature = "shared"))]
#[cfg_attr(test, macro_use)]
extern crate std;

mod algorithm;
#[cfg(target_has_atomic = "64")]
mod bounded;
mod boxed;
mod canonical;
mod error;
mod fingerprint;
mod hash;
mod placement;
mod preference;
mod range;
mod roster;
#[cfg(feature = "serde")]
mod serial;
#[cfg(feature = "shared")]
mod shared;
#[cfg(test)]
mod toy;
mod weight;

pub use algorithm::Algorithm;
#[cfg(target_has_atomic = "64")]
pub use bounded::{Bounded, CapacityFactor, Lease};
pub use boxed::BoxedClone;
pub use canonical::{Description, Part, Run, Value};
pub use error::{Error, Result};
pub use fingerprint::{Agreement, Fingerprint, Stamp};
pub use hash::KeyHash;
pub use placement::Placement;
pub use range::{Arc, Arcs, HashRange};
pub use roster::{Node, NodeId, Roster};
#[cfg(feature = "shared")]
pub use shared::{Loaded, Shared, Snapshot};
pub use weight::Weight;
