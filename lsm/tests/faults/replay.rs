//! What replay at open makes of a log: whose records they are, and how full the memtable is that it leaves.

use lsm::{
    Db, Error, KeyspaceOptions,
    fs::sim::{CrashMode, Operation, SimFs},
};

use crate::{
    session::{random_bytes, run_case},
    workload::{DIR, Shape, machine},
};

/// Bytes of a segment's header.
const HEADER_LEN: u64 = 64;

fn open(fs: &SimFs) -> Db {
    Db::open(DIR, Shape::MAPPED.options(fs).segment_bytes(1 << 20)).unwrap()
}

fn named(fs: &SimFs, part: &str) -> Vec<std::path::PathBuf> {
    fs.paths().into_iter().filter(|path| path.to_string_lossy().contains(part)).collect()
}

#[test]
fn a_record_of_a_keyspace_that_never_was_is_damage() {
    let fs = machine();
    let db = open(&fs);
    let manifest = named(&fs, "MANIFEST").pop().unwrap();
    let before = fs.read_file(&manifest).unwrap();
    let keyspace = db.keyspace("k", KeyspaceOptions::default()).unwrap();
    keyspace.put(b"key", b"value").unwrap();
    let after = fs.crash(CrashMode::Process, 0);
    assert!(open(&after.crash(CrashMode::Process, 0)).find_keyspace("k").is_some());
    // The manifest as it was before the keyspace was created: it has never heard of it.
    after.write_file(&manifest, &before).unwrap();
    let error = Db::open(DIR, Shape::MAPPED.options(&after)).unwrap_err();
    let Error::Corruption { path, offset, found } = &error else { panic!("{error}") };
    assert!(named(&after, ".log").contains(path), "{error}");
    assert_eq!(*offset, HEADER_LEN, "the first record: {error}");
    assert!(found.contains("keyspace 1"), "{error}");
}

#[test]
fn records_of_a_dropped_keyspace_are_skipped() {
    let fs = machine();
    let db = open(&fs);
    let default = db.default_keyspace();
    let doomed = db.keyspace("doomed", KeyspaceOptions::default()).unwrap();
    doomed.put(b"key", b"of the doomed").unwrap();
    default.put(b"key", b"1").unwrap();
    db.drop_keyspace("doomed").unwrap();
    let db = open(&fs.crash(CrashMode::Process, 0));
    assert_eq!(db.keyspaces(), ["default"]);
    assert_eq!(db.default_keyspace().get(b"key").unwrap().as_deref(), Some(&b"1"[..]));
}

/// A number is a keyspace's for good, also if nothing but the log remembers it: or the next one to get it would inherit
/// what the log still says of it.
#[test]
fn a_new_keyspace_inherits_nothing() {
    let fs = machine();
    fs.start_trace();
    let db = open(&fs);
    let anchor = db.keyspace("anchor", KeyspaceOptions::default()).unwrap();
    anchor.put(b"key", b"not flushed: replay starts here").unwrap();
    let doomed = db.keyspace("doomed", KeyspaceOptions::default()).unwrap();
    doomed.put(b"key", b"of the doomed").unwrap();
    db.drop_keyspace("doomed").unwrap();
    // Long edits, until the manifest is written anew, without what is gone. CURRENT was renamed to once at creation.
    let renames = || fs.trace().iter().filter(|p| p.operation == Operation::Rename).count();
    for number in 0.. {
        if renames() == 2 {
            break;
        }
        db.default_keyspace().put(&vec![number; lsm::MAX_KEY_LEN], b"").unwrap();
        db.default_keyspace().flush().unwrap();
    }
    let fs = fs.crash(CrashMode::Process, 0);
    let db = open(&fs);
    let heir = db.keyspace("heir", KeyspaceOptions::default()).unwrap();
    assert_eq!(heir.get(b"key").unwrap(), None);
    let db = open(&fs.crash(CrashMode::Process, 0));
    assert_eq!(db.keyspaces(), ["anchor", "default", "heir"]);
    assert!(db.find_keyspace("anchor").unwrap().contains(b"key").unwrap());
    assert_eq!(db.find_keyspace("heir").unwrap().get(b"key").unwrap(), None);
}

fn put(db: &Db, numbers: std::ops::Range<u32>) {
    let keyspace = db.default_keyspace();
    for number in numbers {
        keyspace.put(&number.to_be_bytes(), &random_bytes(900)).unwrap();
    }
}

fn count(db: &Db) -> usize {
    db.default_keyspace().range::<&[u8]>(..).map(Result::unwrap).count()
}

#[test]
fn the_write_buffer_holds_across_a_crash() {
    let fs = machine();
    let open = |fs: &SimFs| {
        let options = Shape::MAPPED.options(fs).segment_bytes(1 << 20);
        // A memtable stands for at most twice as much log.
        Db::open(DIR, options.write_buffer_bytes(128 << 10)).unwrap()
    };
    let db = open(&fs);
    put(&db, 0..190);
    assert_eq!(db.statistics().flushes, 0);
    let fs = fs.crash(CrashMode::Process, 0);
    let db = open(&fs);
    // Two thirds of the buffer are replayed; with as much again it is full.
    put(&db, 190..380);
    db.wait_idle().unwrap();
    assert_eq!((db.statistics().flushes, count(&db)), (1, 380));
}

/// A memtable can point into so many segments, those that replay found among them.
#[test]
fn a_recovered_memtable_runs_out_of_no_segments() {
    run_case("420 writes".to_owned(), || {
        let fs = machine();
        let open = |fs: &SimFs| {
            Db::open(DIR, Shape::MAPPED.options(fs).write_buffer_bytes(1 << 20)).unwrap()
        };
        put(&open(&fs), 0..200);
        let fs = fs.crash(CrashMode::Process, 0);
        let db = open(&fs);
        put(&db, 200..420);
        assert_eq!(count(&db), 420);
        assert_eq!(count(&open(&fs.crash(CrashMode::Process, 0))), 420);
    });
}
