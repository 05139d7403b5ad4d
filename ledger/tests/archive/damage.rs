//! Values that somebody else wrote: sound for `lsm`, and none of the archive's.

use std::{ops::ControlFlow, sync::Arc};

use ledger::{
    Error, Past, Result,
    archive::{Archive, ArchiveOptions, LsmArchive},
};

use lsm::fs::sim::SimFs;

use crate::{crash::machine, entries::plain, model::mark};

const DIR: &str = "/data/archive";

fn options(fs: &SimFs) -> lsm::Options {
    lsm::Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(64 << 10)
        .segment_bytes(64 << 10)
}

fn open(fs: &SimFs) -> Result<LsmArchive> {
    let options = ArchiveOptions { filter_bytes: 1024, ..ArchiveOptions::default() };
    LsmArchive::open_with(DIR, self::options(fs), options)
}

/// Asks for everything, and returns what went wrong.
fn errors(fs: &SimFs) -> Vec<Error> {
    let archive = match open(fs) {
        Ok(archive) => archive,
        Err(error) => return vec![error],
    };
    let mut results: Vec<Result<()>> = Vec::new();
    for entry in plain(100, 3) {
        results.push(archive.entry(entry.id().unwrap()).map(|_| ()));
        if let ledger::model::Entry::Transfer(posted) = entry {
            results.push(archive.resolution(posted.transfer.pending_id).map(|_| ()));
        }
    }
    for account in [None, Some(1), Some(5)] {
        for newest_first in [false, true] {
            let mut visit = |_| ControlFlow::Continue(());
            results.push(archive.scan(account, 0..=u64::MAX, newest_first, &mut visit));
        }
    }
    results.into_iter().filter_map(Result::err).collect()
}

#[test]
fn foreign_values_are_damage_and_no_panic() {
    let fs = machine();
    let all = plain(100, 3);
    let archive = open(&fs).unwrap();
    archive.store(&all, mark(&all, 1)).unwrap();
    archive.close().unwrap();
    assert!(errors(&fs).is_empty());
    for name in ["entries", "ids", "resolutions", "accounts"] {
        for change in 0..5 {
            let db = lsm::Db::open(DIR, options(&fs)).unwrap();
            let keyspace = db.find_keyspace(name).unwrap();
            let items: Vec<(Vec<u8>, Vec<u8>)> = keyspace
                .range::<&[u8]>(..)
                .map(|item| item.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap())
                .collect();
            for (key, value) in &items {
                let mut value = value.clone();
                match change {
                    0 => value.truncate(value.len() / 2),
                    1 => value.push(0),
                    2 => value.fill(0xff),
                    3 => value.clear(),
                    _ => value.reverse(),
                }
                keyspace.put(key, &value).unwrap();
            }
            db.close().unwrap();
            let errors = errors(&fs);
            assert!(!errors.is_empty(), "{name}, change {change}");
            for error in errors {
                assert!(matches!(&error, Error::Corruption { .. }), "{error}");
            }
            let db = lsm::Db::open(DIR, options(&fs)).unwrap();
            let keyspace = db.find_keyspace(name).unwrap();
            for (key, value) in items {
                keyspace.put(&key, &value).unwrap();
            }
            db.close().unwrap();
        }
    }
    assert!(errors(&fs).is_empty());
    let db = lsm::Db::open(DIR, options(&fs)).unwrap();
    let meta = db.find_keyspace("meta").unwrap();
    let stored = meta.get(b"stored").unwrap().unwrap().to_vec();
    meta.put(b"stored", &stored[1..]).unwrap();
    db.close().unwrap();
    assert!(matches!(errors(&fs)[..], [Error::Corruption { .. }]));
    let db = lsm::Db::open(DIR, options(&fs)).unwrap();
    let newer = [&[9][..], &stored[1..]].concat();
    db.find_keyspace("meta").unwrap().put(b"stored", &newer).unwrap();
    db.close().unwrap();
    assert!(matches!(errors(&fs)[..], [Error::Version { found: 9, known: 1, .. }]));
}
