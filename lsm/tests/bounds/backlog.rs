//! Compactions that fall behind: writers become slower, and stop before level 0 grows without end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use lsm::{Db, Event, Keyspace, KeyspaceOptions};

use crate::{
    DIR,
    gate::{Gate, GatedFs},
    machine, options, random_bytes,
};

const TRIGGER: usize = 2;
/// Where writers stop.
const MOST: usize = TRIGGER * 16;
/// Flushes that were under way then.
const SLACK: usize = 2;

fn small(db: &Db, name: &str) -> Keyspace {
    let options = KeyspaceOptions { level0_tables: TRIGGER, ..KeyspaceOptions::default() };
    db.keyspace(name, options).unwrap()
}

fn level0(db: &Db, name: &str) -> usize {
    let levels = db.statistics().levels;
    levels.iter().filter(|it| it.keyspace == name && it.level == 0).map(|it| it.tables).sum()
}

fn put(keyspace: &Keyspace, number: u64) -> lsm::Result<()> {
    // A memtable is full of a few of these, and a pause is due after ten.
    keyspace.put(&number.to_be_bytes(), &random_bytes(number, 3_000))
}

#[test]
fn a_compaction_that_fails_for_ever_is_told_to_writers() {
    let fs = GatedFs::new(&machine(), Gate::Broken(5.into()));
    let stalls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&stalls);
    let listener = move |event: &Event| {
        if let Event::Stalled { reason, .. } = event
            && reason.contains("level 0")
        {
            seen.fetch_add(1, Ordering::Relaxed);
        }
    };
    let db = Db::open(DIR, options(fs.clone()).listener(Arc::new(listener))).unwrap();
    let (keyspace, other) = (small(&db, "broken"), small(&db, "sound"));
    let mut written = 0;
    let error = loop {
        match put(&keyspace, written) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100_000, "writers are never told");
    };
    assert!(matches!(&error, lsm::Error::Io { source, .. } if source.raw_os_error() == Some(5)));
    assert!(error.to_string().contains(".sst"), "{error}");
    let reached = level0(&db, "broken");
    assert!((MOST..=MOST + SLACK).contains(&reached), "{reached}");
    let statistics = db.statistics();
    assert!(statistics.stalls > 0 && statistics.stall_nanos > 0);
    assert!(statistics.slowed > 0 && statistics.slowed_nanos > 0, "they were slower before");
    assert!(stalls.load(Ordering::Relaxed) > 0);
    // It is the one keyspace's affair.
    for number in 0..20 {
        put(&other, number).unwrap();
    }
    let mut batch = lsm::Batch::new();
    batch.put(&other, b"a", b"1").unwrap();
    batch.put(&keyspace, b"a", b"1").unwrap();
    assert!(db.write(batch, lsm::Durability::Buffered).is_err());
    assert_eq!(other.get(b"a").unwrap(), None);
    // And it goes on when the fault has gone, also for one who waits.
    fs.set(Gate::Open);
    while put(&keyspace, written).is_err() {}
    for number in 0..=written {
        assert!(keyspace.contains(&number.to_be_bytes()).unwrap(), "{number}");
    }
    db.wait_idle().unwrap();
    assert!(level0(&db, "broken") < TRIGGER);
}

#[test]
fn writers_wait_for_a_compaction_that_takes_long() {
    const WRITES: u64 = 1_000;
    let fs = GatedFs::new(&machine(), Gate::Closed);
    let db = Db::open(DIR, options(fs.clone())).unwrap();
    let keyspace = small(&db, "slow");
    let done = AtomicBool::new(false);
    // What fails is told when nobody waits any more.
    let (reached, was_done) = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..WRITES {
                put(&keyspace, number).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        while level0(&db, "slow") < MOST && !done.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        // Whoever goes on now goes too far.
        let mut reached = 0;
        for _ in 0..2_000 {
            reached = reached.max(level0(&db, "slow"));
            std::thread::yield_now();
        }
        let was_done = done.load(Ordering::Relaxed);
        fs.set(Gate::Open);
        (reached, was_done)
    });
    assert!((MOST..=MOST + SLACK).contains(&reached), "{reached}");
    assert!(!was_done);
    for number in 0..WRITES {
        assert!(keyspace.contains(&number.to_be_bytes()).unwrap(), "{number}");
    }
}

/// A database with too many tables on level 0 is opened like any other, and its writers are slow from the start.
#[test]
fn the_brake_is_set_at_open() {
    let machine = machine();
    let fs = GatedFs::new(&machine, Gate::Broken(io::ErrorKind::StorageFull.into()));
    let db = Db::open(DIR, options(fs.clone())).unwrap();
    let keyspace = small(&db, "full");
    let mut written = 0;
    while put(&keyspace, written).is_ok() {
        written += 1;
    }
    drop(keyspace);
    db.close().unwrap();
    let db = Db::open(DIR, options(fs.clone())).unwrap();
    let keyspace = db.find_keyspace("full").unwrap();
    assert!(put(&keyspace, written).unwrap_err().is_disk_full());
    fs.set(Gate::Open);
    while put(&keyspace, written).is_err() {}
    db.wait_idle().unwrap();
}
