//! A sync fails: the kernel has dropped the pages, and a second sync would succeed and prove nothing.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use lsm::{
    Db, Durability,
    fs::sim::{CrashMode, FaultPlan, Operation, Outcome, Point, SimFs},
};

use crate::{
    held::HeldFs,
    session::{Session, Step, assert_named, is_poisoned, random_bytes, run_case, script},
    workload::{DIR, Shape, State, apply, keyspace_options, machine, read},
};

const EIO: i32 = 5;

/// Panics if what failed to sync was synced again. Tells what it was.
fn assert_synced_once(trace: &[Point]) -> Option<PathBuf> {
    let failed = trace.iter().position(|point| point.outcome == Outcome::Failed)?;
    let (operation, path) = (trace[failed].operation, trace[failed].path.clone());
    let again =
        trace[failed + 1..].iter().find(|point| point.operation == operation && point.path == path);
    assert_eq!(again, None, "a second sync");
    Some(path)
}

/// Opens what is there, which must be one of the states; then goes on, and loses power: what was found there, and what
/// was acknowledged after that, is on the disk, also if the kernel had dropped it before and only its cache told of it.
fn check(fs: &SimFs, shape: Shape, states: &[State], what: &str) {
    let db = Db::open(DIR, shape.options(fs)).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut state = read(&db).unwrap();
    assert!(
        states.contains(&state),
        "{what}: {} keys, none of {} states",
        state.len(),
        states.len()
    );
    let report = db.verify().unwrap();
    assert!(report.is_sound(), "{what}: {:?}", report.damage);
    let keyspace = db.keyspace("k0", keyspace_options(0)).unwrap();
    keyspace.put_with(b"later", &[9; 50], Durability::Sync).unwrap();
    state.insert((0, b"later".to_vec()), vec![9; 50]);
    for seed in 0..3 {
        let mode = if seed == 0 { CrashMode::PowerLoseAll } else { CrashMode::Power };
        let what = format!("{what}, then {mode:?}, draw {seed}");
        let lost = fs.crash(mode, seed);
        let db =
            Db::open(DIR, shape.options(&lost)).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(read(&db).unwrap(), state, "{what}");
    }
}

/// Carries the script out until a sync fails, and returns the file it was of if that poisoned the database.
fn run(fs: &SimFs, shape: Shape, script: &[Step]) -> Option<PathBuf> {
    fs.start_trace();
    let mut session = Session::new(fs, shape);
    // What was there before and after each commit, and the last of these that a power cut must leave.
    let (mut states, mut durable) = (vec![State::new()], 0);
    for step in script {
        if let Step::Commit(commit, _) = step {
            let mut state = states.last().unwrap().clone();
            apply(&mut state, commit);
            states.push(state);
        }
        let outcome = session.attempt(step);
        match outcome {
            Ok(()) if matches!(step, Step::Sync | Step::Commit(_, Durability::Sync)) => {
                durable = states.len() - 1;
            }
            Ok(()) => {}
            Err(error) if is_poisoned(&error) && session.is_open() => {
                assert_named(&error);
                if let Step::Commit(commit, _) = step {
                    session.settle(commit);
                }
                session.check_poisoned();
                let path = assert_synced_once(&fs.trace()).expect("a sync that failed");
                let states = &states[durable..];
                for draw in 0..4 {
                    let mode = match draw {
                        0 => CrashMode::Process,
                        1 => CrashMode::PowerLoseAll,
                        _ => CrashMode::Power,
                    };
                    let what = format!("{mode:?}, draw {draw}, after {} failed", path.display());
                    check(&fs.crash(mode, draw), shape, states, &what);
                }
                assert!(is_poisoned(&session.close().unwrap_err()));
                assert_synced_once(&fs.trace());
                // The same machine, without a crash.
                check(fs, shape, states, "opened again");
                return Some(path);
            }
            Err(error) => {
                // Of opening, or closing, or of a checkpoint's own files.
                assert_named(&error);
                session.attempt(step).unwrap();
            }
        }
    }
    // What nobody waits for may have failed.
    let closed = session.close();
    let trace = fs.trace();
    fs.set_plan(FaultPlan::new());
    session.finish();
    closed.err().and_then(|error| {
        assert_named(&error);
        assert_synced_once(&trace)
    })
}

fn fail_every_sync(shape: Shape, seed: u64, commits: u64) {
    let steps = script(seed, commits);
    for operation in [Operation::SyncData, Operation::SyncDir] {
        let whole = machine();
        assert_eq!(run(&whole, shape, &steps), None);
        let syncs = whole.trace().iter().filter(|point| point.operation == operation).count();
        let kinds: &[&str] = match operation {
            Operation::SyncData => &["log", "sst", "val", "MANIFEST-000001"],
            _ => &["db"],
        };
        let mut poisoned: Vec<PathBuf> = Vec::new();
        let is_hit = |poisoned: &[PathBuf], kind: &str| {
            poisoned.iter().any(|path| path.to_string_lossy().ends_with(kind))
        };
        // Background work comes to its syncs in another order each time: a second round fails what the first passed by.
        for round in 0_u64.. {
            for nth in 0..syncs as u64 {
                let steps = steps.clone();
                let what = format!("{operation:?} {nth} of {syncs}, {shape:?}");
                poisoned.extend(run_case(what, move || {
                    let fs = machine();
                    fs.set_plan(FaultPlan::new().seed(nth).fail_nth(operation, nth, EIO, 1));
                    run(&fs, shape, &steps)
                }));
            }
            let Some(kind) = kinds.iter().find(|kind| !is_hit(&poisoned, kind)) else { break };
            assert!(round < 5, "no sync of {kind} has failed");
        }
        println!("{operation:?}, {shape:?}: {syncs} syncs, {} times poisoned", poisoned.len());
    }
}

#[test]
fn every_sync_fails_mapped() {
    fail_every_sync(Shape::MAPPED, 1, 30);
}

#[test]
fn every_sync_fails_positioned() {
    fail_every_sync(Shape::POSITIONED, 2, 30);
}

/// Nobody who waits for a sync that fails, or for the one after it, gets an acknowledgement; and nobody else syncs the
/// same segment after that: not those who lead the next sync, and not the thread that seals it.
#[test]
fn a_group_fails_together() {
    const FOLLOWERS: u8 = 6;
    for shape in [Shape::MAPPED, Shape::POSITIONED] {
        run_case(format!("{shape:?}"), move || {
            let fs = HeldFs::new(machine());
            let options = shape.options(&fs.inner).file_system(Arc::new(fs.clone()));
            // No flush ends while syncs are held, and nobody is to wait for one.
            let options = options.write_buffer_bytes(1 << 20).max_immutable_memtables(8);
            let db = Db::open(DIR, options).unwrap();
            let keyspace = db.default_keyspace();
            keyspace.put_with(b"before", b"1", Durability::Sync).unwrap();
            fs.hold();
            let outcomes = Mutex::new(Vec::new());
            let sync = |key: u8| {
                let outcome = keyspace.put_with(&[key], b"together", Durability::Sync);
                outcomes.lock().unwrap().push(outcome);
            };
            let sync = &sync;
            std::thread::scope(|scope| {
                scope.spawn(move || sync(0));
                fs.wait_for_one();
                for key in 1..=FOLLOWERS {
                    scope.spawn(move || sync(key));
                }
                // Visible, and on their way to the sync.
                while (1..=FOLLOWERS).any(|key| keyspace.get(&[key]).unwrap().is_none()) {
                    std::thread::yield_now();
                }
                // Filled up, so that the segment is sealed.
                fs.inner.start_trace();
                let cut = |point: &Point| {
                    point.operation == Operation::SetLen
                        && point.path.extension().is_some_and(|e| e == "log")
                };
                while !fs.inner.trace().iter().any(cut) {
                    keyspace.put(b"more", &random_bytes(900)).unwrap();
                }
                fs.inner.set_plan(FaultPlan::new().fail_nth(Operation::SyncData, 0, EIO, 1));
                fs.release();
            });
            for outcome in outcomes.into_inner().unwrap() {
                let error = outcome.expect_err("acknowledged without a sync");
                assert!(is_poisoned(&error));
                assert_named(&error);
            }
            assert!(is_poisoned(&keyspace.put(b"late", b"").unwrap_err()));
            assert_eq!(keyspace.get(b"before").unwrap().as_deref(), Some(&b"1"[..]));
            drop(keyspace);
            assert!(is_poisoned(&db.close().unwrap_err()));
            assert!(
                assert_synced_once(&fs.inner.trace()).unwrap().to_string_lossy().ends_with("log")
            );
            let db =
                Db::open(DIR, shape.options(&fs.inner.crash(CrashMode::PowerLoseAll, 0))).unwrap();
            let keyspace = db.default_keyspace();
            assert_eq!(keyspace.get(b"before").unwrap().as_deref(), Some(&b"1"[..]));
        });
    }
}

/// Many threads, and the n-th sync fails: what each was told to be durable is.
#[test]
fn threads_lose_nothing_that_was_acknowledged() {
    const THREADS: u8 = 4;
    for nth in 0..24 {
        run_case(format!("sync {nth} fails"), move || {
            let shape = Shape::MAPPED;
            let fs = machine();
            let db = Db::open(DIR, shape.options(&fs)).unwrap();
            let keyspace = db.keyspace("k0", keyspace_options(0)).unwrap();
            fs.start_trace();
            fs.set_plan(FaultPlan::new().seed(nth).fail_nth(Operation::SyncData, nth, EIO, 1));
            let acknowledged: Vec<u32> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|thread| {
                        let keyspace = &keyspace;
                        scope.spawn(move || {
                            let put = |number: u32| {
                                let key = [&[thread], &number.to_be_bytes()[..]].concat();
                                keyspace.put_with(&key, &random_bytes(60), Durability::Sync)
                            };
                            let acknowledged =
                                (0..1000).take_while(|number| put(*number).is_ok()).count() as u32;
                            let after = (0..3).filter(|more| put(5000 + more).is_ok()).count();
                            assert_eq!(after, 0, "acknowledged after a failed sync");
                            acknowledged
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(acknowledged.iter().all(|count| *count < 1000), "the sync has failed");
            drop(keyspace);
            assert!(is_poisoned(&db.close().unwrap_err()));
            assert_synced_once(&fs.trace());
            let db = Db::open(DIR, shape.options(&fs.crash(CrashMode::PowerLoseAll, 0))).unwrap();
            let keyspace = db.find_keyspace("k0").unwrap();
            for (thread, count) in acknowledged.into_iter().enumerate() {
                for number in 0..count {
                    let key = [&[thread as u8], &number.to_be_bytes()[..]].concat();
                    assert!(
                        keyspace.contains(&key).unwrap(),
                        "thread {thread}, {number} of {count}"
                    );
                }
            }
        });
    }
}
