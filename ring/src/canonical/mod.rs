//! The canonical description of a placement: what two processes exchange, what is stored, and what a fingerprint is taken of.
//!
//! A [`Description`] says by names, not by ids, everything that decides where a key goes: the algorithm, its parameters, the hash
//! function of the keys, the nodes with their weights, and what the algorithm remembers of its history ([`Part`]). Placements that
//! place every key alike by name because they are in the same state have equal descriptions, equal bytes and equal fingerprints,
//! whatever their ids and however they came there.
//!
//! # Cost
//! No dependency and no feature. Description and bytes take time and memory in proportion to nodes and state: for a ring of tokens
//! that derive from names that is the nodes alone; for explicit tokens 8 bytes a token, for numbered buckets 4 bytes each, for a slot
//! table 8 bytes a run, for a table of Maglev's that depends on its history 4 bytes a slot.

mod build;
mod decode;
mod describer;
mod description;
mod encode;
mod opened;
mod part;

pub(crate) use describer::Describer;
pub use description::{Description, Value};
pub(crate) use encode::fingerprinted;
pub(crate) use opened::{Opened, invalid, room_for};
pub use part::{Part, Run};

/// What the bytes begin with.
const MAGIC: [u8; 8] = *b"hashring";
/// The version written, and the only one read.
const VERSION: u16 = 1;
/// In the place of a node: none.
const VACANT: u32 = u32::MAX;
