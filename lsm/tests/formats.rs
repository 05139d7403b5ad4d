//! Databases that releases before this one wrote, in `formats/VERSION-CODEC`, are read as they were meant, and written on.
//!
//! Each was left by a process that was killed: with a log to replay, tables on several levels, values in log and value
//! segments and in tables, deletes, batches, a dropped keyspace. Those of version 1 were made by
//! `cargo test -p lsm --features zstd --test formats -- --ignored --nocapture`, which writes to a directory that it prints, and
//! the one without compression by the same with `--no-default-features` and no features, for the default keyspace is compressed
//! if it can be. They are never made anew: a change that cannot read them needs a new version, and a set of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)] // a test may fail in any way it likes

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use lsm::{Batch, Compression, Db, Durability, Error, KeyspaceOptions, Layout, Options, ReadMode};

const VERSION: &str = "1";
const CODECS: [(&str, Compression); 3] =
    [("none", Compression::None), ("lz4", Compression::Lz4), ("zstd", Compression::Zstd(3))];
const NAMES: [&str; 2] = ["separated", "leveled"];

fn options() -> Options {
    Options::default()
        .segment_bytes(16 << 10)
        .write_buffer_bytes(16 << 10)
        .cache_bytes(64 << 10)
        .space_target(1.1)
}

fn keyspace_options(layout: Layout, codec: Compression) -> KeyspaceOptions {
    KeyspaceOptions {
        layout,
        compression: codec,
        value_compression: codec,
        block_bytes: 512,
        level0_tables: 2,
        level1_bytes: 8 << 10,
        level_ratio: 3,
        table_bytes: 4 << 10,
        ..KeyspaceOptions::default()
    }
}

/// Whether this build can read the database: its default keyspace is compressed with lz4, unless it was made without.
fn is_readable(codec: &str) -> bool {
    is_built(codec) && (codec == "none" || is_built("lz4"))
}

/// Key, and value unless it is a delete.
type Operation = (Vec<u8>, Option<Vec<u8>>);
type Contents = BTreeMap<Vec<u8>, Vec<u8>>;

const OPERATIONS: u64 = 400;

/// An operation of the workload. Part of the format: what is in the repository was written by it.
fn operation(number: u64) -> Operation {
    let key = format!("user {:03}/name", number * 37 % 120).into_bytes();
    let text = format!("value {number:04}, {}; ", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let value = text.repeat(1 + (number % 6) as usize).into_bytes();
    (key, (number % 7 != 6).then_some(value))
}

/// What each keyspace holds after all operations.
fn contents() -> Contents {
    let mut contents = Contents::new();
    for (key, value) in (0..OPERATIONS).map(operation) {
        match value {
            Some(value) => contents.insert(key, value),
            None => contents.remove(&key),
        };
    }
    contents
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn stored(codec: &str) -> PathBuf {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    formats.join(format!("{VERSION}-{codec}"))
}

/// Whether this build has the codec.
fn is_built(codec: &str) -> bool {
    let missing = [("lz4", cfg!(feature = "lz4")), ("zstd", cfg!(feature = "zstd"))]
        .contains(&(codec, false));
    !missing
}

fn check(db: &Db) {
    let expected = contents();
    for name in NAMES {
        let keyspace = db.find_keyspace(name).unwrap();
        let items = keyspace.range::<&[u8]>(..).map(|item| item.map(|(k, v)| (k, v.to_vec())));
        let found: Contents = items.collect::<lsm::Result<_>>().unwrap();
        assert!(found == expected, "{name}");
        let backward = keyspace.range::<&[u8]>(..).rev().map(|item| item.unwrap().0);
        assert!(backward.eq(expected.keys().rev().cloned()), "{name}, backward");
        for number in 0..OPERATIONS {
            let (key, _) = operation(number);
            assert_eq!(keyspace.get(&key).unwrap().as_deref(), expected.get(&key).map(|v| &v[..]));
        }
    }
    assert!(db.find_keyspace("dropped").is_none());
    let report = db.verify().unwrap();
    assert!(report.is_sound(), "{:?}", report.damage);
}

/// Files of a directory whose names end so.
fn count(dir: &Path, extension: &str) -> usize {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).count()
}

#[test]
fn databases_of_version_1_are_read_and_written_on() {
    for (codec, _) in CODECS.iter().filter(|(codec, _)| is_readable(codec)) {
        let path = stored(codec);
        // What there is to be read.
        assert!(count(&path, "sst") > 2 && count(&path, "log") > 1 && count(&path, "val") > 0);
        let dir = tempfile::tempdir().unwrap();
        copy(&path, dir.path());
        for mode in [ReadMode::Mapped, ReadMode::Positioned] {
            check(&Db::open(dir.path(), options().read_mode(mode).read_only(true)).unwrap());
        }
        let db = Db::open(dir.path(), options()).unwrap();
        check(&db);
        // Written on: merged with what this release writes.
        for name in NAMES {
            let keyspace = db.find_keyspace(name).unwrap();
            for number in 0..OPERATIONS {
                match operation(number) {
                    (key, Some(value)) => keyspace.put(&key, &value).unwrap(),
                    (key, None) => keyspace.delete(&key).unwrap(),
                }
            }
            keyspace.compact::<&[u8]>(..).unwrap();
        }
        db.wait_idle().unwrap();
        check(&db);
        db.close().unwrap();
        check(&Db::open(dir.path(), options()).unwrap());
    }
}

#[test]
fn a_codec_that_this_build_lacks_is_named() {
    for (codec, compression) in CODECS.iter().filter(|(codec, _)| !is_readable(codec)) {
        let dir = tempfile::tempdir().unwrap();
        copy(&stored(codec), dir.path());
        for options in [options().read_only(true), options()] {
            let Err(error) = Db::open(dir.path(), options) else { panic!("{codec} was opened") };
            let text = error.to_string();
            let Error::MissingCodec { path, keyspace, codec: named } = error else {
                panic!("{text}")
            };
            assert!(path.starts_with(dir.path()) && !is_built(named), "{text}");
            assert!(["default", "separated"].contains(&&*keyspace), "{text}");
            assert!(text.contains(&format!("feature `{named}`")), "{text}");
        }
        if is_built(codec) {
            continue;
        }
        // Nor is one made that could not be written.
        let new = tempfile::tempdir().unwrap();
        let db = Db::open(new.path(), options()).unwrap();
        let error = db.keyspace("new", keyspace_options(Layout::Leveled, *compression));
        assert!(matches!(error, Err(Error::InvalidOption { .. })), "{codec}");
    }
}

#[test]
#[ignore = "writes the databases that the others read; once for each version of the format"]
fn make() {
    let out = tempfile::tempdir().unwrap().keep();
    let made = |codec: &str| if codec == "none" { !is_built("lz4") } else { is_built(codec) };
    for (codec, compression) in CODECS.into_iter().filter(|(codec, _)| made(codec)) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path(), options()).unwrap();
        let keyspaces = [Layout::Separated { from: 32 }, Layout::Leveled];
        let keyspaces = [0, 1].map(|at| {
            db.keyspace(NAMES[at], keyspace_options(keyspaces[at], compression)).unwrap()
        });
        let dropped = db.keyspace("dropped", keyspace_options(Layout::Leveled, compression));
        dropped.unwrap().put(b"gone", b"with its keyspace").unwrap();
        for number in 0..OPERATIONS {
            let (key, value) = operation(number);
            if number % 3 == 0 {
                let mut batch = Batch::new();
                for keyspace in &keyspaces {
                    match &value {
                        Some(value) => batch.put(keyspace, &key, value).unwrap(),
                        None => batch.delete(keyspace, &key).unwrap(),
                    }
                }
                db.write(batch, Durability::Sync).unwrap();
            } else {
                for keyspace in &keyspaces {
                    match &value {
                        Some(value) => keyspace.put(&key, value).unwrap(),
                        None => keyspace.delete(&key).unwrap(),
                    }
                }
            }
            match number {
                100 | 150 | 300 => db.flush().unwrap(),
                200 => db.drop_keyspace("dropped").unwrap(),
                250 => {
                    keyspaces[0].compact::<&[u8]>(..).unwrap();
                    keyspaces[1].compact::<&[u8]>(..).unwrap();
                }
                _ => {}
            }
        }
        db.wait_idle().unwrap();
        copy(dir.path(), &out.join(format!("{VERSION}-{codec}")));
    }
    eprintln!("made in {}", out.display());
}
