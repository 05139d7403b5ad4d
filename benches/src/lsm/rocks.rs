//! RocksDB, through the `rocksdb` crate.

use std::path::Path;

use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, DBRawIterator, Options, WaitForCompactOptions,
    WriteOptions,
};

use super::Result;
use super::engine::{Compression, Direction, Durability, Engine, EngineOptions};

/// An open RocksDB.
///
/// Beyond the options that all contestants share: full bloom filters of 10 bits a key (RocksDB's default is no filter at
/// all) and two background jobs (its default, and the number of cores of the reference machine). The log is on;
/// without `sync` a put is one `write(2)` to it, which is what survives `kill -9`.
pub struct RocksDb {
    db: DB,
    write: WriteOptions,
}

impl RocksDb {
    fn walk(
        iterator: &mut DBRawIterator<'_>,
        direction: Direction,
        limit: u64,
        mut see: impl FnMut(&[u8], &[u8]),
    ) -> Result<u64> {
        let mut seen = 0;
        while seen < limit {
            let Some((key, value)) = iterator.item() else { break };
            see(key, value);
            seen += 1;
            match direction {
                Direction::Forward => iterator.next(),
                Direction::Backward => iterator.prev(),
            }
        }
        iterator.status()?;
        Ok(seen)
    }
}

impl Engine for RocksDb {
    fn open(dir: &Path, options: &EngineOptions) -> Result<Self> {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&Cache::new_lru_cache(usize::try_from(options.cache_bytes)?));
        table.set_bloom_filter(10.0, false);

        let mut db = Options::default();
        db.create_if_missing(true);
        db.set_write_buffer_size(usize::try_from(options.write_buffer_bytes)?);
        db.set_max_background_jobs(2);
        db.set_allow_mmap_reads(options.mapped_reads);
        db.set_block_based_table_factory(&table);
        db.set_compression_type(match options.compression {
            Compression::None => DBCompressionType::None,
            Compression::Lz4 | Compression::EnginesOwn => DBCompressionType::Lz4,
        });

        let mut write = WriteOptions::default();
        write.set_sync(options.durability == Durability::Sync);
        Ok(Self { db: DB::open(&db, dir)?, write })
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<()> {
        Ok(self.db.put_opt(key, value, &self.write)?)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        Ok(self.db.delete_opt(key, &self.write)?)
    }

    fn get(&self, key: &[u8], mut see: impl FnMut(&[u8])) -> Result<bool> {
        let found = self.db.get_pinned(key)?;
        if let Some(value) = &found {
            see(value);
        }
        Ok(found.is_some())
    }

    fn seek(&self, from: &[u8], count: usize, see: impl FnMut(&[u8], &[u8])) -> Result<usize> {
        let mut iterator = self.db.raw_iterator();
        iterator.seek(from);
        let seen = Self::walk(&mut iterator, Direction::Forward, count as u64, see)?;
        Ok(usize::try_from(seen)?)
    }

    fn scan(&self, direction: Direction, see: impl FnMut(&[u8], &[u8])) -> Result<u64> {
        let mut iterator = self.db.raw_iterator();
        match direction {
            Direction::Forward => iterator.seek_to_first(),
            Direction::Backward => iterator.seek_to_last(),
        }
        Self::walk(&mut iterator, direction, u64::MAX, see)
    }

    fn flush(&self) -> Result<()> {
        Ok(self.db.flush()?)
    }

    fn settle(&self) -> Result<()> {
        self.db.flush()?;
        Ok(self.db.wait_for_compact(&WaitForCompactOptions::default())?)
    }

    fn compact(&self) -> Result<()> {
        self.db.compact_range::<&[u8], &[u8]>(None, None);
        self.settle()
    }
}
