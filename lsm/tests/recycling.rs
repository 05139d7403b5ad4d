//! Files of segments that nobody needs become new segments: a few of them, never one that somebody may still
//! read: here, in a handle that was closed before, in another process, or in a checkpoint.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use lsm::{Db, Event, Keyspace, KeyspaceOptions, Layout, Options, Slice};

#[derive(Default)]
struct Heard {
    recycled: AtomicUsize,
    dropped: Mutex<BTreeSet<u64>>,
}

fn open(dir: &Path) -> (Db, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let listener = Arc::clone(&heard);
    let options = Options::default().segment_bytes(64 << 10).write_buffer_bytes(64 << 10).listener(
        Arc::new(move |event: &Event| match event {
            Event::SegmentRecycled { .. } => {
                listener.recycled.fetch_add(1, Ordering::Relaxed);
            }
            Event::SegmentDropped { segment } => {
                listener.dropped.lock().unwrap().insert(segment.0);
            }
            _ => {}
        }),
    );
    (Db::open(dir, options).unwrap(), heard)
}

fn keyspace(db: &Db, layout: Layout) -> Keyspace {
    let options = KeyspaceOptions { layout, ..KeyspaceOptions::default() };
    db.keyspace("k", options).unwrap()
}

/// 200 bytes that do not compress: short ones would lie in the tables.
fn value(key: u64, round: usize) -> Vec<u8> {
    let mut state = (key << 32 | round as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = (0..25).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.collect()
}

fn write(keyspace: &Keyspace, round: usize) {
    for key in 0..500_u64 {
        keyspace.put(&key.to_be_bytes(), &value(key, round)).unwrap();
    }
}

/// Writes rounds, flushed, until this is so; whether a file is at hand when the log wants one is a matter of threads.
fn write_until(keyspace: &Keyspace, mut round: usize, done: impl Fn() -> bool) -> usize {
    let last = round + 5_000;
    while !done() {
        assert!(round < last, "it never came to that");
        round += 1;
        write(keyspace, round);
        keyspace.flush().unwrap();
    }
    round
}

fn logs(dir: &Path) -> BTreeSet<u64> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.to_str().unwrap().strip_suffix(".log")?.parse().ok()).collect()
}

#[test]
fn values_that_leave_the_log_leave_room_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let (db, heard) = open(dir.path());
    let leveled = keyspace(&db, Layout::Leveled);
    let recycled = || heard.recycled.load(Ordering::Relaxed);
    let round = write_until(&leveled, 0, || recycled() >= 20);
    db.wait_idle().unwrap();
    // The current one, the next one, what the last memtable needed and was not deleted yet, and two spare ones.
    let found = logs(dir.path());
    assert!(found.len() <= 8, "{found:?}");
    for key in 0..500_u64 {
        let found = leveled.get(&key.to_be_bytes()).unwrap().unwrap();
        assert_eq!(&*found, value(key, round));
    }
    drop(leveled);
    db.close().unwrap();
    let found = logs(dir.path());
    assert!(found.len() <= 2, "no spare file is left behind: {found:?}");
    let (db, _) = open(dir.path());
    assert!(db.verify().unwrap().is_sound());
    let leveled = keyspace(&db, Layout::Leveled);
    assert_eq!(leveled.get(&7_u64.to_be_bytes()).unwrap().as_deref(), Some(&value(7, round)[..]));
}

/// Overwrites and collects until so many more segments were recycled.
fn recycle(keyspace: &Keyspace, heard: &Heard, round: usize, more: usize) -> usize {
    let before = heard.recycled.load(Ordering::Relaxed);
    write_until(keyspace, round, || {
        keyspace.compact::<&[u8]>(..).unwrap();
        heard.recycled.load(Ordering::Relaxed) >= before + more
    })
}

#[test]
fn a_checkpoint_keeps_what_it_shares() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = dir.path().join("checkpoint");
    let (db, heard) = open(&dir.path().join("db"));
    let separated = keyspace(&db, Layout::Separated { from: 64 });
    write(&separated, 0);
    db.checkpoint(&checkpoint).unwrap();
    let shared = logs(&checkpoint);
    assert!(!shared.is_empty());
    // The first segments that are free to be recycled are those of the checkpoint.
    let round = recycle(&separated, &heard, 0, 1);
    let gone = || shared.is_subset(&heard.dropped.lock().unwrap());
    let round = write_until(&separated, round, || {
        separated.compact::<&[u8]>(..).unwrap();
        gone()
    });
    recycle(&separated, &heard, round, 10);
    let (copy, _) = open(&checkpoint);
    assert!(copy.verify().unwrap().is_sound());
    let copied = keyspace(&copy, Layout::Separated { from: 64 });
    for key in 0..500_u64 {
        assert_eq!(&*copied.get(&key.to_be_bytes()).unwrap().unwrap(), value(key, 0));
    }
}

#[test]
fn a_reader_keeps_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (db, heard) = open(dir.path());
    let separated = keyspace(&db, Layout::Separated { from: 64 });
    write(&separated, 0);
    // Values are read without a copy: these hold their segments.
    let held: Vec<_> =
        (0..500_u64).map(|key| separated.get(&key.to_be_bytes()).unwrap().unwrap()).collect();
    let first = *logs(dir.path()).first().unwrap();
    let round = recycle(&separated, &heard, 0, 10);
    assert!(heard.dropped.lock().unwrap().contains(&first));
    for (key, found) in (0..).zip(&held) {
        assert_eq!(**found, value(key, 0));
    }
    drop(held);
    recycle(&separated, &heard, round, 10);
}

fn read_all(keyspace: &Keyspace) -> Vec<Slice> {
    (0..500_u64).map(|key| keyspace.get(&key.to_be_bytes()).unwrap().unwrap()).collect()
}

/// Overwrites until the log has given up all of these segments, and then some files have become others.
fn recycle_all(keyspace: &Keyspace, heard: &Heard, segments: &BTreeSet<u64>) {
    let round = write_until(keyspace, 0, || {
        keyspace.compact::<&[u8]>(..).unwrap();
        segments.is_subset(&heard.dropped.lock().unwrap())
    });
    recycle(keyspace, heard, round, 20);
}

fn assert_first_round(values: &[Slice]) {
    for (key, found) in (0..).zip(values) {
        assert_eq!(**found, value(key, 0), "value {key} changed under its reader");
    }
}

/// A value is good for as long as it is held, whatever became of the handle that read it. That goes for a handle of another
/// process, too: a read-only one shares its lock with no writer, so that it maps no file that a writer has made since.
#[test]
fn values_outlive_the_handles_that_read_them() {
    for read_only in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (db, _) = open(dir.path());
        let separated = keyspace(&db, Layout::Separated { from: 64 });
        write(&separated, 0);
        let mut held = read_all(&separated);
        drop(separated);
        db.close().unwrap();
        if read_only {
            let db = Db::open(dir.path(), Options::default().read_only(true)).unwrap();
            held = read_all(&db.find_keyspace("k").unwrap());
            db.close().unwrap();
        }
        let segments = logs(dir.path());
        let (db, heard) = open(dir.path());
        recycle_all(&keyspace(&db, Layout::Separated { from: 64 }), &heard, &segments);
        assert_first_round(&held);
    }
}

/// As long as a checkpoint is there, its files have two names. Its readers may be around for longer.
#[test]
fn values_outlive_the_checkpoint_that_they_were_read_from() {
    let dir = tempfile::tempdir().unwrap();
    let (path, checkpoint) = (dir.path().join("db"), dir.path().join("checkpoint"));
    let (db, heard) = open(&path);
    let separated = keyspace(&db, Layout::Separated { from: 64 });
    write(&separated, 0);
    separated.flush().unwrap();
    db.checkpoint(&checkpoint).unwrap();
    let copy = Db::open(&checkpoint, Options::default().read_only(true)).unwrap();
    let held = read_all(&copy.find_keyspace("k").unwrap());
    copy.close().unwrap();
    let shared = logs(&checkpoint);
    std::fs::remove_dir_all(&checkpoint).unwrap();
    recycle_all(&separated, &heard, &shared);
    assert_first_round(&held);
}
