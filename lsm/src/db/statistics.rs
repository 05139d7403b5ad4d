//! What the database has done, and what it consists of.

use std::sync::atomic::Ordering;

use super::core::Core;
use crate::{
    fs::{IoCounts, Purpose},
    table::FilterCounts,
};

/// A keyspace's level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelStatistics {
    /// The keyspace.
    pub keyspace: String,
    /// The level; 0 takes the flushes.
    pub level: usize,
    /// Tables on it.
    pub tables: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Their entries.
    pub entries: u64,
    /// Point reads, of this keyspace, that found their key here, its delete included: all that
    /// [`get`](crate::Keyspace::get), [`get_at`](crate::Keyspace::get_at), [`contains`](crate::Keyspace::contains) and
    /// [`multi_get`](crate::Keyspace::multi_get) asked for. Not sampled.
    pub reads: u64,
    /// What their filters did.
    pub filters: FilterCounts,
}

/// A moment's figures. Counts start at [`Db::open`](crate::Db::open).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Statistics {
    /// Bytes read and written, by purpose, counted at the I/O layer; stores to the mapped log included.
    pub io: IoCounts,
    /// Bytes of keys and values that were committed.
    pub user_bytes: u64,
    /// Levels that have tables, or have had and have answered reads.
    pub levels: Vec<LevelStatistics>,
    /// Point reads that found their key in a memtable.
    pub memtable_reads: u64,
    /// Point reads that found their key nowhere.
    pub missed_reads: u64,
    /// Bytes in memtables.
    pub memtable_bytes: u64,
    /// Bytes of log since the oldest record that is in no table: what the next open would read.
    pub unflushed_log_bytes: u64,
    /// Segments, of logs and of collected values.
    pub segments: usize,
    /// Bytes of records in them.
    pub segment_bytes: u64,
    /// Of the bytes in segments that replay does not need: those that tables refer to.
    pub live_bytes: u64,
    /// Bytes in segments that replay does not need.
    pub flushed_segment_bytes: u64,
    /// Bytes of tables and of records in segments.
    pub disk_bytes: u64,
    /// Flushes.
    pub flushes: u64,
    /// Compactions and collections.
    pub compactions: u64,
    /// Bytes of tables that compactions read.
    pub compaction_read_bytes: u64,
    /// How often a writer had to wait: for a flush, or for a compaction of level 0.
    pub stalls: u64,
    /// For how long, in all, in nanoseconds.
    pub stall_nanos: u64,
    /// How often a writer was made to pause because background work was falling behind.
    pub slowed: u64,
    /// For how long, in all, in nanoseconds. Not in [`stall_nanos`](Self::stall_nanos).
    pub slowed_nanos: u64,
    /// Bytes that compactions and collections wrote under an [`Options::rate_limit`](crate::Options::rate_limit).
    pub rate_limited_bytes: u64,
    /// Pauses that it asked of them, in nanoseconds, those on several threads added up.
    pub rate_limited_nanos: u64,
    /// Memory of the hash indexes of tables.
    pub hash_index_bytes: u64,
    /// Blocks found in the cache.
    pub cache_hits: u64,
    /// Blocks that were not.
    pub cache_misses: u64,
    /// Live snapshots.
    pub snapshots: usize,
}

impl Statistics {
    /// Bytes written for every byte that was committed, the log included; 0 if nothing was committed.
    #[must_use]
    pub fn write_amplification(&self) -> f64 {
        if self.user_bytes == 0 {
            return 0.0;
        }
        #[allow(clippy::cast_precision_loss)]
        let ratio = self.bytes_written() as f64 / self.user_bytes as f64;
        ratio
    }

    /// Bytes written, for every purpose.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        Purpose::ALL.iter().map(|purpose| self.io.of(*purpose).bytes_written).sum()
    }
}

impl Core {
    pub(crate) fn statistics(&self) -> Statistics {
        let replay = self.structure.lock().state.replay;
        self.commit.lock().settle();
        let space = self.segments.space(replay, &self.live_bytes());
        let mut levels = Vec::new();
        let (mut memtable_bytes, mut memtable_reads, mut missed_reads) = (0, 0, 0);
        for keyspace in self.all_keyspaces() {
            let current = keyspace.current();
            memtable_bytes +=
                current.memtables().map(|memtable| memtable.memtable().bytes() as u64).sum::<u64>();
            memtable_reads += keyspace.reads.of_memtables();
            missed_reads += keyspace.reads.of_nothing();
            for level in 0..=current.version.deepest().max(keyspace.reads.deepest()) {
                let tables = current.version.level(level);
                let reads = keyspace.reads.of_level(level);
                if tables.is_empty() && reads == 0 {
                    continue;
                }
                let mut filters = FilterCounts::default();
                for table in tables {
                    let counts = table.table().filter_counts();
                    filters.checks += counts.checks;
                    filters.negatives += counts.negatives;
                    filters.false_positives += counts.false_positives;
                }
                levels.push(LevelStatistics {
                    keyspace: keyspace.name.clone(),
                    level,
                    tables: tables.len(),
                    bytes: tables.iter().map(|table| table.meta().bytes).sum(),
                    entries: tables.iter().map(|table| table.meta().entries).sum(),
                    reads,
                    filters,
                });
            }
        }
        let segment_bytes = space.used + space.unflushed;
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            io: self.fs.counts(),
            user_bytes: self.counters.user_bytes.sum(),
            memtable_bytes,
            memtable_reads,
            missed_reads,
            unflushed_log_bytes: self.unflushed_log(&self.commit.lock()),
            segments: self.segments.all().len(),
            segment_bytes,
            live_bytes: space.live,
            flushed_segment_bytes: space.used,
            disk_bytes: segment_bytes + levels.iter().map(|level| level.bytes).sum::<u64>(),
            levels,
            flushes: load(&self.counters.flushes),
            compactions: load(&self.counters.compactions),
            compaction_read_bytes: load(&self.counters.compaction_read),
            stalls: self.counters.stalled.count(),
            stall_nanos: self.counters.stalled.nanos(),
            slowed: self.counters.slowed.count(),
            slowed_nanos: self.counters.slowed.nanos(),
            rate_limited_bytes: self.rate_limiter.charged_bytes(),
            rate_limited_nanos: self.rate_limiter.paused_nanos(),
            hash_index_bytes: self.tables.indexes.bytes(),
            cache_hits: self.tables.cache.hits(),
            cache_misses: self.tables.cache.misses(),
            snapshots: self.snapshots.count(),
        }
    }
}
