//! Files that are missing, cut off, or left over.

use std::{fs, sync::Arc};

use lsm::{Db, Error, Event};
use parking_lot::Mutex;

use crate::{
    crash_copy::crash_copy,
    sample::{files, manifest, open_and_read, open_error, options, sample},
};

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
    crash_copy(&db, dir.path(), copy.path());
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
        dir.path().join("MANIFEST-000009"),
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
