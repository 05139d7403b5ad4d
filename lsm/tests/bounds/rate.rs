//! Compactions and collections write no faster than they may.

use lsm::{Db, KeyspaceOptions, fs::Purpose};

use crate::{DIR, machine, options, random_bytes};

const RATE: u64 = 4 << 20;

/// Bytes that compactions and collections have written, and how many of them the limiter has heard of. How long it has them
/// wait for that is what its own tests are about, in simulated time: here it depends on how busy the machine is.
fn written_and_charged(db: &Db) -> (f64, f64) {
    let statistics = db.statistics();
    let written = [Purpose::Compaction, Purpose::Collection]
        .map(|purpose| statistics.io.of(purpose).bytes_written)
        .iter()
        .sum::<u64>();
    (written as f64, statistics.rate_limited_bytes as f64)
}

/// However they are cut into entries: a few large ones were not waited for.
#[test]
fn all_bytes_count() {
    for (values, len) in [(200, 10_000), (1, 2_000_000), (8_000, 200)] {
        let options = options(machine()).write_buffer_bytes(64 << 20).segment_bytes(16 << 20);
        let db = Db::open(DIR, options.rate_limit(Some(RATE))).unwrap();
        let keyspace = db.default_keyspace();
        for key in 0..values {
            keyspace.put(&u64::to_be_bytes(key), &random_bytes(key, len)).unwrap();
        }
        keyspace.flush().unwrap();
        assert_eq!(db.statistics().rate_limited_bytes, 0, "flushes are not limited");
        // All values into key order.
        keyspace.compact::<&[u8]>(..).unwrap();
        let (written, charged) = written_and_charged(&db);
        assert!(written > 1_500_000.0, "{written}");
        let ratio = charged / written;
        assert!((0.95..1.05).contains(&ratio), "{values} of {len} bytes: {charged} of {written}");
        assert!(db.statistics().rate_limited_nanos > 0);
    }
}

/// One bucket, whatever the number of threads.
#[test]
fn threads_share_the_rate() {
    let options = options(machine()).write_buffer_bytes(64 << 20).segment_bytes(16 << 20);
    let db = Db::open(DIR, options.rate_limit(Some(RATE)).compaction_threads(3)).unwrap();
    let keyspaces =
        [0, 1, 2].map(|i| db.keyspace(&format!("k{i}"), KeyspaceOptions::default()).unwrap());
    for keyspace in &keyspaces {
        for key in 0..70_u64 {
            keyspace.put(&key.to_be_bytes(), &random_bytes(key, 10_000)).unwrap();
        }
        keyspace.flush().unwrap();
    }
    std::thread::scope(|scope| {
        for keyspace in &keyspaces {
            scope.spawn(|| keyspace.compact::<&[u8]>(..).unwrap());
        }
    });
    let (written, charged) = written_and_charged(&db);
    assert!((0.95..1.05).contains(&(charged / written)), "{charged} of {written}");
}

/// A compaction that would take an hour does not keep the database from being closed. (The test would not end.)
#[test]
fn a_pause_ends_when_the_database_is_closed() {
    let options = options(machine()).write_buffer_bytes(64 << 20).segment_bytes(16 << 20);
    let db = Db::open(DIR, options.rate_limit(Some(64 << 10))).unwrap();
    let keyspace = db.default_keyspace();
    for key in 0..4_u64 {
        keyspace.put(&key.to_be_bytes(), &random_bytes(key, 10 << 20)).unwrap();
    }
    keyspace.flush().unwrap();
    let compaction = std::thread::spawn(move || keyspace.compact::<&[u8]>(..));
    while db.statistics().rate_limited_nanos == 0 {
        std::thread::yield_now();
    }
    db.close().unwrap();
    assert!(matches!(compaction.join().unwrap(), Err(lsm::Error::Closed)));
}
