//! Directories that are no database, or somebody else's at the moment.

use std::{ffi::OsString, fs, path::Path};

use lsm::{Batch, Db, Durability, Error, KeyspaceOptions, Options};

use crate::sample::{TOTAL, key, open_and_read, open_error, options, sample, value};

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

/// Everything in a directory, by name; `None` for what is no file.
fn contents(dir: &Path) -> Vec<(OsString, Option<Vec<u8>>)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries
        .map(|path| {
            let bytes = path.is_file().then(|| fs::read(&path).unwrap());
            (path.file_name().unwrap().to_owned(), bytes)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_directory_that_is_refused_is_left_as_it_was() {
    // Not even the lock file is left in it. Some are what a database would be without its CURRENT.
    for name in
        ["holiday.jpg", "draft.tmp", "MANIFEST-7", "MANIFEST-000007", "000007.log", "000007.sst"]
    {
        for options in [options(), options().ignore_foreign_files(true), options().read_only(true)]
        {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), "mine").unwrap();
            let error = open_error(dir.path(), options);
            let expected = matches!(&error, Error::NotADatabase { .. })
                || matches!(&error, Error::MissingFile { path } if path.ends_with("CURRENT"));
            assert!(expected, "{name}: {error}");
            assert_eq!(contents(dir.path()), [(name.into(), Some(b"mine".to_vec()))], "{name}");
        }
    }
}

#[test]
fn names_that_are_almost_ours_are_foreign() {
    const NAMES: [&str; 15] = [
        "notes.tmp",
        "CURRENT.tmp",
        "CURRENT-9.tmp",
        "CURRENT-+00009.tmp",
        "MANIFEST-000001.tmp",
        "2024.sst",
        "+77.sst",
        "+00077.sst",
        "0000077.sst",
        "000077.sst.tmp",
        "000077.SST",
        "77.val",
        "MANIFEST-7",
        "MANIFEST-+8",
        "MANIFEST-0000009",
    ];
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    for name in NAMES {
        let path = dir.path().join(name);
        fs::write(&path, "mine").unwrap();
        for options in [options(), options().read_only(true)] {
            let error = open_error(dir.path(), options);
            assert!(
                matches!(&error, Error::ForeignFile { path: named } if *named == path),
                "{error}"
            );
        }
        Db::open(dir.path(), options().ignore_foreign_files(true)).unwrap().close().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"mine", "{name}");
        fs::remove_file(path).unwrap();
    }
    for name in NAMES {
        fs::write(dir.path().join(name), "mine").unwrap();
    }
    // Nor is a directory ever ours, whatever it is called.
    let directories = ["900000.log", "900001.sst", "MANIFEST-900002", "CURRENT-900003.tmp"];
    for name in directories {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    let db = Db::open(dir.path(), options().ignore_foreign_files(true)).unwrap();
    db.find_keyspace("values").unwrap().compact::<&[u8]>(..).unwrap();
    db.close().unwrap();
    for name in NAMES {
        let path = dir.path().join(name);
        assert_eq!(fs::read(&path).unwrap(), b"mine", "{name}");
        fs::remove_file(path).unwrap();
    }
    assert!(directories.iter().all(|name| dir.path().join(name).is_dir()));
    open_and_read(dir.path()).unwrap();
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
