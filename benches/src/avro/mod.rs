//! The gates of the Avro crate: the same bytes read and written by `avro-compat` and by others, in turns, on one machine.
//!
//! | module | what it holds |
//! |---|---|
//! | [`case`](mod@case) | schemas, values, and the types of serde that they are read to |
//! | [`contestant`] | what a contestant is, and how it is timed |
//! | `ours`, [`floor`], `rivals` | contestants in this process |
//! | [`child`] | contestants in another language, each a process that answers line by line |
//! | [`measure`] | rounds, interleaving |
//! | [`gates`] | which reading answers which gate |
//!
//! # What is compared with what
//!
//! **The record**: 83 bytes in seven fields, written with one schema and read with another: fields in another order, one promoted, one
//! more, which has a default, and a symbol more ([`case`](mod@case)).
//!
//! **Like with like.** A rival that makes a tree of values is compared with ours that makes one; one that fills a struct with ours that fills
//! the same struct. What borrows has no counterpart among the rivals, and is compared with their cheapest way. apache-avro resolves names once
//! and reads many records (`GenericDatumReader`), the fastest that it can; it has no way from bytes to a struct through a reader's schema but
//! by its tree of values, so that is what it does, and reads no aliases of fields, so that nothing is renamed. Java makes new objects for each record (`new`) or
//! fills those of the last (`reused`), by its resolving decoder and by its faster reader, which is its default; all four are warm before anything is
//! timed. It copies the bytes of strings, and does not look whether they are UTF-8. `serde_avro_fast` does not resolve: it reads with
//! the writer's schema, and what the struct has more is left to serde's defaults. [`floor`] is a decoder written by hand for this pair of schemas.
//!
//! One comparison is lost, and no gate: a new struct that owns, nine allocations and a `HashMap`, takes longer than Java's faster reader takes for new objects, which
//! a garbage collector makes cheap. The table shows it.
//!
//! **Container files**: 20,000 records, in memory, blocks of 64 KiB, each codec at its usual level; megabytes (10^6 bytes) of encoded records a
//! second, before compression. Everybody makes trees of values, and writes from trees that are there already.
//!
//! # How a number comes about
//!
//! All contestants of a work are alive at once and take turns within a round; the order rotates from round to round. A reading is the best
//! of some passes of a few milliseconds: noise only ever adds. Records are the same each time, so that branches are predicted, for everybody.

pub mod case;
pub mod child;
pub mod contestant;
pub mod floor;
pub mod gates;
pub mod measure;
pub mod ours;
#[cfg(feature = "peer-avro")]
pub mod rivals;

pub use crate::Fault;

/// The harness's result.
pub type Result<T> = std::result::Result<T, Fault>;
