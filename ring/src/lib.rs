//! Every way to place keys on nodes.
#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, loom, feature = "shared"))]
#[cfg_attr(test, macro_use)]
extern crate std;

mod algorithm;
mod balance;
#[cfg(target_has_atomic = "64")]
mod bounded;
mod boxed;
mod buckets;
mod canonical;
pub mod compat;
mod error;
mod fingerprint;
mod hash;
mod movement;
mod multi_probe;
mod ownership;
mod partitions;
mod placement;
mod preference;
mod range;
mod rendezvous;
mod ring;
mod roster;
#[cfg(feature = "serde")]
mod serial;
#[cfg(feature = "shared")]
mod shared;
mod table;
mod topology;
#[cfg(test)]
mod toy;
mod weight;

pub use algorithm::Algorithm;
pub use balance::{Balance, NodeLoad, virtual_nodes_for, virtual_nodes_of};
#[cfg(target_has_atomic = "64")]
pub use bounded::{Bounded, CapacityFactor, Lease};
pub use boxed::BoxedClone;
pub use buckets::{
    Anchor, Dx, Jump, JumpBack, Memento, jump_back_hash, jump_hash, jump_hash_batch,
};
pub use canonical::{Description, Part, Run, Value};
pub use error::{Error, Result};
pub use fingerprint::{Agreement, Fingerprint, Stamp};
pub use hash::KeyHash;
pub use movement::{
    Density, Limits, Migration, Move, MoveId, MoveState, NodeChange, NodeVolume, Peer, Plan,
    Progress, Route, Volume, plan,
};
pub use multi_probe::MultiProbe;
pub use ownership::{Owners, Ownership};
pub use partitions::Partitions;
pub use placement::Placement;
pub use range::{Arc, Arcs, HashRange};
pub use rendezvous::{Rendezvous, Skeleton, Straw2};
pub use ring::{Ring, Tokens};
pub use roster::{Node, NodeId, Roster};
#[cfg(feature = "shared")]
pub use shared::{Loaded, Shared, Snapshot};
pub use table::{Maglev, MaglevBuild, Slots};
pub use topology::{
    Domain, DomainId, PreferenceList, Quorum, Replicas, Shortage, Survives, Topology,
};
pub use weight::Weight;
