//! Panics on the threads behind the scenes: nobody waits for good. Apart from the tests of faults, which count the panics of such
//! threads and want none.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod workload;

use std::sync::Arc;

use lsm::{Db, Error, Event, Options};

use workload::{DIR, Shape, machine};

fn panicking(when: fn(&Event) -> bool) -> (Db, lsm::fs::sim::SimFs) {
    let fs = machine();
    let listener = move |event: &Event| assert!(!when(event), "a listener of the test panics");
    let options = Shape::MAPPED.options(&fs).listener(Arc::new(listener));
    (Db::open(DIR, options).unwrap(), fs)
}

#[test]
fn a_panic_ends_writing_and_is_told() {
    let (db, fs) = panicking(|event| matches!(event, Event::Flushed { .. }));
    let keyspace = db.default_keyspace();
    keyspace.put(b"a", b"1").unwrap();
    let mut outcome = keyspace.flush();
    // The flush itself was done when the listener panicked: the one who waited for it may have seen that first.
    while outcome.is_ok() {
        keyspace.put(b"b", b"2").ok();
        outcome = keyspace.flush();
    }
    let told = outcome.unwrap_err();
    assert!(
        matches!(&told, Error::Poisoned { cause } if matches!(**cause, Error::Panicked { .. }))
    );
    assert!(told.to_string().contains("lsm-flush"), "{told}");
    assert_eq!(keyspace.get(b"a").unwrap().as_deref(), Some(&b"1"[..]), "reads go on");
    drop(keyspace);
    assert!(matches!(db.close(), Err(Error::Poisoned { .. })));
    let db = Db::open(DIR, Options::default().file_system(Arc::new(fs))).unwrap();
    assert_eq!(db.default_keyspace().get(b"a").unwrap().as_deref(), Some(&b"1"[..]));
}

/// Also one that panics whenever it is told anything that comes from the background.
#[test]
fn a_listener_that_always_panics() {
    let (db, _fs) =
        panicking(|event| matches!(event, Event::Flushed { .. } | Event::BackgroundError { .. }));
    let keyspace = db.default_keyspace();
    while keyspace.put(b"a", b"1").is_ok() {
        let _ = keyspace.flush();
    }
    assert!(matches!(keyspace.put(b"a", b"1"), Err(Error::Poisoned { .. })));
    assert!(matches!(db.close(), Err(Error::Poisoned { .. })));
}

/// Options at the ends of their ranges are no way to panic in the background.
#[test]
fn extreme_options() {
    let fs = machine();
    let options = Options::default().file_system(Arc::new(fs)).cache_bytes(usize::MAX);
    let db = match Db::open(DIR, options) {
        Ok(db) => db,
        Err(error) => {
            assert!(matches!(error, Error::InvalidOption { .. }), "{error}");
            return;
        }
    };
    let extreme = lsm::KeyspaceOptions {
        layout: lsm::Layout::Separated { from: usize::MAX },
        level0_tables: 64,
        ..lsm::KeyspaceOptions::default()
    };
    let keyspace = db.keyspace("extreme", extreme).unwrap();
    for round in 0..6_u8 {
        keyspace.put(&[round], &[round; 200]).unwrap();
        keyspace.flush().unwrap();
    }
    keyspace.compact::<&[u8]>(..).unwrap();
    db.wait_idle().unwrap();
    assert_eq!(keyspace.get(&[3]).unwrap().as_deref(), Some(&[3; 200][..]));
}
