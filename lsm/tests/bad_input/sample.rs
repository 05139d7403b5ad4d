//! A database to spoil, and opening it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lsm::{Db, Error, KeyspaceOptions, Layout, Options};

pub fn options() -> Options {
    Options::default().segment_bytes(16 << 10).write_buffer_bytes(64 << 10).cache_bytes(64 << 10)
}

pub fn separated() -> KeyspaceOptions {
    KeyspaceOptions { layout: Layout::Separated { from: 0 }, ..KeyspaceOptions::default() }
}

pub fn open_error(dir: &Path, options: Options) -> Error {
    match Db::open(dir, options) {
        Ok(_) => panic!("{} was opened", dir.display()),
        Err(error) => error,
    }
}

pub fn key(number: u32) -> Vec<u8> {
    format!("key {number:05}").into_bytes()
}

pub fn value(number: u32) -> Vec<u8> {
    format!("value {number:05} ").into_bytes().repeat(10)
}

const FLUSHED: u32 = 300;
pub const TOTAL: u32 = 400;

/// A database with tables, separated values, and a log that is to be replayed; closed.
pub fn sample(dir: &Path) {
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
pub fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

pub fn manifest(dir: &Path) -> PathBuf {
    let name = fs::read_to_string(dir.join("CURRENT")).unwrap();
    dir.join(name.trim_end())
}

/// Opens and reads everything. The first error, or that all answers were right.
pub fn open_and_read(dir: &Path) -> Result<(), Error> {
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
