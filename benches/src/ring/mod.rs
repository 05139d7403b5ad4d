//! The gates of the placement crate: the same work done by `hash-ring` and by every crate of its kind, in turns, on one machine.
//!
//! | module | what it holds |
//! |---|---|
//! | [`case`](mod@case) | kinds, numbers of nodes, and the parameters that make contestants as even as each other |
//! | [`contestant`] | what a contestant must be able to do |
//! | `ours`, `rivals` | the contestants |
//! | [`heap`] | how many bytes are allocated |
//! | [`measure`] | passes, rounds, interleaving |
//! | [`gates`] | which reading answers which gate |
//!
//! # What is compared with what
//!
//! **Kinds.** Rings with rings, jump hash with jump hash, and so on, for 10, 100 and 1000 nodes of equal weight with the same names. The rivals
//! of a kind are all crates of it that build; the gates must hold against every one of them.
//!
//! **At equal imbalance.** How fast a ring is depends on how even it must be. Ours has 32 allocated points a node, and its imbalance is
//! computed exactly, from the lengths of its arcs, in the run itself: above 5 % over the mean it stops. Rivals place their points at
//! random, and get as many as random points need for the same 5 % in half of all cases ([`virtual_nodes_for`](hash_ring::virtual_nodes_for)): 992,
//! 2,701 and 4,457 a node. They cannot do with fewer. Maglev tables have the same number of slots; multi-probe hashing has the same number
//! of probes (mpchash has 23, come what may; ours has more where 23 do not keep to 5 %). AnchorHash has room for twice the nodes on both
//! sides. Jump hash and rendezvous hashing have nothing to choose.
//!
//! **Rivals at their best.** Keys are 64-bit hashes already. A rival runs in its default configuration, and where it takes a hasher also with
//! one that passes hashes through (`/hashed`), so that no time is spent on hashing; rings whose points are clones of the node are given the number
//! of the node; a rival that can only be built slowly is given points in the order in which it is fast. Ours is looked up by
//! hash, too. Some rivals hash whatever they are given, with a function of their own. Of multi-probe hashing these are all there are,
//! and there ours is looked up by key, hashing it again. Of rings and tables they are slower than others that do not, so that they decide nothing.
//!
//! What rivals return is their reference to the node, which is not followed; ours returns the number of the node. Rivals of jump hash return
//! a bucket, and so does ours there.
//!
//! # How a number comes about
//!
//! All contestants of a kind and size are alive at once and take turns: within a round each looks up the same hashes, then the next
//! one does; the order rotates from round to round, so that a slow minute falls on everybody. A reading is the best of twelve passes of
//! some 5 ms: noise only ever adds. Hashes are random and 100,000, more than a branch predictor can learn; slow contestants see fewer, but take
//! as many branches. Within a pass lookups do not depend on each other, so that it is throughput that is measured.
//!
//! Build and add are measured on fresh instances: names are there as `String`s, and whoever keeps them copies them. A node is added to as
//! many instances as it takes to be seen by the clock. A contestant that cannot add a node is built anew.
//!
//! Bytes are those asked of the allocator between before and after a build, the names that a contestant borrows or leaves to the caller
//! included.
//!
//! # Why not criterion
//!
//! It finishes all samples of one function before it starts the next: see [`lsm`](crate::lsm).

pub mod case;
pub mod contestant;
pub mod gates;
pub mod heap;
pub mod measure;
pub mod ours;
#[cfg(feature = "peer-rings")]
pub mod rivals;

use crate::random::Random;

pub use crate::Fault;

/// The harness's result.
pub type Result<T> = std::result::Result<T, Fault>;

/// Hashes of keys.
pub fn hashes(seed: u64, count: usize) -> impl Iterator<Item = u64> {
    let mut random = Random::new(seed);
    (0..count).map(move |_| random.word())
}
