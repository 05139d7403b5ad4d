//! `Db::verify` finds what is wrong with the files of a database that is open, and nothing that is not, whoever writes meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod crash_copy;

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crash_copy::crash_copy;
use lsm::{Db, Durability, Error, Keyspace, KeyspaceOptions, Layout, Options, ReadMode};

const MODES: [(bool, ReadMode); 2] = [(true, ReadMode::Mapped), (false, ReadMode::Positioned)];

fn options((mapped_log, read_mode): (bool, ReadMode)) -> Options {
    Options::default()
        .segment_bytes(4096)
        .write_buffer_bytes(1 << 20)
        .mapped_log(mapped_log)
        .read_mode(read_mode)
}

fn keyspace(db: &Db, name: &str, layout: Layout) -> Keyspace {
    db.keyspace(name, KeyspaceOptions { layout, ..KeyspaceOptions::default() }).unwrap()
}

/// What no compression makes shorter.
fn value(number: u8) -> Vec<u8> {
    (0..8_u64)
        .flat_map(|part| {
            lsm::hash_key(&(part << 8 | u64::from(number)).to_le_bytes()).to_le_bytes()
        })
        .collect()
}

fn put(keyspace: &Keyspace, numbers: std::ops::Range<u8>) {
    for number in numbers {
        keyspace.put(&[b'k', number], &value(number)).unwrap();
    }
}

/// Nothing in it is garbage: values that tables refer to in a log and in a value segment, values in a table, and a log to replay with a
/// mark, that several keyspaces share.
fn sample(dir: &Path, options: &Options) -> Db {
    let db = Db::open(dir, options.clone()).unwrap();
    let collected = keyspace(&db, "collected", Layout::Separated { from: 0 });
    put(&collected, 0..20);
    collected.compact::<&[u8]>(..).unwrap();
    let leveled = keyspace(&db, "leveled", Layout::Leveled);
    put(&leveled, 0..20);
    leveled.flush().unwrap();
    drop((collected, leveled));
    db.close().unwrap();
    // The log up to here is needed by nobody, and goes with the next flush.
    let db = Db::open(dir, options.clone()).unwrap();
    let separated = keyspace(&db, "separated", Layout::Separated { from: 0 });
    put(&separated, 0..20);
    separated.flush().unwrap();
    put(&separated, 20..60);
    db.sync().unwrap();
    put(&keyspace(&db, "leveled", Layout::Leveled), 20..60);
    keyspace(&db, "collected", Layout::Leveled).delete(&[b'k', 3]).unwrap();
    db.wait_idle().unwrap();
    db
}

/// The sample as it is found by its writer, all of the log in one segment; by who opens it read-only, closed; and as a crash of the
/// process left it. Both with several segments.
fn openings(test: impl Fn(&str, &Path, &Db)) {
    for mode in MODES {
        let dir = tempfile::tempdir().unwrap();
        let db = sample(dir.path(), &options(mode).segment_bytes(1 << 20));
        test("writer", dir.path(), &db);

        let dir = tempfile::tempdir().unwrap();
        let (path, crashed) = (dir.path().join("db"), dir.path().join("crashed"));
        let db = sample(&path, &options(mode));
        crash_copy(&db, &path, &crashed);
        db.close().unwrap();
        for (name, dir) in [("closed", &path), ("crashed", &crashed)] {
            test(name, dir, &Db::open(dir, options(mode).read_only(true)).unwrap());
        }
    }
}

/// What the directory holds, but for what nobody needs: the lock, and what was allocated and not written.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter_map(|path| {
            let mut bytes = fs::read(&path).unwrap();
            if path.extension().is_some_and(|it| it == "log") {
                let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                bytes.truncate(end);
            }
            (!bytes.is_empty()).then_some((path, bytes))
        })
        .collect();
    files.sort();
    files
}

fn write_at(path: &Path, bytes: &[u8], offset: usize) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, offset as u64).unwrap();
}

#[track_caller]
fn assert_sound(db: &Db, what: &str) {
    let report = db.verify().unwrap();
    assert!(report.is_sound(), "{what}: {:?}", report.damage);
}

fn path_of(error: &Error) -> &Path {
    match error {
        Error::Corruption { path, .. }
        | Error::MissingFile { path }
        | Error::NewerFormat { path, .. }
        | Error::Io { path, .. } => path,
        error => panic!("{error}"),
    }
}

/// The damage there is, all of it in this file.
#[track_caller]
fn damage(db: &Db, path: &Path, what: &str) -> Vec<Error> {
    let damage = db.verify().unwrap().damage;
    assert!(!damage.is_empty(), "{what} was not found");
    for error in &damage {
        assert_eq!(path_of(error), path, "{what}: {error}");
    }
    damage
}

#[test]
fn every_byte_counts() {
    openings(|name, dir, db| {
        assert_sound(db, name);
        let files = files(dir);
        for kind in ["CURRENT", "MANIFEST", ".log", ".val", ".sst"] {
            let mut paths = files.iter().map(|(path, _)| path.to_str().unwrap());
            assert!(paths.any(|path| path.contains(kind)), "{name}: no {kind}");
        }
        for (path, bytes) in &files {
            for (at, byte) in bytes.iter().enumerate() {
                let what = format!("{name}: a bit in byte {at} of {}", path.display());
                write_at(path, &[byte ^ 1 << (at % 8)], at);
                for error in damage(db, path, &what) {
                    // What the byte is a part of starts there, or it is in the same header. Of a table it may be known by its
                    // sums alone, which the properties tell.
                    if let Error::Corruption { offset, .. } = error
                        && path.extension().is_none_or(|it| it != "sst")
                    {
                        assert!(offset <= at.max(31) as u64, "{what}: {error}");
                    }
                }
                write_at(path, &[*byte], at);
            }
        }
        assert_sound(db, "restored");
    });
}

#[test]
fn a_file_that_is_gone_or_cut_is_named() {
    openings(|name, dir, db| {
        let files = files(dir);
        let aside = dir.join("aside");
        for (path, bytes) in &files {
            let what = format!("{name}: {}", path.display());
            fs::rename(path, &aside).unwrap();
            let missing = damage(db, path, &what);
            assert!(missing.iter().any(|it| matches!(it, Error::MissingFile { .. })), "{what}");
            fs::rename(&aside, path).unwrap();
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            for len in [0, 1, bytes.len() as u64 / 2, bytes.len() as u64 - 1] {
                file.set_len(len).unwrap();
                damage(db, path, &format!("{what} cut to {len}"));
                file.write_all_at(bytes, 0).unwrap();
            }
        }
        assert_sound(db, "restored");
    });
}

#[test]
fn what_others_do_meanwhile_is_no_damage() {
    for mode in MODES {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(
            dir.path(),
            options(mode).segment_bytes(32 << 10).write_buffer_bytes(64 << 10),
        )
        .unwrap();
        let done = AtomicBool::new(false);
        let mut batches = 0;
        std::thread::scope(|scope| {
            for writer in 0..2_u8 {
                let (db, done) = (&db, &done);
                scope.spawn(move || {
                    let layout =
                        if writer == 0 { Layout::Leveled } else { Layout::Separated { from: 0 } };
                    let keyspace = keyspace(db, &format!("k{writer}"), layout);
                    let durabilities = [
                        Durability::None,
                        Durability::Buffered,
                        Durability::Buffered,
                        Durability::Buffered,
                        Durability::Sync,
                    ];
                    for number in (0_u32..).take_while(|_| !done.load(Ordering::Relaxed)) {
                        let (key, value) = ((number % 5000).to_be_bytes(), number.to_be_bytes());
                        let durability = durabilities[number as usize / 100 % 5];
                        keyspace.put_with(&key, &value.repeat(30), durability).unwrap();
                        if number % 20_000 == 9999 {
                            keyspace.compact::<&[u8]>(..).unwrap();
                        }
                    }
                });
            }
            // So many edits that the manifest is rewritten.
            let structure = scope.spawn(|| {
                for _ in 0..1500 {
                    drop(keyspace(&db, "short-lived", Layout::Leveled));
                    db.drop_keyspace("short-lived").unwrap();
                }
            });
            for turn in (0..).take_while(|turn| *turn < 30 || !structure.is_finished()) {
                let report = db.verify().unwrap();
                assert!(report.is_sound(), "turn {turn}: {:?}", report.damage);
                assert!(report.edits > 0 && report.segments > 0);
                batches += report.batches;
            }
            done.store(true, Ordering::Relaxed);
        });
        assert!(batches > 0, "the log was never read");
        let manifest = fs::read_to_string(dir.path().join("CURRENT")).unwrap();
        assert_ne!(manifest, "MANIFEST-000001\n", "the manifest was never rewritten");
        db.close().unwrap();
        let db = Db::open(dir.path(), options(mode).read_only(true)).unwrap();
        assert_sound(&db, "read-only");
    }
}

#[test]
fn it_says_how_much_was_read() {
    openings(|name, _, db| {
        let report = db.verify().unwrap();
        // Two times 40 puts, and a delete.
        assert_eq!((report.batches, report.entries, report.values), (81, 60, 40), "{name}");
        assert_eq!(report.tables, 3, "{name}");
        assert!(report.edits > 5 && report.segments >= 2, "{name}: {report:?}");
    });
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path(), options(MODES[0])).unwrap();
    let other = db.clone();
    db.close().unwrap();
    assert!(matches!(other.verify(), Err(Error::Closed)));
    drop(other);
    // Never written to.
    let db = Db::open(dir.path(), options(MODES[0]).read_only(true)).unwrap();
    assert_sound(&db, "empty");
}
