//! What the fuzz targets start from, in `fuzz/seeds`: a description of each algorithm and of each hash function of keys, as bytes and as
//! JSON, and an edit of each algorithm's. A fuzzer that starts from nothing seldom finds the bytes of a whole description.
//!
//! `SEEDS=write cargo test -p hash-ring --features serde --test fuzz_seeds` writes them.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

#[allow(dead_code, reason = "each test takes what it needs")]
mod examples;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use examples::examples;
use hash_ring::{Algorithm, Description, KeyHash, Placement, Rendezvous, Weight};

/// The files of a fuzz target, by name.
type Seeds = BTreeMap<String, Vec<u8>>;

fn descriptions() -> BTreeMap<String, Description> {
    let mut all = BTreeMap::new();
    let mut add = |name: String, description: Description| {
        let more = (2..).map(|number| format!("{name}-{number}"));
        let free = core::iter::once(name.clone()).chain(more).find(|it| !all.contains_key(it));
        all.insert(free.unwrap(), description);
    };
    for placement in examples() {
        add(placement.algorithm().to_string(), placement.describe());
    }
    let key_hashes = [
        KeyHash::Xxh3 { seed: 1 },
        KeyHash::Xxh64 { seed: 2 },
        KeyHash::Murmur3 { seed: 3 },
        KeyHash::SipHash13 { key: [4, 5] },
        KeyHash::SipHash24 { key: [6, 7] },
        KeyHash::Md5,
        KeyHash::RedisSlot,
    ];
    for key_hash in key_hashes {
        let mut placement = Rendezvous::new(key_hash);
        add("empty".to_owned(), placement.describe());
        placement.add("a", Weight::new(2.5).unwrap()).unwrap();
        add("weighted".to_owned(), placement.describe());
    }
    all
}

fn dir(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}

/// That the directory of a target holds these and nothing else; or makes it so.
fn check(target: &str, seeds: &Seeds) {
    let dir = dir(target);
    if std::env::var_os("SEEDS").is_some_and(|it| it == "write") {
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        for (name, bytes) in seeds {
            fs::write(dir.join(name), bytes).unwrap();
        }
    }
    let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let found: Seeds = files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    assert!(found == *seeds, "{} is not what this test writes: SEEDS=write", dir.display());
}

#[test]
fn bytes() {
    let all = descriptions();
    let seeds: Seeds = all.iter().map(|(name, it)| (name.clone(), it.encode())).collect();
    check("decode", &seeds);
    let mut algorithms = BTreeSet::new();
    for (name, bytes) in &seeds {
        let description = Description::decode(bytes).unwrap();
        assert_eq!(description.build().unwrap().describe(), description, "{name}");
        algorithms.insert(description.algorithm().to_string());
    }
    assert_eq!(algorithms.len(), Algorithm::ALL.len());
}

/// The first byte chooses one of 16 placements; then follow a place and what to write there.
#[test]
fn edits() {
    let seeds = (0..16u8)
        .map(|choice| (format!("{choice:02}"), vec![choice, 40 + choice, 0, 1, 80 + choice, 0, 0]));
    check("edited", &seeds.collect());
}

#[cfg(feature = "serde")]
#[test]
fn json() {
    let all = descriptions();
    let json = |description| serde_json::to_vec(description).unwrap();
    let seeds: Seeds = all.iter().map(|(name, it)| (name.clone(), json(it))).collect();
    check("json", &seeds);
    for (name, bytes) in &seeds {
        assert_eq!(serde_json::from_slice::<Description>(bytes).unwrap(), all[name]);
    }
}

/// A target without seeds would start from nothing, and nobody would notice.
#[test]
fn every_target_has_seeds() {
    let stems = |dir: PathBuf| -> BTreeSet<String> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stems(dir("../fuzz_targets")), stems(dir("")));
}
