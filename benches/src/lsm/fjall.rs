//! fjall.

use std::path::Path;
use std::time::{Duration, Instant};

use fjall::config::CompressionPolicy;
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::Result;
use super::engine::{Compression, Direction, Durability, Engine, EngineOptions};

/// An open fjall database with one keyspace.
///
/// Filters, workers and block sizes stay at its defaults (bloom at 10 bits a key and better in the first level). Its
/// default of a put is one `write(2)` to the journal, which is what survives `kill -9`; compression off and lz4 are set
/// for journal and tables alike.
pub struct Fjall {
    db: Database,
    keyspace: Keyspace,
    durability: Durability,
}

/// How long nothing must be going on before fjall counts as idle: it has no call that waits for compactions.
const QUIET: Duration = Duration::from_millis(300);

/// When waiting for idleness is given up.
const PATIENCE: Duration = Duration::from_secs(180);

impl Fjall {
    fn acknowledge(&self) -> Result<()> {
        if self.durability == Durability::Sync {
            self.db.persist(PersistMode::SyncData)?;
        }
        Ok(())
    }

    fn wait_idle(&self) -> Result<()> {
        let begun = Instant::now();
        let mut quiet_since = Instant::now();
        let mut completed = self.db.compactions_completed();
        while quiet_since.elapsed() < QUIET {
            if begun.elapsed() > PATIENCE {
                return Err(format!("fjall was still busy after {} s", PATIENCE.as_secs()).into());
            }
            let now = self.db.compactions_completed();
            if self.db.active_compactions() > 0
                || self.db.outstanding_flushes() > 0
                || now != completed
            {
                quiet_since = Instant::now();
                completed = now;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Engine for Fjall {
    fn open(dir: &Path, options: &EngineOptions) -> Result<Self> {
        let compression = match options.compression {
            Compression::None => CompressionType::None,
            Compression::Lz4 | Compression::EnginesOwn => CompressionType::Lz4,
        };
        let db = Database::builder(dir)
            .cache_size(options.cache_bytes)
            .journal_compression(compression)
            .open()?;
        let keyspace = db.keyspace("records", || {
            KeyspaceCreateOptions::default()
                .max_memtable_size(options.write_buffer_bytes)
                .data_block_compression_policy(CompressionPolicy::all(compression))
        })?;
        Ok(Self { db, keyspace, durability: options.durability })
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<()> {
        self.keyspace.insert(key, value)?;
        self.acknowledge()
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        self.keyspace.remove(key)?;
        self.acknowledge()
    }

    fn get(&self, key: &[u8], mut see: impl FnMut(&[u8])) -> Result<bool> {
        let found = self.keyspace.get(key)?;
        if let Some(value) = &found {
            see(value);
        }
        Ok(found.is_some())
    }

    fn seek(&self, from: &[u8], count: usize, mut see: impl FnMut(&[u8], &[u8])) -> Result<usize> {
        let mut seen = 0;
        for guard in self.keyspace.range(from..).take(count) {
            let (key, value) = guard.into_inner()?;
            see(&key, &value);
            seen += 1;
        }
        Ok(seen)
    }

    fn scan(&self, direction: Direction, mut see: impl FnMut(&[u8], &[u8])) -> Result<u64> {
        let mut seen = 0;
        let mut one = |guard: fjall::Guard| -> Result<()> {
            let (key, value) = guard.into_inner()?;
            see(&key, &value);
            seen += 1;
            Ok(())
        };
        match direction {
            Direction::Forward => self.keyspace.iter().try_for_each(&mut one)?,
            Direction::Backward => self.keyspace.iter().rev().try_for_each(&mut one)?,
        }
        Ok(seen)
    }

    fn flush(&self) -> Result<()> {
        Ok(self.keyspace.rotate_memtable_and_wait()?)
    }

    fn settle(&self) -> Result<()> {
        self.flush()?;
        self.wait_idle()
    }

    fn compact(&self) -> Result<()> {
        self.flush()?;
        self.keyspace.major_compact()?;
        self.wait_idle()
    }
}
