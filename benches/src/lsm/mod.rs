//! The gates of the storage engine: the same work done by `lsm`, RocksDB and fjall, in turns, on one machine.
//!
//! | module | what it holds |
//! |---|---|
//! | [`engine`] | what a contestant must be able to do, and the options all of them are given |
//! | `ours`, `rocks`, `fjall` | the contestants |
//! | [`workload`] | the records (exact hits, exact misses, values that can be recognised) and the choices of keys |
//! | [`meter`] | what the kernel counts: bytes written, memory, blocks on disk |
//! | [`mod@line`] | how long a cache line takes between processors |
//! | [`confine`] | a child process with a memory limit |
//! | [`child`] | one piece of work by one contestant, in a process of its own |
//! | [`measure`] | rounds, interleaving, medians |
//! | [`gates`] | which work answers which gate |
//!
//! # How a number comes about
//!
//! Every piece of work runs in its own process, so that threads, caches, mappings and the peak of memory of one
//! contestant never reach another. Within a round, a piece of work is done by all contestants one after the other before
//! the next piece begins; the order rotates from round to round. A slow minute of the machine therefore falls on
//! everybody, and ratios are taken within a round.
//!
//! All contestants get the same budget (64 MiB write buffer, 64 MiB cache) and the same promise (an acknowledged write
//! survives `kill -9`). Rivals run in each of their configurations (compression off and lz4, and for RocksDB with and
//! without mapped reads); the best of them per gate is *the better rival*. `lsm` runs in one configuration only.
//!
//! # Why not criterion
//!
//! Criterion finishes all samples of one function before it starts the next, in one process. Here the unit is a process
//! that fills a million records; rivals must alternate *between samples*, and each sample needs counters of its own
//! process (written bytes, peak memory). So `benches/lsm.rs` drives its own rounds.

pub mod child;
pub mod confine;
pub mod engine;
#[cfg(feature = "peer-fjall")]
pub mod fjall;
pub mod gates;
pub mod line;
pub mod measure;
pub mod meter;
pub mod ours;
#[cfg(feature = "peer-rocksdb")]
pub mod rocks;
pub mod workload;

pub use crate::Fault;

/// The harness's result.
pub type Result<T> = std::result::Result<T, Fault>;
