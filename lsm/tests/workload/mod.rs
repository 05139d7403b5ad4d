//! What the tests of crashes and of faults have in common: commits that are the same for the same seed, what the
//! database must hold after each of them, and how it is set up: so small that a few commits flush, compact and collect.
#![allow(dead_code)] // each test has its own use of it

use std::{collections::BTreeMap, sync::Arc};

use lsm::{
    Batch, Db, Durability, Keyspace, KeyspaceOptions, Layout, Options, ReadMode, Result,
    fs::{FileSystem, sim::SimFs},
};

pub const DIR: &str = "/data/db";

/// Both keyspaces, as `(keyspace, key) -> value`.
pub type State = BTreeMap<(usize, Vec<u8>), Vec<u8>>;
/// Writes that belong together; no value is a delete.
pub type Commit = Vec<(usize, Vec<u8>, Option<Vec<u8>>)>;

/// A small generator, so that a run is told by its seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }
}

pub fn commits(seed: u64, count: u64) -> Vec<(Commit, Durability)> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|number| {
            let size = if random.next(4) == 0 { 1 + random.next(5) } else { 1 };
            let commit = (0..size as u8)
                .map(|part| {
                    let key = vec![b'a' + random.next(9) as u8; 1 + random.next(3) as usize];
                    let len = [3, 40, 120, 900][random.next(4) as usize];
                    // Of random bytes, or they would be compressed to less than what is separated. No two are alike: an
                    // old one that comes back is seen.
                    let mut value: Vec<u8> = (0..len).map(|_| random.next(256) as u8).collect();
                    value[..2].copy_from_slice(&[part, number as u8]);
                    let keep = random.next(5) != 0;
                    (random.next(2) as usize, key, keep.then_some(value))
                })
                .collect();
            let durability =
                if random.next(5) == 0 { Durability::Sync } else { Durability::Buffered };
            (commit, durability)
        })
        .collect()
}

/// Adds a commit to what is there.
pub fn apply(state: &mut State, commit: &Commit) {
    for (keyspace, key, value) in commit {
        match value {
            Some(value) => state.insert((*keyspace, key.clone()), value.clone()),
            None => state.remove(&(*keyspace, key.clone())),
        };
    }
}

/// How the database does its I/O.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub mapped_log: bool,
    pub mapped_tables: bool,
}

impl Shape {
    pub const MAPPED: Self = Self { mapped_log: true, mapped_tables: true };
    pub const POSITIONED: Self = Self { mapped_log: false, mapped_tables: false };

    pub fn options(self, fs: &SimFs) -> Options {
        Options::default()
            .file_system(Arc::new(fs.clone()))
            .write_buffer_bytes(4096)
            .segment_bytes(4096)
            .cache_bytes(16 << 10)
            .mapped_log(self.mapped_log)
            .read_mode(if self.mapped_tables { ReadMode::Mapped } else { ReadMode::Positioned })
            .space_target(1.1)
    }
}

pub fn keyspace_options(index: usize) -> KeyspaceOptions {
    KeyspaceOptions {
        layout: if index == 0 { Layout::Separated { from: 32 } } else { Layout::Leveled },
        block_bytes: 256,
        level0_tables: 2,
        level1_bytes: 8192,
        level_ratio: 2,
        table_bytes: 4096,
        ..KeyspaceOptions::default()
    }
}

/// Both keyspaces; creates what is missing.
pub fn keyspaces(db: &Db) -> Result<[Keyspace; 2]> {
    Ok([db.keyspace("k0", keyspace_options(0))?, db.keyspace("k1", keyspace_options(1))?])
}

pub fn write(
    db: &Db,
    keyspaces: &[Keyspace; 2],
    commit: &Commit,
    durability: Durability,
) -> Result<()> {
    if let [(keyspace, key, value)] = &commit[..] {
        return match value {
            Some(value) => keyspaces[*keyspace].put_with(key, value, durability),
            None => keyspaces[*keyspace].delete_with(key, durability),
        };
    }
    let mut batch = Batch::new();
    for (keyspace, key, value) in commit {
        match value {
            Some(value) => batch.put(&keyspaces[*keyspace], key, value)?,
            None => batch.delete(&keyspaces[*keyspace], key)?,
        }
    }
    db.write(batch, durability)
}

/// All that is there, by a scan, with which point reads must agree.
pub fn read(db: &Db) -> Result<State> {
    let mut state = State::new();
    for index in 0..2 {
        let Some(keyspace) = db.find_keyspace(&format!("k{index}")) else { continue };
        for item in keyspace.range::<&[u8]>(..) {
            let (key, value) = item?;
            assert_eq!(keyspace.get(&key)?.as_deref(), Some(&*value), "scan and point read differ");
            state.insert((index, key), value.to_vec());
        }
    }
    Ok(state)
}

/// A machine with an empty directory for the database.
pub fn machine() -> SimFs {
    let fs = SimFs::new();
    fs.create_dir_all("/data".as_ref()).unwrap();
    fs.sync_all();
    fs
}
