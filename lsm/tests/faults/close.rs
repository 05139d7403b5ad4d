//! Closing while others are at work: whoever opens the database next has its files to himself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use lsm::{Db, Error, Options};

use crate::{
    held::HeldFs,
    workload::{DIR, keyspace_options, machine},
};

fn options(fs: &HeldFs) -> Options {
    Options::default().file_system(Arc::new(fs.clone())).write_buffer_bytes(1 << 20)
}

/// A compaction on the user's thread stands still, its table written and not yet synced. While it does, the database is not
/// closed: another opener is told that it is locked. Then both get on, and what the compaction did not install is gone.
#[test]
fn close_waits_for_a_compaction_of_the_user() {
    let fs = HeldFs::of_tables(machine());
    let db = Db::open(DIR, options(&fs)).unwrap();
    let keyspace = db.keyspace("k1", keyspace_options(1)).unwrap();
    for round in 0..2_u8 {
        for key in 0..50_u8 {
            keyspace.put(&[key], &[round; 100]).unwrap();
        }
        keyspace.flush().unwrap();
    }
    db.wait_idle().unwrap();
    fs.hold();
    let closed = AtomicBool::new(false);
    thread::scope(|scope| {
        let compaction = scope.spawn(|| keyspace.compact::<&[u8]>(..));
        fs.wait_for_one();
        scope.spawn(|| {
            db.clone().close().unwrap();
            closed.store(true, Ordering::Release);
        });
        // Until the close has begun.
        while !matches!(keyspace.put(b"x", b"y"), Err(Error::Closed)) {
            thread::yield_now();
        }
        // A grace for a close that would not wait: the test may then only be too kind, never fail by chance.
        thread::sleep(Duration::from_millis(50));
        let (too_early, opened) = (closed.load(Ordering::Acquire), Db::open(DIR, options(&fs)));
        fs.release();
        assert!(!too_early, "closed beside a compaction under way");
        assert!(matches!(opened, Err(Error::Locked { .. })));
        // It may have been let through to the end, or told that the database is closed.
        match compaction.join().unwrap() {
            Ok(()) | Err(Error::Closed) => {}
            Err(error) => panic!("{error}"),
        }
    });
    assert!(closed.load(Ordering::Acquire));
    let db = Db::open(DIR, options(&fs)).unwrap();
    let keyspace = db.find_keyspace("k1").unwrap();
    for key in 0..50_u8 {
        assert_eq!(keyspace.get(&[key]).unwrap().as_deref(), Some(&[1; 100][..]));
    }
    assert!(db.verify().unwrap().is_sound());
}

/// All that changes files ends with the close.
#[test]
fn a_closed_database_changes_nothing() {
    let fs = HeldFs::new(machine());
    let db = Db::open(DIR, options(&fs)).unwrap();
    let keyspace = db.keyspace("k0", keyspace_options(0)).unwrap();
    keyspace.put(b"a", b"1").unwrap();
    keyspace.flush().unwrap();
    db.clone().close().unwrap();
    let points = fs.inner.points();
    let outcomes = [
        keyspace.put(b"a", b"2"),
        keyspace.flush(),
        keyspace.compact::<&[u8]>(..),
        db.keyspace("new", keyspace_options(0)).map(drop),
        db.drop_keyspace("k0"),
        db.checkpoint("/data/copy"),
        db.sync(),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(Error::Closed)), "{outcome:?}");
    }
    assert_eq!(fs.inner.points(), points, "files were changed after the close");
    assert_eq!(keyspace.get(b"a").unwrap().as_deref(), Some(&b"1"[..]), "reads go on");
}

/// An event listener that closes the database from inside of a compaction of the same thread does not wait for itself.
#[test]
fn a_listener_may_close() {
    let fs = HeldFs::new(machine());
    let slot: Arc<std::sync::Mutex<Option<Db>>> = Arc::default();
    let listeners = Arc::clone(&slot);
    let listener = move |event: &lsm::Event| {
        if matches!(event, lsm::Event::Compacted { .. })
            && let Some(db) = listeners.lock().unwrap().take()
        {
            db.close().unwrap();
        }
    };
    let db = Db::open(DIR, options(&fs).listener(Arc::new(listener))).unwrap();
    let keyspace = db.keyspace("k1", keyspace_options(1)).unwrap();
    keyspace.put(b"a", b"1").unwrap();
    keyspace.flush().unwrap();
    *slot.lock().unwrap() = Some(db.clone());
    keyspace.compact::<&[u8]>(..).unwrap();
    assert!(matches!(keyspace.put(b"a", b"2"), Err(Error::Closed)));
    drop((db, keyspace));
    let db = Db::open(DIR, options(&fs)).unwrap();
    assert_eq!(db.find_keyspace("k1").unwrap().get(b"a").unwrap().as_deref(), Some(&b"1"[..]));
}
