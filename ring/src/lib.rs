//! Every way to place keys on nodes: consistent hashing and its relatives behind one trait, with exact balance, movement plans,
//! replicas that respect failure domains, bounded load, and the placements of programs that people already run.
//!
//! ```
//! use hash_ring::{Balance, KeyHash, Placement, Ring, Tokens, Weight, plan};
//!
//! let mut ring = Ring::new(Tokens::Allocated(32), KeyHash::default())?;
//! for name in ["cache-1", "cache-2", "cache-3"] {
//!     ring.add(name, Weight::ONE)?;
//! }
//! let owner = ring.name_of(b"user:1815").unwrap();
//! assert!(owner.starts_with("cache-"));
//! assert!(Balance::of(&ring)?.max_over_mean() < 1.05);           // exact, by interval arithmetic
//!
//! let before = ring.clone();
//! ring.add("cache-4", Weight::ONE)?;
//! let moves = plan(&before, &ring)?;                             // which ranges go from whom to whom
//! assert!((moves.moved_share() - 0.25).abs() < 0.01);
//! assert!(moves.moved_share() < moves.minimum_share() * 1.01);   // no plan could move less
//! # Ok::<(), hash_ring::Error>(())
//! ```
//!
//! # Which algorithm
//!
//! `n` nodes; a *point* is a virtual node.
//!
//! | | lookup | bytes a node | an arbitrary node leaves | weights | choose it |
//! |---|---|---|---|---|---|
//! | [`Ring`] | O(1) expected | 14-18 a point | its ranges go to those that follow | yes | when data is kept by ranges, nodes come and go one by one, or people run such a ring; [`Tokens::Allocated`] keeps shares within 5 % with 32 points a node |
//! | [`Maglev`] | one load | 2 or 4 for each slot of the table | its slots; with the published build some others too, with [`MaglevBuild::MinimalDisruption`] none | yes | when lookups are all that counts |
//! | [`Slots`] | one load | 2 or 4 a slot | its slots, the least that restores balance | yes | when somebody wants to see and move slots; Redis Cluster's |
//! | [`Rendezvous`] | O(n) | 8 | its keys, evenly over all others | yes | up to some dozens of nodes: nothing is more even or simpler |
//! | [`Skeleton`] | O(log n) | 60-140 | up to its share at each level of the tree: 1.7 times the least for 100 nodes | yes | rendezvous for thousands of nodes |
//! | [`Jump`] | O(log n) | 4 | its keys and the last node's: twice the least | no | numbered shards that only grow; others compute the same numbers |
//! | [`JumpBack`] | O(1) expected | 4 | as [`Jump`] | no | the same, when the numbers need not be those of 2014 |
//! | [`Anchor`] | O(1) while few have left | 12 for each place | its keys, evenly over all others | no | nodes fail and return, and a highest number of nodes is known |
//! | [`Memento`] | O(1) while few have left | 4, and 8 for each that left | as [`Anchor`] | no | the same with no highest number |
//! | [`Dx`] | O(places / n) | 4 for each place | as [`Anchor`] | no | when nodes must return to their places in any order |
//! | [`MultiProbe`] | O(probes) | 18-27 | its range | yes | weights with few bytes a node, and nodes that come in O(1); 21 probes for a peak of 1.06 of 100 nodes, 36 for 1.05 |
//! | [`Straw2`] | O(levels, fan-out) | some 30 | its keys, within its domain first | yes | a tree of racks and zones, as CRUSH |
//!
//! Measured speeds and the crates beside which they were measured: the book's page on this crate, `docs/src/crates/hash-ring.md`.
//!
//! # What else is here
//!
//! - **Replicas**: [`Placement::prefer`] is an order of all nodes, the owner first; [`Replicas`] takes distinct nodes in distinct domains of a
//!   [`Topology`] from it, with a stated policy for too few domains; [`Quorum`] says what may fail.
//! - **Bounded load**: [`Bounded`] over any algorithm: nobody gets more than a factor above the mean, without locks.
//! - **Balance**: [`Balance`], [`virtual_nodes_for`]. **Movement**: [`plan`], and [`Migration`] which carries a plan out in steps.
//!   [`Partitions`] gives ranges to algorithms that scatter hashes.
//! - **Concurrent use**: `Shared` (feature `shared`): snapshots behind an atomic swap; readers never wait.
//! - **Agreement**: [`Description`] is any placement as canonical bytes, from which the same placement is built elsewhere;
//!   [`Fingerprint`] and [`Stamp`] tell two processes whether they agree.
//! - **Compatibility**: [`compat`]: libketama, libmemcached, spymemcached, twemproxy, Envoy's ring and Maglev, Redis Cluster,
//!   nginx, HAProxy, Cassandra, Guava; each tested against what the real program answered.
//!
//! # Keys that an adversary chooses
//!
//! Whoever can choose keys and knows the hash function can choose the node. Use [`KeyHash::SipHash13`] with a secret key where that
//! matters; [`Bounded`] limits what is left.
//!
//! # Promises
//!
//! No unsafe code; `no_std` with `alloc`; the same placement on every platform and in every version (golden tests: no floating point
//! decides a placement except where a compatible program's does); errors change nothing.
//!
//! # Features
//!
//! | feature | default | costs |
//! |---|---|---|
//! | `shared` | no | `arc-swap`, and the standard library |
//! | `serde` | no | `serde`: `Serialize` and `Deserialize` for [`Description`] and its parts |
//!
//! # What is not there
//!
//! Algorithms of others: [`Placement`] is sealed, and says why. Gossip or consensus on membership: a placement is a value, and who may change it is the program's business. Placements by load that is
//! measured rather than counted. Replica-aware token allocation (owners are balanced, not copies).
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
pub use roster::{Node, NodeId, NodeRef, Roster};
#[cfg(feature = "shared")]
pub use shared::{Loaded, Shared, Snapshot};
pub use table::{Maglev, MaglevBuild, Slots};
pub use topology::{
    Domain, DomainId, PreferenceList, Quorum, Replicas, Shortage, Survives, Topology,
};
pub use weight::Weight;
