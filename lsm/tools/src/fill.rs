//! Filling a database, one put a record, and what that cost.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use lsm::{Db, Keyspace, Statistics, fs::Purpose};

use crate::{Result, latency::Latencies, record};

/// How a fill went at one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Records inserted so far.
    pub records: u64,
    /// Bytes written for each byte that was committed.
    pub amplification: f64,
    /// Tables on level 0, on level 1, and so on.
    pub levels: Vec<u64>,
}

/// What a fill cost.
#[derive(Debug)]
pub struct Fill {
    /// Seconds from the first put to the last.
    pub seconds: f64,
    /// Latencies of single puts.
    pub latencies: Latencies,
    /// About a hundred moments of it.
    pub samples: Vec<Sample>,
}

/// Inserts the records `0..records`, each with one put, at version `version`. Calls `progress` about a hundred times.
///
/// # Errors
/// Whatever a put fails with.
pub fn fill(
    db: &Db,
    keyspace: &Keyspace,
    records: u64,
    value_len: usize,
    version: u64,
    mut progress: impl FnMut(u64),
) -> Result<Fill> {
    let mut inserter = Inserter::new(keyspace, value_len, version)?;
    let mut samples = Vec::new();
    let every = (records / 100).max(1);
    let mut seconds = 0.0;
    let mut done = 0;
    while done < records {
        // Looking at the statistics is not part of the work.
        let end = records.min(done + every);
        seconds += inserter.insert(done..end)?;
        done = end;
        samples.push(sample(done, &db.statistics()));
        progress(done);
    }
    Ok(Fill { seconds, latencies: inserter.latencies, samples })
}

/// Puts records, and keeps their latencies.
struct Inserter<'k> {
    keyspace: &'k Keyspace,
    value: Vec<u8>,
    version: u64,
    latencies: Latencies,
}

impl<'k> Inserter<'k> {
    fn new(keyspace: &'k Keyspace, value_len: usize, version: u64) -> Result<Self> {
        Ok(Self { keyspace, value: vec![0; value_len], version, latencies: Latencies::new()? })
    }

    /// Puts the records of a range. Returns the seconds that it took.
    fn insert(&mut self, range: Range<u64>) -> Result<f64> {
        let started = Instant::now();
        let mut before = started;
        for index in range {
            record::fill_value(&mut self.value, index, self.version);
            self.keyspace.put(&record::key(index), &self.value)?;
            let now = Instant::now();
            self.latencies.record(now - before);
            before = now;
        }
        Ok(started.elapsed().as_secs_f64())
    }
}

/// As [`fill`], with the records shared among `threads` threads. There are no samples, and `progress` hears of the records
/// that all of them have inserted.
///
/// # Errors
/// Whatever a put fails with.
pub fn fill_with_threads(
    keyspace: &Keyspace,
    records: u64,
    value_len: usize,
    threads: u64,
    progress: impl Fn(u64) + Sync,
) -> Result<Fill> {
    const RECORDS_BETWEEN_REPORTS: u64 = 1 << 12;
    let threads = threads.max(1);
    let done = AtomicU64::new(0);
    let started = Instant::now();
    let parts: Vec<_> = std::thread::scope(|scope| {
        let fillers: Vec<_> = (0..threads)
            .map(|thread| {
                let share = records * thread / threads..records * (thread + 1) / threads;
                let (done, progress) = (&done, &progress);
                scope.spawn(move || -> Result<Latencies> {
                    let mut inserter = Inserter::new(keyspace, value_len, 0)?;
                    let mut from = share.start;
                    while from < share.end {
                        let to = share.end.min(from + RECORDS_BETWEEN_REPORTS);
                        inserter.insert(from..to)?;
                        progress(done.fetch_add(to - from, Relaxed) + to - from);
                        from = to;
                    }
                    Ok(inserter.latencies)
                })
            })
            .collect();
        fillers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    let mut latencies = Latencies::new()?;
    for part in parts {
        latencies.merge(&part.map_err(|_| "a thread panicked; its message is above")??)?;
    }
    Ok(Fill { seconds, latencies, samples: Vec::new() })
}

fn sample(records: u64, statistics: &Statistics) -> Sample {
    let mut levels = Vec::new();
    for level in &statistics.levels {
        if levels.len() <= level.level {
            levels.resize(level.level + 1, 0);
        }
        levels[level.level] += level.bytes;
    }
    Sample { records, amplification: statistics.write_amplification(), levels }
}

/// Bytes written by purpose, by name.
#[must_use]
pub fn parts(statistics: &Statistics) -> Vec<(&'static str, u64)> {
    let part = |name, purpose| (name, statistics.io.of(purpose).bytes_written);
    vec![
        part("log", Purpose::Log),
        part("flush", Purpose::Flush),
        part("compaction", Purpose::Compaction),
        part("collection", Purpose::Collection),
        part("manifest", Purpose::Manifest),
        part("other", Purpose::Other),
    ]
}
