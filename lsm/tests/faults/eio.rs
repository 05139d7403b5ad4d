//! One I/O of a workload fails, each in its turn.

use std::collections::BTreeMap;

use lsm::{
    Batch, Db, Durability, Keyspace,
    fs::sim::{CrashMode, FaultPlan, Operation, Outcome, Point, SimFs},
};

use crate::{
    session::{Session, Step, assert_named, is_poisoned, run_case, script},
    workload::{DIR, Shape, keyspace_options, machine, read},
};

const EIO: i32 = 5;

/// What failed: the operation, and the kind of file.
type Kind = (Operation, String);

fn kind(point: &Point) -> Kind {
    let name = point.path.file_name().unwrap_or_default().to_string_lossy();
    let kind = name.rsplit('.').next().unwrap_or_default();
    let kind = kind.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit());
    (point.operation, kind.to_owned())
}

/// Carries the script out, whatever fails, and returns the I/O points that it came to.
fn run(fs: &SimFs, shape: Shape, script: &[Step]) -> Vec<Point> {
    fs.count_reads();
    fs.start_trace();
    let mut session = Session::new(fs, shape);
    let mut errors = 0;
    for step in script {
        while let Err(error) = session.attempt(step) {
            assert_named(&error);
            errors += 1;
            assert!(errors <= 1, "one fault, and a second error: {error}, in {step:?}");
            // If not, it was the opening that failed.
            let open = session.is_open();
            if let Step::Commit(commit, _) = step {
                session.settle(commit);
            }
            if is_poisoned(&error) && open {
                session.check_poisoned();
                assert!(is_poisoned(&session.close().unwrap_err()));
                if let Step::Commit(commit, _) = step {
                    session.settle(commit);
                }
            }
        }
    }
    // Whatever the background is still at may fail now.
    if let Err(error) = session.close() {
        assert_named(&error);
    }
    let trace = fs.trace();
    fs.set_plan(FaultPlan::new());
    session.finish();
    trace
}

/// A script, and what it does when nothing fails.
struct Subject {
    shape: Shape,
    seed: u64,
    steps: Vec<Step>,
    clean: Vec<Point>,
    hits: BTreeMap<Kind, u32>,
}

impl Subject {
    fn new(shape: Shape, seed: u64, commits: u64) -> Self {
        let steps = script(seed, commits);
        let clean = run(&machine(), shape, &steps);
        assert!(clean.iter().all(|point| point.outcome == Outcome::Done));
        Self { shape, seed, steps, clean, hits: BTreeMap::new() }
    }

    /// Fails one I/O point.
    fn fail(&mut self, point: u64) {
        let Self { shape, seed, .. } = *self;
        let steps = self.steps.clone();
        let what = format!("seed {seed}, EIO at {point} of {}, {shape:?}", self.clean.len());
        let trace = run_case(what, move || {
            let fs = machine();
            fs.set_plan(FaultPlan::new().seed(seed ^ point).fail_at(point, EIO, 1));
            run(&fs, shape, &steps)
        });
        for hit in trace.iter().filter(|point| point.outcome == Outcome::Failed) {
            *self.hits.entry(kind(hit)).or_default() += 1;
        }
    }

    /// Fails every `stride`th.
    fn fail_everywhere(&mut self, stride: usize) {
        for point in (self.seed as usize % stride..self.clean.len()).step_by(stride) {
            self.fail(point as u64);
        }
        let faults: u32 = self.hits.values().sum();
        let (shape, points) = (self.shape, self.clean.len());
        println!("{shape:?}: {faults} faults of {} kinds at {points} points", self.hits.len());
    }

    /// Sees to it that one of this kind has failed. The points of the background's work have other numbers in each run,
    /// so that the loop above, now and then, passes by one.
    fn require(&mut self, operation: Operation, files: &[&str]) {
        for file in files {
            let wanted = (operation, (*file).to_owned());
            let there = self.clean.iter().filter(|point| kind(point) == wanted);
            let points: Vec<u64> = there.map(|point| point.number).collect();
            let mut tries = points
                .iter()
                .flat_map(|point| point.saturating_sub(10)..point + 10)
                .cycle()
                .take(1_000);
            while !self.hits.contains_key(&wanted) {
                let point =
                    tries.next().unwrap_or_else(|| panic!("no {operation:?} of {file} failed"));
                self.fail(point);
            }
        }
    }

    fn require_all_kinds(&mut self) {
        use Operation::*;
        self.require(Create, &["LOCK", "MANIFEST", "tmp", "log", "sst", "val"]);
        self.require(Write, &["MANIFEST", "tmp", "sst"]);
        self.require(Allocate, &["log", "val"]);
        self.require(SetLen, &["log", "val"]);
        self.require(SyncData, &["MANIFEST", "tmp", "log", "sst", "val"]);
        self.require(Rename, &["CURRENT"]);
        self.require(HardLink, &["sst", "val"]);
        self.require(Remove, &["log", "sst"]);
        self.require(SyncDir, &["data", "db", "copy"]);
        self.require(Open, &["CURRENT", "MANIFEST", "log", "sst", "val"]);
        self.require(Lock, &["LOCK"]);
        self.require(Read, &["MANIFEST", "tmp", "log", "sst"]);
        self.require(Stat, &["MANIFEST", "log", "sst", "db", "copy"]);
        self.require(List, &["db"]);
        if self.shape.mapped_tables {
            self.require(Map, &["sst"]);
        }
        if self.shape.mapped_log {
            self.require(Map, &["log"]);
        } else {
            self.require(Write, &["log", "val"]);
        }
    }
}

#[test]
fn every_io_of_a_small_workload_mapped() {
    let mut subject = Subject::new(Shape::MAPPED, 1, 24);
    subject.fail_everywhere(1);
    subject.require_all_kinds();
}

#[test]
fn every_io_of_a_small_workload_positioned() {
    let mut subject = Subject::new(Shape::POSITIONED, 2, 24);
    subject.fail_everywhere(1);
    subject.require_all_kinds();
}

#[test]
fn sampled_ios_of_a_larger_workload() {
    Subject::new(Shape { mapped_log: true, mapped_tables: false }, 3, 90).fail_everywhere(43);
    Subject::new(Shape { mapped_log: false, mapped_tables: true }, 4, 90).fail_everywhere(43);
    Subject::new(Shape::MAPPED, 5, 90).fail_everywhere(43);
}

/// One of many concurrent writers cannot write its batch to the log. If there is nothing behind it, it is as if it had
/// not been; if there is, nothing behind the hole is acknowledged. Nobody waits for ever, and nobody is lied to.
#[test]
fn a_write_fails_among_many() {
    const THREADS: u8 = 4;
    let mut went_on = 0;
    for nth in 0..60 {
        went_on += run_case(format!("write {nth}"), move || {
            let fs = machine();
            // Large enough that all writes are the log's.
            let options =
                Shape::POSITIONED.options(&fs).write_buffer_bytes(1 << 20).segment_bytes(1 << 16);
            let db = Db::open(DIR, options.clone()).unwrap();
            let keyspace = db.keyspace("k0", keyspace_options(0)).unwrap();
            fs.set_plan(FaultPlan::new().seed(nth).fail_nth(Operation::Write, nth, EIO, 1));
            let written: Vec<Vec<bool>> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|thread| {
                        let (db, keyspace) = (&db, &keyspace);
                        scope.spawn(move || {
                            let write = |number: u8| {
                                let mut batch = Batch::new();
                                for part in [b'a', b'b'] {
                                    batch
                                        .put(keyspace, &[thread, number, part], &[number; 40])
                                        .unwrap();
                                }
                                db.write(batch, Durability::Buffered)
                                    .inspect_err(assert_named)
                                    .is_ok()
                            };
                            (0..30).map(write).collect()
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let failed = written.iter().flatten().filter(|written| !**written).count();
            let poisoned = keyspace.put(b"more", b"").is_err();
            assert!(if poisoned { failed > 0 } else { failed == 1 }, "{failed} failed");
            let check = |keyspace: &Keyspace| {
                for (thread, number) in (0..THREADS).flat_map(|t| (0..30).map(move |n| (t, n))) {
                    let part = |part| keyspace.contains(&[thread, number, part]).unwrap();
                    let found = part(b'a');
                    assert_eq!(found, part(b'b'), "half a batch");
                    let written = written[usize::from(thread)][usize::from(number)];
                    assert!(found || !written, "thread {thread}, {number}: acknowledged and gone");
                    assert!(
                        written || poisoned || !found,
                        "thread {thread}, {number}: refused and there"
                    );
                }
            };
            check(&keyspace);
            drop(keyspace);
            assert_eq!(db.close().is_err(), poisoned);
            check(&Db::open(DIR, options).unwrap().find_keyspace("k0").unwrap());
            u32::from(!poisoned)
        });
    }
    println!("went on {went_on} times of 60");
    assert!(went_on > 0);
}

/// However much of it came into the file: all of it, or one whole record of two.
#[test]
fn a_write_that_failed_does_not_come_back() {
    for seed in 0..200 {
        let fs = machine();
        let db = Db::open(DIR, Shape::POSITIONED.options(&fs)).unwrap();
        let keyspace = db.keyspace("k0", keyspace_options(0)).unwrap();
        let write = |keys: &[&[u8]]| {
            let mut batch = Batch::new();
            keys.iter().for_each(|key| batch.put(&keyspace, key, b"").unwrap());
            db.write(batch, Durability::Buffered)
        };
        write(&[b"before"]).unwrap();
        fs.set_plan(FaultPlan::new().seed(seed).fail_nth(Operation::Write, 0, EIO, 1));
        assert_named(&write(&[b"x", b"y"]).unwrap_err());
        let check = |fs: &SimFs, expected: &[&[u8]]| {
            let db = Db::open(DIR, Shape::POSITIONED.options(fs)).unwrap();
            let found = read(&db).unwrap();
            let keys: Vec<&[u8]> = found.keys().map(|(_, key)| &key[..]).collect();
            assert_eq!(keys, expected, "seed {seed}");
        };
        check(&fs.crash(CrashMode::Process, 0), &[b"before"]);
        check(&fs.crash(CrashMode::PowerLoseAll, 0), &[b"before"]);
        // As long as the first record of those that failed.
        write(&[b"z"]).unwrap();
        write(&[b"after"]).unwrap();
        check(&fs.crash(CrashMode::Process, 0), &[b"after", b"before", b"z"]);
        db.sync().unwrap();
        check(&fs.crash(CrashMode::PowerLoseAll, 0), &[b"after", b"before", b"z"]);
    }
}
