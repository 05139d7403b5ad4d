//! Every way to place keys on nodes.
#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
#[macro_use]
extern crate std;

mod algorithm;
mod balance;
mod buckets;
mod error;
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
mod table;
mod topology;
mod weight;

pub use algorithm::Algorithm;
pub use balance::{Balance, NodeLoad, virtual_nodes_for, virtual_nodes_of};
pub use buckets::{
    Anchor, Dx, Jump, JumpBack, Memento, jump_back_hash, jump_hash, jump_hash_batch,
};
pub use error::{Error, Result};
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
pub use table::{Maglev, MaglevBuild, Slots};
pub use topology::{
    Domain, DomainId, PreferenceList, Quorum, Replicas, Shortage, Survives, Topology,
};
pub use weight::Weight;
