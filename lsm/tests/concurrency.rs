//! Many threads on few keys: versions never go back, batches are seen whole, and single keys are linearizable.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use lsm::{Batch, Db, Durability, Keyspace, KeyspaceOptions, Layout, Options};
use parking_lot::Mutex;

fn open(dir: &std::path::Path) -> (Db, [Keyspace; 2]) {
    let options = Options::default()
        .segment_bytes(64 << 10)
        .write_buffer_bytes(32 << 10)
        .cache_bytes(64 << 10);
    let db = Db::open(dir, options).unwrap();
    let small = |layout| KeyspaceOptions {
        layout,
        block_bytes: 256,
        level0_tables: 2,
        level1_bytes: 16 << 10,
        level_ratio: 3,
        table_bytes: 4 << 10,
        ..KeyspaceOptions::default()
    };
    let separated = db.keyspace("separated", small(Layout::Separated { from: 16 })).unwrap();
    let leveled = db.keyspace("leveled", small(Layout::Leveled)).unwrap();
    (db, [separated, leveled])
}

/// Flushes and compacts until `done`.
fn maintain(db: &Db, keyspaces: &[Keyspace; 2], done: &AtomicBool) {
    for round in 0_usize.. {
        if done.load(Ordering::Acquire) {
            break;
        }
        match round % 4 {
            0 => db.flush().unwrap(),
            1 => keyspaces[round / 4 % 2].compact::<&[u8]>(..).unwrap(),
            _ => thread::yield_now(),
        }
    }
}

/// A version as a value of some length, that says it in every part.
fn encode(version: u64) -> Vec<u8> {
    version.to_be_bytes().repeat(1 + (version % 17) as usize)
}

/// The version that a value says; `None` for a value that was never written.
fn decode(value: &[u8]) -> Option<u64> {
    let version = u64::from_be_bytes(value.get(..8)?.try_into().ok()?);
    (value == encode(version)).then_some(version)
}

const WRITERS: usize = 3;
const READERS: usize = 2;
const PAIRS: usize = 6;
const VERSIONS: u64 = 4000;

/// The two keys of a pair.
fn pair(number: usize) -> [Vec<u8>; 2] {
    ["a", "b"].map(|half| format!("{half}{number}").into_bytes())
}

#[test]
fn versions_never_go_back_and_batches_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (db, keyspaces) = open(dir.path());
    let (db, keyspaces) = (&db, &keyspaces);
    let done = AtomicBool::new(false);
    // The newest version of each pair that was acknowledged: a read that starts later sees no older one.
    let acknowledged: [AtomicU64; PAIRS] = Default::default();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let acknowledged = &acknowledged;
                scope.spawn(move || {
                    for version in 1..=VERSIONS {
                        for number in (writer..PAIRS).step_by(WRITERS) {
                            let value = encode(version);
                            let mut batch = Batch::new();
                            for keyspace in keyspaces {
                                for key in pair(number) {
                                    batch.put(keyspace, &key, &value).unwrap();
                                }
                            }
                            db.write(batch, Durability::Buffered).unwrap();
                            acknowledged[number].store(version, Ordering::Release);
                        }
                    }
                })
            })
            .collect();
        for reader in 0..READERS {
            let (done, acknowledged) = (&done, &acknowledged);
            scope.spawn(move || {
                let mut seen = [0; PAIRS];
                for round in reader.. {
                    if done.load(Ordering::Acquire) {
                        break;
                    }
                    let least: Vec<u64> = acknowledged
                        .iter()
                        .map(|version| version.load(Ordering::Acquire))
                        .collect();
                    let keyspace = &keyspaces[round / 4 % 2];
                    let version = |value: Option<&[u8]>| {
                        value.map_or(0, |value| decode(value).expect("a value that was written"))
                    };
                    let mut found = [[0; 2]; PAIRS];
                    match round % 4 {
                        0 => {
                            for (number, found) in found.iter_mut().enumerate() {
                                let value = keyspace.get(&pair(number)[round / 8 % 2]).unwrap();
                                *found = [version(value.as_deref()); 2];
                            }
                        }
                        1 => {
                            let keys: Vec<_> = (0..PAIRS).flat_map(pair).collect();
                            let values = keyspace.multi_get(&keys).unwrap();
                            for (at, value) in values.iter().enumerate() {
                                found[at / 2][at % 2] = version(value.as_deref());
                            }
                        }
                        2 => {
                            let mut cursor = keyspace.cursor();
                            let backward = round / 8 % 2 == 0;
                            if backward { cursor.seek_to_last() } else { cursor.seek_to_first() }
                                .unwrap();
                            while cursor.valid() {
                                let key = cursor.key();
                                let half = usize::from(key[0] == b'b');
                                let value = cursor.value().unwrap();
                                found[usize::from(key[1] - b'0')][half] = version(Some(&value));
                                if backward { cursor.prev() } else { cursor.next() }.unwrap();
                            }
                        }
                        _ => {
                            let snapshot = db.snapshot();
                            for (number, found) in found.iter_mut().enumerate() {
                                let keys = pair(number);
                                // One half from each keyspace: a batch is whole across them.
                                for half in 0..2 {
                                    let value = keyspaces[half].get_at(&keys[half], &snapshot);
                                    found[half] = version(value.unwrap().as_deref());
                                }
                            }
                            let again = keyspaces[0].get_at(&pair(0)[0], &snapshot).unwrap();
                            assert_eq!(version(again.as_deref()), found[0][0], "a snapshot moved");
                        }
                    }
                    for (number, [a, b]) in found.into_iter().enumerate() {
                        assert_eq!(a, b, "half a batch, by read of kind {}", round % 4);
                        assert!(a >= seen[number], "version {a} after {}", seen[number]);
                        assert!(a >= least[number], "{a}, and {} was acknowledged", least[number]);
                        seen[number] = a;
                    }
                }
            });
        }
        scope.spawn(|| maintain(db, keyspaces, &done));
        let ended: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Release);
        assert!(ended.iter().all(Result::is_ok));
    });
    assert!(db.verify().unwrap().is_sound());
    for number in 0..PAIRS {
        assert_eq!(*keyspaces[0].get(&pair(number)[1]).unwrap().unwrap(), encode(VERSIONS));
    }
}

/// An operation on a register: a write of a value that no other writes, or a read of that value.
#[derive(Debug, Clone, Copy)]
struct Operation {
    write: bool,
    value: u64,
    invoked: u64,
    returned: u64,
}

/// Whether a history of a register with unique values is linearizable: the zone conditions of Gibbons and Korach,
/// "Testing shared memories" (SIAM Journal on Computing, 1997), which are exact.
///
/// A zone is what a value's operations span, from the first return to the last invocation. It is a forward zone if they
/// are in that order: the register holds the value throughout; otherwise all of them can be put at one point in it.
fn check_register(history: &[Operation]) -> Result<(), String> {
    let mut clusters: std::collections::BTreeMap<u64, Vec<Operation>> = Default::default();
    for operation in history {
        clusters.entry(operation.value).or_default().push(*operation);
    }
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    for (value, operations) in clusters {
        let Some(write) = operations.iter().find(|operation| operation.write) else {
            return Err(format!("{value} was read and never written"));
        };
        if operations.iter().any(|read| read.returned < write.invoked) {
            return Err(format!("{value} was read before it was written"));
        }
        let first_return = operations.iter().map(|operation| operation.returned).min();
        let last_invocation = operations.iter().map(|operation| operation.invoked).max();
        let (first_return, last_invocation) = first_return.zip(last_invocation).unwrap();
        if first_return < last_invocation {
            forward.push((first_return, last_invocation, value));
        } else {
            backward.push((last_invocation, first_return, value));
        }
    }
    forward.sort_unstable();
    for zones in forward.windows(2) {
        if zones[1].0 < zones[0].1 {
            return Err(format!("{} and {} were both there at a time", zones[0].2, zones[1].2));
        }
    }
    for (from, to, value) in backward {
        // Forward zones are disjoint: only the last that starts before can contain it.
        let before = forward.partition_point(|zone| zone.0 < from);
        if let Some(zone) = before.checked_sub(1).map(|index| forward[index])
            && to < zone.1
        {
            return Err(format!("{value} was written and read while {} was there", zone.2));
        }
    }
    Ok(())
}

#[test]
fn the_check_of_histories_finds_what_is_wrong() {
    let operation = |write, value, invoked, returned| Operation { write, value, invoked, returned };
    let write = |value, invoked, returned| operation(true, value, invoked, returned);
    let read = |value, invoked, returned| operation(false, value, invoked, returned);
    let base = [write(1, 1, 2), write(2, 5, 10)];
    for good in [[read(1, 6, 7), read(2, 8, 9)], [read(2, 6, 7), read(2, 11, 12)]] {
        check_register(&[base, good].concat()).unwrap();
    }
    for bad in [
        [read(2, 6, 7), read(1, 8, 9)],
        [read(1, 11, 12), read(2, 13, 14)],
        [read(2, 3, 4), read(2, 11, 12)],
        [read(3, 6, 7), read(2, 11, 12)],
    ] {
        check_register(&[base, bad].concat()).unwrap_err();
    }
    // A write between two reads of what was there before it and after it.
    check_register(&[write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)]).unwrap_err();
}

#[test]
fn single_keys_are_linearizable() {
    const KEYS: usize = 3;
    const OPERATIONS: u64 = 6000;
    let dir = tempfile::tempdir().unwrap();
    let (db, keyspaces) = open(dir.path());
    let (db, keyspaces) = (&db, &keyspaces);
    let clock = AtomicU64::new(1);
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let keys: [Vec<u8>; KEYS] = std::array::from_fn(|number| vec![b'k', number as u8]);
    let initial = Operation { write: true, value: 0, invoked: 0, returned: 0 };
    let histories = Mutex::new(vec![vec![initial]; KEYS * 2]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4_u64)
            .map(|worker| {
                let (keys, histories, tick) = (&keys, &histories, &tick);
                scope.spawn(move || {
                    let mut own = vec![Vec::new(); KEYS * 2];
                    for number in 0..OPERATIONS {
                        let spread =
                            (number * 4 + worker).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                        let (register, kind) = (spread as usize % (KEYS * 2), spread / 64 % 8);
                        let (keyspace, key) = (&keyspaces[register / KEYS], &keys[register % KEYS]);
                        let invoked = tick();
                        let (write, value) = match kind {
                            0..4 => {
                                let value = 1 + number * 4 + worker;
                                keyspace.put(key, &encode(value)).unwrap();
                                (true, value)
                            }
                            kind => {
                                let found = match kind {
                                    4 => keyspace.multi_get(&[key]).unwrap().remove(0),
                                    5 => keyspace.get_at(key, &db.snapshot()).unwrap(),
                                    6 => {
                                        let mut range = keyspace.prefix(key);
                                        range.next().map(|item| item.unwrap().1)
                                    }
                                    _ => keyspace.get(key).unwrap(),
                                };
                                let value = found.map_or(0, |value| decode(&value).unwrap());
                                (false, value)
                            }
                        };
                        let returned = tick();
                        own[register].push(Operation { write, value, invoked, returned });
                    }
                    for (all, own) in histories.lock().iter_mut().zip(own) {
                        all.extend(own);
                    }
                })
            })
            .collect();
        scope.spawn(|| maintain(db, keyspaces, &done));
        let ended: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Release);
        assert!(ended.iter().all(Result::is_ok));
    });
    for (register, history) in histories.lock().iter().enumerate() {
        assert!(history.len() > 1000, "register {register}: {} operations", history.len());
        check_register(history).unwrap_or_else(|found| panic!("register {register}: {found}"));
    }
}
