//! What the engine says of paths, files and arguments that it cannot use.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use lsm::{
    Batch, Db, Durability, Error, Event, KeyspaceOptions, Layout, MAX_KEY_LEN, MAX_VALUE_LEN,
    Options,
};
use parking_lot::Mutex;

fn options() -> Options {
    Options::default().segment_bytes(16 << 10).write_buffer_bytes(64 << 10).cache_bytes(64 << 10)
}

fn separated() -> KeyspaceOptions {
    KeyspaceOptions { layout: Layout::Separated { from: 0 }, ..KeyspaceOptions::default() }
}

fn open_error(dir: &Path, options: Options) -> Error {
    match Db::open(dir, options) {
        Ok(_) => panic!("{} was opened", dir.display()),
        Err(error) => error,
    }
}

fn key(number: u32) -> Vec<u8> {
    format!("key {number:05}").into_bytes()
}

fn value(number: u32) -> Vec<u8> {
    format!("value {number:05} ").into_bytes().repeat(10)
}

const FLUSHED: u32 = 300;
const TOTAL: u32 = 400;

/// A database with tables, separated values, and a log that is to be replayed; closed.
fn sample(dir: &Path) {
    let db = Db::open(dir, options()).unwrap();
    let keyspace = db.keyspace("values", separated()).unwrap();
    for number in 0..TOTAL {
        if number == FLUSHED {
            db.flush().unwrap();
        }
        keyspace.put(&key(number), &value(number)).unwrap();
    }
    db.close().unwrap();
}

/// Files of a directory with this extension, by name.
fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

fn manifest(dir: &Path) -> PathBuf {
    let name = fs::read_to_string(dir.join("CURRENT")).unwrap();
    dir.join(name.trim_end())
}

/// Opens and reads everything. The first error, or that all answers were right.
fn open_and_read(dir: &Path) -> Result<(), Error> {
    let db = Db::open(dir, options())?;
    let keyspace = db
        .find_keyspace("values")
        .ok_or_else(|| Error::NoKeyspace { name: "values".to_owned() })?;
    for number in 0..TOTAL {
        let found = keyspace.get(&key(number))?;
        assert_eq!(found.as_deref(), Some(&*value(number)), "key {number} after damage");
    }
    Ok(())
}

/// Sets the version in a header or footer, and the checksum that covers it.
fn patch_version(path: &Path, at: usize, covered: std::ops::Range<usize>) {
    let mut bytes = fs::read(path).unwrap();
    assert_eq!(bytes[at..at + 2], [1, 0], "the version of {}", path.display());
    let sum = covered.end;
    assert_eq!(bytes[sum..sum + 4], crc32c::crc32c(&bytes[covered.clone()]).to_le_bytes());
    bytes[at] = 2;
    let crc = crc32c::crc32c(&bytes[covered]).to_le_bytes();
    bytes[sum..sum + 4].copy_from_slice(&crc);
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn assert_newer(error: &Error, path: &Path) {
    let Error::NewerFormat { path: named, found: 2, supported: 1 } = error else {
        panic!("{error}")
    };
    assert_eq!(named, path);
}

#[test]
fn a_file_is_no_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "something").unwrap();
    for options in [options(), options().read_only(true)] {
        let error = open_error(&path, options);
        assert!(matches!(&error, Error::NotADatabase { path: named, .. } if *named == path));
    }
    assert_eq!(fs::read(&path).unwrap(), b"something");
    // Nor is what would lie below a file.
    assert!(matches!(open_error(&path.join("db"), options()), Error::Io { .. }));
}

#[test]
fn nothing_is_created_unless_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    for options in [options().read_only(true), options().create_if_missing(false)] {
        assert!(matches!(open_error(&path, options), Error::NotADatabase { .. }));
        assert!(!path.exists());
    }
    fs::create_dir(&path).unwrap();
    assert!(matches!(
        open_error(&path, options().create_if_missing(false)),
        Error::NotADatabase { .. }
    ));
    assert!(matches!(open_error(&path, options().read_only(true)), Error::NotADatabase { .. }));
}

#[test]
fn a_place_that_cannot_be_written_is_an_io_error_with_its_path() {
    // Not even root creates directories in /proc.
    let path = Path::new("/proc/self/lsm-bad-input");
    let error = open_error(path, options());
    assert!(matches!(&error, Error::Io { path: named, .. } if named == path), "{error}");
    assert!(error.to_string().contains("/proc/self/lsm-bad-input"), "{error}");
}

#[test]
fn another_directory_is_no_database() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("holiday.jpg"), "a picture").unwrap();
    for options in [options(), options().ignore_foreign_files(true)] {
        let error = open_error(dir.path(), options);
        assert!(matches!(&error, Error::NotADatabase { .. }), "{error}");
        assert!(error.to_string().contains("holiday.jpg"), "{error}");
    }
    assert_eq!(fs::read(dir.path().join("holiday.jpg")).unwrap(), b"a picture");
}

#[test]
fn a_foreign_file_is_refused_or_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let foreign = dir.path().join("notes.txt");
    fs::write(&foreign, "mine").unwrap();
    for options in [options(), options().read_only(true)] {
        let error = open_error(dir.path(), options);
        assert!(matches!(&error, Error::ForeignFile { path } if *path == foreign), "{error}");
    }
    let db = Db::open(dir.path(), options().ignore_foreign_files(true)).unwrap();
    assert_eq!(
        db.find_keyspace("values").unwrap().get(&key(7)).unwrap().as_deref(),
        Some(&*value(7))
    );
    db.close().unwrap();
    assert_eq!(fs::read(&foreign).unwrap(), b"mine");
    fs::remove_file(&foreign).unwrap();
    open_and_read(dir.path()).unwrap();
}

#[test]
fn a_newer_manifest_is_told_apart_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let path = manifest(dir.path());
    patch_version(&path, 8, 0..28);
    assert_newer(&open_error(dir.path(), options()), &path);
}

#[test]
fn a_newer_segment_is_told_apart_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let paths = files(dir.path(), "log");
    for path in [paths.first().unwrap(), paths.last().unwrap()] {
        let original = fs::read(path).unwrap();
        patch_version(path, 8, 0..60);
        assert_newer(&open_error(dir.path(), options()), path);
        assert_newer(&open_error(dir.path(), options().read_only(true)), path);
        fs::write(path, original).unwrap();
    }
    open_and_read(dir.path()).unwrap();
}

#[test]
fn a_newer_table_is_told_apart_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let path = files(dir.path(), "sst").remove(0);
    let footer = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap() - 64;
    patch_version(&path, footer + 48, footer..footer + 52);
    assert_newer(&open_error(dir.path(), options()), &path);
}

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
    db.write(batch, Durability::Buffered).unwrap();
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

#[test]
fn read_only_reads_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let listing = |dir: &Path| {
        let mut all: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = listing(dir.path());
    let db = Db::open(dir.path(), options().read_only(true)).unwrap();
    let keyspace = db.find_keyspace("values").unwrap();
    for number in 0..TOTAL {
        assert_eq!(keyspace.get(&key(number)).unwrap().as_deref(), Some(&*value(number)));
    }
    let read_only = |result: Result<(), Error>| {
        assert!(matches!(result, Err(Error::ReadOnly)), "{result:?}");
    };
    read_only(keyspace.put(b"a", b"b"));
    read_only(keyspace.delete(b"a"));
    for durability in [Durability::None, Durability::Sync] {
        read_only(keyspace.put_with(b"a", b"b", durability));
    }
    let mut batch = Batch::new();
    batch.put(&keyspace, b"a", b"b").unwrap();
    read_only(db.write(batch, Durability::Buffered));
    read_only(db.sync());
    read_only(db.flush());
    read_only(keyspace.compact::<&[u8]>(..));
    read_only(db.keyspace("new", KeyspaceOptions::default()).map(drop));
    read_only(db.drop_keyspace("values"));
    assert!(db.verify().unwrap().is_sound());
    assert!(keyspace.get(b"a").unwrap().is_none());
    db.close().unwrap();
    drop(keyspace);
    assert!(before == listing(dir.path()), "a read-only opener changed a file");
}

#[test]
fn there_is_one_writer_or_many_readers() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let locked = |options: Options| {
        let error = open_error(dir.path(), options);
        assert!(
            matches!(&error, Error::Locked { path } if *path == dir.path().join("LOCK")),
            "{error}"
        );
    };
    let writer = Db::open(dir.path(), options()).unwrap();
    locked(options());
    locked(options().read_only(true));
    writer.close().unwrap();
    let first = Db::open(dir.path(), options().read_only(true)).unwrap();
    let second = Db::open(dir.path(), options().read_only(true)).unwrap();
    locked(options());
    for reader in [&first, &second] {
        let keyspace = reader.find_keyspace("values").unwrap();
        assert_eq!(keyspace.get(&key(1)).unwrap().as_deref(), Some(&*value(1)));
    }
    drop(first);
    locked(options());
    drop(second);
    Db::open(dir.path(), options()).unwrap().close().unwrap();
}

#[test]
fn invalid_options_are_named_before_anything_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    for (expected, bad) in [
        ("segment_bytes", options().segment_bytes(100)),
        ("segment_bytes", options().segment_bytes(usize::MAX)),
        ("write_buffer_bytes", options().write_buffer_bytes(0)),
        ("max_batch_bytes", options().max_batch_bytes(0)),
        ("max_immutable_memtables", options().max_immutable_memtables(0)),
        ("compaction_threads", options().compaction_threads(0)),
        ("space_target", options().space_target(f64::NAN)),
        ("space_target", options().space_target(1.0)),
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
        ("table_bytes, level1_bytes", KeyspaceOptions { table_bytes: 0, ..good() }),
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

#[test]
fn a_missing_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let mut paths = files(dir.path(), "sst");
    assert!(!paths.is_empty());
    paths.extend(files(dir.path(), "log"));
    paths.push(manifest(dir.path()));
    paths.push(dir.path().join("CURRENT"));
    let aside = tempfile::tempdir().unwrap();
    let aside = aside.path().join("aside");
    for path in paths {
        // A segment that was made and not used is no loss.
        if fs::metadata(&path).unwrap().len() <= 64 && path.extension().is_some() {
            continue;
        }
        fs::copy(&path, &aside).unwrap();
        fs::remove_file(&path).unwrap();
        for options in [options(), options().read_only(true)] {
            let read_only = format!("{options:?}").contains("read_only: true");
            let error = open_error(dir.path(), options);
            match &error {
                Error::MissingFile { path: named } => assert_eq!(*named, path),
                // Without CURRENT there is nothing to read.
                Error::NotADatabase { .. } if read_only && path.ends_with("CURRENT") => {}
                error => panic!("without {}: {error}", path.display()),
            }
        }
        fs::copy(&aside, &path).unwrap();
    }
    open_and_read(dir.path()).unwrap();
}

#[test]
fn a_log_that_is_all_of_the_database_is_missed_too() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path(), options()).unwrap();
    db.default_keyspace().put(b"only", b"in the log").unwrap();
    // As a crash leaves it, and as a clean close does.
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    db.close().unwrap();
    for dir in [dir.path(), copy.path()] {
        let paths = files(dir, "log");
        assert!(!paths.is_empty());
        for path in &paths {
            fs::remove_file(path).unwrap();
        }
        let error = open_error(dir, options());
        assert!(matches!(&error, Error::MissingFile { path } if paths.contains(path)), "{error}");
    }
}

#[test]
fn a_truncated_file_is_damage_in_that_file() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let mut paths = files(dir.path(), "sst");
    paths.extend(files(dir.path(), "log"));
    paths.push(manifest(dir.path()));
    paths.push(dir.path().join("CURRENT"));
    for path in paths {
        let original = fs::read(&path).unwrap();
        let is_manifest = path == manifest(dir.path());
        for len in [0, 1, 31, 63, 64, 65, original.len() / 2, original.len() - 1] {
            // A manifest that ends within a record was torn by a crash: only its start must be whole.
            if len >= original.len() || (is_manifest && len > 31) {
                continue;
            }
            fs::write(&path, &original[..len]).unwrap();
            let error = match open_and_read(dir.path()) {
                Ok(()) => panic!("{} cut to {len} of {}", path.display(), original.len()),
                Err(error) => error,
            };
            let Error::Corruption { path: named, .. } = &error else {
                panic!("{} cut to {len} of {}: {error}", path.display(), original.len())
            };
            assert_eq!(*named, path, "{error}");
            fs::write(&path, &original).unwrap();
        }
    }
    open_and_read(dir.path()).unwrap();
}

#[test]
fn orphans_and_unfinished_files_are_removed_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let table = files(dir.path(), "sst").remove(0);
    let mut orphans = vec![
        dir.path().join("009000.sst"),
        dir.path().join("CURRENT-000009.tmp"),
        dir.path().join("something.tmp"),
    ];
    for orphan in &orphans {
        fs::copy(&table, orphan).unwrap();
    }
    // A segment that was made ahead of need, and that the log never came to.
    orphans.push(dir.path().join("009001.log"));
    fs::write(&orphans[3], [0; 4096]).unwrap();
    let removed = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&removed);
    let listener = move |event: &Event| {
        if let Event::OrphanRemoved { path } = event {
            hears.lock().push(path.clone());
        }
    };
    Db::open(dir.path(), options().read_only(true)).unwrap().close().unwrap();
    assert!(orphans.iter().all(|path| path.exists()), "a read-only opener removed a file");
    let db = Db::open(dir.path(), options().listener(Arc::new(listener))).unwrap();
    for orphan in &orphans {
        assert!(!orphan.exists(), "{}", orphan.display());
    }
    db.close().unwrap();
    let mut removed: Vec<_> =
        removed.lock().drain(..).filter(|path| orphans.contains(path)).collect();
    removed.sort();
    orphans.sort();
    assert_eq!(removed, orphans);
    open_and_read(dir.path()).unwrap();
    // The orphan's number is not used again while it could be mistaken for the new file.
    let db = Db::open(dir.path(), options()).unwrap();
    assert!(db.verify().unwrap().is_sound());
}
