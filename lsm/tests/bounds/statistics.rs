//! What the database says of itself, against what was done.

use lsm::{
    Db, Error, FilterCounts, KeyspaceOptions, ReadMode, Statistics,
    fs::sim::{FaultPlan, Operation},
};

use crate::{DIR, machine, options, random_bytes};

/// Reads by level of one keyspace, those of memtables and those of nothing first.
fn reads(statistics: &Statistics, keyspace: &str) -> (u64, u64, Vec<(usize, u64)>) {
    let levels = statistics.levels.iter().filter(|level| level.keyspace == keyspace);
    let levels = levels.map(|level| (level.level, level.reads)).filter(|(_, reads)| *reads > 0);
    (statistics.memtable_reads, statistics.missed_reads, levels.collect())
}

#[test]
fn point_reads_are_counted_where_they_were_answered() {
    for cache_bytes in [0, 64 << 10] {
        let options = options(machine()).write_buffer_bytes(1 << 20).cache_bytes(cache_bytes);
        let db = Db::open(DIR, options).unwrap();
        let quiet = KeyspaceOptions { level0_tables: 64, ..KeyspaceOptions::default() };
        let keyspace = db.keyspace("read", quiet.clone()).unwrap();
        let other = db.keyspace("other", quiet).unwrap();
        keyspace.put(b"deep", &[1; 100]).unwrap();
        keyspace.put(b"gone", &[1; 100]).unwrap();
        keyspace.compact::<&[u8]>(..).unwrap();
        keyspace.put(b"flushed", &[2; 100]).unwrap();
        keyspace.delete(b"gone").unwrap();
        keyspace.flush().unwrap();
        keyspace.put(b"fresh", b"3").unwrap();
        let before = db.snapshot();
        assert_eq!(reads(&db.statistics(), "read"), (0, 0, vec![]));
        for _ in 0..1000 {
            keyspace.get(b"deep").unwrap().unwrap();
        }
        for _ in 0..10 {
            keyspace.get_at(b"flushed", &before).unwrap().unwrap();
            assert!(!keyspace.contains(b"gone").unwrap(), "a delete on level 0 says so");
        }
        let many = keyspace.multi_get(&["fresh", "deep", "nothing", "flushed", "fresh"]).unwrap();
        assert_eq!(many.iter().flatten().count(), 4);
        assert!(other.get(b"deep").unwrap().is_none());
        // Scans are not point reads.
        assert_eq!(keyspace.range::<&[u8]>(..).count(), 3);
        let statistics = db.statistics();
        assert_eq!(reads(&statistics, "read"), (2, 2, vec![(0, 21), (1, 1001)]));
        assert_eq!(reads(&statistics, "other").2, []);
        // From other threads, too, and of levels that have no tables any more.
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| (0..100).for_each(|_| drop(keyspace.get(b"deep").unwrap())));
            }
        });
        drop(before);
        keyspace.compact::<&[u8]>(..).unwrap();
        let statistics = db.statistics();
        assert_eq!(reads(&statistics, "read"), (2, 2, vec![(0, 21), (1, 3001)]));
        let level0 = statistics.levels.iter().find(|it| it.keyspace == "read" && it.level == 0);
        assert_eq!(level0.map(|level| level.tables), Some(0));
    }
}

#[test]
fn the_cache_tells_hits_from_misses() {
    let fs = machine();
    let fill = |mode| {
        let options = options(fs.clone()).write_buffer_bytes(1 << 20).read_mode(mode);
        Db::open(DIR, options.cache_bytes(1 << 20)).unwrap()
    };
    let db = fill(ReadMode::Positioned);
    let leveled =
        KeyspaceOptions { compression: lsm::Compression::None, ..KeyspaceOptions::leveled() };
    let keyspace = db.keyspace("cached", leveled).unwrap();
    for key in 0..1000_u64 {
        keyspace.put(&key.to_be_bytes(), &random_bytes(key, 50)).unwrap();
    }
    keyspace.compact::<&[u8]>(..).unwrap();
    drop(keyspace);
    db.close().unwrap();
    let db = fill(ReadMode::Positioned);
    let keyspace = db.find_keyspace("cached").unwrap();
    let counts = || (db.statistics().cache_hits, db.statistics().cache_misses);
    assert_eq!(counts(), (0, 0));
    keyspace.get(&7_u64.to_be_bytes()).unwrap().unwrap();
    // A filter, a part of the index, a block.
    assert_eq!(counts(), (0, 3));
    keyspace.get(&7_u64.to_be_bytes()).unwrap().unwrap();
    assert_eq!(counts(), (3, 3));
    assert_eq!(keyspace.range::<&[u8]>(..).count(), 1000);
    let (hits, misses) = counts();
    let blocks = misses - 3;
    assert!(blocks > 10, "{blocks}");
    for _ in 0..2 {
        assert_eq!(keyspace.range::<&[u8]>(..).count(), 1000);
    }
    assert_eq!(counts().1, misses, "all of it is in the cache");
    assert!(counts().0 >= hits + 2 * blocks);
    drop(keyspace);
    db.close().unwrap();
    // What is mapped, and not compressed, is read where it is.
    let db = fill(ReadMode::Mapped);
    let keyspace = db.find_keyspace("cached").unwrap();
    assert_eq!(keyspace.range::<&[u8]>(..).count(), 1000);
    assert_eq!((db.statistics().cache_hits, db.statistics().cache_misses), (0, 0));
}

/// One look-up in 61 of each thread is counted, for all of them.
#[test]
fn filters_are_counted_by_level() {
    const READS: u64 = 61 * 200;
    // No memory for hash indexes, which would answer first.
    let options = options(machine()).write_buffer_bytes(16 << 20).cache_bytes(0);
    let db = Db::open(DIR, options).unwrap();
    let quiet = KeyspaceOptions { level0_tables: 64, ..KeyspaceOptions::default() };
    let keyspace = db.keyspace("filtered", quiet).unwrap();
    let filters = |level: usize| {
        let levels = db.statistics().levels;
        levels.iter().find(|it| it.level == level).map_or(FilterCounts::default(), |it| it.filters)
    };
    // Even keys on level 1, and every fourth again on level 0.
    for step in [2, 4] {
        for key in (0..2000_u64).step_by(step) {
            keyspace.put(&key.to_be_bytes(), b"x").unwrap();
        }
        match step {
            2 => keyspace.compact::<&[u8]>(..).unwrap(),
            _ => keyspace.flush().unwrap(),
        }
    }
    assert_eq!((filters(0).checks, filters(1).checks), (0, 0));
    for read in 0..READS {
        // Odd keys below the largest.
        assert!(keyspace.get(&(read * 2 % 1990 + 1).to_be_bytes()).unwrap().is_none());
    }
    let (level0, level1) = (filters(0), filters(1));
    let checks = level0.checks + level1.checks;
    assert!(checks.abs_diff(2 * READS) < 2 * READS / 20, "{checks} of {}", 2 * READS);
    for counts in [level0, level1] {
        assert_eq!(counts.negatives + counts.false_positives, counts.checks, "{counts:?}");
        assert!(counts.false_positives * 20 < counts.checks, "{counts:?}");
    }
    for read in 0..READS {
        assert!(keyspace.contains(&(read * 4 % 2000).to_be_bytes()).unwrap());
    }
    let hits = filters(0);
    let positives = hits.checks - hits.negatives - hits.false_positives;
    assert!(positives.abs_diff(READS) < READS / 10, "{hits:?}");
    assert_eq!(filters(1), level1, "level 0 has answered");
}

#[test]
fn a_writer_that_waits_for_a_flush_is_a_stall() {
    let fs = machine();
    let db = Db::open(DIR, options(fs.clone())).unwrap();
    let keyspace = db.default_keyspace();
    keyspace.put(b"a", &[1; 100]).unwrap();
    assert_eq!((db.statistics().stalls, db.statistics().stall_nanos), (0, 0));
    fs.set_plan(FaultPlan::new().fail_nth_of(Operation::Create, ".sst", 0, 5, u64::MAX));
    let error = (0_u64..)
        .find_map(|key| keyspace.put(&key.to_be_bytes(), &random_bytes(key, 500)).err())
        .unwrap();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(db.statistics().stalls > 0 && db.statistics().stall_nanos > 0);
    fs.set_plan(FaultPlan::new());
    while keyspace.put(b"z", b"1").is_err() {}
    db.flush().unwrap();
}
