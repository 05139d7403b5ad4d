//! Filling a database, one put a record, and what that cost.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use hdrhistogram::Histogram;
use lsm::{Db, Keyspace, Statistics, fs::Purpose};

use crate::{Result, record};

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
    /// Latencies of single puts, in nanoseconds.
    pub latencies: Histogram<u64>,
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
    let mut latencies = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    let mut samples = Vec::new();
    let mut value = vec![0; value_len];
    let every = (records / 100).max(1);
    let mut seconds = 0.0;
    let mut done = 0;
    while done < records {
        // Looking at the statistics is not part of the work.
        let end = records.min(done + every);
        let started = Instant::now();
        let mut before = started;
        for index in done..end {
            record::fill_value(&mut value, index, version);
            keyspace.put(&record::key(index), &value)?;
            let now = Instant::now();
            latencies
                .saturating_record(u64::try_from((now - before).as_nanos()).unwrap_or(u64::MAX));
            before = now;
        }
        seconds += started.elapsed().as_secs_f64();
        done = end;
        samples.push(sample(done, &db.statistics()));
        progress(done);
    }
    Ok(Fill { seconds, latencies, samples })
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
    let threads = threads.max(1);
    let done = AtomicU64::new(0);
    let started = Instant::now();
    let parts: Vec<_> = std::thread::scope(|scope| {
        let fillers: Vec<_> = (0..threads)
            .map(|thread| {
                let share = records * thread / threads..records * (thread + 1) / threads;
                let (done, progress) = (&done, &progress);
                scope.spawn(move || -> Result<Histogram<u64>> {
                    let mut latencies = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
                    let mut value = vec![0; value_len];
                    let mut before = Instant::now();
                    let mut unreported = 0;
                    for index in share {
                        record::fill_value(&mut value, index, 0);
                        keyspace.put(&record::key(index), &value)?;
                        let now = Instant::now();
                        let nanos = u64::try_from((now - before).as_nanos()).unwrap_or(u64::MAX);
                        latencies.saturating_record(nanos);
                        before = now;
                        unreported += 1;
                        if unreported == 1 << 12 {
                            progress(done.fetch_add(unreported, Relaxed) + unreported);
                            unreported = 0;
                            before = Instant::now();
                        }
                    }
                    progress(done.fetch_add(unreported, Relaxed) + unreported);
                    Ok(latencies)
                })
            })
            .collect();
        fillers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let seconds = started.elapsed().as_secs_f64();
    let mut latencies = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    for part in parts {
        latencies.add(part.map_err(|_| "a thread panicked; its message is above")??)?;
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
