//! What the database tells of itself: events and statistics say what happened, no more and no less.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::sync::{Arc, Mutex};

use lsm::{Compression, Db, Event, Keyspace, KeyspaceOptions, Layout, Options, ReadMode};

type Heard = Arc<Mutex<Vec<Event>>>;

fn listening(options: Options) -> (Options, Heard) {
    let heard = Heard::default();
    let ears = Arc::clone(&heard);
    (
        options.listener(Arc::new(move |event: &Event| ears.lock().unwrap().push(event.clone()))),
        heard,
    )
}

fn fill(keyspace: &Keyspace, keys: std::ops::Range<u32>, round: u8) {
    for key in keys {
        keyspace.put(&key.to_be_bytes(), &[round; 100]).unwrap();
    }
}

#[test]
fn flushes_and_compactions_are_told_with_their_sizes() {
    let dir = tempfile::tempdir().unwrap();
    let (options, heard) = listening(Options::default());
    let db = Db::open(dir.path(), options).unwrap();
    let keyspace = db.keyspace("told", KeyspaceOptions::leveled()).unwrap();
    for round in 0..2 {
        fill(&keyspace, 0..500, round);
        keyspace.flush().unwrap();
    }
    keyspace.compact::<&[u8]>(..).unwrap();
    let events = heard.lock().unwrap().clone();
    let flushed: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Flushed { keyspace, entries, bytes, .. } => {
                Some((keyspace.as_str(), *entries, *bytes))
            }
            _ => None,
        })
        .collect();
    assert_eq!(flushed.iter().map(|(_, entries, _)| *entries).collect::<Vec<_>>(), [500, 500]);
    assert!(flushed.iter().all(|(keyspace, _, bytes)| *keyspace == "told" && *bytes > 1000));
    let (mut read, mut written) = (0, 0);
    for event in &events {
        if let Event::Compacted { keyspace, from, to, read: r, written: w, .. } = event {
            assert!(keyspace == "told" && from <= to && *to >= 1);
            read += r;
            written += w;
        }
    }
    let statistics = db.statistics();
    assert_eq!(statistics.flushes, 2);
    assert!(statistics.compactions >= 1);
    assert_eq!(statistics.compaction_read_bytes, read);
    assert_eq!(read, flushed.iter().map(|(_, _, bytes)| bytes).sum::<u64>());
    let level: Vec<_> = statistics
        .levels
        .iter()
        .filter(|level| level.keyspace == "told" && level.tables > 0)
        .collect();
    assert_eq!(level.len(), 1, "one level holds everything");
    assert_eq!((level[0].entries, level[0].bytes), (500, written));
    assert!(matches!(events[0], Event::Opened { batches: 0, .. }));
}

#[test]
fn a_writer_that_waits_is_told_of_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (options, heard) = listening(
        Options::default()
            .write_buffer_bytes(64 << 10)
            .segment_bytes(64 << 10)
            .max_immutable_memtables(1),
    );
    let db = Db::open(dir.path(), options).unwrap();
    let keyspace = db.default_keyspace();
    for round in 0..100 {
        fill(&keyspace, 0..2000, round);
        if db.statistics().stalls > 0 {
            break;
        }
    }
    let statistics = db.statistics();
    let heard = heard.lock().unwrap();
    let told = heard.iter().filter(|event| matches!(event, Event::Stalled { .. })).count();
    assert!(statistics.stalls > 0, "a hundred times the write buffer and no wait");
    assert!(told as u64 >= statistics.stalls && statistics.stall_nanos > 0);
}

#[test]
fn the_cache_and_the_filters_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    // Blocks that are not mapped go through the cache; it is too small for a hash index, which would answer for the filter.
    let db = Db::open(
        dir.path(),
        Options::default().read_mode(ReadMode::Positioned).cache_bytes(64 << 10),
    )
    .unwrap();
    let options = KeyspaceOptions {
        layout: Layout::Leveled,
        compression: Compression::None,
        ..KeyspaceOptions::default()
    };
    let keyspace = db.keyspace("counted", options).unwrap();
    fill(&keyspace, 0..5000, 1);
    keyspace.flush().unwrap();
    db.wait_idle().unwrap();
    let before = db.statistics();
    let filters = |statistics: &lsm::Statistics| {
        let levels = statistics.levels.iter().filter(|level| level.keyspace == "counted");
        levels.fold((0, 0, 0), |sum, level| {
            let counts = level.filters;
            (sum.0 + counts.checks, sum.1 + counts.negatives, sum.2 + counts.false_positives)
        })
    };
    assert_eq!(keyspace.get(&7_u32.to_be_bytes()).unwrap().as_deref(), Some(&[1; 100][..]));
    let once = db.statistics();
    assert!(once.cache_misses > before.cache_misses, "its block was not in memory");
    assert!(keyspace.get(&7_u32.to_be_bytes()).unwrap().is_some());
    let twice = db.statistics();
    assert!(twice.cache_hits > once.cache_hits && twice.cache_misses == once.cache_misses);
    // Within the range of the table's keys, and none of them.
    const ABSENT: u64 = 100_000;
    for key in 0..ABSENT as u32 {
        let [a, b, c, d] = (key % 4999).to_be_bytes();
        assert!(keyspace.get(&[a, b, c, d, 1, (key / 4999) as u8]).unwrap().is_none());
    }
    // Estimates, from one look-up in 61.
    let (checks, negatives, false_positives) = filters(&db.statistics());
    assert!((ABSENT - 200..ABSENT + 1000).contains(&checks), "{checks}");
    assert!(negatives > checks * 9 / 10 && negatives + false_positives <= checks);
}

/// A value that cannot be compressed: one that can may be too small to stay in the log.
fn noise(seed: u32) -> Vec<u8> {
    let mut state = u64::from(seed) << 1 | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..160).map(|_| next()).collect()
}

/// A table whose values scans keep reading in the order in which they were written has them collected into key order.
#[test]
fn scans_bring_about_a_collection() {
    for wanted in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let (options, heard) = listening(
            Options::default()
                .cache_bytes(16 << 10)
                .write_buffer_bytes(256 << 10)
                .segment_bytes(64 << 10)
                .collect_on_scans(wanted),
        );
        let db = Db::open(dir.path(), options).unwrap();
        let options = KeyspaceOptions { level0_tables: 1, ..KeyspaceOptions::default() };
        let keyspace = db.keyspace("scanned", options).unwrap();
        // In no order at all, so that the log is in none.
        for key in 0..4000_u32 {
            keyspace.put(&key.wrapping_mul(0x9E37_79B9).to_be_bytes(), &noise(key)).unwrap();
        }
        db.flush().unwrap();
        db.wait_idle().unwrap();
        let collected =
            || -> u64 {
                let heard = heard.lock().unwrap();
                heard
                    .iter()
                    .map(|event| {
                        if let Event::Compacted { collected, .. } = event { *collected } else { 0 }
                    })
                    .sum()
            };
        let before = collected();
        for _ in 0..12 {
            assert_eq!(
                keyspace
                    .range::<&[u8]>(..)
                    .map(|item| item.map(drop))
                    .filter(Result::is_ok)
                    .count(),
                4000
            );
        }
        db.wait_idle().unwrap();
        assert_eq!(collected() > before, wanted, "{} bytes collected", collected() - before);
        assert_eq!(keyspace.range::<&[u8]>(..).count(), 4000);
    }
}
