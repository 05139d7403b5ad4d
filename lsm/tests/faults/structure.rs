//! Faults in what changes the structure: the manifest, the pointer to it, files that nobody needs any more.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use lsm::{
    Db, Error, Event, KeyspaceOptions, Result,
    fs::sim::{CrashMode, FaultPlan, Operation, Outcome, SimFs},
};

use crate::{
    session::{assert_named, is_poisoned, run_case},
    workload::{DIR, Shape, keyspace_options, machine},
};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

fn open(fs: &SimFs) -> Db {
    Db::open(DIR, Shape::MAPPED.options(fs)).unwrap()
}

fn create(db: &Db, name: &str) -> Result<()> {
    db.keyspace(name, KeyspaceOptions::default()).map(drop)
}

fn tables(fs: &SimFs) -> usize {
    fs.paths().iter().filter(|path| path.extension().is_some_and(|found| found == "sst")).count()
}

fn live_tables(db: &Db) -> usize {
    db.statistics().levels.iter().map(|level| level.tables).sum()
}

#[test]
fn an_edit_that_cannot_be_written_changes_nothing() {
    for seed in 0..20 {
        let fs = machine();
        let db = open(&fs);
        create(&db, "one").unwrap();
        for error in [EIO, ENOSPC] {
            fs.set_plan(FaultPlan::new().seed(seed).fail_nth(Operation::Write, 0, error, 1));
            let error = create(&db, "two").unwrap_err();
            assert_named(&error);
            assert!(!is_poisoned(&error) && error.to_string().contains("MANIFEST"), "{error}");
            assert_eq!(db.keyspaces(), ["default", "one"]);
        }
        // Neither a crash of the process nor of the machine brings it back.
        for mode in [CrashMode::Process, CrashMode::PowerLoseAll, CrashMode::Power] {
            assert_eq!(open(&fs.crash(mode, seed)).keyspaces(), ["default", "one"]);
        }
        create(&db, "three").unwrap();
        db.close().unwrap();
        assert_eq!(open(&fs).keyspaces(), ["default", "one", "three"]);
    }
}

#[test]
fn an_edit_that_cannot_be_undone_poisons() {
    for undoing in [Operation::SetLen, Operation::SyncData] {
        let fs = machine();
        let db = open(&fs);
        let plan = FaultPlan::new().seed(3).fail_nth(Operation::Write, 0, EIO, 1);
        fs.set_plan(plan.fail_nth(undoing, 0, EIO, 1));
        let error = create(&db, "one").unwrap_err();
        assert_named(&error);
        assert!(is_poisoned(&error));
        assert!(is_poisoned(&create(&db, "two").unwrap_err()));
        assert!(is_poisoned(&db.close().unwrap_err()));
        let db = open(&fs);
        create(&db, "two").unwrap();
        let names = db.keyspaces();
        assert!(names == ["default", "two"] || names == ["default", "one", "two"], "{names:?}");
    }
}

/// Tables of one entry, whose key is as long as a key may be: an edit that adds them takes more than a record of the manifest.
const LONG_KEYS: u8 = 12;

fn long_key(number: u8) -> Vec<u8> {
    vec![number; lsm::MAX_KEY_LEN]
}

/// A database with the long keys on level 0, and all of it durable.
fn long_keys(fs: &SimFs) -> Db {
    let options = Shape::MAPPED.options(fs).write_buffer_bytes(4 << 20).segment_bytes(1 << 20);
    let db = Db::open(DIR, options).unwrap();
    let options =
        KeyspaceOptions { table_bytes: 4096, level0_tables: 64, ..KeyspaceOptions::leveled() };
    let keyspace = db.keyspace("long", options).unwrap();
    for number in 0..LONG_KEYS {
        keyspace.put(&long_key(number), &[number]).unwrap();
    }
    keyspace.flush().unwrap();
    fs.sync_all();
    db
}

#[test]
fn an_edit_of_several_records_is_one_change() {
    let check = |db: &Db, what: &str| {
        let report = db.verify().unwrap();
        assert!(report.is_sound(), "{what}: {:?}", report.damage);
        let keyspace = db.find_keyspace("long").unwrap();
        for number in 0..LONG_KEYS {
            let found = keyspace.get(&long_key(number)).unwrap();
            assert_eq!(found.as_deref(), Some(&[number][..]), "{what}");
        }
        live_tables(db)
    };
    let compact = |db: &Db| db.find_keyspace("long").unwrap().compact::<&[u8]>(..);
    let fs = machine();
    let db = long_keys(&fs);
    let (before, few) = (fs.points(), live_tables(&db));
    compact(&db).unwrap();
    let many = check(&db, "without a crash");
    let points = fs.points() - before;
    assert!(few < many && many >= usize::from(LONG_KEYS) / 2, "{few}, {many} tables");
    db.close().unwrap();
    check(&open(&fs), "closed");

    let mut outcomes = std::collections::BTreeSet::new();
    for point in 0..points {
        let fs = machine();
        let db = long_keys(&fs);
        fs.set_plan(FaultPlan::new().seed(point).crash_at(fs.points() + point));
        let _ = compact(&db);
        drop(db);
        for mode in [CrashMode::Process, CrashMode::PowerLoseAll, CrashMode::Power] {
            let what = format!("crash at {point} of {points}, {mode:?}");
            let after = fs.crash(mode, point);
            let found = check(&open(&after), &what);
            assert!(found == few || found == many, "{what}: {found} tables");
            outcomes.insert(found);
        }
        // A disk that is full in the middle of it leaves what was.
        let fs = machine();
        let db = long_keys(&fs);
        fs.set_plan(FaultPlan::new().seed(point).fail_at(fs.points() + point, ENOSPC, 1));
        let _ = compact(&db);
        fs.set_plan(FaultPlan::new());
        let found = check(&db, "disk full");
        assert!(found == few || found == many, "disk full at {point}: {found} tables");
        drop(db);
        check(&open(&fs), "disk was full");
    }
    assert_eq!(outcomes, [few, many].into());
}

/// Creates keyspaces until the manifest is rewritten, and some more; opens again when that is what an error says.
/// Returns those that were acknowledged, and those that were not.
fn grow_manifest(fs: &SimFs) -> (Vec<String>, Vec<String>) {
    let (mut acknowledged, mut failed) = (Vec::new(), Vec::new());
    let mut db = open(fs);
    for number in 0..72 {
        let name = format!("{number:03}-{}", "long".repeat(1000));
        match create(&db, &name) {
            Ok(()) => acknowledged.push(name),
            Err(error) => {
                assert_named(&error);
                failed.push(name);
                if is_poisoned(&error) {
                    drop(db);
                    db = open(fs);
                }
            }
        }
    }
    (acknowledged, failed)
}

#[test]
fn a_rewrite_of_the_manifest_fails_anywhere() {
    let whole = machine();
    whole.start_trace();
    let (all, failed) = grow_manifest(&whole);
    assert!(failed.is_empty());
    let trace = whole.trace();
    let renames: Vec<_> =
        trace.iter().filter(|point| point.operation == Operation::Rename).collect();
    let [_, rename] = &renames[..] else { panic!("the manifest was rewritten once: {renames:?}") };
    // The new manifest: created, written, synced; the same for what becomes CURRENT; the directory before and after.
    let points = rename.number - 8..rename.number + 4;
    let mut poisoned = 0;
    for (point, error) in points.flat_map(|point| [(point, EIO), (point, ENOSPC)]) {
        poisoned += run_case(format!("error {error} at {point}"), move || {
            let fs = machine();
            fs.set_plan(FaultPlan::new().fail_at(point, error, 1));
            let (acknowledged, failed) = grow_manifest(&fs);
            for mode in [CrashMode::Process, CrashMode::PowerLoseAll, CrashMode::Power] {
                let found = open(&fs.crash(mode, point)).keyspaces();
                let lost = acknowledged.iter().find(|name| !found.contains(name));
                assert!(lost.is_none(), "{mode:?}: {} of {}", found.len(), acknowledged.len());
                assert!(found.len() <= 1 + acknowledged.len() + failed.len());
            }
            let after = fs.crash(CrashMode::Process, 0);
            open(&after).close().unwrap();
            let manifests = |path: &&PathBuf| path.to_string_lossy().contains("MANIFEST");
            assert_eq!(after.paths().iter().filter(manifests).count(), 1, "no orphan is left");
            usize::from(!failed.is_empty())
        });
    }
    assert!(poisoned > 0, "a failed sync is noticed");
    assert_eq!(all.len(), 72);
}

#[test]
fn a_table_that_cannot_be_opened_is_removed() {
    for operation in [Operation::Open, Operation::Stat, Operation::Map] {
        let fs = machine();
        // The log's next segment must not be what cannot be mapped.
        let shape = Shape { mapped_log: false, mapped_tables: true };
        let db = Db::open(DIR, shape.options(&fs)).unwrap();
        let keyspace = db.keyspace("k1", keyspace_options(1)).unwrap();
        keyspace.put(b"key", &[1; 300]).unwrap();
        fs.count_reads();
        fs.start_trace();
        fs.set_plan(FaultPlan::new().fail_nth(operation, 0, EIO, 1));
        // If the flush thread was at it already, only the second attempt is the call's own.
        if let Err(error) = keyspace.flush() {
            assert_named(&error);
            assert!(error.to_string().contains(".sst"), "{error}");
            keyspace.flush().unwrap();
        }
        assert!(fs.trace().iter().any(|point| point.outcome == Outcome::Failed), "{operation:?}");
        assert_eq!((tables(&fs), live_tables(&db)), (1, 1), "after {operation:?}");
    }
}

/// A database with a keyspace of two tables that are about to become one.
fn with_two_tables(fs: &SimFs) -> (Db, Arc<Mutex<Vec<Error>>>) {
    let errors = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&errors);
    let listener = move |event: &Event| {
        if let Event::BackgroundError { error } = event {
            heard.lock().unwrap().push(error.clone());
        }
    };
    let db = Db::open(DIR, Shape::MAPPED.options(fs).listener(Arc::new(listener))).unwrap();
    let options = KeyspaceOptions { level0_tables: 8, ..keyspace_options(1) };
    let keyspace = db.keyspace("k", options).unwrap();
    for value in [[1; 300], [2; 300]] {
        keyspace.put(b"key", &value).unwrap();
        keyspace.flush().unwrap();
    }
    assert_eq!(tables(fs), 2);
    (db, errors)
}

#[test]
fn a_file_that_cannot_be_removed_is_reported_and_removed_later() {
    run_case("removal fails once".to_owned(), || {
        let fs = machine();
        let (db, errors) = with_two_tables(&fs);
        fs.set_plan(FaultPlan::new().fail_nth(Operation::Remove, 0, EIO, 1));
        let keyspace = db.find_keyspace("k").unwrap();
        keyspace.compact::<&[u8]>(..).unwrap();
        assert_eq!(keyspace.get(b"key").unwrap().as_deref(), Some(&[2; 300][..]));
        while tables(&fs) > 1 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let errors = errors.lock().unwrap();
        let [error] = &errors[..] else { panic!("one report: {errors:?}") };
        assert_named(error);
        assert!(error.to_string().contains("remove") && error.to_string().contains(".sst"));
    });
}

#[test]
fn a_file_that_can_never_be_removed_is_an_orphan_for_the_next_opener() {
    let fs = machine();
    let (db, errors) = with_two_tables(&fs);
    fs.set_plan(FaultPlan::new().fail_nth(Operation::Remove, 0, EIO, u64::MAX));
    let keyspace = db.find_keyspace("k").unwrap();
    keyspace.compact::<&[u8]>(..).unwrap();
    keyspace.put(b"key", b"3").unwrap();
    drop(keyspace);
    db.close().unwrap();
    assert_eq!(tables(&fs), 3);
    assert!(errors.lock().unwrap().len() >= 2);
    fs.set_plan(FaultPlan::new());
    let db = open(&fs);
    assert_eq!((tables(&fs), live_tables(&db)), (1, 1));
    assert_eq!(db.find_keyspace("k").unwrap().get(b"key").unwrap().as_deref(), Some(&b"3"[..]));
}
