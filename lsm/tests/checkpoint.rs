//! A checkpoint is the database as it was at one moment, whatever goes on meanwhile and afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod workload;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use lsm::{
    Batch, Db, Durability, Error, Keyspace, KeyspaceOptions, Layout, Options, ReadMode,
    fs::sim::{CrashMode, FaultPlan, SimFs},
};
use workload::{DIR, Shape, State};

/// So small that a few commits flush, compact and leave a segment.
fn options() -> Options {
    Options::default()
        .segment_bytes(64 << 10)
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

fn keyspaces(db: &Db) -> [Keyspace; 2] {
    let separated = db.keyspace("separated", small(Layout::Separated { from: 16 })).unwrap();
    let leveled = db.keyspace("leveled", small(Layout::Leveled)).unwrap();
    [separated, leveled]
}

/// A number as a value of some length, that says it in every part.
fn encode(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(1 + (number % 23) as usize)
}

/// The number that a value says.
fn decode(value: &[u8]) -> u64 {
    let number = u64::from_be_bytes(value[..8].try_into().unwrap());
    assert_eq!(value, encode(number), "a value that was never written");
    number
}

/// Ends the writers when it goes, also when it is a failed assertion that it goes with.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

const WRITERS: usize = 3;
/// Keys of a writer.
const KEYS: u64 = 16;
const CHECKPOINTS: usize = 25;

fn key(writer: usize, number: u64) -> Vec<u8> {
    format!("{writer}:{:02}", number % KEYS).into_bytes()
}

/// What a checkpoint has of a writer that wrote `0..` in order, batch by batch: the last number, the same in both keyspaces.
/// Panics if it is not what the database was after that batch.
fn last_of(writer: usize, keyspaces: &[Keyspace; 2]) -> Option<u64> {
    let all = |keyspace: &Keyspace| -> Vec<Option<u64>> {
        let get = |number| keyspace.get(&key(writer, number)).unwrap();
        (0..KEYS).map(|number| get(number).map(|value| decode(&value))).collect()
    };
    let [first, second] = [all(&keyspaces[0]), all(&keyspaces[1])];
    assert_eq!(first, second, "writer {writer}: half of a batch");
    let last = first.iter().flatten().copied().max()?;
    for (number, found) in (0..).zip(first) {
        // The largest number up to the last that falls on this key.
        let expected = (0..=last).rev().take(KEYS as usize).find(|it| it % KEYS == number);
        assert_eq!(found, expected, "writer {writer}, key {number}, last {last}");
    }
    Some(last)
}

/// Writers in a row, each with batches over both keyspaces; checkpoints meanwhile.
fn checkpoints_while_others_write(mapped: bool) {
    let dir = tempfile::tempdir().unwrap();
    let options = || {
        let mode = if mapped { ReadMode::Mapped } else { ReadMode::Positioned };
        options().mapped_log(mapped).read_mode(mode)
    };
    let db = Db::open(dir.path().join("db"), options()).unwrap();
    let spaces = keyspaces(&db);
    let done = AtomicBool::new(false);
    let acknowledged: [AtomicU64; WRITERS] = Default::default();
    let begun: [AtomicU64; WRITERS] = Default::default();
    thread::scope(|scope| {
        let _stop = Stop(&done);
        for writer in 0..WRITERS {
            let (db, spaces, done) = (&db, &spaces, &done);
            let (acknowledged, begun) = (&acknowledged[writer], &begun[writer]);
            scope.spawn(move || {
                for number in 0.. {
                    if done.load(Ordering::Acquire) {
                        break;
                    }
                    let mut batch = Batch::new();
                    for keyspace in spaces {
                        batch.put(keyspace, &key(writer, number), &encode(number)).unwrap();
                    }
                    begun.store(number + 1, Ordering::Release);
                    db.write(batch, Durability::Buffered).unwrap();
                    acknowledged.store(number + 1, Ordering::Release);
                }
            });
        }
        for turn in 0..CHECKPOINTS {
            let copy = dir.path().join(format!("copy-{turn}"));
            let before = [0, 1, 2].map(|writer| acknowledged[writer].load(Ordering::Acquire));
            if turn % 5 == 4 {
                spaces[turn % 2].compact::<&[u8]>(..).unwrap();
            }
            db.checkpoint(&copy).unwrap();
            let after = [0, 1, 2].map(|writer| begun[writer].load(Ordering::Acquire));
            let copied = Db::open(&copy, options()).unwrap();
            let found = keyspaces(&copied);
            for writer in 0..WRITERS {
                let count = last_of(writer, &found).map_or(0, |last| last + 1);
                assert!(
                    (before[writer]..=after[writer]).contains(&count),
                    "checkpoint {turn}: {count} of writer {writer}, not {}..={}",
                    before[writer],
                    after[writer]
                );
            }
            let report = copied.verify().unwrap();
            assert!(report.is_sound(), "{:?}", report.damage);
        }
    });
    // The original is none the worse for its copies having been opened, and all of them gone.
    for turn in 0..CHECKPOINTS {
        std::fs::remove_dir_all(dir.path().join(format!("copy-{turn}"))).unwrap();
    }
    db.close().unwrap();
    drop(spaces);
    let db = Db::open(dir.path().join("db"), options()).unwrap();
    let spaces = keyspaces(&db);
    for (writer, acknowledged) in acknowledged.iter().enumerate() {
        let count = last_of(writer, &spaces).map_or(0, |last| last + 1);
        assert_eq!(count, acknowledged.load(Ordering::Acquire));
    }
    assert!(db.verify().unwrap().is_sound());
}

#[test]
fn it_is_of_one_moment_while_others_write() {
    checkpoints_while_others_write(true);
}

#[test]
fn it_is_of_one_moment_without_mappings() {
    checkpoints_while_others_write(false);
}

fn fill(keyspace: &Keyspace, round: u64) {
    for number in 0..400_u64 {
        keyspace.put(&number.to_be_bytes(), &encode(number * 1000 + round)).unwrap();
    }
}

fn check(keyspace: &Keyspace, round: u64) {
    let mut count = 0_u64;
    for item in keyspace.range::<&[u8]>(..) {
        let (key, value) = item.unwrap();
        assert_eq!(key, count.to_be_bytes());
        assert_eq!(decode(&value), count * 1000 + round);
        count += 1;
    }
    assert_eq!(count, 400);
}

#[test]
fn neither_sees_what_the_other_does_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let (original, copy) = (dir.path().join("db"), dir.path().join("copy"));
    let db = Db::open(&original, options()).unwrap();
    for keyspace in &keyspaces(&db) {
        fill(keyspace, 0);
    }
    db.checkpoint(&copy).unwrap();
    let copied = Db::open(&copy, options()).unwrap();
    // Both write over everything, give up and recycle what they share, and are opened again.
    for round in 1..8 {
        for (own, other) in [(&db, 0), (&copied, 100)] {
            for keyspace in &keyspaces(own) {
                fill(keyspace, other + round);
                keyspace.compact::<&[u8]>(..).unwrap();
            }
            own.wait_idle().unwrap();
        }
        for (own, other) in [(&db, 0), (&copied, 100)] {
            for keyspace in &keyspaces(own) {
                check(keyspace, other + round);
            }
            assert!(own.verify().unwrap().is_sound());
        }
    }
    copied.close().unwrap();
    db.close().unwrap();
    for (path, other) in [(&original, 0), (&copy, 100)] {
        let db = Db::open(path, options()).unwrap();
        for keyspace in &keyspaces(&db) {
            check(keyspace, other + 7);
        }
        assert!(db.verify().unwrap().is_sound());
    }
}

#[test]
fn it_has_what_is_in_no_log_and_can_be_read_only() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(dir.path().join("db"), options()).unwrap();
    let [keyspace, _] = keyspaces(&db);
    keyspace.put_with(b"unlogged", b"x", Durability::None).unwrap();
    keyspace.put(b"logged", b"y").unwrap();
    // A directory that is there, and empty, will do.
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    db.checkpoint(&copy).unwrap();
    let copied = Db::open(&copy, options().read_only(true)).unwrap();
    let keyspace = copied.find_keyspace("separated").unwrap();
    assert_eq!(keyspace.get(b"unlogged").unwrap().as_deref(), Some(&b"x"[..]));
    assert_eq!(keyspace.get(b"logged").unwrap().as_deref(), Some(&b"y"[..]));
}

#[test]
fn it_writes_over_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let db = Db::open(&path, options()).unwrap();
    keyspaces(&db)[0].put(b"a", b"1").unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"mine").unwrap();
    let full = dir.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("mine"), b"mine").unwrap();
    for target in [&path, &file, &full] {
        let error = db.checkpoint(target).unwrap_err();
        assert!(matches!(error, Error::InvalidOption { .. }), "{error}");
        assert!(error.to_string().contains(&target.display().to_string()), "{error}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(&full).unwrap().count(), 1);
    // One that another checkpoint is in.
    let copy = dir.path().join("copy");
    db.checkpoint(&copy).unwrap();
    assert!(matches!(db.checkpoint(&copy), Err(Error::InvalidOption { .. })));
    assert!(Db::open(&copy, options()).unwrap().verify().unwrap().is_sound());
}

/// A database in which tables, log and several segments have something to say, and what it holds.
fn populated(fs: &SimFs, shape: Shape) -> (Db, State) {
    let db = Db::open(DIR, shape.options(fs)).unwrap();
    let spaces = workload::keyspaces(&db).unwrap();
    let mut state = State::new();
    for (commit, durability) in workload::commits(11, 60) {
        workload::write(&db, &spaces, &commit, durability).unwrap();
        workload::apply(&mut state, &commit);
    }
    (db, state)
}

const COPY: &str = "/data/copy";

/// What is in the checkpoint; `None` if it is no database, or not yet.
fn read_copy(fs: &SimFs, shape: Shape) -> Option<State> {
    if !fs.paths().contains(&Path::new(COPY).join("CURRENT")) {
        return None;
    }
    let db = Db::open(COPY, shape.options(fs)).unwrap();
    let report = db.verify().unwrap();
    assert!(report.is_sound(), "{:?}", report.damage);
    Some(workload::read(&db).unwrap())
}

#[test]
fn once_made_it_survives_a_loss_of_power() {
    for shape in [Shape::MAPPED, Shape::POSITIONED] {
        let fs = workload::machine();
        let (db, state) = populated(&fs, shape);
        db.checkpoint(COPY).unwrap();
        // What is written afterwards, and not synced, is not the checkpoint's.
        let spaces = workload::keyspaces(&db).unwrap();
        for (commit, _) in workload::commits(12, 20) {
            workload::write(&db, &spaces, &commit, Durability::Buffered).unwrap();
        }
        for mode in [CrashMode::PowerLoseAll, CrashMode::Power, CrashMode::Process] {
            for seed in 0..8 {
                let after = fs.crash(mode, seed);
                let found = read_copy(&after, shape);
                assert_eq!(found.as_ref(), Some(&state), "{shape:?}, {mode:?}, seed {seed}");
            }
        }
    }
}

#[test]
fn a_crash_at_any_of_its_steps_leaves_the_original_and_all_or_nothing_of_the_copy() {
    for shape in [Shape::MAPPED, Shape::POSITIONED] {
        let begin = || {
            let fs = workload::machine();
            let (db, state) = populated(&fs, shape);
            // So that the background has nothing to do while steps are counted.
            db.wait_idle().unwrap();
            (fs, db, state)
        };
        let (fs, db, _) = begin();
        let before = fs.points();
        db.checkpoint(COPY).unwrap();
        let steps = fs.points() - before;
        drop(db);
        assert!(steps > 20, "{steps} steps");
        for step in 1..=steps {
            for mode in [CrashMode::PowerLoseAll, CrashMode::Power, CrashMode::Process] {
                let (fs, db, state) = begin();
                fs.set_plan(FaultPlan::new().crash_at(fs.points() + step));
                let made = db.checkpoint(COPY).is_ok() && !fs.is_dead();
                let after = fs.crash(mode, step);
                drop(db);
                match read_copy(&after, shape) {
                    Some(found) => assert_eq!(found, state, "step {step}, {mode:?}"),
                    None => assert!(!made, "step {step}, {mode:?}: acknowledged, and not there"),
                }
                let db = Db::open(DIR, shape.options(&after)).unwrap();
                assert!(db.verify().unwrap().is_sound());
                db.close().unwrap();
            }
        }
    }
}

/// The log that goes along has left segments behind since the flush, which no sync has covered unless the checkpoint's has.
#[test]
fn made_while_others_write_it_survives_a_loss_of_power() {
    let shape = Shape::POSITIONED;
    let fs = workload::machine();
    let db = Db::open(DIR, shape.options(&fs)).unwrap();
    let spaces = keyspaces(&db);
    let done = AtomicBool::new(false);
    let acknowledged = AtomicU64::new(0);
    thread::scope(|scope| {
        let _stop = Stop(&done);
        scope.spawn(|| {
            for number in 0.. {
                if done.load(Ordering::Acquire) {
                    break;
                }
                let mut batch = Batch::new();
                for keyspace in &spaces {
                    batch.put(keyspace, &key(0, number), &encode(number)).unwrap();
                }
                db.write(batch, Durability::Buffered).unwrap();
                acknowledged.store(number + 1, Ordering::Release);
            }
        });
        for turn in 0..60 {
            let copy = format!("{COPY}-{turn}");
            let before = acknowledged.load(Ordering::Acquire);
            db.checkpoint(&copy).unwrap();
            let after = fs.crash(CrashMode::PowerLoseAll, turn);
            let copied = Db::open(&copy, shape.options(&after)).unwrap();
            let count = last_of(0, &keyspaces(&copied)).map_or(0, |last| last + 1);
            assert!(count >= before, "checkpoint {turn}: {count}, not {before} or more");
        }
    });
}
