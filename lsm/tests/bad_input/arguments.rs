//! Keys, values, batches and options out of range, and handles to what is gone.

use std::ops::Bound;

use lsm::{Batch, Db, Durability, Error, KeyspaceOptions, MAX_KEY_LEN, MAX_VALUE_LEN};

use crate::sample::{key, open_error, options, separated};

#[test]
fn keys_and_values_have_limits() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path(), options()).unwrap();
    let keyspace = db.default_keyspace();
    let longest = vec![b'k'; MAX_KEY_LEN];
    keyspace.put(&longest, b"fits").unwrap();
    let too_long = vec![b'k'; MAX_KEY_LEN + 1];
    let expected = |error: Error| {
        assert!(
            matches!(error, Error::KeyTooLong { len, limit } if len == MAX_KEY_LEN + 1 && limit == MAX_KEY_LEN),
            "{error}"
        );
    };
    expected(keyspace.put(&too_long, b"").unwrap_err());
    expected(keyspace.delete(&too_long).unwrap_err());
    let mut batch = Batch::new();
    expected(batch.put(&keyspace, &too_long, b"").unwrap_err());
    expected(batch.delete(&keyspace, &too_long).unwrap_err());
    assert!(batch.is_empty());
    assert!(keyspace.get(&too_long).unwrap().is_none());

    // Zeroed by the allocator, and never touched.
    let value = vec![0; MAX_VALUE_LEN + 1];
    for error in [
        keyspace.put(b"key", &value).unwrap_err(),
        batch.put(&keyspace, b"key", &value).unwrap_err(),
    ] {
        assert!(
            matches!(error, Error::ValueTooLong { len, limit } if len == MAX_VALUE_LEN + 1 && limit == MAX_VALUE_LEN),
            "{error}"
        );
    }
    assert!(batch.is_empty());
    drop(value);
    assert_eq!(keyspace.range::<&[u8]>(..).count(), 1);
    db.close().unwrap();
    drop(keyspace);
    let db = Db::open(dir.path(), options()).unwrap();
    assert_eq!(db.default_keyspace().get(&longest).unwrap().as_deref(), Some(&b"fits"[..]));
}

#[test]
fn a_batch_over_the_limit_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path(), options().max_batch_bytes(2048)).unwrap();
    let keyspace = db.default_keyspace();
    let before = db.snapshot().sequence();
    // What counts is what goes into the log: noise does not shrink on its way.
    let noise: Vec<u8> =
        (0..1024_u64).flat_map(|i| lsm::hash_key(&i.to_le_bytes()).to_le_bytes()).collect();
    let mut batch = Batch::new();
    for number in 0..30 {
        batch.put(&keyspace, &key(number), &noise[number as usize * 100..][..100]).unwrap();
    }
    for durability in [Durability::None, Durability::Buffered, Durability::Sync] {
        db.write_from(&mut batch, durability).unwrap_err();
        assert_eq!(batch.len(), 30, "an error takes nothing out of it");
        let error = db.write(batch.clone(), durability).unwrap_err();
        assert!(
            matches!(error, Error::BatchTooLarge { len, limit: 2048 } if len > 2048),
            "{error}"
        );
    }
    let error = keyspace.put(b"single", &noise).unwrap_err();
    assert!(matches!(error, Error::BatchTooLarge { .. }), "{error}");
    assert_eq!(keyspace.range::<&[u8]>(..).count(), 0);
    assert_eq!(db.snapshot().sequence(), before);
    // One that fits goes through.
    batch.clear();
    batch.put(&keyspace, b"small", b"one").unwrap();
    db.write_from(&mut batch, Durability::Buffered).unwrap();
    assert!(batch.is_empty());
    db.close().unwrap();
    drop(keyspace);
    let db = Db::open(dir.path(), options()).unwrap();
    let keys: Vec<_> =
        db.default_keyspace().range::<&[u8]>(..).map(|item| item.unwrap().0).collect();
    assert_eq!(keys, [b"small"]);
}

#[test]
fn a_batch_belongs_to_one_database() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = Db::open(one.path(), options()).unwrap();
    let other = Db::open(other.path(), options()).unwrap();
    let mut batch = Batch::new();
    batch.put(&one.default_keyspace(), b"a", b"1").unwrap();
    batch.put(&other.default_keyspace(), b"b", b"2").unwrap();
    for db in [&one, &other] {
        let error = db.write(batch.clone(), Durability::Buffered).unwrap_err();
        assert!(matches!(error, Error::InvalidOption { option: "batch", .. }), "{error}");
        assert_eq!(db.default_keyspace().range::<&[u8]>(..).count(), 0);
    }
}

/// A checkpoint has its original's database id, and so has the same directory when it is opened again: neither is the database
/// that a batch or a snapshot was made with.
#[test]
fn batches_and_snapshots_belong_to_one_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("db"), dir.path().join("copy"));
    let earlier = Db::open(&path, options()).unwrap();
    earlier.default_keyspace().put(b"key", b"value").unwrap();
    let keyspace = earlier.default_keyspace();
    let mut before = Batch::new();
    before.put(&keyspace, b"before", b"x").unwrap();
    let earlier_snapshot = earlier.snapshot();
    earlier.close().unwrap();

    let db = Db::open(&path, options()).unwrap();
    db.checkpoint(&copy).unwrap();
    let copied = Db::open(&copy, options()).unwrap();
    let mut of_copy = Batch::new();
    of_copy.delete(&copied.default_keyspace(), b"key").unwrap();
    for batch in [before, of_copy] {
        for durability in [Durability::None, Durability::Buffered, Durability::Sync] {
            let error = db.write(batch.clone(), durability).unwrap_err();
            assert!(matches!(error, Error::InvalidOption { option: "batch", .. }), "{error}");
        }
    }
    let keyspace = db.default_keyspace();
    for snapshot in [earlier_snapshot, copied.snapshot()] {
        let refused = |error: Error| {
            assert!(matches!(error, Error::InvalidOption { option: "snapshot", .. }), "{error}");
        };
        refused(keyspace.get_at(b"key", &snapshot).unwrap_err());
        let all = (Bound::Unbounded, Bound::Unbounded);
        let mut cursor = keyspace.cursor_with(Some(&snapshot), all);
        refused(cursor.seek_to_first().unwrap_err());
        refused(cursor.seek_to_last().unwrap_err());
        refused(cursor.seek(b"key").unwrap_err());
        refused(cursor.seek_for_prev(b"key").unwrap_err());
        cursor.next().unwrap();
        assert!(!cursor.valid());
        cursor.prev().unwrap();
        assert!(!cursor.valid());
        let mut range = keyspace.range_at::<&[u8]>(&snapshot, ..);
        refused(range.next().unwrap().unwrap_err());
        assert!(range.next().is_none());
        refused(keyspace.range_at::<&[u8]>(&snapshot, ..).next_back().unwrap().unwrap_err());
    }
    // Nothing of that has changed anything, and each is good where it belongs.
    assert_eq!(keyspace.range::<&[u8]>(..).count(), 1);
    let own = db.snapshot();
    assert!(keyspace.get_at(b"key", &own).unwrap().is_some());
    assert_eq!(keyspace.range_at::<&[u8]>(&own, ..).count(), 1);
}

#[test]
fn invalid_options_are_named_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    for (expected, bad) in [
        ("segment_bytes", options().segment_bytes(100)),
        ("segment_bytes", options().segment_bytes(usize::MAX)),
        ("write_buffer_bytes", options().write_buffer_bytes(0)),
        ("write_buffer_bytes", options().write_buffer_bytes(usize::MAX)),
        ("max_batch_bytes", options().max_batch_bytes(0)),
        ("max_immutable_memtables", options().max_immutable_memtables(0)),
        ("compaction_threads", options().compaction_threads(0)),
        ("space_target", options().space_target(f64::NAN)),
        ("space_target", options().space_target(1.0)),
        ("space_limit", options().space_limit(f64::NAN)),
        ("rate_limit", options().rate_limit(Some(1))),
    ] {
        let error = open_error(&path, bad);
        assert!(
            matches!(error, Error::InvalidOption { option, .. } if option == expected),
            "{expected}: {error}"
        );
        assert!(!path.exists(), "{expected}");
    }
    let db = Db::open(&path, options()).unwrap();
    let good = KeyspaceOptions::default;
    for (expected, bad) in [
        ("block_bytes", KeyspaceOptions { block_bytes: 1, ..good() }),
        ("filter_bits_per_key", KeyspaceOptions { filter_bits_per_key: f32::NAN, ..good() }),
        ("level0_tables", KeyspaceOptions { level0_tables: 0, ..good() }),
        ("level_ratio", KeyspaceOptions { level_ratio: 1, ..good() }),
        ("table_bytes", KeyspaceOptions { table_bytes: 0, ..good() }),
        ("level1_bytes", KeyspaceOptions { level1_bytes: 0, ..good() }),
    ] {
        let error = db.keyspace("new", bad).unwrap_err();
        assert!(
            matches!(error, Error::InvalidOption { option, .. } if option == expected),
            "{expected}: {error}"
        );
        assert!(db.find_keyspace("new").is_none());
    }
    assert_eq!(db.keyspaces(), ["default"]);
}

#[test]
fn a_dropped_keyspace_takes_no_writes() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path(), options()).unwrap();
    let keyspace = db.keyspace("gone", separated()).unwrap();
    keyspace.put(b"a", b"1").unwrap();
    let mut batch = Batch::new();
    batch.put(&db.default_keyspace(), b"kept", b"out").unwrap();
    batch.put(&keyspace, b"b", b"2").unwrap();
    db.drop_keyspace("gone").unwrap();
    assert!(matches!(keyspace.put(b"a", b"2"), Err(Error::NoKeyspace { .. })));
    assert!(matches!(keyspace.delete(b"a"), Err(Error::NoKeyspace { .. })));
    assert!(matches!(db.write(batch, Durability::Buffered), Err(Error::NoKeyspace { .. })));
    assert!(db.default_keyspace().get(b"kept").unwrap().is_none());
    assert_eq!(keyspace.get(b"a").unwrap().as_deref(), Some(&b"1"[..]));
    let again = db.drop_keyspace("gone").unwrap_err();
    assert!(matches!(&again, Error::NoKeyspace { name } if name == "gone"), "{again}");
    assert!(matches!(db.drop_keyspace("default"), Err(Error::InvalidOption { .. })));
    // One of the same name is another keyspace.
    let new = db.keyspace("gone", separated()).unwrap();
    assert!(new.get(b"a").unwrap().is_none());
    assert!(matches!(keyspace.put(b"a", b"2"), Err(Error::NoKeyspace { .. })));
    db.close().unwrap();
    drop((keyspace, new));
    let db = Db::open(dir.path(), options()).unwrap();
    assert!(db.find_keyspace("gone").unwrap().get(b"a").unwrap().is_none());
}

#[test]
fn a_closed_database_takes_no_writes() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path(), options()).unwrap();
    let keyspace = db.default_keyspace();
    keyspace.put(b"a", b"1").unwrap();
    db.clone().close().unwrap();
    assert!(matches!(keyspace.put(b"a", b"2"), Err(Error::Closed)));
    assert!(matches!(db.flush(), Err(Error::Closed)));
    drop((db, keyspace));
    let db = Db::open(dir.path(), options()).unwrap();
    assert_eq!(db.default_keyspace().get(b"a").unwrap().as_deref(), Some(&b"1"[..]));
}
