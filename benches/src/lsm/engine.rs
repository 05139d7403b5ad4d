//! What a contestant must be able to do, and the options that all of them are given.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Result;

/// Compression of table blocks (and of the log, where an engine compresses it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Bytes as they are.
    None,
    /// LZ4 in every level.
    Lz4,
    /// Whatever the engine does when it is told nothing: the only choice of our own engine.
    EnginesOwn,
}

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// Once the kernel has it: it survives `kill -9`, not a power cut.
    Buffered,
    /// Once the disk has it.
    Sync,
}

/// Where an engine that has the choice keeps its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// The engine's default.
    Default,
    /// Values in the tables, level by level (`lsm` only).
    Leveled,
}

/// The options of one opening. Everything else stays at the engine's own default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineOptions {
    /// Bytes of one memtable.
    pub write_buffer_bytes: u64,
    /// Bytes of the block cache.
    pub cache_bytes: u64,
    /// Compression.
    pub compression: Compression,
    /// Reads through a memory map; only RocksDB offers it as a choice.
    pub mapped_reads: bool,
    /// When a write is acknowledged.
    pub durability: Durability,
    /// Where values live.
    pub layout: Layout,
}

/// Direction of a full scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Ascending keys.
    Forward,
    /// Descending keys.
    Backward,
}

/// A contestant. All methods may be called from several threads.
///
/// Callbacks see the engine's own bytes without a copy where the engine offers that.
pub trait Engine: Sync + Sized {
    /// Opens or creates the database in `dir`.
    fn open(dir: &Path, options: &EngineOptions) -> Result<Self>;

    /// Writes one record and returns once it is acknowledged as [`EngineOptions::durability`] says.
    fn put(&self, key: &[u8], value: &[u8]) -> Result<()>;

    /// Deletes one record, acknowledged like a [`put`](Engine::put).
    fn delete(&self, key: &[u8]) -> Result<()>;

    /// Looks `key` up; `see` is called with the value when there is one. Returns whether there was.
    fn get(&self, key: &[u8], see: impl FnMut(&[u8])) -> Result<bool>;

    /// A fresh iterator placed at the first key at or after `from`, read for up to `count` records. Returns how many
    /// there were.
    ///
    /// The iterator is made anew for each call, as `db_bench seekrandom` does: a query of a program starts from nothing.
    fn seek(&self, from: &[u8], count: usize, see: impl FnMut(&[u8], &[u8])) -> Result<usize>;

    /// Reads every record in key order or against it. Returns how many there were.
    fn scan(&self, direction: Direction, see: impl FnMut(&[u8], &[u8])) -> Result<u64>;

    /// Writes the memtable out as tables.
    fn flush(&self) -> Result<()>;

    /// Flushes, then waits until no background work is left.
    fn settle(&self) -> Result<()>;

    /// Merges everything into the form that this engine reads best, then settles.
    fn compact(&self) -> Result<()>;

    /// All bytes written since the opening as the engine itself counts them, for engines whose writes go through a
    /// memory map and so escape `wchar`.
    fn bytes_written(&self) -> Option<u64> {
        None
    }
}
