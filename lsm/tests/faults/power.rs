//! Power failures at moments that a workload of writes alone does not come to.

use std::sync::Arc;

use lsm::{
    Db, Durability, KeyspaceOptions, Options,
    fs::{
        FileSystem,
        sim::{CrashMode, SimFs},
    },
};

use crate::workload::Random;

fn options(fs: &SimFs) -> Options {
    Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(1 << 20)
        .segment_bytes(4096)
}

/// A keyspace is dropped whose records no sync has covered, and another is flushed: replay would start behind those
/// records, and the log must be there up to that place, or the database cannot be opened.
#[test]
fn a_keyspace_was_dropped_before_its_log_was_synced() {
    for puts in [3, 6, 10, 20, 40] {
        for unlogged in [false, true] {
            let fs = SimFs::new();
            fs.create_dir_all("/data".as_ref()).unwrap();
            fs.sync_all();
            let db = Db::open("/data/db", options(&fs)).unwrap();
            let kept = db.keyspace("kept", KeyspaceOptions::default()).unwrap();
            let dropped = db.keyspace("dropped", KeyspaceOptions::default()).unwrap();
            kept.put_with(b"precious", b"value", Durability::Sync).unwrap();
            kept.flush().unwrap();
            let mut random = Random::new(puts);
            for key in 0..puts {
                let value: Vec<u8> = (0..900).map(|_| random.next(256) as u8).collect();
                dropped.put(&key.to_be_bytes(), &value).unwrap();
            }
            db.drop_keyspace("dropped").unwrap();
            let durability = if unlogged { Durability::None } else { Durability::Buffered };
            kept.put_with(b"x", b"y", durability).unwrap();
            kept.flush().unwrap();
            for (mode, draw) in
                [(CrashMode::PowerLoseAll, 0), (CrashMode::Power, 1), (CrashMode::Power, 2)]
            {
                let after = fs.crash(mode, draw);
                let db = Db::open("/data/db", options(&after))
                    .unwrap_or_else(|error| panic!("{puts} puts, {mode:?}: {error}"));
                let kept = db.find_keyspace("kept").unwrap();
                assert!(kept.get(b"precious").unwrap().is_some());
                assert!(kept.get(b"x").unwrap().is_some(), "it was flushed");
                assert!(db.find_keyspace("dropped").is_none());
            }
        }
    }
}

/// The names of a new database, and of the directories above it that were made for it, are as durable as its first `Sync` write;
/// those of a checkpoint when the call returns.
#[test]
fn directories_are_durable() {
    for path in ["db", "/x/y/db", "/data/db", "x/y"] {
        let fs = SimFs::new();
        fs.create_dir_all("/data".as_ref()).unwrap();
        fs.sync_all();
        let db = Db::open(path, options(&fs)).unwrap();
        db.default_keyspace().put_with(b"k", b"v", Durability::Sync).unwrap();
        let copy = format!("{path}-copies/of/today");
        db.checkpoint(&copy).unwrap();
        let after = fs.crash(CrashMode::PowerLoseAll, 1);
        for path in [path, &copy] {
            let db = Db::open(path, options(&after).create_if_missing(false))
                .unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(db.default_keyspace().get(b"k").unwrap().as_deref(), Some(&b"v"[..]));
        }
    }
}
