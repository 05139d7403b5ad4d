//! A manifest that was cut off between two edits looks whole. Whoever opens it gets an error that costs nothing, or all of
//! what was committed.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod crash_copy;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crash_copy::crash_copy;
use lsm::{Db, Error, KeyspaceOptions, Layout, Options};

fn options() -> Options {
    Options::default()
        .segment_bytes(16 << 10)
        .write_buffer_bytes(16 << 10)
        .cache_bytes(64 << 10)
        .space_target(1.1)
}

fn small(layout: Layout) -> KeyspaceOptions {
    KeyspaceOptions {
        layout,
        block_bytes: 256,
        level0_tables: 2,
        level1_bytes: 16 << 10,
        level_ratio: 3,
        table_bytes: 4 << 10,
        ..KeyspaceOptions::default()
    }
}

type Contents = BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>;

/// Puts and deletes in every keyspace of `names`.
fn write(db: &Db, names: &[&str], from: u64, contents: &mut Contents) {
    for name in names {
        let layout =
            if *name == "leveled" { Layout::Leveled } else { Layout::Separated { from: 16 } };
        let keyspace = db.keyspace(name, small(layout)).unwrap();
        let expected = contents.entry((*name).to_owned()).or_default();
        for number in from..from + 150 {
            let key = format!("key {:03}", number * 7 % 200).into_bytes();
            if number % 5 == 4 {
                keyspace.delete(&key).unwrap();
                expected.remove(&key);
            } else {
                let value = number.to_be_bytes().repeat(1 + (number % 23) as usize);
                keyspace.put(&key, &value).unwrap();
                expected.insert(key, value);
            }
        }
    }
}

fn read(db: &Db, names: &[&str]) -> lsm::Result<Contents> {
    let mut contents = Contents::new();
    for name in names {
        let Some(keyspace) = db.find_keyspace(name) else { continue };
        let items = keyspace.range::<&[u8]>(..).map(|item| item.map(|(k, v)| (k, v.to_vec())));
        contents.insert((*name).to_owned(), items.collect::<lsm::Result<_>>()?);
    }
    Ok(contents)
}

const NAMES: [&str; 3] = ["default", "separated", "leveled"];

/// Lives of a database, in each of which it flushes and compacts. `crashed` gets it as it was before its last close.
fn build(dir: &Path, crashed: &Path) -> Contents {
    let mut contents = Contents::new();
    for life in 0..3 {
        let db = Db::open(dir, options()).unwrap();
        for round in 0..3 {
            write(&db, &NAMES[..=life], (life * 3 + round) as u64 * 70, &mut contents);
            if round < 2 {
                db.flush().unwrap();
                db.wait_idle().unwrap();
            }
        }
        if life == 2 {
            crash_copy(&db, dir, crashed);
        }
        db.close().unwrap();
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

fn manifest(dir: &Path) -> PathBuf {
    dir.join(fs::read_to_string(dir.join("CURRENT")).unwrap().trim_end())
}

/// Where the edits end, the last one excluded.
fn boundaries(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (32, Vec::new());
    while let Some(frame) = bytes.get(at..at + 8) {
        at += 8 + u32::from_le_bytes(frame[..4].try_into().unwrap()) as usize;
        found.push(at);
    }
    assert_eq!(found.pop(), Some(bytes.len()));
    found
}

/// Every file with its bytes, but for the lock.
fn snapshot(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.file_name().unwrap() != "LOCK");
    paths.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn an_error_that_costs_nothing_or_all_that_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let (closed, crashed) = (dir.path().join("closed"), dir.path().join("crashed"));
    let contents = build(&closed, &crashed);
    let (mut refused, mut whole) = (0, 0);
    for original in [closed, crashed] {
        let bytes = fs::read(manifest(&original)).unwrap();
        let ends = boundaries(&bytes);
        assert!(ends.len() > 12, "{} edits", ends.len());
        for (number, end) in ends.into_iter().enumerate() {
            let case = dir.path().join("case");
            copy(&original, &case);
            fs::write(manifest(&case), &bytes[..end]).unwrap();
            let before = snapshot(&case);
            for options in [options().read_only(true), options()] {
                match Db::open(&case, options) {
                    Ok(db) => {
                        assert!(number > 0, "a manifest of its first edit alone was believed");
                        assert_eq!(read(&db, &NAMES).unwrap(), contents, "{number} edits");
                        assert!(db.verify().unwrap().is_sound());
                        whole += 1;
                    }
                    Err(error) => {
                        assert!(error.is_corruption(), "{number} edits: {error}");
                        if number == 0 {
                            let Error::Corruption { path, offset, found } = &error else {
                                panic!("{error}")
                            };
                            assert_eq!((path, *offset), (&manifest(&case), end as u64));
                            assert!(found.contains(&case.display().to_string()), "{found}");
                        }
                        assert!(snapshot(&case) == before, "{number} edits: files were changed");
                        refused += 1;
                    }
                }
            }
            // The rest of the manifest put back, nothing is lost.
            if snapshot(&case) == before {
                fs::write(manifest(&case), &bytes).unwrap();
                let db = Db::open(&case, options()).unwrap();
                assert_eq!(read(&db, &NAMES).unwrap(), contents);
            }
            fs::remove_dir_all(&case).unwrap();
        }
    }
    // Neither outcome is all that there is. How many edits behind the last commit there are is a matter of what the background
    // came to.
    assert!(refused > 0 && whole > 0, "{refused} refused, {whole} whole");
}
