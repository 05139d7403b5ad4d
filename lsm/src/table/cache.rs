//! The cache of blocks that are not read in place: those of positioned reads, and decompressed ones.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crossbeam_utils::CachePadded;
use quick_cache::{Weighter, sync::Cache};

use crate::TableId;

/// A block's contents, checked and decompressed.
pub struct Block(Box<[u8]>);

impl Block {
    pub(crate) fn new(contents: Vec<u8>) -> Self {
        Self(contents.into_boxed_slice())
    }

    /// The contents.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

/// A block's name: file offsets are unique only within a table, table ids only within a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockKey {
    pub(crate) database: u64,
    pub(crate) table: TableId,
    pub(crate) offset: u64,
}

#[derive(Debug, Clone, Copy)]
struct ByBytes;

impl Weighter<BlockKey, Arc<Block>> for ByBytes {
    fn weight(&self, _: &BlockKey, block: &Arc<Block>) -> u64 {
        // The cache's own entry, the reference count and the allocator's header come on top of the bytes.
        block.0.len() as u64 + 96
    }
}

/// Shards of the hit counters.
const SHARDS: usize = 16;

/// A bounded cache of blocks, shared by the tables of a database, or of several: keys carry the database's id.
///
/// Blocks of a table that was removed are not dropped with it: table ids are never used again, so they only age.
pub struct BlockCache {
    blocks: Cache<BlockKey, Arc<Block>, ByBytes>,
    counts: [CachePadded<[AtomicU64; 2]>; SHARDS],
}

impl fmt::Debug for BlockCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockCache")
            .field("bytes", &self.bytes())
            .field("capacity", &self.capacity())
            .field("hits", &self.hits())
            .field("misses", &self.misses())
            .finish_non_exhaustive()
    }
}

impl BlockCache {
    /// A cache of at most `capacity` bytes. A block that is larger than the capacity's share of one of the cache's internal shards
    /// is read, but not kept.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        let blocks = usize::try_from(capacity / 4096).unwrap_or(usize::MAX).clamp(16, 1 << 24);
        Self { blocks: Cache::with_weighter(blocks, capacity, ByBytes), counts: Default::default() }
    }

    fn count(&self, key: &BlockKey, which: usize) {
        // Spread by block, not by thread: exact without a thread-local, and different blocks seldom share a line.
        let shard = (key.offset >> 12) as usize ^ key.table.0 as usize;
        self.counts[shard % SHARDS][which].fetch_add(1, Relaxed);
    }

    pub(crate) fn get(&self, key: &BlockKey) -> Option<Arc<Block>> {
        let found = self.blocks.get(key);
        self.count(key, usize::from(found.is_none()));
        found
    }

    pub(crate) fn insert(&self, key: BlockKey, block: Arc<Block>) {
        self.blocks.insert(key, block);
    }

    fn total(&self, which: usize) -> u64 {
        self.counts.iter().map(|shard| shard[which].load(Relaxed)).sum()
    }

    /// Look-ups that found their block.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.total(0)
    }

    /// Look-ups that did not.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.total(1)
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.blocks.weight()
    }

    /// Most bytes held.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.blocks.capacity()
    }
}
